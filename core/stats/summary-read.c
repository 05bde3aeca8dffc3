/* SPDX-License-Identifier: MIT
 *
 * summary-read.c: tables from arrays that nobody vouches for. What is too large, doesn't fit or
 * can't be is refused before anything is built on it.
 */
#include "stats/disk.h"

#include <math.h>

/* What the load may take, which is as large as meta.json claims; others keep to their budget. */
#define LOAD_BYTES_MAX 0x1p30

bool
moe__member_fail(GError **error, const char *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s", place, what);
    return false;
}

/* --- Arrays -----------------------------------------------------------------------------------*/

static bool
check_shape(const MoeMember *member, const MoeArray *array, const char *name, GError **error)
{
    int64_t expected[4];
    int ndim = moe__member_shape(member, expected);
    bool fits =
        array->ndim == ndim && memcmp(array->shape, expected, sizeof *expected * (size_t)ndim) == 0;
    bool typed = member->field->real ? array->type == MOE_F64 : array->type <= MOE_I64;
    if (fits && typed)
        return true;
    g_autoptr(GString) wanted = g_string_new(NULL);
    for (int i = 0; i < ndim; i++)
        g_string_append_printf(wanted, "%s%" G_GINT64_FORMAT, i ? ", " : "", expected[i]);
    return moe__member_fail(error, name, "found another type or shape, expected %s [%s]",
                            member->field->real ? "f8" : "whole numbers", wanted->str);
}

static int64_t
count_at(const MoeArray *array, int64_t i)
{
    switch (array->type) {
    case MOE_U8:
        return ((const uint8_t *)array->data)[i];
    case MOE_U16:
        return ((const uint16_t *)array->data)[i];
    case MOE_I32:
        return ((const int32_t *)array->data)[i];
    default:
        return ((const int64_t *)array->data)[i];
    }
}

static bool
check_reals(const MoeMember *member, const MoeArray *array, const char *name, GError **error)
{
    const double *reals = array->data;
    for (int64_t i = 0, n = moe_array_count(array); i < n; i++)
        if (member->tables ? !isfinite(reals[i]) : isinf(reals[i]))
            return moe__member_fail(error, name, "found a sum that isn't finite");
    return true;
}

static bool
check_counts(const MoeArray *array, const char *name, GError **error)
{
    int64_t n = moe_array_count(array), sum = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t count = count_at(array, i);
        if (count < 0)
            return moe__member_fail(error, name, "found %" G_GINT64_FORMAT ", expected 0 or more",
                                    count);
        if (count > MOE_COUNTS_MAX - sum)
            return moe__member_fail(error, name,
                                    "found counts of more than %" G_GINT64_FORMAT " in all",
                                    MOE_COUNTS_MAX);
        sum += count;
    }
    return true;
}

static void
scatter(const MoeMember *member, const MoeArray *array)
{
    int64_t n = moe__field_length(member->field, member->shape), at = 0;
    for (int s = 0; s < member->slots; s++)
        for (int g = 0; g < member->groups; g++, at += n) {
            void *to = moe__member_data(member, s, g);
            if (member->field->real)
                memcpy(to, (const double *)array->data + at, (size_t)n * sizeof(double));
            else
                for (int64_t i = 0; i < n; i++)
                    ((int64_t *)to)[i] = count_at(array, at + i);
        }
}

bool
moe__member_read(const MoeMember *member, const MoeMemberSource *source, GError **error)
{
    g_autofree char *name = moe__member_name(member->tally, member->router, member->field->name);
    MoeArray array;
    if (!source->read(source->source, name, &array, error))
        return false;
    bool ok = check_shape(member, &array, name, error) &&
              (member->field->real ? check_reals(member, &array, name, error)
                                   : check_counts(&array, name, error));
    if (ok)
        scatter(member, &array);
    g_free((gpointer)array.data);
    return ok;
}

/* --- Tables -----------------------------------------------------------------------------------*/

static bool
check_plan(const MoeSummary *summary, int i, const MoeTablesPlan *plan, GError **error)
{
    MoeTablesPlan finest;
    const MoeTally *tally = moe__tallies[i];
    bool fits = moe__tables_plan(tally, summary->shapes, summary->n_routers,
                                 (int)summary->domains->len, &finest);
    if (tally->bit == MOE_TALLY_LOAD)
        fits =
            moe__tables_bytes(tally, summary->shapes, summary->n_routers, plan) <= LOAD_BYTES_MAX;
    if (fits && plan->groups <= finest.groups && (plan->whole || !finest.whole))
        return true;
    return moe__member_fail(error, "meta.json",
                            "found the tally %s in %d groups%s, which is more than is kept of so "
                            "many routers, experts and domains",
                            tally->name, plan->groups, plan->whole ? "" : ", by domain");
}

static bool
check_parts(const MoeTables *tables, int router, GError **error)
{
    const MoeTally *tally = moe__tables_tally(tables);
    int slots = moe__tables_slots(tables), groups = moe__tables_plan_of(tables).groups;
    for (int i = 0; tally->problem && i < slots * groups; i++) {
        const void *part =
            moe__tables_part(tables, router, i / groups + MOE_DOMAIN_UNKNOWN, i % groups);
        const char *problem = tally->problem(part);
        if (!problem)
            continue;
        g_autofree char *place = g_strdup_printf("%s/r%03d", tally->name, router);
        return moe__member_fail(error, place, "slot %d, group %d: %s", i / groups, i % groups,
                                problem);
    }
    return true;
}

/* A router has all fields of a tally, or none: what was counted had no such columns. */
static bool
read_router(MoeTables *tables, int router, const MoeMemberSource *source, GError **error)
{
    const MoeTally *tally = moe__tables_tally(tables);
    g_autofree char *first = moe__member_name(tally, router, tally->fields[0].name);
    if (tally->bit != MOE_TALLY_LOAD && !source->has(source->source, first)) {
        moe__tables_drop(tables, router);
        return true;
    }
    for (int f = 0; f < tally->n_fields; f++) {
        MoeMember member = moe__member_of_tables(tables, router, f);
        if (!moe__member_read(&member, source, error))
            return false;
    }
    return check_parts(tables, router, error);
}

MoeSummary *
moe__summary_read(const MoeSummaryMeta *meta, const MoeMemberSource *source, unsigned tallies,
                  GError **error)
{
    g_autoptr(MoeSummary) summary =
        moe__summary_bare(meta->routers, meta->n_routers, (const char *const *)meta->domains,
                          meta->n_domains, tallies);
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        if (!(summary->tallies & moe__tallies[i]->bit) || !meta->tables[i].counted)
            continue;
        if (!check_plan(summary, i, &meta->tables[i].plan, error))
            return NULL;
        MoeTables *tables = moe__tables_new(moe__tallies[i], summary->shapes, summary->n_routers,
                                            &meta->tables[i].plan);
        summary->tables[i] = tables;
        for (int r = 0; r < summary->n_routers; r++)
            if (moe__tables_has(tables, r) && !read_router(tables, r, source, error))
                return NULL;
    }
    if ((summary->tallies & MOE_TALLY_TOKENS) && !moe__summary_read_tokens(summary, source, error))
        return NULL;
    moe_summary_settle(summary);
    return g_steal_pointer(&summary);
}

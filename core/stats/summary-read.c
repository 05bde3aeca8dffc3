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

static bool
copy_reals(const MoeMember *member, const double *from, int64_t n, double *to)
{
    bool sound = true;
    for (int64_t i = 0; i < n; i++) {
        to[i] = from[i];
        sound &= member->tables ? isfinite(from[i]) : !isinf(from[i]);
    }
    return sound;
}

/* At most 2^24 elements below 2^31: a part's sum doesn't overflow. */
#define WIDEN(TYPE)                      \
    for (int64_t i = 0; i < n; i++) {    \
        to[i] = ((const TYPE *)from)[i]; \
        least = MIN(least, to[i]);       \
        sum += to[i];                    \
    }                                    \
    break

/* Copies counts of a part; returns their sum, or a count that can't be: it is negative or above
 * MOE_COUNTS_MAX. */
static int64_t
copy_counts(MoeType type, const void *from, int64_t n, int64_t *to)
{
    int64_t sum = 0, least = 0;
    switch (type) {
    case MOE_U8:
        WIDEN(uint8_t);
    case MOE_U16:
        WIDEN(uint16_t);
    case MOE_I32:
        WIDEN(int32_t);
    default:
        for (int64_t i = 0; i < n; i++) {
            to[i] = ((const int64_t *)from)[i];
            if (to[i] < 0 || to[i] > MOE_COUNTS_MAX - sum)
                return to[i] < 0 ? to[i] : INT64_MAX;
            sum += to[i];
        }
    }
    return least < 0 ? least : sum;
}

/* Spreads an array over the parts. */
static bool
scatter(const MoeMember *member, const MoeArray *array, const char *name, GError **error)
{
    int64_t n = moe__field_length(member->field, member->shape), sum = 0;
    const char *from = array->data;
    for (int i = 0; i < member->slots * member->groups; i++) {
        void *to = moe__member_data(member, i / member->groups, i % member->groups);
        if (member->field->real && !copy_reals(member, (const double *)(const void *)from, n, to))
            return moe__member_fail(error, name, "found a sum that isn't finite");
        int64_t part = member->field->real ? 0 : copy_counts(array->type, from, n, to);
        if (part < 0)
            return moe__member_fail(error, name, "found %" G_GINT64_FORMAT ", expected 0 or more",
                                    part);
        if (part > MOE_COUNTS_MAX - sum)
            return moe__member_fail(error, name,
                                    "found counts of more than %" G_GINT64_FORMAT " in all",
                                    MOE_COUNTS_MAX);
        sum += part;
        from += (size_t)n * moe_type_size(array->type);
    }
    return true;
}

bool
moe__member_read(const MoeMember *member, const MoeMemberSource *source, GError **error)
{
    g_autofree char *name = moe__member_name(member->tally, member->router, member->field->name);
    MoeArray array;
    if (!source->read(source->source, name, &array, error))
        return false;
    bool ok = check_shape(member, &array, name, error) && scatter(member, &array, name, error);
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

/* Routers side by side; of several errors the first router's. */
static bool
read_tables(MoeTables *tables, int n_routers, const MoeMemberSource *source, GError **error)
{
    g_autofree GError **errors = g_new0(GError *, (gsize)n_routers);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < n_routers; r++)
        if (moe__tables_has(tables, r))
            read_router(tables, r, source, &errors[r]);
    GError *first = NULL;
    for (int r = 0; r < n_routers; r++) {
        if (!first)
            first = g_steal_pointer(&errors[r]);
        g_clear_error(&errors[r]);
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

MoeSummary *
moe__summary_read(const MoeSummaryMeta *meta, const MoeMemberSource *source, unsigned tallies,
                  GError **error)
{
    g_autoptr(MoeSummary) summary = moe__summary_bare(
        meta->routing.routers, meta->routing.n_routers, (const char *const *)meta->routing.domains,
        meta->routing.n_domains, tallies);
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        if (!(summary->tallies & moe__tallies[i]->bit) || !meta->tables[i].counted)
            continue;
        if (!check_plan(summary, i, &meta->tables[i].plan, error))
            return NULL;
        summary->tables[i] = moe__tables_new(moe__tallies[i], summary->shapes, summary->n_routers,
                                             &meta->tables[i].plan);
        if (!read_tables(summary->tables[i], summary->n_routers, source, error))
            return NULL;
    }
    if ((summary->tallies & MOE_TALLY_TOKENS) && !moe__summary_read_tokens(summary, source, error))
        return NULL;
    moe_summary_settle(summary);
    return g_steal_pointer(&summary);
}

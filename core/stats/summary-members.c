/* SPDX-License-Identifier: MIT
 *
 * summary-members.c: the sums of a summary as arrays. Counts take the narrowest type that holds
 * them, so that the same summary gives the same bytes and most tables are small.
 */
#include "stats/disk.h"
#include "stats/tokens.h"

#include <math.h>

/* --- Members ----------------------------------------------------------------------------------*/

MoeMember
moe__member_of_tables(const MoeTables *tables, int router, int field)
{
    const MoeTally *tally = moe__tables_tally(tables);
    return (MoeMember){
        .tally = tally,
        .field = &tally->fields[field],
        .shape = moe__tables_shape(tables, router),
        .router = router,
        .slots = moe__tables_slots(tables),
        .groups = moe__tables_plan_of(tables).groups,
        .tables = tables,
    };
}

MoeMember
moe__member_of_cell(const MoeTally *tally, const MoeTallyShape *shape, int router, void *cell,
                    int field)
{
    return (MoeMember){tally, &tally->fields[field], shape, router, 1, 1, NULL, cell};
}

char *
moe__member_name(const MoeTally *tally, int router, const char *field)
{
    return g_strdup_printf("%s/r%03d/%s", tally->name, router, field);
}

int
moe__member_shape(const MoeMember *member, int64_t *shape)
{
    int ndim = 0;
    shape[ndim++] = member->slots;
    shape[ndim++] = member->groups;
    for (int i = 0; i < 2; i++)
        if (member->field->axes[i] != MOE_AXIS_NONE)
            shape[ndim++] = moe__axis_length(member->field->axes[i], member->shape);
    return ndim;
}

void *
moe__member_data(const MoeMember *member, int slot, int group)
{
    void *cell = member->tables ? moe__tables_part(member->tables, member->router,
                                                   slot + MOE_DOMAIN_UNKNOWN, group)
                                : member->cell;
    return moe__field_data(member->field, cell);
}

/* --- Counts as narrow as they may be ----------------------------------------------------------*/

static int64_t
largest(const int64_t *counts, int64_t n)
{
    int64_t most = 0;
    for (int64_t i = 0; i < n; i++)
        most = MAX(most, counts[i]);
    return most;
}

static MoeType
narrowest(int64_t most)
{
    return most <= UINT8_MAX    ? MOE_U8
           : most <= UINT16_MAX ? MOE_U16
           : most <= INT32_MAX  ? MOE_I32
                                : MOE_I64;
}

#define NARROW(TYPE)                        \
    for (int64_t i = 0; i < n; i++)         \
        ((TYPE *)out)[i] = (TYPE)counts[i]; \
    break

static void
narrow(const int64_t *counts, int64_t n, MoeType type, void *out)
{
    switch (type) {
    case MOE_U8:
        NARROW(uint8_t);
    case MOE_U16:
        NARROW(uint16_t);
    case MOE_I32:
        NARROW(int32_t);
    default:
        NARROW(int64_t);
    }
}

/* --- Fields -----------------------------------------------------------------------------------*/

static bool
all_finite(const double *sums, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(sums[i]))
            return false;
    return true;
}

static MoeType
type_of(const MoeMember *member, int64_t n)
{
    int64_t most = 0;
    for (int s = 0; !member->field->real && s < member->slots; s++)
        for (int g = 0; g < member->groups; g++)
            most = MAX(most, largest(moe__member_data(member, s, g), n));
    return member->field->real ? MOE_F64 : narrowest(most);
}

/* The array's data is the caller's to free. */
static bool
gather(const MoeMember *member, const char *name, MoeArray *out, GError **error)
{
    int64_t n = moe__field_length(member->field, member->shape);
    *out = (MoeArray){.type = type_of(member, n)};
    out->ndim = moe__member_shape(member, out->shape);
    size_t bytes = (size_t)n * moe_type_size(out->type);
    g_autofree char *data = g_malloc((gsize)member->slots * (gsize)member->groups * bytes);
    char *end = data;
    for (int s = 0; s < member->slots; s++)
        for (int g = 0; g < member->groups; g++, end += bytes) {
            const void *from = moe__member_data(member, s, g);
            if (!member->field->real) {
                narrow(from, n, out->type, end);
                continue;
            }
            if (member->tables && !all_finite(from, n)) {
                g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                            "%s: a sum isn't finite: the trace has gates or scores that are no "
                            "numbers, which \"moescope check\" finds",
                            name);
                return false;
            }
            memcpy(end, from, bytes);
        }
    out->data = g_steal_pointer(&data);
    return true;
}

typedef struct Hand {
    MoeMemberFunc func;
    void *user;
} Hand;

static bool
hand_field(const Hand *hand, const MoeMember *member, GError **error)
{
    g_autofree char *name = moe__member_name(member->tally, member->router, member->field->name);
    MoeArray array;
    if (!gather(member, name, &array, error))
        return false;
    bool ok = hand->func(name, &array, hand->user, error);
    g_free((gpointer)array.data);
    return ok;
}

static bool
hand_tables(const Hand *hand, const MoeTables *tables, int router, GError **error)
{
    for (int f = 0; f < moe__tables_tally(tables)->n_fields; f++) {
        MoeMember member = moe__member_of_tables(tables, router, f);
        if (!hand_field(hand, &member, error))
            return false;
    }
    return true;
}

/* --- Tokens -----------------------------------------------------------------------------------*/

static bool
hand_column(const Hand *hand, int router, const char *column, MoeArray array, GError **error)
{
    g_autofree char *name = moe__member_name(&moe__tally_tokens, router, column);
    return hand->func(name, &array, hand->user, error);
}

static bool
hand_counts(const Hand *hand, int router, const char *column, const int64_t *counts, int64_t n,
            GError **error)
{
    MoeType type = narrowest(largest(counts, n));
    g_autofree char *data = g_malloc((gsize)n * moe_type_size(type));
    narrow(counts, n, type, data);
    return hand_column(hand, router, column,
                       (MoeArray){.type = type, .ndim = 1, .shape = {n}, .data = data}, error);
}

static bool
hand_token_table(const Hand *hand, int router, const MoeTokenTable *table, GError **error)
{
    const MoeArray id = {.type = MOE_I32, .ndim = 1, .shape = {table->n}, .data = table->id};
    const MoeArray expert = {
        .type = MOE_U16, .ndim = 1, .shape = {table->n}, .data = table->expert};
    return hand_column(hand, router, "table.id", id, error) &&
           hand_column(hand, router, "table.expert", expert, error) &&
           hand_counts(hand, router, "table.first", table->first, table->n, error) &&
           hand_counts(hand, router, "table.picks", table->picks, table->n, error);
}

/* The table, or what follows from it where it wasn't kept. */
static bool
hand_tokens(const Hand *hand, const MoeSummary *summary, int router, GError **error)
{
    if (summary->token_tables[router])
        return hand_token_table(hand, router, summary->token_tables[router], error);
    for (int f = 0; summary->token_cells[router] && f < moe__tally_tokens.n_fields; f++) {
        MoeMember member = moe__member_of_cell(&moe__tally_tokens, &summary->shapes[router], router,
                                               summary->token_cells[router], f);
        if (!hand_field(hand, &member, error))
            return false;
    }
    return true;
}

bool
moe__summary_members(const MoeSummary *summary, MoeMemberFunc func, void *user, GError **error)
{
    const Hand hand = {func, user};
    for (int i = 0; i < MOE_N_TALLIES; i++)
        for (int r = 0; summary->tables[i] && r < summary->n_routers; r++)
            if (moe__tables_has(summary->tables[i], r) &&
                !hand_tables(&hand, summary->tables[i], r, error))
                return false;
    for (int r = 0; r < summary->n_routers; r++)
        if ((summary->tallies & MOE_TALLY_TOKENS) && !hand_tokens(&hand, summary, r, error))
            return false;
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * cells.c: cells of any tally, by the description of its fields.
 */
#include "stats/cells.h"

#include "tensor/cpu.h"

#include <moescope/tokens.h>

int64_t
moe__axis_length(MoeTallyAxis axis, const MoeTallyShape *shape)
{
    switch (axis) {
    case MOE_AXIS_NONE:
        return 1;
    case MOE_AXIS_EXPERTS:
        return shape->experts;
    case MOE_AXIS_PICKS:
        return shape->experts + 1;
    case MOE_AXIS_FROM:
        return shape->from;
    case MOE_AXIS_HEADS:
        return shape->heads;
    case MOE_AXIS_DISTINCT:
        return shape->heads + 1;
    case MOE_AXIS_LAGS:
        return MOE_LAGS;
    case MOE_AXIS_PLACES:
        return MOE_PLACES;
    case MOE_AXIS_BINS:
        return MOE_SCORE_BINS;
    case MOE_AXIS_RANKS:
        return MOE_RANKS_SENT;
    case MOE_AXIS_ACTIVE:
        return MOE_SEGMENT + 1;
    case MOE_AXIS_CACHES:
        return MOE_CACHES;
    case MOE_AXIS_SETS:
        return MOE_TOKENS_SETS;
    case MOE_AXIS_CLASSES:
        return MOE_TOKENS_CLASSES;
    case MOE_AXIS_TOP:
        return MOE_TOKENS_TOP;
    }
    g_assert_not_reached();
}

int64_t
moe__field_length(const MoeTallyField *field, const MoeTallyShape *shape)
{
    return moe__axis_length(field->axes[0], shape) * moe__axis_length(field->axes[1], shape);
}

static bool
is_number(const MoeTallyField *field)
{
    return field->axes[0] == MOE_AXIS_NONE;
}

void *
moe__field_data(const MoeTallyField *field, const void *cell)
{
    char *place = (char *)cell + field->offset;
    return is_number(field) ? place : *(void **)(void *)place;
}

int64_t
moe__cell_words(const MoeTally *tally, const MoeTallyShape *shape)
{
    int64_t words = 0;
    for (int i = 0; i < tally->n_fields; i++)
        if (!is_number(&tally->fields[i]))
            words += moe__field_length(&tally->fields[i], shape);
    return words;
}

char *
moe__cell_lay_out(const MoeTally *tally, const MoeTallyShape *shape, char *cell, char *words)
{
    tally->describe(cell, shape);
    for (int i = 0; i < tally->n_fields; i++) {
        const MoeTallyField *field = &tally->fields[i];
        if (is_number(field))
            continue;
        *(void **)(void *)(cell + field->offset) = words;
        words += moe__field_length(field, shape) * (int64_t)sizeof(int64_t);
    }
    return words;
}

void *
moe__cell_new(const MoeTally *tally, const MoeTallyShape *shape)
{
    gsize words = (gsize)moe__cell_words(tally, shape) * sizeof(int64_t);
    gsize head = (tally->cell_size + 7) / 8 * 8;
    char *cell = g_malloc0(head + words);
    moe__cell_lay_out(tally, shape, cell, cell + head);
    return cell;
}

void
moe__cell_free(const MoeTally *tally, void *cell)
{
    (void)tally; /* struct and words are one block */
    g_free(cell);
}

void
moe__cell_clear(const MoeTally *tally, const MoeTallyShape *shape, void *cell)
{
    for (int i = 0; i < tally->n_fields; i++)
        memset(moe__field_data(&tally->fields[i], cell), 0,
               (gsize)moe__field_length(&tally->fields[i], shape) * sizeof(int64_t));
}

/* Not cloned: a CPU that multiplies and adds at once would round elsewhere. */
static void
add_reals(double *restrict sums, const double *restrict more, int64_t n, double times)
{
    for (int64_t i = 0; i < n; i++)
        sums[i] += times * more[i];
}

MOE_CLONES static void
cells_add_counts(int64_t *restrict sums, const int64_t *restrict more, int64_t n, int64_t times)
{
    for (int64_t i = 0; i < n; i++)
        sums[i] += times * more[i];
}

void
moe__cell_add(const MoeTally *tally, const MoeTallyShape *shape, void *into, const void *from,
              int64_t times)
{
    for (int f = 0; f < tally->n_fields; f++) {
        const MoeTallyField *field = &tally->fields[f];
        int64_t n = moe__field_length(field, shape);
        if (field->real)
            add_reals(moe__field_data(field, into), moe__field_data(field, from), n, (double)times);
        else
            cells_add_counts(moe__field_data(field, into), moe__field_data(field, from), n, times);
    }
}

bool
moe__cell_is_empty(const MoeTally *tally, const MoeTallyShape *shape, const void *cell)
{
    for (int f = 0; f < tally->n_fields; f++) {
        const int64_t *counts = moe__field_data(&tally->fields[f], cell);
        int64_t n = tally->fields[f].real ? 0 : moe__field_length(&tally->fields[f], shape);
        for (int64_t i = 0; i < n; i++)
            if (counts[i] != 0)
                return false;
    }
    return true;
}

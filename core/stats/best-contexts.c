/* SPDX-License-Identifier: MIT
 *
 * best-contexts.c: a short sorted list that contexts enter.
 */
#include "stats/best-contexts.h"

#include <math.h>

void
moe__best_contexts_init(MoeBestContexts *best, int top, int each)
{
    *best = (MoeBestContexts){g_array_new(FALSE, TRUE, sizeof(MoeContext)), (guint)top,
                              each > 0 ? (guint)each : (guint)top};
}

/* NaN is below all numbers. */
static int
compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

/* Below 0: a comes before b. */
static int
compare(const MoeContext *a, const MoeContext *b)
{
    int by = compare_numbers(a->moved, b->moved);
    if (by == 0)
        by = compare_numbers(a->lift, b->lift);
    if (by == 0)
        by = compare_numbers(a->gate, b->gate);
    if (by == 0)
        by = (a->token > b->token) - (a->token < b->token);
    return by ? by : a->head - b->head;
}

/* Where it belongs. */
static guint
place_of(const GArray *list, const MoeContext *context)
{
    guint low = 0, high = list->len;
    while (low < high) {
        guint middle = (low + high) / 2;
        if (compare(&g_array_index(list, MoeContext, middle), context) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last one of the id, if there are as many as there may be; else the list's length. */
static guint
last_of_full(const MoeBestContexts *best, int32_t id)
{
    guint n = 0, last = best->list->len;
    for (guint i = best->list->len; i-- > 0;)
        if (g_array_index(best->list, MoeContext, i).id == id) {
            last = n == 0 ? i : last;
            n++;
        }
    return n >= best->each ? last : best->list->len;
}

void
moe__best_contexts_add(MoeBestContexts *best, const MoeContext *context)
{
    GArray *list = best->list;
    guint place = place_of(list, context);
    if (place >= best->top)
        return;
    if (best->each < best->top && context->id >= 0) {
        guint worst = last_of_full(best, context->id);
        if (worst < list->len && worst < place)
            return;
        if (worst < list->len)
            g_array_remove_index(list, worst);
    }
    g_array_insert_val(list, place, *context);
    if (list->len > best->top)
        g_array_set_size(list, best->top);
}

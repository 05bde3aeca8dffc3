/* SPDX-License-Identifier: MIT
 *
 * chosen.c: a part of a trace as if it were all there is: what was read of a chunk without the
 * tokens that weren't chosen, and where in the trace what was found in the part is.
 */
#include "check/chosen.h"

#include <string.h>

/* Elements of `size` bytes at index[n] of each of `planes` planes that are `stride` long. NULL
 * stays NULL. (transfer full) */
static void *
gather(const void *from, size_t size, int64_t planes, int64_t stride, const int64_t *index,
       int64_t n)
{
    char *to = from ? g_malloc((gsize)(planes * n) * size + 1) : NULL;
    for (int64_t plane = 0; from && plane < planes; plane++)
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)(plane * n + i) * size,
                   (const char *)from + (size_t)(plane * stride + index[i]) * size, size);
    return to;
}

static void
keep(GPtrArray *owned, void *data)
{
    if (data)
        g_ptr_array_add(owned, data);
}

/* Numbers of the chosen tokens. (transfer full) */
static int64_t *
list_tokens(const uint64_t *bits, int64_t tokens, int64_t *n)
{
    int64_t *list = g_new(int64_t, (gsize)tokens + 1);
    *n = 0;
    for (int64_t t = 0; bits && t < tokens; t++)
        if (moe_token_set_has(bits, t))
            list[(*n)++] = t;
    return list;
}

int64_t
moe__chosen_of(const uint64_t *bits, int64_t tokens)
{
    int64_t n;
    g_autofree int64_t *list = list_tokens(bits, tokens, &n);
    return n;
}

int32_t *
moe__chosen_ids(const int32_t *id, const uint64_t *bits, int64_t tokens)
{
    int64_t n;
    g_autofree int64_t *list = list_tokens(bits, tokens, &n);
    return gather(id, sizeof *id, 1, tokens, list, n);
}

void
moe__chosen_rows(MoeChosen *chosen, const uint64_t *bits, MoeCheckRows *rows)
{
    const MoeTraceView *all = rows->view;
    int64_t n, heads = rows->info->units_per_token;
    g_autofree int64_t *token = list_tokens(bits, all->tokens, &n);
    g_autofree int64_t *unit = g_new(int64_t, (gsize)(n * heads) + 1);
    for (int64_t u = 0; u < n * heads; u++)
        unit[u] = token[u / heads] * heads + u % heads;
    if (!chosen->owned)
        chosen->owned = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_set_size(chosen->owned, 0);
    MoeTraceView *view = &chosen->view;
    *view = (MoeTraceView){.tokens = n, .units = n * heads, .k = all->k};
#define TOKENS(FIELD)   \
    keep(chosen->owned, \
         view->FIELD = gather(all->FIELD, sizeof *all->FIELD, 1, all->tokens, token, n))
#define PICKS(FIELD)                                                                          \
    keep(chosen->owned, (void *)(view->FIELD = gather(all->FIELD, sizeof *all->FIELD, all->k, \
                                                      all->units, unit, view->units)))
#define UNITS(FIELD, WIDE)                                                                       \
    keep(chosen->owned, (void *)(rows->FIELD = gather(rows->FIELD, sizeof *rows->FIELD * (WIDE), \
                                                      1, all->units, unit, view->units)))
    TOKENS(domain);
    TOKENS(step);
    PICKS(expert);
    PICKS(gate);
    PICKS(dropped);
    PICKS(slot);
    PICKS(gate64);
    PICKS(expert8);
    PICKS(expert16);
    PICKS(gate16);
    UNITS(logits, (size_t)rows->info->experts);
    UNITS(entropy, 1);
    UNITS(margin, 1);
    rows->view = view;
}

void
moe__chosen_clear(MoeChosen *chosen)
{
    g_clear_pointer(&chosen->owned, g_ptr_array_unref);
}

void
moe__chosen_place(const MoeTrace *trace, const MoeTokenSet *set, int64_t index, int *chunk,
                  int64_t *token)
{
    int64_t first = 0;
    for (int c = 0; c < moe_trace_chunks(trace); first += moe_trace_tokens(trace, c++)) {
        int64_t n;
        g_autofree int64_t *list =
            list_tokens(moe_token_set_bits(set, c), moe_trace_tokens(trace, c), &n);
        if (index < n) {
            *chunk = c;
            *token = first + list[index];
            return;
        }
        index -= n;
    }
}

/* SPDX-License-Identifier: MIT
 *
 * cache.c: the list of what caches hold, and how a unit changes it.
 */
#include "stats/cache.h"

#include <string.h>

enum { LISTED = 1, PICKED = 2 };

void
moe__caches_init(MoeCaches *caches, int experts)
{
    gsize n = (gsize)experts;
    *caches = (MoeCaches){
        experts, 0, g_new(int32_t, n), g_new(int64_t, n), g_new0(uint8_t, n), g_new(int32_t, n)};
}

void
moe__caches_clear(MoeCaches *caches)
{
    g_free(caches->list);
    g_free(caches->worth);
    g_free(caches->state);
    g_free(caches->leaving);
}

void
moe__caches_reset(MoeCaches *caches)
{
    memset(caches->state, 0, (gsize)caches->experts);
    caches->n = 0;
}

/* Of the same worth, the lower number leaves first. */
static inline bool
is_better(const MoeCaches *caches, int32_t a, int32_t b)
{
    int64_t x = caches->worth[a], y = caches->worth[b];
    return x > y || (x == y && a > b);
}

/* Keeps those that are between places in order. */
static void
leave(MoeCaches *caches, int *leaving, int32_t expert)
{
    int i = (*leaving)++;
    for (; i > 0 && is_better(caches, caches->leaving[i - 1], expert); i--)
        caches->leaving[i] = caches->leaving[i - 1];
    caches->leaving[i] = expert;
}

static int
mark(MoeCaches *caches, const int32_t *expert, int n)
{
    int known = 0;
    for (int i = 0; i < n; i++) {
        known += caches->state[expert[i]] & LISTED;
        caches->state[expert[i]] |= PICKED;
    }
    return known;
}

int
moe__caches_serve(MoeCaches *caches, const int32_t *expert, const int64_t *worth, int n,
                  int32_t *place)
{
    int known = mark(caches, expert, n), found = 0, leaving = 0;
    /* Place by place: who stood there joins those that leave smaller caches, unless it is picked;
     * the best of them is what a cache of this size keeps more than one that is smaller by one. */
    for (int at = 0; at < n || leaving > 0 || found < known; at++) {
        if (at < caches->n) {
            int32_t old = caches->list[at];
            if (caches->state[old] & PICKED)
                place[found++] = at;
            else if (at >= n &&
                     (leaving == 0 || is_better(caches, old, caches->leaving[leaving - 1])))
                continue;
            else
                leave(caches, &leaving, old);
        }
        caches->list[at] = at < n ? expert[at] : caches->leaving[--leaving];
    }
    caches->n += n - known;
    for (int i = 0; i < n; i++) {
        caches->state[expert[i]] = LISTED;
        caches->worth[expert[i]] = worth[i];
    }
    return found;
}

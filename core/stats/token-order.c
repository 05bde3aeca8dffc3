/* SPDX-License-Identifier: MIT
 *
 * token-order.c: sorts tokens by id, byte by byte from the lowest (Knuth, volume 3, section 5.2.5).
 */
#include "stats/token-order.h"

#include <string.h>

/* An id above the number of its token. */
typedef uint64_t Pair;

static gsize
gather(const int32_t *id, const MoeTallyRun *runs, int64_t n_runs, Pair *pairs)
{
    gsize n = 0;
    for (int64_t r = 0; r < n_runs; r++)
        for (int64_t t = runs[r].first, end = t + runs[r].n; t < end; t++) {
            pairs[n] = (uint64_t)(uint32_t)id[t] << 32 | (uint64_t)t;
            n += id[t] >= 0;
        }
    return n;
}

enum { BYTES = 4 }; /* of an id */

/* How often each byte of the ids has each value. */
static void
count_bytes(const Pair *pairs, gsize n, guint32 count[BYTES][256])
{
    memset(count, 0, BYTES * sizeof *count);
    for (gsize i = 0; i < n; i++)
        for (int b = 0; b < BYTES; b++)
            count[b][pairs[i] >> (32 + 8 * b) & 255]++;
}

/* Sorts by one byte, keeping the order of equals; false if it is the same in all. */
static bool
sort_by_byte(const Pair *in, Pair *out, gsize n, int shift, const guint32 count[256])
{
    Pair *place[256];
    for (int b = 0; b < 256; b++) {
        if (count[b] == n)
            return false;
        place[b] = out;
        out += count[b];
    }
    for (gsize i = 0; i < n; i++)
        *place[in[i] >> shift & 255]++ = in[i];
    return true;
}

/* The order of sorted pairs. */
static void
take(MoeTokenOrder *order, const Pair *pairs, gsize n)
{
    order->token = g_new0(uint32_t, n + MOE_TOKEN_ORDER_BEYOND);
    order->groups = 0;
    for (gsize i = 0; i < n; i++)
        order->groups += i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32;
    order->group = g_new(MoeTokenGroup, (gsize)order->groups + 1);
    MoeTokenGroup *group = order->group;
    for (gsize i = 0; i < n; i++) {
        if (i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32)
            *group++ = (MoeTokenGroup){(int32_t)(pairs[i] >> 32), (uint32_t)i};
        order->token[i] = (uint32_t)pairs[i];
    }
    *group = (MoeTokenGroup){-1, (uint32_t)n};
}

void
moe__token_order_init(MoeTokenOrder *order, const int32_t *id, const MoeTallyRun *runs,
                      int64_t n_runs)
{
    gsize n = 0;
    for (int64_t r = 0; r < n_runs; r++)
        n += (gsize)runs[r].n;
    Pair *pairs = g_new(Pair, n + 1), *other = g_new(Pair, n + 1);
    n = gather(id, runs, n_runs, pairs);
    guint32 count[BYTES][256];
    count_bytes(pairs, n, count);
    for (int b = 0; b < BYTES; b++)
        if (sort_by_byte(pairs, other, n, 32 + 8 * b, count[b])) {
            Pair *sorted = other;
            other = pairs;
            pairs = sorted;
        }
    take(order, pairs, n);
    g_free(pairs);
    g_free(other);
}

void
moe__token_order_clear(MoeTokenOrder *order)
{
    g_clear_pointer(&order->token, g_free);
    g_clear_pointer(&order->group, g_free);
    order->groups = 0;
}

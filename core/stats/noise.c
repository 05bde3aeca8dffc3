/* SPDX-License-Identifier: MIT
 *
 * noise.c: which experts noise on the logits would choose.
 */
#include "stats/noise.h"

#include <math.h>
#include <string.h>

/* Puts the k highest in front, the lowest of them at k - 1 (Hoare's selection). */
static void
select_highest(double *x, int n, int k)
{
    int low = 0, high = n - 1;
    while (low < high) {
        double pivot = x[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (x[i] > pivot)
                i++;
            while (x[j] < pivot)
                j--;
            if (i <= j) {
                double kept = x[i];
                x[i++] = x[j];
                x[j--] = kept;
            }
        }
        if (k - 1 <= j)
            high = j;
        else if (k - 1 >= i)
            low = i;
        else
            return;
    }
}

MoeEdge
moe__edge(const double *logit, int n, int k, double *room)
{
    memcpy(room, logit, (gsize)n * sizeof *room);
    select_highest(room, n, k);
    MoeEdge edge = {room[k - 1], -INFINITY, 0};
    for (int i = 0; i < k; i++)
        edge.tied += room[i] == edge.inside;
    for (int i = k; i < n; i++)
        edge.outside = fmax(edge.outside, room[i]);
    return edge;
}

/* FNV-1a (Fowler, Noll, Vo), eight bytes at a time. */
static uint64_t
name_of(const double *logit, int n)
{
    uint64_t name = 0xcbf29ce484222325u;
    for (int e = 0; e < n; e++) {
        uint64_t bits;
        memcpy(&bits, &logit[e], sizeof bits);
        name = (name ^ bits ^ bits >> 32) * 0x100000001b3u;
    }
    return name;
}

static double
normal_of(uint64_t name, int expert)
{
    uint32_t block[4];
    moe_rng_block(name, 0, (uint64_t)expert, block);
    double u = (block[0] + 0.5) * 0x1p-32, v = block[1] * 0x1p-32;
    return sqrt(-2 * log(u)) * cos(2 * G_PI * v);
}

/* Noise takes none as far as this, in standard deviations: two that are twice as far apart keep
 * their order. */
#define FARTHEST 7

bool
moe__edge_flips(const MoeEdge *edge, const double *logit, int n, double sigma)
{
    double reach = 2 * FARTHEST * sigma, inside = INFINITY, outside = -INFINITY;
    if (edge->inside - edge->outside > reach)
        return false;
    uint64_t name = name_of(logit, n);
    int tied = edge->tied;
    for (int e = 0; e < n; e++) {
        bool among = logit[e] > edge->inside || (logit[e] == edge->inside && tied-- > 0);
        if (logit[e] > edge->outside + reach || logit[e] < edge->inside - reach)
            continue;
        double moved = logit[e] + sigma * normal_of(name, e);
        if (among)
            inside = fmin(inside, moved);
        else
            outside = fmax(outside, moved);
    }
    return inside < outside;
}

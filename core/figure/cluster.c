/* SPDX-License-Identifier: MIT
 *
 * Average linkage on a matrix that shrinks as branches are joined.
 */
#include "figure/cluster.h"

#include <math.h>
#include <string.h>

/* A branch: its leaves in order, and its likeness to the others in row `at`. */
typedef struct Branch {
    int *leaves, n;
    bool gone;
} Branch;

static void
join(Branch *into, Branch *from)
{
    into->leaves = g_renew(int, into->leaves, into->n + from->n);
    memcpy(into->leaves + into->n, from->leaves, sizeof(int) * (size_t)from->n);
    into->n += from->n;
    from->gone = true;
}

static void
most_alike(const Branch *branches, const double *alike, int n, int *a, int *b)
{
    double most = -INFINITY;
    for (int i = 0; i < n; i++) {
        for (int j = i + 1; !branches[i].gone && j < n; j++) {
            if (branches[j].gone || !(alike[i * n + j] > most || most == -INFINITY))
                continue;
            most = alike[i * n + j];
            *a = i;
            *b = j;
        }
    }
}

void
moe__cluster_order(const double *given, int n, int *order)
{
    g_autofree double *alike = g_memdup2(given, sizeof(double) * (size_t)n * (size_t)n);
    g_autofree Branch *branches = g_new0(Branch, (gsize)n);
    for (int i = 0; i < n; i++) {
        branches[i] = (Branch){g_new(int, 1), 1, false};
        branches[i].leaves[0] = i;
    }
    for (int joined = 1; joined < n; joined++) {
        int a = 0, b = 0;
        most_alike(branches, alike, n, &a, &b);
        double wa = branches[a].n, wb = branches[b].n;
        for (int k = 0; k < n; k++)
            alike[a * n + k] = alike[k * n + a] =
                (wa * alike[a * n + k] + wb * alike[b * n + k]) / (wa + wb);
        join(&branches[a], &branches[b]);
    }
    if (n > 0)
        memcpy(order, branches[0].leaves, sizeof(int) * (size_t)n);
    for (int i = 0; i < n; i++)
        g_free(branches[i].leaves);
}

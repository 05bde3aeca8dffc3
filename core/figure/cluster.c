/* SPDX-License-Identifier: MIT
 *
 * Average linkage on a matrix that shrinks as branches are joined.
 */
#include "figure/cluster.h"

#include <math.h>
#include <string.h>

/* A branch: its leaves in order, the merge that made it (-1: none), and its nearest among the
 * branches of higher number. */
typedef struct Branch {
    int *leaves, n, merge, nearest;
    bool gone;
} Branch;

typedef struct Tree {
    int n;
    double *alike;
    Branch *branches;
    GArray *merges;
} Tree;

static void
find_nearest(Tree *tree, int i)
{
    Branch *branch = &tree->branches[i];
    branch->nearest = -1;
    for (int j = i + 1; j < tree->n; j++)
        if (!tree->branches[j].gone &&
            (branch->nearest < 0 ||
             tree->alike[i * tree->n + j] > tree->alike[i * tree->n + branch->nearest]))
            branch->nearest = j;
}

static int
most_alike(const Tree *tree)
{
    int best = -1;
    double most = -INFINITY;
    for (int i = 0; i < tree->n; i++) {
        const Branch *branch = &tree->branches[i];
        if (branch->gone || branch->nearest < 0)
            continue;
        double value = tree->alike[i * tree->n + branch->nearest];
        if (best < 0 || value > most) {
            most = value;
            best = i;
        }
    }
    return best;
}

static void
join(Branch *into, Branch *from)
{
    into->leaves = g_renew(int, into->leaves, into->n + from->n);
    memcpy(into->leaves + into->n, from->leaves, sizeof(int) * (size_t)from->n);
    into->n += from->n;
    from->gone = true;
}

/* Likenesses of the joined branch are means, weighted by leaves; only rows that looked at one of
 * the two look around anew. */
static void
merge(Tree *tree, int a, int b)
{
    Branch *left = &tree->branches[a], *right = &tree->branches[b];
    int n = tree->n;
    Merge made = {tree->alike[a * n + b], left->merge, right->merge,
                  left->leaves[0],        left->n,     left->n + right->n};
    double wa = left->n, wb = right->n;
    for (int k = 0; k < n; k++)
        tree->alike[a * n + k] = tree->alike[k * n + a] =
            (wa * tree->alike[a * n + k] + wb * tree->alike[b * n + k]) / (wa + wb);
    join(left, right);
    left->merge = (int)tree->merges->len;
    g_array_append_val(tree->merges, made);
    for (int k = 0; k <= b; k++) {
        Branch *branch = &tree->branches[k];
        if (branch->gone)
            continue;
        if (k == a || branch->nearest == a || branch->nearest == b)
            find_nearest(tree, k);
        else if (k < a && tree->alike[k * n + a] > tree->alike[k * n + branch->nearest])
            branch->nearest = a;
    }
}

/* Merges name their first leaf and the size of their left branch until the order is known. */
static void
place_merges(const Tree *tree, const int *order)
{
    g_autofree int *place = g_new(int, (gsize)tree->n + 1);
    for (int i = 0; i < tree->n; i++)
        place[order[i]] = i;
    for (guint i = 0; i < tree->merges->len; i++) {
        Merge *made = &g_array_index(tree->merges, Merge, i);
        made->first = place[made->first];
        made->middle += made->first;
    }
}

GArray *
moe__cluster(const double *given, int n, int *order)
{
    g_autofree double *alike = g_memdup2(given, sizeof(double) * (size_t)n * (size_t)n);
    g_autofree Branch *branches = g_new0(Branch, (gsize)n + 1);
    Tree tree = {n, alike, branches, g_array_new(FALSE, FALSE, sizeof(Merge))};
    for (int i = 0; i < n; i++) {
        branches[i] = (Branch){.leaves = g_new(int, 1), .n = 1, .merge = -1};
        branches[i].leaves[0] = i;
    }
    for (int i = 0; i < n; i++)
        find_nearest(&tree, i);
    for (int joined = 1; joined < n; joined++) {
        int a = most_alike(&tree);
        merge(&tree, a, branches[a].nearest);
    }
    if (n > 0)
        memcpy(order, branches[0].leaves, sizeof(int) * (size_t)n);
    place_merges(&tree, order);
    for (int i = 0; i < n; i++)
        g_free(branches[i].leaves);
    return tree.merges;
}

/* SPDX-License-Identifier: MIT
 *
 * Huffman's codes (1952) in the canonical order of RFC 1951, section 3.2.2.
 */
#include "figure/huffman.h"

#include <stdlib.h>

enum { MOST_SYMBOLS = 286, MOST_BITS = 15 };

/* Leaves by weight, then what they are joined to, which comes by weight by itself. */
typedef struct Tree {
    guint64 weight[2 * MOST_SYMBOLS];
    int symbol[MOST_SYMBOLS]; /* of the leaves */
    int parent[2 * MOST_SYMBOLS];
    int leaves, n;
    int leaf, joined; /* the lightest of either that has no parent yet */
} Tree;

typedef struct Leaf {
    guint64 weight;
    int symbol;
} Leaf;

static int
by_weight(const void *a, const void *b)
{
    const Leaf *x = a, *y = b;
    return x->weight != y->weight ? (x->weight > y->weight) - (x->weight < y->weight)
                                  : x->symbol - y->symbol;
}

static void
plant(Tree *tree, const guint64 *weight, int n)
{
    Leaf leaves[MOST_SYMBOLS];
    tree->leaves = 0;
    for (int i = 0; i < n; i++)
        if (weight[i] > 0)
            leaves[tree->leaves++] = (Leaf){weight[i], i};
    qsort(leaves, (size_t)tree->leaves, sizeof(*leaves), by_weight);
    for (int i = 0; i < tree->leaves; i++) {
        tree->weight[i] = leaves[i].weight;
        tree->symbol[i] = leaves[i].symbol;
    }
    tree->leaf = 0;
    tree->n = tree->joined = tree->leaves;
}

static int
take_lightest(Tree *tree)
{
    bool leaf = tree->leaf < tree->leaves &&
                (tree->joined == tree->n || tree->weight[tree->leaf] <= tree->weight[tree->joined]);
    return leaf ? tree->leaf++ : tree->joined++;
}

/* Returns the longest length. */
static int
grow(const guint64 *weight, int n, guint8 *lengths)
{
    Tree tree;
    int depth[2 * MOST_SYMBOLS] = {0}, longest = 0;
    plant(&tree, weight, n);
    for (int i = 1; i < tree.leaves; i++) {
        int a = take_lightest(&tree), b = take_lightest(&tree);
        tree.weight[tree.n] = tree.weight[a] + tree.weight[b];
        tree.parent[a] = tree.parent[b] = tree.n++;
    }
    for (int node = tree.n - 2; node >= 0; node--)
        depth[node] = depth[tree.parent[node]] + 1;
    for (int i = 0; i < n; i++)
        lengths[i] = 0;
    for (int i = 0; i < tree.leaves; i++) {
        lengths[tree.symbol[i]] = (guint8)MIN(depth[i], G_MAXUINT8);
        longest = MAX(longest, lengths[tree.symbol[i]]);
    }
    return longest;
}

static unsigned
reversed(unsigned code, int n)
{
    unsigned result = 0;
    for (int i = 0; i < n; i++)
        result |= (code >> i & 1) << (n - 1 - i);
    return result;
}

void
moe__huffman(const unsigned *count, int n, int most, guint8 *lengths, guint16 *codes)
{
    guint64 weight[MOST_SYMBOLS];
    for (int i = 0; i < n; i++)
        weight[i] = count[i];
    /* Flatter weights make shorter codes, at worst all alike. */
    while (grow(weight, n, lengths) > most) {
        for (int i = 0; i < n; i++)
            weight[i] = weight[i] > 0 ? weight[i] / 2 + 1 : 0;
    }
    unsigned next = 0;
    for (int length = 1; length <= most; length++, next <<= 1) {
        for (int i = 0; i < n; i++) {
            if (lengths[i] == length)
                codes[i] = (guint16)reversed(next++, length);
        }
    }
}

/* SPDX-License-Identifier: MIT
 *
 * Huffman's codes (1952) in the canonical order of RFC 1951, section 3.2.2.
 */
#include "figure/huffman.h"

#include <string.h>

enum { MOST_SYMBOLS = 286, MOST_BITS = 15 };

typedef struct Tree {
    guint64 weight[2 * MOST_SYMBOLS]; /* 0: taken, or never there */
    int parent[2 * MOST_SYMBOLS];
    int n;
} Tree;

/* The lightest node, taken off; -1 if there is none. */
static int
take_lightest(Tree *tree)
{
    int lightest = -1;
    for (int i = 0; i < tree->n; i++) {
        if (tree->weight[i] > 0 && (lightest < 0 || tree->weight[i] < tree->weight[lightest]))
            lightest = i;
    }
    return lightest;
}

/* Returns the longest length. */
static int
grow(const guint64 *weight, int n, guint8 *lengths)
{
    Tree tree = {.n = n};
    memcpy(tree.weight, weight, (size_t)n * sizeof(*weight));
    for (;;) {
        int a = take_lightest(&tree);
        guint64 first = a < 0 ? 0 : tree.weight[a];
        if (a >= 0)
            tree.weight[a] = 0;
        int b = take_lightest(&tree);
        if (b < 0)
            break;
        tree.weight[tree.n] = first + tree.weight[b];
        tree.weight[b] = 0;
        tree.parent[a] = tree.parent[b] = tree.n++;
    }
    int longest = 0, root = tree.n - 1;
    for (int i = 0; i < n; i++) {
        lengths[i] = 0;
        for (int node = i; weight[i] > 0 && node != root && lengths[i] < 255;
             node = tree.parent[node])
            lengths[i]++;
        longest = MAX(longest, lengths[i]);
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

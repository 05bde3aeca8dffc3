/* SPDX-License-Identifier: MIT
 *
 * Optimal string alignment distance: Levenshtein's, plus the swap of two neighbouring letters.
 */
#include <moescope/base.h>

#include <string.h>

#define LONGEST 48

static int
edit_distance(const char *a, const char *b)
{
    int n = (int)strlen(a), m = (int)strlen(b);
    int row[3][LONGEST + 1]; /* rows i-2, i-1 and i of the table, in turn */
    for (int j = 0; j <= m; j++)
        row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int replace = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = MIN(replace, MIN(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = MIN(now[j], before[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

const char *
moe_nearest(const char *word, const char *const *candidates)
{
    size_t length = strlen(word);
    if (length > LONGEST)
        return NULL;
    /* Up to a third of the letters may differ; a short word may still differ in one. */
    int best = MAX(1, (int)length / 3) + 1;
    const char *nearest = NULL;
    for (; *candidates; candidates++) {
        if (strlen(*candidates) > LONGEST)
            continue;
        int distance = edit_distance(word, *candidates);
        if (distance < best) {
            best = distance;
            nearest = *candidates;
        }
    }
    return nearest;
}

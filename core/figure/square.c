/* SPDX-License-Identifier: MIT
 *
 * Matrices of expert by expert.
 */
#include "figure/square.h"
#include "figure/cluster.h"

#include <math.h>

/* Where the first join of a tree stands, so that no branch has no length. */
#define FIRST_HEIGHT 0.12

Square
moe__square(GArray *experts, Sort sort, const double *alike, int n)
{
    Square square = {.experts = experts};
    if (sort == SORT_CLUSTER && alike)
        square.merges = moe__experts_cluster(experts, alike, n);
    return square;
}

void
moe__square_clear(gpointer data)
{
    Square *square = data;
    g_clear_pointer(&square->experts, g_array_unref);
    g_clear_pointer(&square->merges, g_array_unref);
    g_clear_pointer(&square->value, g_free);
    g_clear_pointer(&square->number[0], g_free);
    g_clear_pointer(&square->number[1], g_free);
}

double *
moe__square_take(const Square *square, const double *whole, int n)
{
    gsize m = square->experts->len;
    double *cells = g_new(double, MAX(m * m, 1));
    for (gsize i = 0; i < m; i++)
        for (gsize j = 0; j < m; j++)
            cells[i * m + j] = whole[(gsize)g_array_index(square->experts, int, i) * (gsize)n +
                                     (gsize)g_array_index(square->experts, int, j)];
    return cells;
}

bool
moe__square_range(const Square *square, double *least, double *most)
{
    bool infinite = false;
    for (gsize i = 0; i < (gsize)square->experts->len * square->experts->len; i++) {
        double value = square->value[i];
        infinite |= isinf(value) != 0;
        if (isfinite(value)) {
            *least = MIN(*least, value);
            *most = MAX(*most, value);
        }
    }
    return infinite;
}

/* --- The tree ---------------------------------------------------------------------------------*/

/* Heights fall from 1, the last join, to the first, in proportion to likeness. */
static void
add_tree(MoeScene *scene, int panel, const GArray *merges)
{
    guint n = merges->len;
    g_autofree double *number = g_new(double, 6 * (gsize)n + 1);
    double *left = number, *right = left + n, *from_left = right + n, *from_right = from_left + n,
           *height = from_right + n, *middle = height + n;
    double most = g_array_index(merges, Merge, 0).likeness;
    double least = g_array_index(merges, Merge, n - 1).likeness;
    for (guint i = 0; i < n; i++) {
        const Merge *merge = &g_array_index(merges, Merge, i);
        double fall = most > least ? (most - merge->likeness) / (most - least) : 1;
        height[i] = FIRST_HEIGHT + (1 - FIRST_HEIGHT) * fall;
        left[i] = merge->left < 0 ? merge->first + 0.5 : middle[merge->left];
        right[i] = merge->right < 0 ? merge->middle + 0.5 : middle[merge->right];
        from_left[i] = merge->left < 0 ? 0 : height[merge->left];
        from_right[i] = merge->right < 0 ? 0 : height[merge->right];
        middle[i] = (left[i] + right[i]) / 2;
    }
    MoeTree tree = {(int)n, left, right, from_left, from_right, height};
    moe_scene_add_tree(scene, panel, &tree);
}

void
moe__square_panel(MoeScene *scene, const Square *square, const char *title, const char *note,
                  const char *words)
{
    g_auto(GStrv) names = NULL;
    MoeAxis axis = moe__experts_axis(square->experts, "expert", &names);
    int n = (int)square->experts->len;
    MoeCells cells = {.rows = n,
                      .columns = n,
                      .values = square->value,
                      .numbers = {square->number[0], square->number[1]},
                      .words = words};
    MoeAxis y = axis;
    y.square = true;
    int panel = moe_scene_add_panel(scene, title, note, &axis, &y);
    moe_scene_add_cells(scene, panel, &cells);
    if (square->merges && square->merges->len > 0)
        add_tree(scene, panel, square->merges);
}

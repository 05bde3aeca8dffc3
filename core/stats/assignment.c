/* SPDX-License-Identifier: MIT
 *
 * assignment.c: who goes with whom, so that the sum is highest: shortest augmenting paths on
 * reduced costs (Jonker & Volgenant 1987; the dense form with potentials).
 */
#include <moescope/compare.h>

#include <math.h>

/* Rows no more than columns; row and column 0 stand for "none". */
typedef struct Assigner {
    const double *gain;
    int rows, columns;
    bool turned;   /* gain is [columns × rows] */
    double *u, *v; /* potentials */
    int *row_of;   /* [columns + 1] */
    int *before;   /* [columns + 1] the column before on the shortest path */
    double *least; /* [columns + 1] length of the shortest path so far */
    bool *done;    /* [columns + 1] */
} Assigner;

static double
cost(const Assigner *a, int row, int column)
{
    gsize i = (gsize)row - 1, j = (gsize)column - 1;
    return a->turned ? -a->gain[j * (gsize)a->rows + i] : -a->gain[i * (gsize)a->columns + j];
}

/* Lengthens paths by the row that stands at column `at`. Returns the nearest column that isn't done
 * yet, the lower one of equals, and the distance to it. */
static int
look_from(Assigner *a, int at, double *distance)
{
    int row = a->row_of[at], nearest = 0;
    *distance = INFINITY;
    for (int j = 1; j <= a->columns; j++) {
        if (a->done[j])
            continue;
        double reduced = cost(a, row, j) - a->u[row] - a->v[j];
        if (reduced < a->least[j]) {
            a->least[j] = reduced;
            a->before[j] = at;
        }
        if (a->least[j] < *distance) {
            *distance = a->least[j];
            nearest = j;
        }
    }
    return nearest;
}

static void
shift_potentials(Assigner *a, double distance)
{
    for (int j = 0; j <= a->columns; j++)
        if (a->done[j]) {
            a->u[a->row_of[j]] += distance;
            a->v[j] -= distance;
        } else {
            a->least[j] -= distance;
        }
}

/* Gives `row` a column; others may move to other columns for it. */
static void
add_row(Assigner *a, int row)
{
    int at = 0;
    a->row_of[0] = row;
    for (int j = 0; j <= a->columns; j++) {
        a->least[j] = INFINITY;
        a->done[j] = false;
    }
    do {
        double distance;
        a->done[at] = true;
        int nearest = look_from(a, at, &distance);
        shift_potentials(a, distance);
        at = nearest;
    } while (a->row_of[at] != 0);
    while (at != 0) {
        a->row_of[at] = a->row_of[a->before[at]];
        at = a->before[at];
    }
}

void
moe_assignment(const double *gain, int rows, int columns, int *to)
{
    bool turned = rows > columns;
    Assigner a = {.gain = gain,
                  .rows = turned ? columns : rows,
                  .columns = turned ? rows : columns,
                  .turned = turned};
    gsize n = (gsize)a.columns + 1;
    a.u = g_new0(double, (gsize)a.rows + 1);
    a.v = g_new0(double, n);
    a.row_of = g_new0(int, n);
    a.before = g_new0(int, n);
    a.least = g_new(double, n);
    a.done = g_new(bool, n);
    for (int i = 1; i <= a.rows; i++)
        add_row(&a, i);
    for (int i = 0; i < rows; i++)
        to[i] = -1;
    for (int j = 1; j <= a.columns; j++)
        if (a.row_of[j] != 0) {
            if (turned)
                to[j - 1] = a.row_of[j] - 1;
            else
                to[a.row_of[j] - 1] = j - 1;
        }
    g_free(a.u);
    g_free(a.v);
    g_free(a.row_of);
    g_free(a.before);
    g_free(a.least);
    g_free(a.done);
}

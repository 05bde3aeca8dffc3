/* SPDX-License-Identifier: MIT
 *
 * From mark to mark, as the arrow keys go.
 */
#include "figure/mark.h"

#include <math.h>

/* A step to the side counts so much more than one ahead. */
#define ASIDE 3.0
#define LEAST 0.01 /* ahead, points */

typedef struct Walk {
    MoeScene *scene;
    const Layout *layout;
    MoeDirection direction;
    Point from;
} Walk;

/* A piece of a mark of a panel. */
typedef struct Step {
    int panel, mark, piece;
} Step;

static Point
middle(Box box)
{
    return (Point){box.x + box.width / 2, box.y + box.height / 2};
}

static const Mark *
mark_at(const MoeScene *scene, int panel, int mark)
{
    return &g_array_index(moe__scene_panel(scene, panel)->marks, Mark, mark);
}

static View
view_at(const Walk *walk, int panel)
{
    return moe__view_of(walk->scene, panel, &walk->layout->frames[panel], walk->layout->ruler);
}

/* How far a point lies in the walk's direction, sidesteps counted more; infinite: not in it. */
static double
distance(const Walk *walk, Point to)
{
    double dx = to.x - walk->from.x, dy = to.y - walk->from.y;
    bool across = walk->direction == MOE_LEFT || walk->direction == MOE_RIGHT;
    bool back = walk->direction == MOE_LEFT || walk->direction == MOE_UP;
    double ahead = (across ? dx : dy) * (back ? -1 : 1), aside = fabs(across ? dy : dx);
    return ahead > LEAST ? ahead + ASIDE * aside : INFINITY;
}

/* --- Within a panel ---------------------------------------------------------------------------*/

/* The next cell that is there. */
static bool
walk_cells(const Walk *walk, const MoeCells *cells, Step *step)
{
    static const int across[] = {[MOE_LEFT] = -1, [MOE_RIGHT] = 1, [MOE_UP] = 0, [MOE_DOWN] = 0};
    static const int down[] = {[MOE_LEFT] = 0, [MOE_RIGHT] = 0, [MOE_UP] = -1, [MOE_DOWN] = 1};
    int row = step->piece / cells->columns, column = step->piece % cells->columns;
    for (;;) {
        row += down[walk->direction];
        column += across[walk->direction];
        if (row < 0 || row >= cells->rows || column < 0 || column >= cells->columns)
            return false;
        if (!isnan(cells->values[row * cells->columns + column])) {
            step->piece = row * cells->columns + column;
            return true;
        }
    }
}

/* Along a line and through a text one goes from point to point, whatever lies nearer. */
static bool
walk_row(const Walk *walk, const View *view, Step *step)
{
    const Mark *mark = mark_at(walk->scene, step->panel, step->mark);
    const MarkClass *kind = moe__mark_class(mark->type);
    int by = walk->direction == MOE_LEFT ? -1 : 1, n = kind->count(mark);
    for (int i = step->piece + by; i >= 0 && i < n; i += by) {
        Place place;
        if (kind->place(mark, view, i, &place)) {
            step->piece = i;
            return true;
        }
    }
    return false;
}

static bool
nearest_in_panel(const Walk *walk, const View *view, Step *step)
{
    double best = INFINITY;
    Step found = *step;
    for (guint m = 0; m < view->panel->marks->len; m++) {
        const Mark *mark = &g_array_index(view->panel->marks, Mark, m);
        const MarkClass *kind = moe__mark_class(mark->type);
        int n = kind->count && mark->type != MARK_CELLS ? kind->count(mark) : 0;
        for (int i = 0; i < n; i++) {
            Place place;
            if (!kind->place(mark, view, i, &place))
                continue;
            double far = distance(walk, middle(place.box));
            if (far < best) {
                best = far;
                found = (Step){step->panel, (int)m, i};
            }
        }
    }
    *step = found;
    return isfinite(best);
}

static bool
walk_in_panel(const Walk *walk, Step *step)
{
    View view = view_at(walk, step->panel);
    const Mark *mark = mark_at(walk->scene, step->panel, step->mark);
    bool across = walk->direction == MOE_LEFT || walk->direction == MOE_RIGHT;
    if (mark->type == MARK_CELLS)
        return walk_cells(walk, &mark->cells, step);
    if (across && (mark->type == MARK_LINE || mark->type == MARK_PROSE))
        return walk_row(walk, &view, step);
    return nearest_in_panel(walk, &view, step);
}

/* --- To another panel -------------------------------------------------------------------------*/

/* The piece of a panel nearest to a place: of cells the one under the place that is nearest. */
static bool
enter_panel(const Walk *walk, int panel, Step *step)
{
    View view = view_at(walk, panel);
    double best = INFINITY;
    for (guint m = 0; m < view.panel->marks->len; m++) {
        const Mark *mark = &g_array_index(view.panel->marks, Mark, m);
        const MarkClass *kind = moe__mark_class(mark->type);
        int n = kind->count ? kind->count(mark) : 0;
        for (int i = 0; i < n; i++) {
            Place place;
            if (!kind->place(mark, &view, i, &place))
                continue;
            Point at = middle(place.box);
            double far = hypot(at.x - walk->from.x, at.y - walk->from.y);
            if (far < best) {
                best = far;
                *step = (Step){panel, (int)m, i};
            }
        }
    }
    return isfinite(best);
}

static bool
walk_to_panel(const Walk *walk, Step *step)
{
    int here = step->panel;
    Walk between = *walk;
    between.from = middle(walk->layout->frames[here].box);
    double best = INFINITY;
    int next = -1;
    for (int i = 0; i < walk->layout->n_frames; i++) {
        double far = i == here ? INFINITY : distance(&between, middle(walk->layout->frames[i].box));
        if (far < best) {
            best = far;
            next = i;
        }
    }
    return next >= 0 && enter_panel(walk, next, step);
}

static bool
first_step(const Walk *walk, Step *step)
{
    Walk corner = *walk;
    for (int i = 0; i < walk->layout->n_frames; i++) {
        corner.from = (Point){walk->layout->frames[i].box.x, walk->layout->frames[i].box.y};
        if (enter_panel(&corner, i, step))
            return true;
    }
    return false;
}

bool
moe_scene_walk(MoeScene *scene, double width, double height, MoeDirection direction,
               MoeDatum *datum)
{
    Walk walk = {scene, moe__layout(scene, width, height), direction, {0, 0}};
    Step step = {datum->panel, datum->mark, datum->piece};
    bool good;
    if (!datum->words) {
        good = first_step(&walk, &step);
    } else {
        View view = view_at(&walk, step.panel);
        const Mark *mark = mark_at(scene, step.panel, step.mark);
        Place place = {0};
        moe__mark_class(mark->type)->place(mark, &view, step.piece, &place);
        walk.from = middle(place.box);
        good = walk_in_panel(&walk, &step) || walk_to_panel(&walk, &step);
    }
    if (!good)
        return false;
    View view = view_at(&walk, step.panel);
    moe_datum_clear(datum);
    moe__piece_tell(&view, step.panel, step.mark, step.piece, datum);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * Layout: from the extents of the texts to the places of the panels. How many panels stand beside
 * each other is tried out, and the count taken that makes the best-shaped figure.
 */
#include "figure/layout.h"
#include "figure/mark.h"
#include "figure/parts.h"

#include <math.h>

/* Height over width of a figure that sits well in a text. */
#define GOOD_SHAPE      0.55
#define SLOT_PENALTY    2.6 /* of leaving a row empty; of half of a row, a quarter of that */
#define STRETCH_PENALTY 0.5
#define SAME_HEIGHT     0.01
#define LEAST_CELLS     8.0 /* width of a panel, in sizes of the type */
#define LEAST_CURVES    12.0
#define NARROW_PENALTY  3.0    /* of a panel half as wide as it should be, about twice */
#define NAMES_PENALTY   0.9    /* of leaving names of bands out for lack of width */
#define TITLES_PENALTY  1.8    /* of cutting titles of panels */
#define LABEL_AIR       0.2    /* half of that between labels below neighbours, in sizes of type */
#define MIN_PANEL       4.0    /* what a panel keeps in a window too small for it */
#define FINE            100000 /* cells, above which they are an image on any page */
#define FINE_A_POINT    4.0    /* columns of cells: 288 an inch */

/* What is said of a pixel that several cells fall on. */
#define FINE_CELLS      " A pixel that several cells fall on has the mean of their colours."
#define FINE_CATEGORIES " A pixel that several cells fall on has the colour that most of them have."

/* What doesn't depend on the number of columns. */
typedef struct Room {
    const MoeScene *scene;
    const Theme *theme;
    double width;
    double left, right, top, bottom; /* around the grid of panels */
    double titles;                   /* width of the widest title */
    double beside, note;             /* width of titles with their notes, and of notes alone */
    double title;                    /* above each panel, trees included */
    double head;                     /* for trees */
    double y_ticks, x_ticks;         /* for tick labels beside and below a panel */
    double x_label, y_label;         /* for labels of axes */
    double names;                    /* width that the names of all bands of x need; 0: few tell */
    double y_name, bar_name;         /* lengths of labels that stand upright */
    double legend;                   /* above the panels */
    Ruler *ruler;
    bool same_x, same_y; /* all panels have the same axis */
    bool same_x_label, same_y_label;
    char **caption;
} Room;

void
moe__layout_free(Layout *layout)
{
    if (!layout)
        return;
    for (int i = 0; layout->frames && i < layout->n_frames; i++)
        g_free(layout->frames[i].pieces);
    g_free(layout->frames);
    g_strfreev(layout->caption);
    moe__drawing_free(layout->drawing);
    moe__ruler_free(layout->ruler);
    g_free(layout);
}

static const Panel *
panel_at(const MoeScene *scene, int i)
{
    return g_ptr_array_index(scene->panels, i);
}

static void
compare_axes(Room *room)
{
    const MoeScene *scene = room->scene;
    room->same_x = room->same_y = room->same_x_label = room->same_y_label = true;
    const Panel *first = panel_at(scene, 0);
    for (int i = 1; i < (int)scene->panels->len; i++) {
        const Panel *panel = panel_at(scene, i);
        room->same_x &= panel->like_x == 0;
        room->same_y &= panel->like_y == 0;
        room->same_x_label &= g_strcmp0(panel->x.label, first->x.label) == 0;
        room->same_y_label &= g_strcmp0(panel->y.label, first->y.label) == 0;
    }
}

static bool
has_tree(const Panel *panel)
{
    for (guint i = 0; i < panel->marks->len; i++)
        if (g_array_index(panel->marks, Mark, i).type == MARK_TREE)
            return true;
    return false;
}

static void
measure_panels(Room *room, Ruler *ruler)
{
    const Theme *theme = room->theme;
    double overhang = 0;
    for (int i = 0; i < (int)room->scene->panels->len; i++) {
        const Panel *panel = panel_at(room->scene, i);
        if (panel->title)
            room->titles =
                MAX(room->titles, moe__ruler_width(ruler, panel->title, theme->label_size, false));
        if (panel->note) {
            double note = moe__ruler_width(ruler, panel->note, theme->tick_size, false);
            room->beside = MAX(room->beside, moe__title_width(panel, ruler, theme));
            room->note = MAX(room->note, note);
        }
        if (panel->title || panel->note)
            room->title = theme->label_size * LINE_HEIGHT;
        if (panel->x.label)
            room->x_label = theme->label_size * LINE_HEIGHT;
        if (panel->y.label) {
            double name = moe__ruler_width(ruler, panel->y.label, theme->label_size, false);
            room->y_label = theme->label_size * (LINE_HEIGHT + 0.2);
            room->y_name = MAX(room->y_name, name);
        }
        room->y_ticks = MAX(room->y_ticks, moe__axis_y_width(&panel->y, ruler, theme));
        double ticks = theme->tick_size * (moe__axis_ruled(&panel->x) ? 1.8 : 1.45);
        room->x_ticks = MAX(room->x_ticks, panel->x.bare ? 0 : ticks);
        room->names = MAX(room->names, moe__axis_names_width(&panel->x, ruler, theme));
        overhang = MAX(overhang, moe__axis_x_overhang(&panel->x, ruler, theme));
        if (has_tree(panel))
            room->head = TREE_ROOM * theme->tick_size;
    }
    room->title += room->head;
    room->right += overhang;
}

/* What a caption says of cells that are drawn as an image, whose pixels may have to stand for
 * several; "" where there are none. */
static const char *
fine_cells(const MoeScene *scene, double width)
{
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *panel = panel_at(scene, i);
        for (guint j = 0; j < panel->marks->len; j++) {
            const Mark *mark = &g_array_index(panel->marks, Mark, j);
            const MoeCells *cells = &mark->cells;
            if (mark->type == MARK_CELLS && ((int64_t)cells->rows * cells->columns > FINE ||
                                             cells->columns > FINE_A_POINT * width))
                return cells->categories > 0 ? FINE_CATEGORIES : FINE_CELLS;
        }
    }
    return "";
}

static Room
room_measure(const MoeScene *scene, Ruler *ruler, double width)
{
    const Theme *theme = scene->theme;
    Room room = {.scene = scene, .theme = theme, .width = width, .ruler = ruler};
    double edge = theme->margin;
    room.left = room.right = room.top = room.bottom = edge;
    if (scene->panels->len > 0) {
        compare_axes(&room);
        measure_panels(&room, ruler);
        room.left += room.y_label + room.y_ticks;
        room.bottom += room.x_ticks + room.x_label;
    }
    if (scene->has_colours)
        room.right += moe__colour_bar_width(&scene->colours, ruler, theme);
    if (scene->has_colours && scene->colours.label)
        room.bar_name = moe__ruler_width(ruler, scene->colours.label, theme->label_size, false);
    if (theme->title_size > 0 && scene->title[0])
        room.top += theme->title_size * 1.9;
    room.legend = moe__legend_height(scene, ruler, MAX(width - 2 * edge, 1));
    room.top += room.legend > 0 ? room.legend + 0.4 * theme->tick_size : 0;
    if (scene->caption[0]) {
        double text_width = MAX(width - 2 * edge, 10 * theme->tick_size);
        g_autofree char *caption = g_strconcat(scene->caption, fine_cells(scene, width), NULL);
        room.caption = moe__ruler_wrap(ruler, caption, theme->tick_size, text_width);
        room.bottom += theme->tick_size * (0.5 + LINE_HEIGHT * g_strv_length(room.caption));
    }
    return room;
}

/* How much wider than high the cells of the first panel are, beyond twice: such cells look like
 * bars. */
static double
stretch(const Room *room, double panel_width, double panel_height)
{
    const Panel *panel = room->scene->panels->len > 0 ? panel_at(room->scene, 0) : NULL;
    if (!panel || panel->x.type != MOE_AXIS_BAND || panel->y.type != MOE_AXIS_BAND)
        return 0;
    double ratio = panel_width / panel->x.bands / (panel_height / panel->y.bands);
    return MAX(log(ratio / 2), 0);
}

/* Curves have to be higher and wider than cells to be read. */
static double
least_width(const Room *room)
{
    bool curves = true;
    for (int i = 0; i < (int)room->scene->panels->len; i++)
        curves &= panel_at(room->scene, i)->x.type != MOE_AXIS_BAND;
    return (curves ? LEAST_CURVES : LEAST_CELLS) * room->theme->tick_size;
}

/* What a plan loses by panels that are narrower than they should be. */
static double
narrowness(const Room *room, double panel_width)
{
    bool left_out = panel_width < AXIS_SMALLEST * room->names && room->names < room->width;
    bool cut = panel_width < room->titles && room->titles < room->width;
    double names = cut ? TITLES_PENALTY : left_out ? NAMES_PENALTY : 0;
    return names + NARROW_PENALTY * fmax(log(least_width(room) / panel_width), 0);
}

/* One label beside all rows would read as one scale for all of them. */
static bool
labelled_by_row(const Room *room)
{
    return room->same_y_label && !room->same_y;
}

/* What a panel needs for labels that stand upright beside it, or beside all rows of panels. */
static double
least_panel_height(const Room *room, int rows, double row_foot)
{
    bool once = room->same_y_label && !labelled_by_row(room);
    double beside = once ? MAX(room->y_name, room->bar_name) : room->bar_name;
    double between = (rows - 1) * (room->title + row_foot);
    return MAX((beside - between) / rows, once ? 0 : room->y_name);
}

/* A grid with that many columns. height 0: the natural one. */
typedef struct Plan {
    int columns, rows;
    double panel_width, panel_height, column_gap, row_foot;
    double title;   /* above a panel */
    double note;    /* of that, the line of a note which has no place beside its title */
    double height;  /* of the figure */
    double penalty; /* the smaller, the better the shape */
} Plan;

static Plan
plan_columns(const Room *room, int columns, double height)
{
    int n = (int)room->scene->panels->len;
    Plan plan = {.columns = columns, .rows = (n + columns - 1) / columns};
    int empty = plan.rows * columns - n;
    plan.column_gap = room->theme->gap + (room->same_y ? 0 : room->y_ticks) +
                      (room->same_y_label ? 0 : room->y_label);
    plan.row_foot = (room->same_x && empty == 0 ? 0 : room->x_ticks) +
                    (room->same_x_label ? 0 : room->x_label) + 0.5 * room->theme->gap;
    double across = room->width - room->left - room->right - (columns - 1) * plan.column_gap;
    plan.panel_width = MAX(across / columns, MIN_PANEL);
    if (plan.panel_width < room->beside && plan.panel_width >= room->note)
        plan.note = room->theme->tick_size * LINE_HEIGHT;
    plan.title = room->title + plan.note;
    double natural = MAX(moe__panel_height(room->scene, room->ruler, plan.panel_width),
                         least_panel_height(room, plan.rows, plan.row_foot));
    double around =
        room->top + room->bottom + plan.rows * plan.title + (plan.rows - 1) * plan.row_foot;
    plan.panel_height = height > 0 ? MAX((height - around) / plan.rows, MIN_PANEL) : natural;
    plan.height = height > 0 ? height : around + plan.rows * plan.panel_height;
    plan.penalty = height > 0 ? fabs(log(plan.panel_height / natural))
                              : fabs(log(plan.height / room->width / GOOD_SHAPE));
    double left_empty = (double)empty / columns;
    plan.penalty += SLOT_PENALTY * left_empty * left_empty +
                    STRETCH_PENALTY * stretch(room, plan.panel_width, plan.panel_height) +
                    narrowness(room, plan.panel_width);
    return plan;
}

static Plan
plan_best(const Room *room, double height)
{
    int n = (int)room->scene->panels->len;
    Plan best = plan_columns(room, 1, height);
    for (int columns = 2; columns <= n; columns++) {
        Plan plan = plan_columns(room, columns, height);
        if (plan.panel_width < LEAST_CELLS * room->theme->tick_size)
            break;
        if (plan.penalty < best.penalty)
            best = plan;
    }
    return best;
}

static void
place_panels(Layout *layout, const Room *room, const Plan *plan)
{
    int n = (int)room->scene->panels->len;
    layout->frames = g_new0(Frame, n + 1);
    layout->n_frames = n;
    for (int i = 0; i < n; i++) {
        int row = i / plan->columns, column = i % plan->columns;
        Frame *frame = &layout->frames[i];
        frame->box = (Box){
            room->left + column * (plan->panel_width + plan->column_gap),
            room->top + plan->title + row * (plan->title + plan->panel_height + plan->row_foot),
            plan->panel_width,
            plan->panel_height,
        };
        frame->x_ticks = !room->same_x || i + plan->columns >= n;
        frame->y_ticks = !room->same_y || column == 0;
        double spill = 0.5 * plan->column_gap - LABEL_AIR * room->theme->tick_size;
        frame->spill_left = column == 0 ? room->width : spill;
        frame->spill_right = column == plan->columns - 1 || i == n - 1 ? room->width : spill;
    }
    double x = room->left, y = room->top + plan->title;
    int columns = MIN(plan->columns, MAX(n, 1));
    layout->grid = (Box){x, y, columns * (plan->panel_width + plan->column_gap) - plan->column_gap,
                         plan->rows * (plan->panel_height + plan->title + plan->row_foot) -
                             plan->title - plan->row_foot};
}

/* The bar is as tall as the grid up to a length beyond which it gains nothing. */
static Box
place_bar(const Layout *layout, const Theme *theme)
{
    double height = MIN(layout->grid.height, 22 * theme->tick_size);
    return (Box){layout->grid.x + layout->grid.width + theme->gap, layout->grid.y,
                 theme->tick_size * 1.1, height};
}

static Layout *
layout_new(MoeScene *scene, double width, double height)
{
    Ruler *ruler = moe__ruler_new(scene->theme->family);
    Room room = room_measure(scene, ruler, width);
    Plan plan = plan_best(&room, 0);
    Layout *layout = g_new0(Layout, 1);
    layout->ruler = ruler;
    layout->natural = height == 0 || fabs(plan.height - height) < SAME_HEIGHT;
    if (!layout->natural)
        plan = plan_best(&room, height);
    layout->width = width;
    layout->height = plan.height;
    layout->columns = plan.columns;
    layout->rows = plan.rows;
    layout->head = room.head;
    layout->note = plan.note;
    layout->y_ticks = room.y_ticks;
    layout->row_foot = plan.row_foot;
    layout->last_foot = room.x_ticks;
    layout->shared_x_label = room.same_x_label;
    layout->shared_y_label = room.same_y_label;
    layout->y_label_by_row = labelled_by_row(&room);
    layout->caption = room.caption;
    if (room.legend > 0)
        layout->legend = room.top - room.legend - 0.4 * scene->theme->tick_size;
    place_panels(layout, &room, &plan);
    if (scene->has_colours)
        layout->bar = place_bar(layout, scene->theme);
    return layout;
}

Layout *
moe__layout(MoeScene *scene, double width, double height)
{
    Layout *kept = scene->layout;
    if (kept && kept->width == width &&
        (height == 0 ? kept->natural : fabs(kept->height - height) < SAME_HEIGHT))
        return kept;
    g_clear_pointer(&scene->layout, moe__layout_free);
    scene->layout = layout_new(scene, width, height);
    return scene->layout;
}

void
moe_scene_size(MoeScene *scene, double *width, double *height)
{
    double mm = 72 / 25.4;
    const Layout *layout =
        moe__layout(scene, (scene->width_mm > 0 ? scene->width_mm : scene->theme->width_mm) * mm,
                    scene->height_mm * mm);
    *width = layout->width;
    *height = layout->height;
}

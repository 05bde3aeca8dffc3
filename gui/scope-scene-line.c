/* SPDX-License-Identifier: MIT
 *
 * A row or a column of a map as a whole, chosen by its label: what all of its cells stand for
 * alike.
 */
#include "scope-scene-private.h"

#include <math.h>

/* A point of the scene; where it lies in a map's labels. */
typedef struct Label {
    int panel;         /* -1: in none */
    bool row;          /* of a row; else of a column */
    MoePanelPlace map; /* points */
} Label;

static Label
label_at(ScopeSceneView *self, double x, double y)
{
    double width, height;
    for (int i = 0;
         scope_scene_view_page(self, &width, &height) && i < moe_scene_panels(self->scene); i++) {
        MoePanelPlace map = moe_scene_panel_place(self->scene, width, height, i);
        bool across = x >= map.x && x < map.x + map.width;
        bool down = y >= map.y && y < map.y + map.height;
        bool of_row = down && x < map.x && x >= map.x - map.y_ticks;
        bool of_column = across && y >= map.y + map.height && y < map.y + map.height + map.x_foot;
        if (map.rows > 0 && (of_row || of_column))
            return (Label){i, of_row, map};
    }
    return (Label){.panel = -1};
}

/* The cell of a line at a share of its length. */
static bool
cell_at(ScopeSceneView *self, const Label *label, double x, double y, double share, MoeDatum *cell)
{
    double width, height;
    const MoePanelPlace *map = &label->map;
    if (label->row)
        x = map->x + share * map->width;
    else
        y = map->y + share * map->height;
    return scope_scene_view_page(self, &width, &height) &&
           moe_scene_pick(self->scene, width, height, x, y, cell);
}

/* Numbers that differ from cell to cell don't name the line. */
static void
keep_common(MoeDatum *line, const MoeDatum *other)
{
    for (int i = 0; i < line->n_keys && i < other->n_keys; i++)
        if (line->keys[i].number != other->keys[i].number)
            line->keys[i].number = NAN;
}

/* Of the line through a point of the scene that `label` is of. */
static bool
pick_line(ScopeSceneView *self, const Label *label, double x, double y, MoeDatum *line)
{
    static const double shares[] = {0.001, 0.999, 0.5, 0.3};
    bool found = false;
    int cells = label->row ? label->map.columns : label->map.rows;
    for (size_t i = 0; i < G_N_ELEMENTS(shares) && cells > 1; i++) {
        g_auto(MoeDatum) cell = {0};
        if (!cell_at(self, label, x, y, shares[i], &cell))
            continue;
        if (found) {
            keep_common(line, &cell);
        } else {
            *line = cell;
            cell = (MoeDatum){0};
            found = true;
        }
    }
    return found;
}

bool
scope_scene_view_is_label(ScopeSceneView *self, double x, double y)
{
    double point = scope_scene_view_point(self);
    return label_at(self, x / point, y / point).panel >= 0;
}

bool
scope_scene_view_activate_label(ScopeSceneView *self, double x, double y)
{
    double point = scope_scene_view_point(self);
    g_auto(MoeDatum) line = {0};
    Label label = label_at(self, x / point, y / point);
    if (label.panel < 0 || !pick_line(self, &label, x / point, y / point, &line))
        return false;
    g_signal_emit_by_name(self, "activated", &line);
    return true;
}

bool
scope_scene_view_activate_line(ScopeSceneView *self, bool row)
{
    double width, height;
    g_auto(MoeDatum) line = {0};
    const MoeDatum *at = &self->datum;
    if (!at->words || !scope_scene_view_page(self, &width, &height))
        return false;
    const Label label = {at->panel, row,
                         moe_scene_panel_place(self->scene, width, height, at->panel)};
    if (label.map.rows == 0 ||
        !pick_line(self, &label, at->x + at->width / 2, at->y + at->height / 2, &line))
        return false;
    g_signal_emit_by_name(self, "activated", &line);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * Marks that a scene is given: checked against the axes of their panel, and copied in.
 */
#include "figure/scene.h"

#include <math.h>

static const double *
own_numbers(MoeScene *scene, const double *values, size_t n)
{
    return moe__scene_own(scene, values, sizeof(double) * n);
}

static MoeInk
own_ink(MoeScene *scene, const MoeInk *ink)
{
    MoeInk copy = *ink;
    copy.own = moe__scene_own(scene, ink->own, sizeof(MoeColour));
    copy.name = moe__scene_own_text(scene, ink->name);
    copy.key = moe__scene_own_key(scene, ink->key);
    return copy;
}

static MoeKeys
own_keys(MoeScene *scene, const MoeKeys *keys, int n)
{
    return (MoeKeys){moe__scene_own_text(scene, keys->name),
                     own_numbers(scene, keys->number, (size_t)n)};
}

static const MoeColour *
own_colours(MoeScene *scene, const MoeColour *colours, int n)
{
    return moe__scene_own(scene, colours, sizeof(MoeColour) * (size_t)n);
}

static void
add(MoeScene *scene, Panel *panel, Mark mark)
{
    moe__scene_changed(scene);
    g_array_append_val(panel->marks, mark);
}

static bool
is_band(const MoeAxis *axis)
{
    return axis->type == MOE_AXIS_BAND;
}

void
moe_scene_add_cells(MoeScene *scene, int number, const MoeCells *cells)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && (scene->has_colours || cells->categories > 0));
    g_return_if_fail(is_band(&panel->x) && panel->x.bands >= cells->columns);
    g_return_if_fail(is_band(&panel->y) && panel->y.bands >= cells->rows);
    size_t n = (size_t)cells->rows * (size_t)cells->columns;
    Mark mark = {.type = MARK_CELLS, .cells = *cells};
    mark.cells.values = own_numbers(scene, cells->values, n);
    for (int i = 0; i < 2; i++)
        mark.cells.numbers[i] = own_numbers(scene, cells->numbers[i], n);
    mark.cells.words = moe__scene_own_text(scene, cells->words);
    mark.cells.keys = (MoeKeys){moe__scene_own_text(scene, cells->keys.name), mark.cells.values};
    mark.cells.low = own_numbers(scene, cells->low, n);
    mark.cells.high = own_numbers(scene, cells->high, n);
    if (cells->keys.number != cells->values)
        mark.cells.keys.number = own_numbers(scene, cells->keys.number, n);
    mark.cells.texts = moe__scene_own_texts(scene, cells->texts, n);
    add(scene, panel, mark);
}

void
moe_scene_add_line(MoeScene *scene, int number, const MoeLine *line)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel);
    Mark mark = {.type = MARK_LINE, .line = *line};
    mark.line.x = own_numbers(scene, line->x, (size_t)line->n);
    mark.line.y = own_numbers(scene, line->y, (size_t)line->n);
    mark.line.ink = own_ink(scene, &line->ink);
    mark.line.words = moe__scene_own_text(scene, line->words);
    add(scene, panel, mark);
}

void
moe_scene_add_bars(MoeScene *scene, int number, const MoeBars *bars)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && is_band(&panel->x) != is_band(&panel->y));
    g_return_if_fail((is_band(&panel->x) ? panel->x.bands : panel->y.bands) >= bars->n);
    g_return_if_fail(bars->place >= 0 && bars->place < MAX(bars->places, 1));
    Mark mark = {.type = MARK_BARS, .bars = *bars};
    mark.bars.value = own_numbers(scene, bars->value, (size_t)bars->n);
    mark.bars.base = own_numbers(scene, bars->base, (size_t)bars->n);
    mark.bars.low = own_numbers(scene, bars->low, (size_t)bars->n);
    mark.bars.high = own_numbers(scene, bars->high, (size_t)bars->n);
    mark.bars.each = own_colours(scene, bars->each, bars->n);
    mark.bars.ink = own_ink(scene, &bars->ink);
    mark.bars.words = moe__scene_own_text(scene, bars->words);
    add(scene, panel, mark);
}

void
moe_scene_add_area(MoeScene *scene, int number, const MoeArea *area)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel);
    Mark mark = {.type = MARK_AREA, .area = *area};
    mark.area.at = own_numbers(scene, area->at, (size_t)area->n);
    mark.area.low = own_numbers(scene, area->low, (size_t)area->n);
    mark.area.high = own_numbers(scene, area->high, (size_t)area->n);
    mark.area.ink = own_ink(scene, &area->ink);
    mark.area.words = moe__scene_own_text(scene, area->words);
    add(scene, panel, mark);
}

void
moe_scene_add_points(MoeScene *scene, int number, const MoePoints *points)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel);
    Mark mark = {.type = MARK_POINTS, .points = *points};
    mark.points.x = own_numbers(scene, points->x, (size_t)points->n);
    mark.points.y = own_numbers(scene, points->y, (size_t)points->n);
    mark.points.area = own_numbers(scene, points->area, (size_t)points->n);
    mark.points.each = own_colours(scene, points->each, points->n);
    mark.points.labels = moe__scene_own_texts(scene, points->labels, (size_t)points->n);
    mark.points.ink = own_ink(scene, &points->ink);
    mark.points.words = moe__scene_own_text(scene, points->words);
    mark.points.notes = moe__scene_own_texts(scene, points->notes, (size_t)points->n);
    mark.points.keys = own_keys(scene, &points->keys, points->n);
    add(scene, panel, mark);
}

void
moe_scene_add_flows(MoeScene *scene, int number, const MoeFlows *flows)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && !is_band(&panel->x) && !is_band(&panel->y));
    size_t n = (size_t)flows->n;
    Mark mark = {.type = MARK_FLOWS, .flows = *flows};
    mark.flows.x0 = own_numbers(scene, flows->x0, n);
    mark.flows.low0 = own_numbers(scene, flows->low0, n);
    mark.flows.high0 = own_numbers(scene, flows->high0, n);
    mark.flows.x1 = own_numbers(scene, flows->x1, n);
    mark.flows.low1 = own_numbers(scene, flows->low1, n);
    mark.flows.high1 = own_numbers(scene, flows->high1, n);
    mark.flows.value = own_numbers(scene, flows->value, n);
    mark.flows.each = own_colours(scene, flows->each, flows->n);
    mark.flows.names = moe__scene_own_texts(scene, flows->names, n);
    mark.flows.ink = own_ink(scene, &flows->ink);
    mark.flows.words = moe__scene_own_text(scene, flows->words);
    for (int i = 0; i < 2; i++)
        mark.flows.keys[i] = own_keys(scene, &flows->keys[i], flows->n);
    add(scene, panel, mark);
}

void
moe_scene_add_labels(MoeScene *scene, int number, const MoeLabels *labels)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel);
    Mark mark = {.type = MARK_LABELS, .labels = *labels};
    mark.labels.x = own_numbers(scene, labels->x, (size_t)labels->n);
    mark.labels.y = own_numbers(scene, labels->y, (size_t)labels->n);
    mark.labels.texts = moe__scene_own_texts(scene, labels->texts, (size_t)labels->n);
    add(scene, panel, mark);
}

void
moe_scene_add_rule(MoeScene *scene, int number, const MoeRule *rule)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel);
    Mark mark = {.type = MARK_RULE, .rule = *rule};
    mark.rule.label = moe__scene_own_text(scene, rule->label);
    add(scene, panel, mark);
}

void
moe_scene_add_tree(MoeScene *scene, int number, const MoeTree *tree)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && is_band(&panel->x));
    size_t n = (size_t)tree->n;
    Mark mark = {.type = MARK_TREE, .tree = *tree};
    mark.tree.left = own_numbers(scene, tree->left, n);
    mark.tree.right = own_numbers(scene, tree->right, n);
    mark.tree.from_left = own_numbers(scene, tree->from_left, n);
    mark.tree.from_right = own_numbers(scene, tree->from_right, n);
    mark.tree.height = own_numbers(scene, tree->height, n);
    add(scene, panel, mark);
}

void
moe_scene_add_prose(MoeScene *scene, int number, const MoeProse *prose)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && panel->x.bare && panel->y.bare);
    g_return_if_fail(scene->has_colours || prose->categories > 0);
    Mark mark = {.type = MARK_PROSE, .prose = *prose};
    mark.prose.texts = moe__scene_own_pieces(scene, prose->texts, (size_t)prose->n);
    mark.prose.values = own_numbers(scene, prose->values, (size_t)prose->n);
    mark.prose.notes = moe__scene_own_texts(scene, prose->notes, (size_t)prose->n);
    for (int i = 0; i < 2; i++)
        mark.prose.keys[i] = own_keys(scene, &prose->keys[i], prose->n);
    add(scene, panel, mark);
}

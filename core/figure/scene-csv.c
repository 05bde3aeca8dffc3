/* SPDX-License-Identifier: MIT
 *
 * The numbers behind a figure, as CSV (RFC 4180): a line a cell, bar, point or flow.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>
#include <string.h>

/* A line; NaN and NULL leave a field empty. */
typedef struct Line {
    const char *mark, *series, *row, *column, *text;
    double x, y, low, high, value, number[2];
} Line;

#define NO_NUMBERS .x = NAN, .y = NAN, .low = NAN, .high = NAN, .value = NAN, .number = {NAN, NAN}

static void
add_text(GString *csv, const char *text)
{
    if (!text || !strpbrk(text, ",\"\r\n")) {
        g_string_append(csv, text ? text : "");
        return;
    }
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *doubled = g_strjoinv("\"\"", parts);
    g_string_append_printf(csv, "\"%s\"", doubled);
}

static void
add_number(GString *csv, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_c(csv, ',');
    if (!isnan(value))
        g_string_append(csv, g_ascii_formatd(text, sizeof text, "%.15g", value));
}

static void
add_line(GString *csv, const Panel *panel, const Line *line)
{
    const char *const texts[] = {panel->title, line->mark, line->series, line->row, line->column};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (i > 0)
            g_string_append_c(csv, ',');
        add_text(csv, texts[i]);
    }
    const double numbers[] = {line->x,     line->y,         line->low,      line->high,
                              line->value, line->number[0], line->number[1]};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        add_number(csv, numbers[i]);
    g_string_append_c(csv, ',');
    add_text(csv, line->text);
    g_string_append_c(csv, '\n');
}

static void
add_cells(GString *csv, const Panel *panel, const MoeCells *cells)
{
    for (int row = 0; row < cells->rows; row++) {
        g_autofree char *row_text = moe__axis_band_label(&panel->y, row);
        for (int column = 0; column < cells->columns; column++) {
            size_t i = (size_t)row * (size_t)cells->columns + (size_t)column;
            g_autofree char *column_text = moe__axis_band_label(&panel->x, column);
            Line line = {NO_NUMBERS, .mark = "cell", .row = row_text, .column = column_text};
            line.value = cells->values[i];
            line.low = cells->low ? cells->low[i] : NAN;
            line.high = cells->high ? cells->high[i] : NAN;
            for (int j = 0; j < 2; j++)
                line.number[j] = cells->numbers[j] ? cells->numbers[j][i] : NAN;
            line.text = cells->texts ? cells->texts[i] : NULL;
            add_line(csv, panel, &line);
        }
    }
}

static void
add_bars(GString *csv, const Panel *panel, const MoeBars *bars)
{
    bool upright = panel->x.type == MOE_AXIS_BAND;
    for (int i = 0; i < bars->n; i++) {
        g_autofree char *band = moe__axis_band_label(upright ? &panel->x : &panel->y, i);
        Line line = {NO_NUMBERS, .mark = "bar", .series = bars->ink.name};
        line.column = upright ? band : NULL;
        line.row = upright ? NULL : band;
        line.value = bars->value[i];
        line.low = bars->low ? bars->low[i] : NAN;
        line.high = bars->high ? bars->high[i] : NAN;
        add_line(csv, panel, &line);
    }
}

static void
add_line_points(GString *csv, const Panel *panel, const MoeLine *mark)
{
    for (int i = 0; i < mark->n; i++) {
        Line line = {NO_NUMBERS, .mark = "line", .series = mark->ink.name};
        line.x = mark->x[i];
        line.y = mark->y[i];
        add_line(csv, panel, &line);
    }
}

static void
add_area(GString *csv, const Panel *panel, const MoeArea *area)
{
    for (int i = 0; i < area->n; i++) {
        Line line = {NO_NUMBERS, .mark = "area", .series = area->ink.name};
        *(area->along_y ? &line.y : &line.x) = area->at[i];
        line.low = area->low[i];
        line.high = area->high[i];
        add_line(csv, panel, &line);
    }
}

static void
add_points(GString *csv, const Panel *panel, const MoePoints *points)
{
    for (int i = 0; i < points->n; i++) {
        Line line = {NO_NUMBERS, .mark = "point", .series = points->ink.name};
        line.x = points->x[i];
        line.y = points->y[i];
        line.value = points->area ? points->area[i] : NAN;
        line.text = points->labels ? points->labels[i] : NULL;
        add_line(csv, panel, &line);
    }
}

static void
add_flows(GString *csv, const Panel *panel, const MoeFlows *flows)
{
    for (int i = 0; i < flows->n; i++) {
        Line line = {NO_NUMBERS, .mark = "flow", .series = flows->ink.name};
        line.value = flows->value[i];
        line.text = flows->names ? flows->names[i] : NULL;
        add_line(csv, panel, &line);
    }
}

static void
add_rule(GString *csv, const Panel *panel, const MoeRule *rule)
{
    Line line = {NO_NUMBERS, .mark = "rule", .text = rule->label};
    *(rule->upright ? &line.x : &line.y) = rule->value;
    line.high = rule->high > rule->value ? rule->high : NAN;
    add_line(csv, panel, &line);
}

static void
add_prose(GString *csv, const Panel *panel, const MoeProse *prose)
{
    for (int i = 0; i < prose->n; i++) {
        Line line = {NO_NUMBERS, .mark = "piece", .text = prose->texts[i]};
        line.value = prose->values[i];
        add_line(csv, panel, &line);
    }
}

/* Labels say what other marks stand for, trees follow from them: they aren't data. */
static void
add_mark(GString *csv, const Panel *panel, const Mark *mark)
{
    switch (mark->type) {
    case MARK_AREA:
        add_area(csv, panel, &mark->area);
        break;
    case MARK_BARS:
        add_bars(csv, panel, &mark->bars);
        break;
    case MARK_CELLS:
        add_cells(csv, panel, &mark->cells);
        break;
    case MARK_FLOWS:
        add_flows(csv, panel, &mark->flows);
        break;
    case MARK_LABELS:
    case MARK_TREE:
        break;
    case MARK_LINE:
        add_line_points(csv, panel, &mark->line);
        break;
    case MARK_POINTS:
        add_points(csv, panel, &mark->points);
        break;
    case MARK_PROSE:
        add_prose(csv, panel, &mark->prose);
        break;
    case MARK_RULE:
        add_rule(csv, panel, &mark->rule);
        break;
    }
}

char *
moe_scene_to_csv(const MoeScene *scene)
{
    GString *csv =
        g_string_new("panel,mark,series,row,column,x,y,low,high,value,number,number2,text\n");
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *panel = moe__scene_panel(scene, i);
        for (guint j = 0; j < panel->marks->len; j++)
            add_mark(csv, panel, &g_array_index(panel->marks, Mark, j));
    }
    return g_string_free(csv, FALSE);
}

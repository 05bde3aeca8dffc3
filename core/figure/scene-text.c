/* SPDX-License-Identifier: MIT
 *
 * A scene as text: what it holds, in data coordinates.
 */
#include "figure/mark.h"
#include "figure/number.h"

static void
dump_text(GString *out, const char *name, const char *text)
{
    if (text)
        g_string_append_printf(out, "%s \"%s\"\n", name, text);
}

static void
dump_range(GString *out, double min, double max)
{
    moe__number_append(out, min, 6);
    g_string_append(out, " to ");
    moe__number_append(out, max, 6);
}

static void
dump_colours(GString *out, const MoeColourScale *scale)
{
    static const char *const formats[] = {"number", "times", "log2"};
    g_string_append_printf(out, "  colours %s %s, ", moe_colours_name(scale->colours),
                           formats[scale->format]);
    dump_range(out, scale->min, scale->max);
    if (scale->last > 0)
        g_string_append_printf(out, ", of %g to %g", scale->first, scale->last);
    g_string_append_printf(out, "%s%s", scale->below ? ", below" : "",
                           scale->above ? ", above" : "");
    dump_text(out, ":", scale->label ? scale->label : "");
    for (int i = 0; i < scale->n_references; i++) {
        g_string_append(out, "    reference ");
        moe__number_append(out, scale->references[i].value, 6);
        dump_text(out, "", scale->references[i].label);
    }
}

static void
dump_axis(GString *out, const char *name, const MoeAxis *axis)
{
    g_string_append_printf(out, "    %s ", name);
    if (axis->bare)
        g_string_append(out, "bare ");
    if (axis->type != MOE_AXIS_BAND) {
        g_string_append(out, axis->type == MOE_AXIS_LOG ? "log " : "linear ");
        dump_range(out, axis->min, axis->max);
    } else if (axis->names) {
        g_string_append(out, "bands");
        for (int i = 0; i < axis->bands; i++)
            g_string_append_printf(out, " \"%s\"", axis->names[i]);
    } else {
        g_string_append_printf(out, "%d bands from ", axis->bands);
        moe__number_append(out, axis->first, 6);
        g_string_append(out, " by ");
        moe__number_append(out, axis->step, 6);
    }
    dump_text(out, ":", axis->label ? axis->label : "");
}

char *
moe_scene_to_text(const MoeScene *scene)
{
    GString *out = g_string_new(NULL);
    dump_text(out, "scene", scene->title);
    if (scene->caption[0])
        dump_text(out, "  caption", scene->caption);
    if (scene->has_colours)
        dump_colours(out, &scene->colours);
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *panel = moe__scene_panel(scene, i);
        dump_text(out, "  panel", panel->title ? panel->title : "");
        dump_text(out, "    note", panel->note);
        dump_axis(out, "x", &panel->x);
        dump_axis(out, "y", &panel->y);
        for (guint j = 0; j < panel->marks->len; j++) {
            const Mark *mark = &g_array_index(panel->marks, Mark, j);
            const MarkClass *kind = moe__mark_class(mark->type);
            g_string_append_printf(out, "    %s", kind->name);
            kind->dump(mark, out);
        }
    }
    return g_string_free(out, FALSE);
}

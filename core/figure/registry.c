/* SPDX-License-Identifier: MIT
 *
 * The figures there are.
 */
#include "figure/figures.h"
#include "figure/load.h"
#include "figure/measures.h"
#include "figure/scene.h"
#include "figure/series.h"

/* Filled by moe_init() and plugins at the start, only read afterwards. */
static GPtrArray *figures;

static const MoeFigure *
lookup(const char *name)
{
    for (guint i = 0; figures && i < figures->len; i++) {
        const MoeFigure *figure = g_ptr_array_index(figures, i);
        if (g_strcmp0(figure->name, name) == 0)
            return figure;
    }
    return NULL;
}

void
moe_figures_add(const MoeFigure *figure)
{
    g_return_if_fail(figure->struct_size >= sizeof(MoeFigure));
    g_return_if_fail(figure->name && figure->title && figure->help && figure->build);
    if (lookup(figure->name)) {
        g_warning("figure \"%s\": there is one of that name already", figure->name);
        return;
    }
    if (!figures)
        figures = g_ptr_array_new();
    g_ptr_array_add(figures, (gpointer)figure);
}

const MoeFigure *const *
moe_figures_list(int *n)
{
    *n = figures ? (int)figures->len : 0;
    return figures ? (const MoeFigure *const *)figures->pdata : NULL;
}

const MoeFigure *
moe_figures_find(const char *name, GError **error)
{
    const MoeFigure *figure = lookup(name);
    if (figure)
        return figure;
    GString *known = g_string_new(NULL);
    for (guint i = 0; figures && i < figures->len; i++) {
        const MoeFigure *each = g_ptr_array_index(figures, i);
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", each->name);
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure \"%s\": there is no such figure; known: %s", name, known->str);
    g_string_free(known, TRUE);
    return NULL;
}

/* Says in the caption, where there is one, of which tokens the figure is. */
static void
say_filter(const MoeFigure *figure, const MoeFigureInput *input, MoeScene *scene)
{
    const MoeTokenFilter *filter = moe_figure_input_filter(input);
    if (!scene || !filter || !(figure->common & MOE_FIGURE_STEPS) || !*scene->caption)
        return;
    g_autofree char *words = moe_token_filter_text(filter);
    g_autofree char *caption =
        *words ? g_strdup_printf("%s Only tokens where %s.", scene->caption, words)
               : g_strdup_printf("%s Only chosen tokens.", scene->caption);
    moe_scene_set_caption(scene, caption);
}

/* Whoever reads it knows of which figure it is. */
static void
complain(const MoeFigure *figure, GError *why, GError **error)
{
    g_autofree char *own = g_strdup_printf("figure %s: ", figure->name);
    bool said = g_str_has_prefix(why->message, own);
    g_propagate_prefixed_error(error, why, "%s", said ? "" : own);
}

MoeScene *
moe_figure_build(const MoeFigure *figure, MoeFigureInput *input, const MoeFigureOptions *options,
                 GError **error)
{
    int n = moe_figure_input_count(input);
    int least = MAX(figure->least_inputs, 1), most = MAX(figure->most_inputs, least);
    if (n >= least && n <= most) {
        g_autoptr(GError) why = NULL;
        MoeScene *scene = figure->build(input, options, &why);
        say_filter(figure, input, scene);
        if (why)
            complain(figure, g_steal_pointer(&why), error);
        return scene;
    }
    g_autofree char *range =
        least == most ? g_strdup_printf("%d", least) : g_strdup_printf("%d to %d", least, most);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: found %d traces or summaries, expected %s", figure->name, n, range);
    return NULL;
}

void
moe__figure_register(void)
{
    moe_figures_add(&moe__figure_load);
    moe_figures_add(&moe__figure_activation);
    moe_figures_add(&moe__figure_activation_curve);
    moe_figures_add(&moe__figure_coactivation);
    moe_figures_add(&moe__figure_similarity);
    moe_figures_add(&moe__figure_embeddings);
    moe_figures_add(&moe__figure_transitions);
    moe_figures_add(&moe__figure_flow);
    moe_figures_add(&moe__figure_domains);
    moe_figures_add(&moe__figure_locality);
    moe_figures_add(&moe__figure_caches);
    moe_figures_add(&moe__figure_load_difference);
    moe_figures_add(&moe__figure_load_over_training);
    moe_figures_add(&moe__figure_collapse);
    moe_figures_add(&moe__figure_saturation);
    moe_figures_add(&moe__figure_fluctuation);
    moe_figures_add(&moe__figure_agreement);
    moe_figures_add(&moe__figure_matching);
    moe_figures_add(&moe__figure_losses);
    moe_figures_add(&moe__figure_series);
    moe_figures_add(&moe__figure_measures);
    moe_figures_add(&moe__figure_token_map);
    moe_figures_add(&moe__figure_text);
    moe_figures_add(&moe__figure_token_scores);
    moe_figures_add(&moe__figure_sub_tokens);
    moe_figures_add(&moe__figure_divergence);
    moe_figures_add(&moe__figure_scores);
    moe_figures_add(&moe__figure_vocabulary);
    moe_figures_add(&moe__figure_top_tokens);
    moe_figures_add(&moe__figure_expert);
    moe_figures_add(&moe__figure_heads);
    moe_figures_add(&moe__figure_layers);
    moe_figures_add(&moe__figure_load_at_step);
}

/* SPDX-License-Identifier: MIT
 *
 * Likeness of experts, from whichever source there is.
 */
#include "figure/likeness.h"
#include "figure/likeness-read.h"
#include "figure/load.h"
#include "figure/number.h"
#include "figure/order.h"

#include <math.h>

/* --- Sources ----------------------------------------------------------------------------------*/

/* Names, and how to record what is missing. */
static const struct {
    const char *what, *missing, *how;
} kinds[] = {
    [OF_AUTO] = {"", "", ""},
    [OF_ROUTER] = {"rows of the router",
                   "rows of routers (measure router_cosine, or weights named as routers are)",
                   "runs and recordings of moescope have them, as has a model's .safetensors"},
    [OF_EXPERTS] = {"all weights of each expert", "measure expert_cosine",
                    "runs and recordings of moescope have it"},
    [OF_OUTPUTS] = {"the experts\xe2\x80\x99 outputs for the same tokens, by linear CKA",
                    "measure expert_output_cka", "runs and recordings of moescope have it"},
    [OF_EMBEDDING] = {"the embeddings that HyperMoE generates experts of",
                      "measure selection_embedding_cosine",
                      "runs and recordings of hypermoe have it"},
    [OF_DOMAINS] = {"each domain\xe2\x80\x99s preferences for the experts",
                    "three domains to compare experts by",
                    "record or import texts of several domains under their names"},
    [OF_TOKENS] = {"the units that pick each expert", "pairs of experts",
                   "there are too many experts, or no picks"},
};

const char *
moe__likeness_what(Of of)
{
    return kinds[of].what;
}

static bool
read_kind(Likenesses *likenesses, const MoeFigureOptions *options, Of of, bool centred,
          GError **error)
{
    likenesses->of = of;
    moe__likeness_from_summary(likenesses, options, of);
    return moe__likeness_from_weights(likenesses, options, of, error) &&
           (likenesses->layers->len > 0 ||
            moe__likeness_from_measures(likenesses, options, of, centred, error));
}

/* The loads of the first input that has some. A trace of steps alone has none. */
static void
find_summary(Likenesses *likenesses, const MoeFigureOptions *options, unsigned tallies)
{
    int32_t step = 0;
    MoeSteps steps = moe_figure_options_steps(options, &step);
    for (int i = 0; i < moe_figure_input_count(likenesses->input) && !likenesses->summary; i++)
        if (!moe_figure_input_weights(likenesses->input, i))
            likenesses->summary =
                moe_figure_input_summary(likenesses->input, i, tallies, steps, step, NULL);
}

/* What picks them: tokens, where pairs were counted, else domains. */
static bool
read_picked(Likenesses *likenesses, const MoeFigureOptions *options, GError **error)
{
    const MoeSummary *loads = likenesses->summary;
    likenesses->summary = NULL;
    find_summary(likenesses, options, MOE_TALLY_PAIRS);
    if (likenesses->summary && !read_kind(likenesses, options, OF_TOKENS, false, error))
        return false;
    if (likenesses->layers->len > 0)
        return true;
    likenesses->summary = loads;
    return read_kind(likenesses, options, OF_DOMAINS, false, error);
}

static void
likeness_clear(gpointer data)
{
    g_free(((Likeness *)data)->gram);
}

/* What isn't a number has neither a place nor a likeness. */
static bool
all_finite(const Likenesses *likenesses, const MoeFigure *figure, GError **error)
{
    for (guint i = 0; i < likenesses->layers->len; i++) {
        const Likeness *likeness = &g_array_index(likenesses->layers, Likeness, i);
        for (gsize j = 0; j < (gsize)likeness->experts * (gsize)likeness->experts; j++) {
            if (isfinite(likeness->gram[j]))
                continue;
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "figure %s: layer %d of %s: found numbers that aren't finite in %s, "
                        "expected finite ones",
                        figure->name, likeness->layer, moe_figure_input_name(likenesses->input, 0),
                        kinds[likenesses->of].what);
            return false;
        }
    }
    return true;
}

bool
moe__likenesses_read(Likenesses *likenesses, const MoeFigure *figure, MoeFigureInput *input,
                     const MoeFigureOptions *options, bool centred, GError **error)
{
    Of of = (Of)moe_figure_options_choice(options, "of"), tried = of == OF_AUTO ? OF_ROUTER : of;
    *likenesses =
        (Likenesses){.input = input, .layers = g_array_new(FALSE, FALSE, sizeof(Likeness))};
    g_array_set_clear_func(likenesses->layers, likeness_clear);
    find_summary(likenesses, options, of == OF_TOKENS ? MOE_TALLY_PAIRS : MOE_TALLY_LOAD);
    if (!read_kind(likenesses, options, tried, centred, error))
        return false;
    if (likenesses->layers->len == 0 && of == OF_AUTO && !read_picked(likenesses, options, error))
        return false;
    if (likenesses->layers->len > 0)
        return all_finite(likenesses, figure, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: %s has no %s at the chosen layers; %s", figure->name,
                moe_figure_input_name(input, 0), kinds[tried].missing, kinds[tried].how);
    return false;
}

void
moe__likenesses_clear(Likenesses *likenesses)
{
    g_clear_pointer(&likenesses->layers, g_array_unref);
}

/* --- What figures make of it ------------------------------------------------------------------*/

double *
moe__likeness_cosines(const Likeness *likeness)
{
    gsize n = (gsize)likeness->experts;
    double *cosines = g_new(double, n *n);
    for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < n; j++) {
            double lengths = likeness->gram[i * n + i] * likeness->gram[j * n + j];
            cosines[i * n + j] = lengths > 0 ? likeness->gram[i * n + j] / sqrt(lengths) : NAN;
        }
    return cosines;
}

GArray *
moe__likeness_experts(const Likenesses *likenesses, const Likeness *likeness,
                      const MoeFigureOptions *options)
{
    GArray *experts = moe__experts_chosen(options, likeness->experts);
    Sort sort = moe_figure_options_has(options, "sort") ? moe__sort(options) : SORT_INDEX;
    if (likenesses->summary && likeness->router >= 0)
        moe__experts_sort(experts, sort, likenesses->summary, likeness->router, MOE_DOMAIN_ALL);
    return experts;
}

/* The first input that says which model it is of. (transfer full) */
static char *
model_of(MoeFigureInput *input)
{
    char *model = NULL;
    for (int i = 0; i < moe_figure_input_count(input) && !model; i++) {
        const char *meta = moe_figure_input_meta(input, i);
        model = meta ? moe__figure_model(meta) : g_strdup(moe_figure_input_name(input, i));
    }
    return model;
}

char *
moe__likeness_source(const Likenesses *likenesses)
{
    const Likeness *first = &g_array_index(likenesses->layers, Likeness, 0);
    g_autofree char *model = model_of(likenesses->input);
    g_autoptr(GString) text = g_string_new(NULL);
    if (model)
        g_string_append_printf(text, "Model %s, ", model);
    g_string_append_printf(text, "%d experts", first->experts);
    if (first->step >= 0)
        g_string_append_printf(text, ", training step %" G_GINT64_FORMAT, first->step);
    if (likenesses->summary && first->router >= 0) {
        const MoeSummaryCell *cell =
            moe_summary_cell(likenesses->summary, first->router, MOE_DOMAIN_ALL);
        const MoeRouterInfo *info = moe_summary_router(likenesses->summary, first->router);
        g_autofree char *tokens = moe__number_count(cell->units / MAX(info->units_per_token, 1));
        g_autofree char *picks = moe__number_count(cell->picks);
        g_string_append_printf(
            text, "; loads of T" NBSP "=" NBSP "%s tokens, N" NBSP "=" NBSP "%s picks a layer",
            tokens, picks);
    }
    return g_strdup(text->str);
}

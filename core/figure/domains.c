/* SPDX-License-Identifier: MIT
 *
 * Which domains prefer which experts: grouped bars of each domain's load, a panel a layer, beside
 * uniform load (OLMoE's figure of domain specialisation, Muennighoff et al. 2024, arXiv
 * 2409.02060).
 */
#include "figure/kit.h"

#include <math.h>
#include <moescope/resample.h>

/* So many layers are shown where they aren't chosen: first, middle, last, as OLMoE's figure does.
 */
#define PANELS 3
/* So many domains, where they aren't chosen. */
#define DOMAINS 8

/* The option norm, in its order. */
typedef enum {
    TOKENS, /* c / T: share of a domain's units that pick the expert */
    PICKS,  /* c / N */
} Share;

static const MoeSummaryCell *
cell_of(const Kit *kit, int router, int domain)
{
    return moe_summary_cell(kit->summary, router, domain);
}

static double
share_of(const MoeSummaryCell *cell, int e, Share norm)
{
    return (double)cell->count[e] / (double)(norm == TOKENS ? cell->units : cell->picks);
}

/* From this many units on intervals are within 1 %, hardly wider than the lines that draw them. */
#define SURE 10000

static bool
needs_whiskers(const Kit *kit, const GArray *domains)
{
    for (guint d = 0; d < domains->len; d++)
        if (cell_of(kit, moe__kit_router(kit, 0), g_array_index(domains, int, d))->units < SURE)
            return true;
    return false;
}

/* How far a domain's loads are from those of all tokens: total variation, over the kit's layers. */
static double
distance_of(const Kit *kit, int domain)
{
    double distance = 0;
    for (guint i = 0; i < kit->routers->len; i++) {
        int router = moe__kit_router(kit, i);
        const MoeSummaryCell *all = cell_of(kit, router, MOE_DOMAIN_ALL);
        const MoeSummaryCell *cell = cell_of(kit, router, domain);
        for (int e = 0; e < all->experts && cell->picks > 0; e++)
            distance += fabs(share_of(cell, e, PICKS) - share_of(all, e, PICKS)) / 2;
    }
    return distance;
}

/* Domains that are picked and occur; where none are picked, of more than DOMAINS those whose loads
 * differ most from those of all tokens. */
static GArray *
domains_of(const Kit *kit)
{
    int all = moe_summary_domains(kit->summary);
    GArray *domains = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree Rank *ranks = g_new(Rank, (gsize)all + 1);
    for (int d = 0; d < all; d++) {
        bool occurs = cell_of(kit, moe__kit_router(kit, 0), d)->picks > 0;
        if (!occurs ||
            !moe_figure_options_domain(kit->options, moe_summary_domain_name(kit->summary, d)))
            continue;
        ranks[domains->len] = (Rank){d, 0, distance_of(kit, d)};
        g_array_append_val(domains, d);
    }
    if (domains->len <= DOMAINS || *moe_figure_options_text(kit->options, "domains"))
        return domains;
    moe__experts_rank(domains, ranks);
    g_array_set_size(domains, DOMAINS);
    g_array_sort(domains, moe__experts_by_number);
    return domains;
}

/* "; the 8 of 40 domains …" where not all are shown, for captions. (transfer full) */
static char *
domains_left(const Kit *kit, const GArray *domains)
{
    int occur = 0;
    for (int d = 0; d < moe_summary_domains(kit->summary); d++)
        occur += cell_of(kit, moe__kit_router(kit, 0), d)->picks > 0;
    if ((int)domains->len == occur || *moe_figure_options_text(kit->options, "domains"))
        return g_strdup("");
    return g_strdup_printf("; the %u of %d domains whose loads differ most from those of all "
                           "tokens",
                           domains->len, occur);
}

/* Largest minus smallest share of the domains. */
static double
spread_of(const Kit *kit, int router, const GArray *domains, int e, Share norm)
{
    double low = INFINITY, high = 0;
    for (guint d = 0; d < domains->len; d++) {
        const MoeSummaryCell *cell = cell_of(kit, router, g_array_index(domains, int, d));
        double share = cell->picks > 0 ? share_of(cell, e, norm) : 0;
        low = MIN(low, share);
        high = MAX(high, share);
    }
    return high - low;
}

/* As many as the option says of those whose shares differ most between domains, arranged. */
static GArray *
experts_of(const Kit *kit, int router, const GArray *domains, Share norm)
{
    int experts = moe_summary_router(kit->summary, router)->experts;
    guint most = (guint)moe_figure_options_real(kit->options, "most");
    Sort sort = moe__sort(kit->options);
    GArray *chosen = moe__experts_chosen(kit->options, experts);
    g_autofree Rank *ranks = g_new(Rank, (gsize)chosen->len + 1);
    for (guint i = 0; i < chosen->len; i++) {
        int e = g_array_index(chosen, int, i);
        ranks[i] = (Rank){e, 0, spread_of(kit, router, domains, e, norm)};
    }
    moe__experts_rank(chosen, ranks);
    g_array_set_size(chosen, MIN(chosen->len, most));
    if (sort == SORT_INDEX)
        g_array_sort(chosen, moe__experts_by_number);
    moe__experts_sort(chosen, sort, kit->summary, router, MOE_DOMAIN_ALL);
    return chosen;
}

static void
add_domain(const Kit *kit, MoeScene *scene, int panel, int router, const GArray *domains, guint d,
           const GArray *chosen, Share norm)
{
    int domain = g_array_index(domains, int, d);
    const MoeSummaryCell *cell = cell_of(kit, router, domain);
    const char *name = moe_summary_domain_name(kit->summary, domain);
    if (cell->picks == 0)
        return;
    double a_unit = norm == TOKENS ? 1 : (double)cell->picks / (double)cell->units;
    g_autofree double *value = g_new(double, chosen->len), *low = g_new(double, chosen->len),
                      *high = g_new(double, chosen->len);
    for (guint i = 0; i < chosen->len; i++) {
        int e = g_array_index(chosen, int, i);
        MoeInterval interval = moe_wilson(MIN(cell->count[e], cell->units), cell->units, 0.95);
        value[i] = share_of(cell, e, norm);
        low[i] = interval.low / a_unit;
        high[i] = interval.high / a_unit;
    }
    MoeColour own = moe_colour_category((int)d, (int)domains->len);
    bool whiskers = needs_whiskers(kit, domains);
    g_autofree char *words =
        g_strdup_printf("layer %d, expert {band}: {value} of the %s of {name}%s",
                        moe_summary_router(kit->summary, router)->layer,
                        norm == TOKENS ? "tokens" : "picks", whiskers ? " ({low} to {high})" : "");
    MoeBars bars = {.n = (int)chosen->len,
                    .value = value,
                    .low = whiskers ? low : NULL,
                    .high = whiskers ? high : NULL,
                    .ink = {.own = &own, .name = name, .key = {"domain", NAN, name}},
                    .place = (int)d,
                    .places = (int)domains->len,
                    .words = words};
    moe_scene_add_bars(scene, panel, &bars);
}

static double
uniform_of(const Kit *kit, int router, Share norm)
{
    const MoeSummaryCell *cell = cell_of(kit, router, MOE_DOMAIN_ALL);
    double a_unit = norm == TOKENS ? (double)cell->picks / (double)cell->units : 1;
    return a_unit / cell->experts;
}

static void
add_panel(const Kit *kit, MoeScene *scene, int router, const GArray *domains, const MoeAxis *y,
          Share norm)
{
    g_autoptr(GArray) chosen = experts_of(kit, router, domains, norm);
    g_auto(GStrv) names = NULL;
    MoeAxis x = moe__experts_axis(chosen, "expert", &names);
    g_autofree char *title =
        g_strdup_printf("layer %d", moe_summary_router(kit->summary, router)->layer);
    int panel = moe_scene_add_panel(scene, title, NULL, &x, y);
    for (guint d = 0; d < domains->len; d++)
        add_domain(kit, scene, panel, router, domains, d, chosen, norm);
    moe__kit_add_level(scene, panel, 0, chosen->len, uniform_of(kit, router, norm), "uniform");
}

/* Of the experts that are shown. */
static double
highest(const Kit *kit, const GArray *routers, const GArray *domains, Share norm)
{
    double most = 0;
    for (guint i = 0; i < routers->len; i++) {
        int router = g_array_index(routers, int, i);
        g_autoptr(GArray) chosen = experts_of(kit, router, domains, norm);
        for (guint d = 0; d < domains->len; d++) {
            const MoeSummaryCell *cell = cell_of(kit, router, g_array_index(domains, int, d));
            for (guint e = 0; e < chosen->len && cell->picks > 0; e++)
                most = MAX(most, share_of(cell, g_array_index(chosen, int, e), norm));
        }
    }
    return most;
}

static void
set_caption(const Kit *kit, MoeScene *scene, guint layers, const GArray *domains, Share norm)
{
    const MoeRouterInfo *info = moe__kit_info(kit, 0);
    int most = (int)moe_figure_options_real(kit->options, "most");
    g_autofree char *uniform = moe__number_short(uniform_of(kit, moe__kit_router(kit, 0), norm));
    g_autofree char *which =
        info->experts > most
            ? g_strdup_printf("the %d experts of a layer whose shares differ most", most)
            : g_strdup("all experts");
    g_autofree char *left = domains_left(kit, domains);
    g_autofree char *what =
        g_strdup_printf("Share of each domain\xe2\x80\x99s %s that %s an expert; %s%s%s",
                        norm == TOKENS ? "tokens" : "picks", norm == TOKENS ? "pick" : "go to",
                        which, left, moe__kit_left_out(kit, layers));
    g_autofree char *chance =
        g_strdup_printf("dashed: uniform load, %s" NBSP "=" NBSP "%s%s",
                        norm == TOKENS ? "k" NBSP "/" NBSP "E" : "1" NBSP "/" NBSP "E", uniform,
                        needs_whiskers(kit, domains) ? "; whiskers: Wilson\xe2\x80\x99s 95" NBSP
                                                       "% interval, as if tokens were independent"
                                                     : "");
    moe__kit_caption(kit, scene, what, chance);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_domains, input, options, error))
        return NULL;
    Share norm = (Share)moe_figure_options_choice(options, "norm");
    g_autoptr(GArray) domains = domains_of(&kit);
    if (domains->len < 2) {
        moe__kit_missing(&kit, "two domains to compare",
                         "record or import texts of several domains under their names", error);
        return NULL;
    }
    g_autoptr(GArray) routers = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_vals(routers, kit.routers->data, kit.routers->len);
    if (moe__kit_all_layers(&kit))
        moe__kit_thin(routers, PANELS);
    MoeScene *scene = moe_scene_new(moe__figure_domains.title);
    MoeAxis y = {.label = norm == TOKENS ? "share of tokens" : "share of picks",
                 .max = 1.05 * highest(&kit, routers, domains, norm)};
    for (guint i = 0; i < routers->len; i++)
        add_panel(&kit, scene, g_array_index(routers, int, i), domains, &y, norm);
    set_caption(&kit, scene, routers->len, domains, norm);
    return scene;
}

static const MoeField fields[] = {
    {.name = "norm",
     .type = MOE_FIELD_CHOICE,
     .fallback = "tokens",
     .choices = "tokens | picks",
     .help = "share of a domain's tokens (sub-tokens, where they are split) that pick the expert, "
             "uniform k/E; or of its picks, 1/E"},
    {.name = "most",
     .type = MOE_FIELD_INT,
     .fallback = "8",
     .min = 1,
     .max = 65536,
     .help = "so many experts a layer: those whose shares differ most between domains"},
    SORT_FIELD("spread", "spread | index | load | domain"),
};

const MoeFigure moe__figure_domains = {
    .struct_size = sizeof(MoeFigure),
    .name = "domains",
    .title = "Domain specialisation",
    .help = "bars of how much each domain uses each expert, a panel a layer, with the uniform line",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAINS | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};

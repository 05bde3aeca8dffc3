/* SPDX-License-Identifier: MIT
 *
 * What an expert takes: by domain, beside the others of its layer, by position, over training; and
 * with whom, and which tokens.
 */
#include "figure/curve.h"
#include "figure/expert.h"
#include "figure/token-span.h"

#include <math.h>
#include <moescope/resample.h>
#include <moescope/token-texts.h>
#include <moescope/tokens.h>

/* Rows of a list, and points of a line. */
enum { ROWS = 10, POINTS = 200 };

static const MoeColour grey = {0.72, 0.72, 0.72};

static const MoeSummaryCell *
load_of(const OneExpert *one, int domain)
{
    return moe_summary_cell(one->kit->summary, one->router, domain);
}

/* Air above the highest value, and above uniform load. */
static MoeAxis
axis_up_to(double most, const char *label)
{
    return (MoeAxis){.label = label, .max = most > 0 ? 1.12 * most : 1};
}

static void
add_uniform(const OneExpert *one, int panel, double bands)
{
    moe__kit_add_level(one->scene, panel, 0, bands, 1.0 / one->info->experts, "uniform");
}

/* So many domains are shown. */
#define DOMAINS 12

/* --- By domain --------------------------------------------------------------------------------*/

typedef struct Domains {
    int n;
    const char **names;
    double *share, *low, *high, most;
} Domains;

static void
domains_clear(Domains *domains)
{
    g_free(domains->names);
    g_free(domains->share);
    g_free(domains->low);
    g_free(domains->high);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Domains, domains_clear)

/* Domains that occur; of more than DOMAINS, those that use the expert most. (transfer full, of int)
 */
static GArray *
domains_shown(const OneExpert *one)
{
    int all = moe_summary_domains(one->kit->summary);
    GArray *shown = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree Rank *ranks = g_new(Rank, (gsize)all + 1);
    for (int i = 0; i < all; i++) {
        const MoeSummaryCell *cell = load_of(one, i);
        if (cell->picks == 0)
            continue;
        ranks[shown->len] = (Rank){i, 0, (double)cell->count[one->expert] / (double)cell->picks};
        g_array_append_val(shown, i);
    }
    if (shown->len <= DOMAINS)
        return shown;
    moe__experts_rank(shown, ranks);
    return g_array_set_size(shown, DOMAINS);
}

/* Intervals as if picks were independent. */
static Domains
domains_of(const OneExpert *one)
{
    const Kit *kit = one->kit;
    g_autoptr(GArray) shown = domains_shown(one);
    gsize all = (gsize)shown->len + 1;
    Domains d = {.names = g_new0(const char *, all),
                 .share = g_new(double, all),
                 .low = g_new(double, all),
                 .high = g_new(double, all),
                 .most = 1.0 / one->info->experts};
    for (guint place = 0; place < shown->len; place++) {
        int i = g_array_index(shown, int, place);
        const MoeSummaryCell *cell = load_of(one, i);
        MoeInterval interval = moe_wilson(cell->count[one->expert], cell->picks, 0.95);
        d.names[d.n] = moe_summary_domain_name(kit->summary, i);
        d.share[d.n] = (double)cell->count[one->expert] / (double)cell->picks;
        d.low[d.n] = interval.low;
        d.high[d.n] = interval.high;
        d.most = fmax(d.most, interval.high);
        d.n++;
    }
    return d;
}

void
moe__expert_add_domains(const OneExpert *one)
{
    g_auto(Domains) d = domains_of(one);
    if (d.n < 2)
        return;
    MoeAxis x = axis_up_to(d.most, "share of picks");
    MoeAxis y = {.type = MOE_AXIS_BAND, .bands = d.n, .names = d.names, .every = true};
    int panel = moe_scene_add_panel(
        one->scene, d.n == DOMAINS ? "domains that use it most" : "by domain", NULL, &x, &y);
    g_autofree char *words =
        g_strdup_printf("%s: {value} of the picks of {band} ({low} to {high})", one->title);
    MoeBars bars = {.n = d.n,
                    .value = d.share,
                    .low = d.low,
                    .high = d.high,
                    .ink = {.own = &one->colour},
                    .words = words};
    MoeRule uniform = {.upright = true, .value = 1.0 / one->info->experts, .high = NAN};
    moe_scene_add_bars(one->scene, panel, &bars);
    moe_scene_add_rule(one->scene, panel, &uniform);
}

/* --- Among the others -------------------------------------------------------------------------*/

typedef struct Loaded {
    int expert;
    int64_t count;
} Loaded;

static int
by_count(const void *a, const void *b)
{
    const Loaded *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->expert - y->expert;
}

void
moe__expert_add_ranks(const OneExpert *one)
{
    const MoeSummaryCell *cell = load_of(one, MOE_DOMAIN_ALL);
    gsize n = (gsize)cell->experts;
    g_autofree Loaded *ranks = g_new(Loaded, n);
    g_autofree double *share = g_new(double, n), *own = g_new(double, n);
    for (int e = 0; e < cell->experts; e++)
        ranks[e] = (Loaded){e, cell->count[e]};
    qsort(ranks, n, sizeof *ranks, by_count);
    for (gsize i = 0; i < n; i++) {
        double value = (double)ranks[i].count / (double)cell->picks;
        bool is_own = ranks[i].expert == one->expert;
        share[i] = is_own ? NAN : value;
        own[i] = is_own ? value : NAN;
    }
    MoeAxis x = {
        .type = MOE_AXIS_BAND, .label = "expert by load", .bands = cell->experts, .first = 1};
    MoeAxis y = axis_up_to((double)ranks[0].count / (double)cell->picks, "share of picks");
    int panel = moe_scene_add_panel(one->scene, "in its layer", NULL, &x, &y);
    g_autofree char *words = g_strdup_printf("%s: {value} of all picks, number {band}", one->title);
    MoeBars others = {.n = cell->experts,
                      .value = share,
                      .ink = {.own = &grey, .name = "other experts"},
                      .words = "number {band} of the layer: {value} of all picks"};
    MoeBars itself = {.n = cell->experts,
                      .value = own,
                      .ink = {.own = &one->colour, .name = one->title},
                      .words = words};
    moe_scene_add_bars(one->scene, panel, &others);
    moe_scene_add_bars(one->scene, panel, &itself);
    add_uniform(one, panel, cell->experts);
}

/* --- By position ------------------------------------------------------------------------------*/

void
moe__expert_add_positions(const OneExpert *one)
{
    const MoePlaceCell *cell = moe_summary_places(one->kit->summary, one->router, MOE_DOMAIN_ALL);
    double x[MOE_PLACES], y[MOE_PLACES], most = 1.0 / one->info->experts;
    int n = 0;
    for (int place = 0; cell && place < MOE_PLACES; place++) {
        const int64_t *first = cell->first + (gsize)place * (gsize)cell->experts;
        int64_t all = 0;
        for (int e = 0; e < cell->experts; e++)
            all += first[e];
        if (all == 0)
            continue;
        x[n] = moe_place_start(place) + 1;
        y[n] = (double)first[one->expert] / (double)all;
        most = fmax(most, y[n++]);
    }
    if (n < 2)
        return;
    MoeAxis along = {
        .type = MOE_AXIS_LOG, .label = "position, from 1", .min = x[0], .max = x[n - 1]};
    MoeAxis up = axis_up_to(most, "share of first choices");
    int panel = moe_scene_add_panel(one->scene, "by position", NULL, &along, &up);
    MoeLine line = {.n = n,
                    .x = x,
                    .y = y,
                    .ink = {.own = &one->colour},
                    .words = "from position {x} on: {y} of first choices"};
    moe_scene_add_line(one->scene, panel, &line);
    moe__kit_add_level(one->scene, panel, x[0], x[n - 1], 1.0 / one->info->experts, "uniform");
}

/* --- Lists ------------------------------------------------------------------------------------*/

/* Lying bars of lifts, the first row at the top, with a line at what is to be expected. */
static void
add_list(const OneExpert *one, const char *title, char *const *names, const double *value, int n,
         double usual, const char *words)
{
    double most = 1;
    for (int i = 0; i < n; i++)
        most = fmax(most, value[i]);
    MoeAxis x = axis_up_to(most, "lift");
    MoeAxis y = {
        .type = MOE_AXIS_BAND, .bands = n, .names = (const char *const *)names, .every = true};
    int panel = moe_scene_add_panel(one->scene, title, NULL, &x, &y);
    MoeBars bars = {.n = n, .value = value, .ink = {.own = &one->colour}, .words = words};
    moe_scene_add_bars(one->scene, panel, &bars);
    MoeRule chance = {.upright = true, .value = usual, .high = NAN};
    moe_scene_add_rule(one->scene, panel, &chance);
}

void
moe__expert_add_tokens(const OneExpert *one)
{
    const MoeTokenCell *cell = moe_summary_tokens(one->kit->summary, one->router);
    g_autoptr(GHashTable) texts = moe_token_texts_new();
    char *names[ROWS + 1] = {NULL};
    double lift[ROWS];
    int n = 0;
    moe_token_texts_add(texts, moe_figure_input_meta(one->kit->input, 0));
    for (; cell && n < ROWS; n++) {
        gsize at = (gsize)one->expert * MOE_TOKENS_TOP + (gsize)n;
        int32_t id = (int32_t)cell->top_id[at];
        if (cell->top_picks[at] == 0 || cell->top_lift[at] <= 1)
            break;
        names[n] = moe__token_label(moe_token_text(texts, id), id);
        lift[n] = cell->top_lift[at];
    }
    if (n > 0)
        add_list(one, "tokens", names, lift, n, 1,
                 "\xe2\x80\x9c{band}\xe2\x80\x9d: {value}\xc3\x97 as often as other tokens");
    for (int i = 0; i < n; i++)
        g_free(names[i]);
}

/* Of two experts of a balanced router, whose picks of a unit differ. */
static double
usual_lift(const MoeRouterInfo *info)
{
    double k = info->k, experts = info->experts;
    return k > 1 ? (1 - 1 / k) * experts / (experts - 1) : 1;
}

typedef struct Partner {
    int expert;
    double lift;
} Partner;

static int
by_lift(const void *a, const void *b)
{
    const Partner *x = a, *y = b;
    if (x->lift != y->lift)
        return x->lift > y->lift ? -1 : 1;
    return x->expert - y->expert;
}

void
moe__expert_add_partners(const OneExpert *one)
{
    const MoePairCell *cell = moe_summary_pairs(one->kit->summary, one->router, MOE_DOMAIN_ALL);
    int experts = one->info->experts, n = 0;
    if (!cell)
        return;
    g_autofree Partner *partners = g_new(Partner, (gsize)experts);
    const int64_t *row = cell->together + (gsize)one->expert * (gsize)experts;
    for (int e = 0; e < experts; e++) {
        double by_chance = (double)row[one->expert] / (double)cell->units *
                           (double)cell->together[(gsize)e * (gsize)(experts + 1)];
        if (e != one->expert && by_chance >= MOE_PAIRS_LEAST && row[e] > 0)
            partners[n++] = (Partner){e, (double)row[e] / by_chance};
    }
    qsort(partners, (gsize)n, sizeof *partners, by_lift);
    n = MIN(n, ROWS);
    char *names[ROWS + 1] = {NULL};
    double lift[ROWS];
    for (int i = 0; i < n; i++) {
        names[i] = g_strdup_printf("%d", partners[i].expert);
        lift[i] = partners[i].lift;
    }
    if (n > 0)
        add_list(one, "partners", names, lift, n, usual_lift(one->info),
                 "with expert {band}: {value}\xc3\x97 as often as their loads alone would bring");
    for (int i = 0; i < n; i++)
        g_free(names[i]);
}

/* --- Over training ----------------------------------------------------------------------------*/

void
moe__expert_add_history(const OneExpert *one)
{
    const MoeTrace *trace = moe_figure_input_trace(one->kit->input, 0);
    g_autoptr(MoeStates) states = trace ? moe_states_read(trace, one->router, NULL) : NULL;
    int64_t n = states ? moe_states_count(states) : 0;
    if (n < 2)
        return;
    g_autofree double *pairs = g_new(double, 2 * (gsize)n);
    for (int64_t i = 0; i < n; i++) {
        const MoeSummaryCell *cell = moe_states_cell(states, i);
        pairs[2 * i] = (double)moe_states_step(states, i);
        pairs[2 * i + 1] =
            cell->picks > 0 ? (double)cell->count[one->expert] / (double)cell->picks : NAN;
    }
    MoeCurve curve = {0};
    moe__curve_thin(pairs, n, POINTS, &curve);
    MoeRange steps = MOE_RANGE_EMPTY, shares = {0, 1.0 / one->info->experts};
    moe__range_extend(&steps, curve.step, curve.n);
    moe__range_extend(&shares, curve.value, curve.n);
    if (!moe__range_valid(steps)) {
        moe__curve_clear(&curve);
        return;
    }
    MoeAxis x = moe__axis_over(steps, 0, "step"), y = axis_up_to(shares.max, "share of picks");
    int panel = moe_scene_add_panel(one->scene, "over training", NULL, &x, &y);
    MoeLine line = {.n = curve.n,
                    .x = curve.step,
                    .y = curve.value,
                    .ink = {.own = &one->colour},
                    .words = "step {x}: {y} of picks"};
    moe_scene_add_line(one->scene, panel, &line);
    moe__kit_add_level(one->scene, panel, x.min, x.max, 1.0 / one->info->experts, "uniform");
    moe__curve_clear(&curve);
}

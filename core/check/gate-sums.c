/* SPDX-License-Identifier: MIT
 *
 * Whether gates sum to one where meta.json says so, and don't where it says that they are scores as
 * they are. Units with drops are left out: what dropping does to the sum depends on the rule.
 *
 * Shares of a softmax never sum to more than one, but models multiply them by a constant
 * (routed_scaling_factor of DeepSeek). A factor s has to fit every unit: its k gates sum to no more
 * than s, and, if these are the largest, the E - k others make up the rest with no more than the
 * least of them each. Raw logits written in place of gates fit no s. Of sigmoids, which have no
 * common sum, it only shows that they end at 1.
 */
#include "base/json-in.h"
#include "check/blocks.h"
#include "tensor/cpu.h"

#include <math.h>
#include <string.h>

/* k gates of f16, each off by up to 2^-12 of itself, and recorders that write four decimals. */
#define NEAR 4e-3
/* Relative steps of f16. */
#define STEP 0x1p-11

enum {
    UNITS = 32,          /* that it takes to tell of sums that are alike */
    DECIMALS = 3,        /* up to which gates may have been rounded, beyond NEAR */
    BINS = 40 * 32,      /* of factors: 32 an octave, from 2^-20 to 2^20 */
    BIN_ZERO = 107 * 32, /* the bits of 2^-20, as far as bins tell them apart */
};
static const double SHARE = 0.001, /* of the units: beyond this, an error */
    NEARLY_ALL = 0.99;

typedef struct {
    MoeHits off;                /* don't sum to one, though they should */
    MoeHits one;                /* sum to one, though they should not */
    MoeHits over;               /* shares that sum to more than one, or a sigmoid beyond it */
    int64_t steady;             /* of those off, and of sigmoids: the sum is that of the first */
    int64_t sigmoids;           /* units of sigmoids that tell */
    int64_t rounded;            /* sum to one but for the rounding of decimals */
    int decimals;               /* the fewest of these */
    double first;               /* sum of the first of them */
    double sum;                 /* of all units' gates */
    double most;                /* the largest gate of a sigmoid */
    uint32_t *least, *greatest; /* [BINS] units by the least and the greatest factor that fits */
    bool bounded;               /* picks are the k largest: there is a greatest */
} Router;

typedef struct {
    Router *routers;
    double factor; /* that meta.json states for all gates (our recipes' route_scale); else 1 */
} State;

static double
stated_factor(const char *meta_json)
{
    static const char *const keys[] = {"recipe", NULL};
    static const char *const path[] = {"recipe", "moe", "route_scale"};
    JsonNode *root = moe__json_object_some(meta_json, keys, NULL), *node = root;
    for (guint i = 0; node && i < G_N_ELEMENTS(path); i++)
        node = JSON_NODE_HOLDS_OBJECT(node)
                   ? json_object_get_member(json_node_get_object(node), path[i])
                   : NULL;
    double factor = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : 1;
    if (root)
        json_node_unref(root);
    return factor > 0 ? factor : 1;
}

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
    s->factor = stated_factor(moe_trace_meta_json(moe_check_run_trace(run)));
}

/* --- Units ------------------------------------------------------------------------------------*/

/* A unit's gates. */
typedef struct {
    double sum, most, least;
    int picks;
} Gates;

/* False where it has a drop, no pick, or no finite sum. */
static bool
sum_gates(const MoeTraceView *view, int64_t u, Gates *gates)
{
    *gates = (Gates){0, 0, INFINITY, 0};
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->dropped && view->dropped[i])
            return false;
        if (view->expert[i] < 0)
            continue;
        gates->picks++;
        gates->sum += (double)view->gate[i];
        gates->most = fmax(gates->most, (double)view->gate[i]);
        gates->least = fmin(gates->least, (double)view->gate[i]);
    }
    return gates->picks > 0 && isfinite(gates->sum);
}

/* What a router's units are asked. */
typedef struct {
    bool to_one;  /* meta.json says that gates sum to one */
    bool softmax; /* it says that they are shares of a softmax over all experts */
    bool shares;  /* and they are too few to sum to one */
    bool sigmoid; /* it says that they are sigmoids as they are */
    double most;  /* that shares of a softmax sum to, or a sigmoid is */
} Question;

/* A softmax over all experts sums to one over some of them only where few matter: units whose first
 * gate takes nearly all say nothing. */
static Question
ask(const MoeCheckRows *rows, double factor)
{
    const MoeRouterInfo *info = rows->info;
    MoeScoreRule rule = moe__check_rule(info);
    bool as_are = !info->gates_sum_to_one && !g_str_equal(info->gate, "renormalised");
    bool all = g_str_equal(info->gate, "softmax-all") || g_str_equal(info->gate, "score");
    bool softmax = as_are && all && rule == MOE_RULE_SOFTMAX;
    return (Question){
        .to_one = info->gates_sum_to_one,
        .softmax = softmax,
        .shares = softmax && rows->view->k > 1 && 2 * rows->view->k <= info->experts,
        .sigmoid = as_are && rule == MOE_RULE_SIGMOID,
        .most = factor * (1 + NEAR),
    };
}

/* Whether all gates of a unit are of so many decimals, as far as f16 keeps them. */
static bool
has_decimals(const MoeTraceView *view, int64_t u, double unit)
{
    for (int slot = 0; slot < view->k; slot++) {
        double gate = (double)view->gate[slot * view->units + u] * unit;
        if (view->expert[slot * view->units + u] >= 0 &&
            fabs(gate - nearbyint(gate)) > fabs(gate) * STEP + 1e-9)
            return false;
    }
    return true;
}

/* Whether a unit's sum may be off by its gates having been rounded to some decimals. */
static bool
is_rounded(Router *router, const MoeTraceView *view, int64_t u, const Gates *gates)
{
    double unit = 1;
    for (int decimals = 1; decimals <= DECIMALS; decimals++) {
        unit *= 10;
        if (fabs(gates->sum - 1) > NEAR + 0.5 * gates->picks / unit || !has_decimals(view, u, unit))
            continue;
        if (router->rounded++ == 0 || decimals < router->decimals)
            router->decimals = decimals;
        return true;
    }
    return false;
}

static void
see_steady(Router *router, double sum)
{
    if (router->first == 0)
        router->first = sum;
    router->steady += fabs(sum - router->first) <= NEAR * fabs(router->first);
}

/* The bin of a factor. */
static int
bin_of(double factor)
{
    float least = (float)factor;
    uint32_t bits;
    memcpy(&bits, &least, sizeof bits);
    return least > 0 ? CLAMP((int)(bits >> 18) - BIN_ZERO, 0, BINS - 1) : 0;
}

/* The factor that a bin begins with. */
static double
factor_of(int bin)
{
    uint32_t bits = (uint32_t)(bin + BIN_ZERO) << 18;
    float factor;
    memcpy(&factor, &bits, sizeof factor);
    return (double)factor;
}

static void
see_softmax(Router *router, const MoeCheckRows *rows, double most, int64_t u, const Gates *gates)
{
    const MoeRouterInfo *info = rows->info;
    if (!router->least) {
        router->least = g_new0(uint32_t, BINS);
        router->greatest = g_new0(uint32_t, BINS);
        router->bounded = g_str_equal(info->select, "topk") || g_str_equal(info->select, "top-k");
    }
    double rest = (info->experts - gates->picks) * gates->least;
    router->least[bin_of(gates->sum)]++;
    router->greatest[bin_of(gates->sum + rest)]++;
    moe__hits_count(&router->over, rows, u, gates->sum > most);
}

/* Gates that are nearly equal have nearly the same sum in all units anyway. */
static void
see_sigmoid(Router *router, const MoeCheckRows *rows, double most, int64_t u, const Gates *gates)
{
    router->most = fmax(router->most, gates->most);
    moe__hits_count(&router->over, rows, u, gates->most > most);
    if (gates->picks < 2 || gates->most - gates->least < 0.1 * gates->most)
        return;
    router->sigmoids++;
    see_steady(router, gates->sum);
}

static void
see_sum(Router *router, const MoeCheckRows *rows, Question question, int64_t u, const Gates *gates)
{
    bool is_one = fabs(gates->sum - 1) <= NEAR;
    if (question.to_one) {
        bool off = !is_one && !is_rounded(router, rows->view, u, gates);
        moe__hits_count(&router->off, rows, u, off);
        router->sum += gates->sum;
        if (off)
            see_steady(router, gates->sum);
        return;
    }
    if (question.shares && gates->most < 0.9)
        moe__hits_count(&router->one, rows, u, is_one);
    if (question.softmax)
        see_softmax(router, rows, question.most, u, gates);
    if (question.sigmoid)
        see_sigmoid(router, rows, question.most, u, gates);
}

/* sum_gates() of n units without holes and drops. */
MOE_CLONES static void
gate_sums_fill(const float *gate, int64_t stride, int k, int64_t n, double *restrict sum,
               double *restrict most, double *restrict least)
{
    for (int64_t u = 0; u < n; u++) {
        sum[u] = most[u] = 0;
        least[u] = (double)gate[u];
    }
    for (int slot = 0; slot < k; slot++)
        for (int64_t u = 0; u < n; u++) {
            double own = (double)gate[slot * stride + u];
            sum[u] += own;
            most[u] = most[u] < own ? own : most[u];
            least[u] = least[u] > own ? own : least[u];
        }
}

static void
see_block(Router *router, const MoeCheckRows *rows, Question question, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    double sum[MOE_CHECK_BLOCK], most[MOE_CHECK_BLOCK], least[MOE_CHECK_BLOCK];
    gate_sums_fill(view->gate + block->first, view->units, view->k, block->n, sum, most, least);
    for (int64_t i = 0; i < block->n; i++) {
        const Gates gates = {sum[i], most[i], least[i], view->k};
        if (isfinite(sum[i]))
            see_sum(router, rows, question, block->first + i, &gates);
    }
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    Router *router = &s->routers[rows->router];
    Question question = ask(rows, s->factor);
    if (!rows->view->gate || !(question.to_one || question.softmax || question.sigmoid))
        return;
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        Gates gates;
        if (block.full)
            see_block(router, rows, question, &block);
        for (int64_t u = block.first; !block.full && u < block.first + block.n; u++)
            if (sum_gates(rows->view, u, &gates))
                see_sum(router, rows, question, u, &gates);
    }
}

/* --- Telling ----------------------------------------------------------------------------------*/

/* Takes `text`. */
static void
tell(MoeCheckRun *run, MoeSeverity severity, const MoeHits *hits, int r, char *text)
{
    MoeFinding finding = moe__finding(severity, r, hits, "units", text);
    moe_check_run_add(run, &finding);
}

static MoeSeverity
severity_of(const MoeHits *hits)
{
    bool wrong = (double)hits->count >= SHARE * (double)hits->all;
    return wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING;
}

static void
tell_off(MoeCheckRun *run, const Router *router, int r)
{
    const MoeHits *off = &router->off;
    g_autofree char *share = moe__hits_text(off);
    bool all = off->all >= UNITS && (double)off->count >= NEARLY_ALL * (double)off->all;
    bool steady =
        all && router->first > 1 && (double)router->steady >= NEARLY_ALL * (double)off->count;
    double mean = router->sum / (double)MAX(off->all, 1);
    tell(run, severity_of(off), off, r,
         steady
             ? g_strdup_printf("%s units have gates that sum to %.4g, though meta.json says that "
                               "they sum to 1: multiplied by a constant, by the look of it",
                               share, router->first)
             : g_strdup_printf("%s units have gates that don't sum to 1, though meta.json says "
                               "they do (mean sum %.4g): normalised by another rule, or never",
                               share, mean));
}

static void
tell_rounded(MoeCheckRun *run, const Router *router, int r)
{
    MoeHits hits = {router->rounded, router->off.all, 0, 0};
    g_autofree char *share = moe__hits_text(&hits);
    MoeFinding finding = moe__finding(
        MOE_FINDING_NOTE, r, &hits, "units",
        g_strdup_printf("%s units have gates that sum to 1 but for rounding: they were written "
                        "with %d decimal%s",
                        share, router->decimals, router->decimals == 1 ? "" : "s"));
    finding.chunk = finding.token = -1;
    moe_check_run_add(run, &finding);
}

static void
tell_one(MoeCheckRun *run, const Router *router, int r)
{
    g_autofree char *share = moe__hits_text(&router->one);
    tell(
        run, MOE_FINDING_WARNING, &router->one, r,
        g_strdup_printf("%s units have gates that sum to 1, though they are said to be "
                        "shares of a softmax over all experts: they were normalised over the picks",
                        share));
}

static void
tell_steady(MoeCheckRun *run, const Router *router, int r)
{
    MoeHits hits = {router->steady, router->sigmoids, 0, 0};
    g_autofree char *share = moe__hits_text(&hits);
    tell(
        run, MOE_FINDING_WARNING, &hits, r,
        g_strdup_printf("%s units have gates that sum to %.4g, though they are said to be sigmoids "
                        "as they are: they were normalised over the picks",
                        share, router->first));
}

/* The bins of the factors that fit most units, and how many units they don't fit. */
static int64_t
fit_factor(const Router *router, int *low, int *high)
{
    int64_t misfits = 0, best = INT64_MAX;
    for (int bin = 0; bin < BINS; bin++)
        misfits += router->least[bin];
    for (int bin = 0; bin < BINS; bin++) {
        misfits -= router->least[bin];
        if (bin > 0 && router->bounded)
            misfits += router->greatest[bin - 1];
        if (misfits < best) {
            best = misfits;
            *low = bin;
        }
        if (misfits == best)
            *high = bin;
    }
    return best;
}

static char *
factor_text(const Router *router, int low, int high)
{
    double from = factor_of(low), to = factor_of(high + 1);
    if (!router->bounded || high == BINS - 1)
        return g_strdup_printf("of %.3g or more", from);
    return to / from < 1.1 ? g_strdup_printf("of about %.3g", (from + to) / 2)
                           : g_strdup_printf("between %.3g and %.3g", from, to);
}

/* A few units that sum to more are a warning; many that do, and fit a factor, as well: it isn't
 * stated, and the mass of the picks isn't what it says. */
static void
tell_over(MoeCheckRun *run, const Router *router, int r)
{
    const MoeHits *over = &router->over;
    int low = 0, high = 0;
    int64_t misfits = fit_factor(router, &low, &high);
    MoeSeverity severity = severity_of(over);
    bool fits = (double)misfits < SHARE * (double)over->all;
    g_autofree char *share = moe__hits_text(over), *factor = factor_text(router, low, high);
    g_autofree char *cause = NULL;
    if (severity == MOE_FINDING_ERROR && fits)
        cause = g_strdup_printf(": multiplied by a factor %s that isn't stated, or logits", factor);
    else if (severity == MOE_FINDING_ERROR)
        cause = g_strdup(", multiplied by whatever factor: logits, by the look of it");
    tell(run, fits ? MOE_FINDING_WARNING : severity, over, r,
         g_strdup_printf("%s units have gates that sum to more than shares of a softmax do%s",
                         share, cause ? cause : ""));
}

static void
tell_sigmoid_over(MoeCheckRun *run, const Router *router, int r)
{
    g_autofree char *share = moe__hits_text(&router->over);
    tell(run, MOE_FINDING_WARNING, &router->over, r,
         g_strdup_printf(
             "%s units have a gate above 1 (up to %.4g), which no sigmoid is: multiplied "
             "by a factor that isn't stated, or logits",
             share, router->most));
}

static void
tell_router(MoeCheckRun *run, const Router *router, int r)
{
    if (router->off.count > 0)
        tell_off(run, router, r);
    if (router->rounded > 0)
        tell_rounded(run, router, r);
    if (router->one.all >= UNITS &&
        (double)router->one.count >= NEARLY_ALL * (double)router->one.all)
        tell_one(run, router, r);
    bool steady = router->sigmoids >= UNITS &&
                  (double)router->steady >= NEARLY_ALL * (double)router->sigmoids;
    if (steady)
        tell_steady(run, router, r);
    if (router->over.count > 0 && router->least)
        tell_over(run, router, r);
    else if (router->over.count > 0 && !steady)
        tell_sigmoid_over(run, router, r);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)); r++) {
        if (!cancelled)
            tell_router(run, &s->routers[r], r);
        g_free(s->routers[r].least);
        g_free(s->routers[r].greatest);
    }
    g_free(s->routers);
}

const MoeCheck moe__check_gate_sums = {
    .struct_size = sizeof(MoeCheck),
    .name = "gate-sums",
    .help = "gates that sum to one or don't, against what meta.json states",
    .why = "weighted loads, top-k mass and gate entropies depend on how gates are normalised",
    .remedy = "state the rule that the model has (gates_sum_to_one, gate), or record the gates as "
              "they are applied",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};

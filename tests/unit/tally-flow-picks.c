/* SPDX-License-Identifier: MIT
 *
 * Moves of all picks, by gates: the slow way on random decisions of two routers, parts against the
 * whole, by hand, and what tokens in another order show against what chance is said to.
 */
#include "routed.h"

#include <glib/gstdio.h>
#include <math.h>

/* Two routers of the same tokens. */
typedef struct Both {
    Routed *side[2];
    bool gates;
} Both;

static char *path;

static void
both_clear(Both *both)
{
    routed_free(both->side[0]);
    routed_free(both->side[1]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Both, both_clear)

/* Some units have no gate above 0, or one below. */
static Both
both_new(int64_t tokens, int from, int k_from, int experts, int k, bool gates)
{
    Both both = {{routed_new(7, tokens, from, k_from, 2), routed_new(7, tokens, experts, k, 2)},
                 gates};
    MoeRng rng = moe_rng(3, 0);
    for (int s = 0; s < 2; s++) {
        Routed *side = both.side[s];
        side->info.layer = s;
        for (int64_t u = 0; u < side->units; u++) {
            uint64_t fate = moe_rng_below(&rng, 40);
            for (int slot = 0; slot < side->slots && fate < 2; slot++)
                side->gate[u * side->slots + slot] = fate == 0 ? 0 : (float)(slot - 1) / 4;
        }
    }
    return both;
}

static MoeTrace *
trace_of(const Both *both, int64_t first, int64_t n, int64_t each)
{
    g_autoptr(GError) error = NULL;
    const char *const domains[ROUTED_DOMAINS] = {"prose", "code"};
    const MoeRouterInfo infos[] = {both->side[0]->info, both->side[1]->info};
    const MoeTraceOptions options = {.chunk_tokens = 1, .gates = both->gates, .gate_type = MOE_F32};
    g_autofree char *meta = moe_trace_meta(infos, 2, domains, ROUTED_DOMAINS, NULL);
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, infos, 2, &options, &error);
    g_assert_no_error(error);
    for (int64_t t = first; t < first + n; t += each) {
        const Routed *side = both->side[0];
        MoeTraceTokens tokens = {.n = MIN(each, first + n - t),
                                 .id = side->id + t,
                                 .doc = side->doc + t,
                                 .domain = side->domain + t};
        MoeTracePicks picks[2];
        for (int s = 0; s < 2; s++) {
            side = both->side[s];
            int64_t pick = t * side->info.units_per_token * side->slots;
            picks[s] = (MoeTracePicks){.expert = side->expert + pick,
                                       .gate = both->gates ? side->gate + pick : NULL};
        }
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static MoeSummary *
count(const Both *both, int64_t first, int64_t n, int64_t each, unsigned tallies)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_of(both, first, n, each);
    const MoeSummaryOptions options = {.tallies = tallies};
    MoeSummary *summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    return summary;
}

/* --- The slow way -----------------------------------------------------------------------------*/

/* The weights of a unit, [experts]; false: it has none. */
static bool
weigh(const Both *both, int s, int64_t unit, double *weight)
{
    const Routed *side = both->side[s];
    double sum = 0;
    for (int e = 0; e < side->info.experts; e++)
        weight[e] = 0;
    for (int64_t i = unit * side->slots; i < (unit + 1) * side->slots; i++) {
        if (side->expert[i] < 0)
            continue;
        double gate = both->gates ? (double)side->gate[i] : 1;
        if (gate < 0)
            return false;
        weight[side->expert[i]] += gate;
        sum += gate;
    }
    for (int e = 0; e < side->info.experts; e++)
        weight[e] /= sum;
    return sum > 0;
}

/* `order`: the unit of the second router that goes with each of the first. Returns their number. */
static int64_t
add_slowly(const Both *both, int domain, const int64_t *order, double *moves)
{
    int from = both->side[0]->info.experts, to = both->side[1]->info.experts;
    g_autofree double *a = g_new(double, (gsize)from), *b = g_new(double, (gsize)to);
    int64_t units = 0;
    for (int64_t u = 0; u < both->side[0]->units; u++) {
        if (!routed_in(both->side[0], u / 2, domain, -1) || !weigh(both, 0, u, a) ||
            !weigh(both, 1, order ? order[u] : u, b))
            continue;
        units++;
        for (int i = 0; i < from; i++)
            for (int j = 0; j < to; j++)
                moves[i * to + j] += a[i] * b[j];
    }
    return units;
}

static void
check_slowly(const Both *both, const MoeSummary *summary)
{
    gsize n = (gsize)both->side[0]->info.experts * (gsize)both->side[1]->info.experts;
    g_assert_null(moe_summary_flow_picks(summary, 0, MOE_DOMAIN_ALL));
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        g_autofree double *moves = g_new0(double, n);
        const MoeFlowPicksCell *cell = moe_summary_flow_picks(summary, 1, d);
        g_assert_cmpint(cell->units, ==, add_slowly(both, d, NULL, moves));
        g_assert_cmpint(cell->units, >, 0);
        for (gsize i = 0; i < n; i++)
            g_assert_cmpfloat_with_epsilon((double)cell->moves[i] / (double)MOE_FLOW_ONE, moves[i],
                                           1e-9 * (double)cell->units);
    }
}

static void
test_slowly(void)
{
    const int shapes[][4] = {{4, 1, 6, 1}, {5, 2, 7, 0}, {70, 0, 64, 8}, {300, 6, 270, 5}};
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++)
        for (int gates = 0; gates < 2; gates++) {
            const int *s = shapes[i];
            g_auto(Both) both = both_new(600, s[0], s[1], s[2], s[3], gates);
            g_autoptr(MoeSummary) summary = count(&both, 0, 600, 77, MOE_TALLY_FLOW_PICKS);
            check_slowly(&both, summary);
        }
}

/* --- Parts ------------------------------------------------------------------------------------*/

static void
same(const MoeSummary *a, const MoeSummary *b)
{
    const MoeFlowPicksCell *x = moe_summary_flow_picks(a, 1, MOE_DOMAIN_ALL);
    const MoeFlowPicksCell *y = moe_summary_flow_picks(b, 1, MOE_DOMAIN_ALL);
    gsize from = (gsize)x->from * sizeof(int64_t), to = (gsize)x->experts * sizeof(int64_t);
    g_assert_cmpint(x->units, ==, y->units);
    g_assert_cmpmem(x->moves, from * (gsize)x->experts, y->moves, from * (gsize)y->experts);
    g_assert_cmpmem(x->out_square, from, y->out_square, from);
    g_assert_cmpmem(x->in_square, to, y->in_square, to);
}

/* However a trace is cut, and whatever else is counted, the sums are the same bits; from a file,
 * too. */
static void
test_parts(void)
{
    g_auto(Both) both = both_new(700, 16, 3, 12, 2, true);
    g_autoptr(GError) error = NULL;
    moe_set_threads(1);
    g_autoptr(MoeSummary) whole = count(&both, 0, 700, 700, MOE_TALLY_FLOW_PICKS);
    g_autoptr(MoeSummary) first = count(&both, 0, 300, 41, MOE_TALLY_FLOW_PICKS);
    g_autoptr(MoeSummary) rest = count(&both, 300, 400, 64, MOE_TALLY_FLOW_PICKS);
    g_assert_true(moe_summary_add(first, rest, &error));
    same(whole, first);
    moe_set_threads(3);
    g_autoptr(MoeSummary) all = count(&both, 0, 700, 50, MOE_TALLIES_ALL);
    same(whole, all);
    g_assert_true(moe_summary_save(whole, path, NULL, &error));
    g_autoptr(MoeSummary) read = moe_summary_open(path, &error);
    g_assert_no_error(error);
    same(whole, read);
}

/* --- By hand ----------------------------------------------------------------------------------*/

static double
metric(const MoeSummary *summary, const char *name,
       double (*of)(const MoeMetric *, const MoeMetricCell *))
{
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, 1, MOE_DOMAIN_ALL, NULL);
    return of(moe_metric_find(name), &cell);
}

/* Gates 3 : 1 to experts 0 and 1, then all to expert 0; and so on with 1 and 0. */
static void
test_by_hand(void)
{
    enum { TOKENS = 10 };
    g_auto(Both) both = {{routed_new(7, TOKENS, 2, 2, 1), routed_new(7, TOKENS, 2, 1, 1)}, true};
    both.side[1]->info.layer = 1;
    for (int t = 0; t < TOKENS; t++) {
        both.side[0]->expert[2 * t] = t % 2;
        both.side[0]->expert[2 * t + 1] = 1 - t % 2;
        both.side[0]->gate[2 * t] = 1.5F;
        both.side[0]->gate[2 * t + 1] = 0.5F;
        both.side[1]->expert[t] = t % 2;
        both.side[1]->gate[t] = 0.25F;
    }
    g_autoptr(MoeSummary) summary = count(&both, 0, TOKENS, 3, MOE_TALLY_FLOW_PICKS);
    double told = log(2) + 0.75 * log(0.75) + 0.25 * log(0.25);
    double near = 1e-9;
    g_assert_cmpfloat_with_epsilon(metric(summary, "flow-information-picks", moe_metric_value),
                                   told, near);
    g_assert_cmpfloat_with_epsilon(
        metric(summary, "flow-information-picks-normalised", moe_metric_value), told / log(2),
        near);
    g_assert_cmpfloat_with_epsilon(metric(summary, "flow-top-picks", moe_metric_value), 0.75, near);
    /* Variances over units: (1/4)² before, (1/2)² after; twice over means of 1/2. */
    g_assert_cmpfloat_with_epsilon(
        metric(summary, "flow-information-picks-corrected", moe_metric_value),
        told - 0.25 * 1 / (2.0 * TOKENS), near);
}

/* --- Chance -----------------------------------------------------------------------------------*/

static double
information(const double *moves, int from, int to)
{
    g_autofree double *row = g_new0(double, (gsize)from), *column = g_new0(double, (gsize)to);
    double all = 0, sum = 0;
    for (int i = 0; i < from * to; i++) {
        row[i / to] += moves[i];
        column[i % to] += moves[i];
        all += moves[i];
    }
    for (int i = 0; i < from * to; i++)
        sum += moves[i] > 0 ? moves[i] * log(moves[i] * all / row[i / to] / column[i % to]) : 0;
    return sum / all;
}

static double
top(const double *moves, int from, int to)
{
    double sum = 0, all = 0;
    for (int i = 0; i < from; i++) {
        double most = 0;
        for (int j = 0; j < to; j++) {
            most = fmax(most, moves[i * to + j]);
            all += moves[i * to + j];
        }
        sum += most;
    }
    return sum / all;
}

/* Shuffled tokens are what `shuffled` says, whatever the gates. */
static void
check_chance(int64_t tokens, int from, int k_from, int to, int k, bool gates)
{
    enum { TIMES = 60 };
    g_auto(Both) both = both_new(tokens, from, k_from, to, k, gates);
    g_autoptr(MoeSummary) summary = count(&both, 0, tokens, 500, MOE_TALLY_FLOW_PICKS);
    MoeRng rng = moe_rng(5, 0);
    int64_t units = both.side[0]->units;
    g_autofree int64_t *order = g_new(int64_t, (gsize)units);
    double found = 0, most = 0;
    for (int64_t u = 0; u < units; u++)
        order[u] = u;
    for (int times = 0; times < TIMES; times++) {
        for (int64_t u = units - 1; u > 0; u--) {
            int64_t other = (int64_t)moe_rng_below(&rng, (uint64_t)u + 1), kept = order[u];
            order[u] = order[other];
            order[other] = kept;
        }
        g_autofree double *moves = g_new0(double, (gsize)from *(gsize)to);
        add_slowly(&both, MOE_DOMAIN_ALL, order, moves);
        found += information(moves, from, to) / TIMES;
        most += top(moves, from, to) / TIMES;
    }
    double said = metric(summary, "flow-information-picks", moe_metric_shuffled);
    double said_most = metric(summary, "flow-top-picks", moe_metric_shuffled);
    double left = metric(summary, "flow-information-picks-corrected", moe_metric_shuffled);
    g_test_message("top-%d of %d to top-%d of %d: %.5g and %.5g, said %.5g and %.5g", k_from, from,
                   k, to, found, most, said, said_most);
    g_assert_cmpfloat_with_epsilon(said, found, 0.1 * found);
    g_assert_cmpfloat_with_epsilon(said_most, most, 0.03 * most);
    g_assert_cmpfloat(fabs(left), <, 0.1 * found);
}

static void
test_chance(void)
{
    check_chance(4000, 16, 4, 16, 4, true);
    check_chance(4000, 16, 4, 16, 4, false);
    check_chance(3000, 8, 1, 12, 1, true);
    check_chance(3000, 32, 2, 8, 3, true);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_autofree char *folder = g_dir_make_tmp("moescope-flow-XXXXXX", NULL);
    path = g_build_filename(folder, "both.npz", NULL);
    g_test_add_func("/tally-flow-picks/slowly", test_slowly);
    g_test_add_func("/tally-flow-picks/parts", test_parts);
    g_test_add_func("/tally-flow-picks/by-hand", test_by_hand);
    g_test_add_func("/tally-flow-picks/chance", test_chance);
    int status = g_test_run();
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * One probe text at several steps: fluctuation, saturation and last fluctuation steps against
 * plain ones; and two steps of one trace compared.
 */
#include "compare-trace.h"

#include <math.h>
#include <string.h>

enum { PROBE = 150, STEPS = 4, ALL = PROBE * STEPS };
static const int32_t steps[STEPS] = {0, 10, 25, 100};

/* Snapshots of a text, each nearer to the last. */
static Made *
make_snapshots(void)
{
    Made *made = made_new(ALL, 21);
    MoeRng rng = moe_rng(22, 0);
    for (int t = 0; t < ALL; t++) {
        int same = t % PROBE, step = t / PROBE;
        made->id[t] = same;
        made->doc[t] = same / 50;
        made->pos[t] = same % 50;
        made->domain[t] = 0;
        made->step[t] = steps[step];
        for (int r = 0; r < MADE_ROUTERS; r++) {
            const MoeRouterInfo *info = &made->routers[r];
            int width = made_width(info) * info->units_per_token;
            if ((int)moe_rng_below(&rng, STEPS) < step)
                memcpy(made->expert[r] + t * width, made->expert[r] + same * width,
                       (gsize)width * sizeof(int32_t));
        }
    }
    return made;
}

static int32_t
choice(const Made *made, int r, int step, int unit, int slot)
{
    const MoeRouterInfo *info = &made->routers[r];
    int width = made_width(info), units = PROBE * info->units_per_token;
    return slot < width ? made->expert[r][(step * units + unit) * width + slot] : -1;
}

static int
count_picks(const Made *made, int r, int step, int unit)
{
    int n = 0;
    while (choice(made, r, step, unit, n) >= 0)
        n++;
    return n;
}

static int
count_shared(const Made *made, int r, int step, int other, int unit)
{
    int shared = 0;
    for (int i = 0; i < count_picks(made, r, step, unit); i++)
        for (int j = 0; j < count_picks(made, r, other, unit); j++)
            shared += choice(made, r, step, unit, i) == choice(made, r, other, unit, j);
    return shared;
}

/* The last step at which a unit's first choice isn't the final one; STEPS: none; -1: the unit has
 * no final one. */
static int
last_other(const Made *made, int r, int unit)
{
    int32_t final = choice(made, r, STEPS - 1, unit, 0);
    if (final < 0)
        return -1;
    for (int s = STEPS - 2; s >= 0; s--)
        if (choice(made, r, s, unit, 0) >= 0 && choice(made, r, s, unit, 0) != final)
            return s;
    return STEPS;
}

static MoeStepCell
plain_step(const Made *made, int r, int step)
{
    MoeStepCell cell = {.step = steps[step]};
    for (int u = 0; u < PROBE * made->routers[r].units_per_token; u++) {
        int32_t first = choice(made, r, step, u, 0), final = choice(made, r, STEPS - 1, u, 0);
        int32_t before = step > 0 ? choice(made, r, step - 1, u, 0) : -1;
        cell.last_other += last_other(made, r, u) == step;
        cell.followed += first >= 0 && before >= 0;
        cell.changed += first >= 0 && before >= 0 && first != before;
        if (first < 0 || final < 0)
            continue;
        cell.units++;
        cell.same_first += first == final;
        cell.shared += count_shared(made, r, step, STEPS - 1, u);
        int here = count_picks(made, r, step, u), at_end = count_picks(made, r, STEPS - 1, u);
        cell.larger += MAX(here, at_end);
        cell.product += here * at_end;
    }
    return cell;
}

static void
expect_step(const MoeStepCell *found, const MoeStepCell *plain)
{
    g_assert_cmpint(found->step, ==, plain->step);
    g_assert_cmpint(found->units, ==, plain->units);
    g_assert_cmpint(found->same_first, ==, plain->same_first);
    g_assert_cmpint(found->shared, ==, plain->shared);
    g_assert_cmpint(found->larger, ==, plain->larger);
    g_assert_cmpint(found->product, ==, plain->product);
    g_assert_cmpint(found->followed, ==, plain->followed);
    g_assert_cmpint(found->changed, ==, plain->changed);
    g_assert_cmpint(found->last_other, ==, plain->last_other);
}

static double
metric(const char *name, const MoeFluctuation *f, int r, int step, bool uniform)
{
    const MoeStepMetric *found = moe_step_metric_find(name);
    g_assert_nonnull(found);
    return uniform ? found->uniform(f, r, step) : found->value(f, r, step);
}

static void
expect_metrics(const MoeFluctuation *f, int r, int step, const MoeStepCell *plain, int64_t others)
{
    const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
    double units = (double)plain->units, larger = (double)plain->larger, experts = router->experts;
    bool last = step == STEPS - 1;
    double uniform_first = metric("saturation-first", f, r, step, true);
    double uniform = metric("saturation", f, r, step, true);
    g_assert_cmpfloat(metric("saturation-first", f, r, step, false), ==,
                      (double)plain->same_first / units);
    g_assert_cmpfloat(metric("saturation", f, r, step, false), ==, (double)plain->shared / larger);
    g_assert_cmpfloat(metric("cumulative", f, r, step, false), ==,
                      (double)(router->settled + others) / (double)router->traced);
    g_assert_true(last == isnan(uniform_first) && last == isnan(uniform));
    g_assert_true(last || uniform_first == 1 / experts);
    g_assert_true(last || uniform == (double)plain->product / larger / experts);
    g_assert_true((step == 0) == isnan(metric("fluctuation", f, r, step, false)));
    g_assert_true(step == 0 || metric("fluctuation", f, r, step, true) == 1 - 1 / experts);
    /* Of one that picks anew each time, choices between this step and the last are the last one's;
     * units that never were another are in no step. */
    double settled = pow(experts, 1 - STEPS), own = metric("cumulative", f, r, step, true);
    for (int s = 0; s <= step; s++)
        settled += metric("last-fluctuation", f, r, s, true);
    g_assert_cmpfloat_with_epsilon(own, pow(experts, MIN(0, step + 2 - STEPS)), 1e-15);
    g_assert_cmpfloat_with_epsilon(settled, own, 1e-14);
}

/* Steps that tokens were recorded at, once each. */
static void
test_trace_steps(void)
{
    int n;
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = make_snapshots();
    g_autoptr(MoeTrace) trace = made_trace(made, MADE_ROUTERS, 64);
    g_autofree int32_t *found = moe_trace_steps(trace, &n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, STEPS);
    for (int i = 0; i < n; i++)
        g_assert_cmpint(found[i], ==, steps[i]);
}

static void
test_plainly(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = make_snapshots();
    g_autoptr(MoeTrace) trace = made_trace(made, MADE_ROUTERS, GPOINTER_TO_INT(data));
    g_autoptr(MoeFluctuation) f = moe_fluctuation(trace, NULL, 0, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_fluctuation_tokens(f), ==, PROBE);
    g_assert_cmpint(moe_fluctuation_steps(f), ==, STEPS);
    g_assert_cmpint(moe_fluctuation_routers(f), ==, MADE_ROUTERS);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
        int64_t sum = router->settled;
        for (int s = 0; s < STEPS; s++) {
            MoeStepCell plain = plain_step(made, r, s);
            expect_step(moe_fluctuation_cell(f, r, s), &plain);
            sum += moe_fluctuation_cell(f, r, s)->last_other;
            expect_metrics(f, r, s, &plain, sum - router->settled);
        }
        g_assert_cmpint(router->layer, ==, made_routers[r].layer);
        g_assert_cmpint(router->traced, ==, sum);
    }
}

static void
test_layers(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = make_snapshots();
    g_autoptr(MoeTrace) trace = made_trace(made, MADE_ROUTERS, ALL);
    const int layers[] = {5, 9}, none[] = {9};
    g_autoptr(MoeFluctuation) f = moe_fluctuation(trace, layers, 2, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_fluctuation_routers(f), ==, 1);
    g_assert_cmpint(moe_fluctuation_router(f, 0)->router, ==, 3);
    g_assert_null(moe_fluctuation(trace, none, 1, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

/* Steps of one trace are sides of a comparison like any other. */
static void
test_sides(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = make_snapshots();
    g_autoptr(MoeTrace) trace = made_trace(made, MADE_ROUTERS, 70);
    const MoeCompareSide early = {trace, MOE_STEPS_ONE, 10}, last = {trace, MOE_STEPS_LAST, 0};
    const MoeCompareSide never = {trace, MOE_STEPS_ONE, 11};
    g_autoptr(MoeComparison) comparison = moe_compare(&early, &last, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_comparison_tokens(comparison), ==, PROBE);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        MoeComparisonCell cell;
        MoeStepCell plain = plain_step(made, r, 1);
        g_assert_true(moe_comparison_cell(comparison, r, 0, MOE_LABELS_OWN, &cell));
        g_assert_cmpint(cell.units, ==, plain.units);
        g_assert_cmpint(cell.same_first, ==, plain.same_first);
        g_assert_cmpint(cell.shared, ==, plain.shared);
    }
    g_assert_null(moe_compare(&never, &last, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_cmpstr(error->message, ==,
                    "no token was recorded at step 11; the trace has steps 0 … 100");
}

static void
test_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = make_snapshots();
    made->id[PROBE + 3] = 7;
    g_autoptr(MoeTrace) other = made_trace(made, 1, 100);
    g_assert_null(moe_fluctuation(other, NULL, 0, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_cmpstr(error->message, ==,
                    "step 100 (first) against step 10 (second): the tokens aren't the same: token "
                    "3 has id 7 in the second, expected 3 as in the first");
    g_clear_error(&error);
    made->tokens = PROBE;
    g_autoptr(MoeTrace) one = made_trace(made, 1, 100);
    g_assert_null(moe_fluctuation(one, NULL, 0, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, "found picks of 1 step, expected those of two or more");
}

static bool
stop(int64_t done, int64_t total, const char *what, void *user)
{
    (void)done, (void)total, (void)what, (void)user;
    return false;
}

static void
test_stopped(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = make_snapshots();
    g_autoptr(MoeTrace) trace = made_trace(made, 1, 100);
    const MoeProgress progress = {stop, NULL};
    const MoeCompareOptions options = {.progress = &progress};
    const MoeCompareSide side = {trace, MOE_STEPS_ALL, 0};
    g_assert_null(moe_fluctuation(trace, NULL, 0, &progress, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    g_clear_error(&error);
    g_assert_null(moe_compare(&side, &side, &options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_data_func("/compare-steps/plainly/small", GINT_TO_POINTER(17), test_plainly);
    g_test_add_data_func("/compare-steps/plainly/whole", GINT_TO_POINTER(ALL), test_plainly);
    g_test_add_func("/compare-steps/trace", test_trace_steps);
    g_test_add_func("/compare-steps/layers", test_layers);
    g_test_add_func("/compare-steps/sides", test_sides);
    g_test_add_func("/compare-steps/refused", test_refused);
    g_test_add_func("/compare-steps/stopped", test_stopped);
    return g_test_run();
}

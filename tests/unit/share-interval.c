/* SPDX-License-Identifier: MIT
 *
 * Intervals of shares of picks from the scatter between groups of documents, against sums by hand;
 * and as the heat map of load tells them.
 */
#include "stats/share-interval.h"
#include "figure/figures.h"

#include <math.h>
#include <moescope/figure.h>

enum { EXPERTS = 3 };

/* Picks of experts 0 and 1 in each group; nobody picks expert 2. */
static const int picks[10][2] = {{6, 4}, {5, 5}, {12, 8}, {7, 3}, {4, 6},
                                 {9, 1}, {6, 4}, {3, 7},  {5, 5}, {8, 2}};

static MoeSummary *
summary_of(int groups)
{
    static const char *const domain = "prose";
    const MoeRouterInfo router = {.layer = 4, .experts = EXPERTS, .k = 1, .units_per_token = 1};
    MoeSummary *summary = moe_summary_new(&router, 1, &domain, 1, 0);
    for (int g = 0; g < groups; g++) {
        MoeSummaryCell *cell = moe_summary_fill_group(summary, 0, 0, g);
        for (int e = 0; e < 2; e++) {
            cell->count[e] += picks[g][e];
            cell->picks += picks[g][e];
            cell->units += picks[g][e];
            cell->making[1] += picks[g][e];
        }
    }
    moe_summary_settle(summary);
    return summary;
}

static void
test_by_hand(void)
{
    /* 65 of 110 picks; Σ (c_g - 65/110 n_g)² by groups; t(0.975, 9) = 2.262157. */
    double share = 65.0 / 110, squares = 0, low[EXPERTS], high[EXPERTS];
    for (int g = 0; g < 10; g++)
        squares += pow(picks[g][0] - share * (picks[g][0] + picks[g][1]), 2);
    double half = 2.262157 * sqrt(squares * 10 / 9) / 110;
    g_autoptr(MoeSummary) summary = summary_of(10);
    g_assert_true(moe__share_intervals(summary, 0, 0, low, high));
    g_assert_cmpfloat_with_epsilon(low[0], share - half, 1e-5);
    g_assert_cmpfloat_with_epsilon(high[0], share + half, 1e-5);
    g_assert_cmpfloat_with_epsilon(high[1], 1 - low[0], 1e-12);
    g_assert_true(isnan(low[2]) && isnan(high[2])); /* no group tells how far 0 is from others */
    double all_low[EXPERTS], all_high[EXPERTS];
    g_assert_true(moe__share_intervals(summary, 0, MOE_DOMAIN_ALL, all_low, all_high));
    g_assert_cmpfloat(all_low[0], ==, low[0]);
    g_assert_cmpfloat(all_high[1], ==, high[1]);
}

static void
test_few(void)
{
    double low[EXPERTS], high[EXPERTS];
    g_autoptr(MoeSummary) few = summary_of(MOE_RESAMPLE_LEAST - 1), none = summary_of(0);
    g_assert_false(moe__share_intervals(few, 0, 0, low, high));
    g_assert_true(isnan(low[0]) && isnan(high[0]));
    g_assert_false(moe__share_intervals(none, 0, 0, low, high));
    g_assert_true(isnan(low[0]) && isnan(high[2]));
}

/* --- As the heat map tells them ---------------------------------------------------------------*/

static char *
words_of(const MoeSummary *summary, const char *norm, double x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(moe_figures_find("load", &error));
    g_assert_true(moe_figure_options_set(options, norm, &error));
    g_autoptr(MoeScene) scene = moe_figure_load(summary, NULL, options, &error);
    g_assert_no_error(error);
    g_auto(MoeDatum) datum = {0};
    double width, height;
    moe_scene_size(scene, &width, &height);
    for (double y = 0; y < height && !datum.words; y += 2)
        (void)moe_scene_pick(scene, width, height, x * width, y, &datum);
    return g_steal_pointer(&datum.words);
}

static void
test_words(void)
{
    g_autoptr(MoeSummary) summary = summary_of(10), few = summary_of(4);
    g_autofree char *share = words_of(summary, "norm=share", 0.2);
    g_autofree char *dead = words_of(summary, "norm=share", 0.7);
    g_autofree char *times = words_of(summary, "norm=relative", 0.2);
    g_autofree char *without = words_of(few, "norm=share", 0.2);
    g_assert_cmpstr(share, ==,
                    "layer 4, expert 0, domain prose: 0.591 of picks (95\xc2\xa0% interval 0.474 "
                    "to 0.707), 1.77\xc3\x97 uniform; uniform load is 1/3\xc2\xa0=\xc2\xa0"
                    "0.333");
    g_assert_nonnull(strstr(dead, "expert 2, domain prose: 0 of picks (95\xc2\xa0% interval "
                                  "unknown)"));
    g_assert_nonnull(strstr(times, "1.77\xc3\x97 uniform load (95\xc2\xa0% interval 1.42 to 2.12), "
                                   "0.591 of picks"));
    g_assert_nonnull(strstr(without, ": 0.600 of picks (1.80\xc3\x97 uniform)"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__figure_register();
    g_test_add_func("/share-interval/by-hand", test_by_hand);
    g_test_add_func("/share-interval/few", test_few);
    g_test_add_func("/share-interval/words", test_words);
    return g_test_run();
}

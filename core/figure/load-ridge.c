/* SPDX-License-Identifier: MIT
 *
 * Load over training as ridges: how loads are distributed over the experts of a router, from the
 * first steps at the top to the last at the bottom. One hill at 1 is an even router; hills that
 * move apart are experts that starve, and those that take their work.
 */
#include "figure/load-story.h"

#include <math.h>

#define POINTS     121   /* of a ridge's outline */
#define HEIGHT     1.55  /* of a ridge, in bands: it may reach into the one above */
#define SMOOTH     0.9   /* of Silverman's rule of thumb (1986, eq. 3.31) */
#define MOST_SHOWN 0.995 /* of the loads lie on the axis */
#define LEAST      0.012 /* of smoothing, as a share of the axis: a spike has to be seen, … */
#define MOST       0.04  /* … and two hills are two */

/* Of all experts at all steps of a column. */
typedef struct Loads {
    double *ratio; /* load / uniform */
    int n;
    double mean, deviation;
} Loads;

static Loads
loads_of(const LoadStory *story, int column)
{
    int experts = story->info->experts;
    int64_t first = column * story->per;
    int64_t end = MIN(first + story->per, story->steps), n = (int64_t)story->shown->len;
    Loads loads = {.ratio = g_new(double, (gsize)((end - first) * n))};
    double sum = 0, squares = 0;
    for (int64_t i = first; i < end; i++) {
        const MoeSummaryCell *cell = moe_states_cell(story->states, i);
        for (guint e = 0; e < story->shown->len && cell->picks > 0; e++) {
            int64_t count = cell->count[g_array_index(story->shown, int, e)];
            double ratio = (double)count * experts / (double)cell->picks;
            loads.ratio[loads.n++] = ratio;
            sum += ratio;
            squares += ratio * ratio;
        }
    }
    loads.mean = loads.n > 0 ? sum / loads.n : NAN;
    loads.deviation = loads.n > 0 ? sqrt(fmax(squares / loads.n - loads.mean * loads.mean, 0)) : 0;
    return loads;
}

double
moe__load_ridge_highest(const LoadStory *story)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    for (int c = 0; c < story->columns; c++) {
        Loads loads = loads_of(story, c);
        g_array_append_vals(all, loads.ratio, (guint)loads.n);
        g_free(loads.ratio);
    }
    g_array_sort(all, moe__kit_by_number);
    return all->len > 0 ? g_array_index(all, double, (guint)(MOST_SHOWN * (all->len - 1))) : 0;
}

/* A Gaussian kernel density at POINTS places; what would lie below 0 is folded back. */
static void
estimate(const Loads *loads, double width, const double *at, double *density)
{
    for (int p = 0; p < POINTS; p++) {
        density[p] = 0;
        for (int i = 0; i < loads->n; i++) {
            double a = (at[p] - loads->ratio[i]) / width, b = (at[p] + loads->ratio[i]) / width;
            density[p] += exp(-a * a / 2) + exp(-b * b / 2);
        }
    }
}

/* Picks of a step by chance: about normal. */
static void
estimate_chance(const LoadStory *story, double least, const double *at, double *density)
{
    const MoeSummaryCell *cell = moe_states_cell(story->states, 0);
    double k = (double)cell->picks / (double)MAX(cell->units, 1), q = k / cell->experts;
    double width = MAX(sqrt((1 - q) / (q * (double)MAX(cell->units, 1))), least);
    for (int p = 0; p < POINTS; p++)
        density[p] = exp(-(at[p] - 1) * (at[p] - 1) / (2 * width * width));
}

/* A ridge that stands on the lower end of a band. */
static void
add_ridge(MoeScene *scene, int panel, int band, const double *at, const double *density,
          const MoeColour *colour, const char *words)
{
    double low[POINTS], high[POINTS], most = 0;
    for (int p = 0; p < POINTS; p++)
        most = MAX(most, density[p]);
    for (int p = 0; p < POINTS; p++) {
        low[p] = band + 1;
        high[p] = band + 1 - HEIGHT * (most > 0 ? density[p] / most : 0);
    }
    MoeArea area = {.n = POINTS,
                    .at = at,
                    .low = low,
                    .high = high,
                    .ink = {.own = colour, .opacity = 0.6},
                    .words = words};
    moe_scene_add_area(scene, panel, &area);
    MoeLine line = {.n = POINTS, .x = at, .y = high, .ink = {.own = colour}};
    moe_scene_add_line(scene, panel, &line);
}

static void
add_column(MoeScene *scene, int panel, const LoadStory *story, int column, const double *at)
{
    double density[POINTS], span = at[POINTS - 1] - at[0];
    Loads loads = loads_of(story, column);
    double width = SMOOTH * loads.deviation * pow(MAX(loads.n, 1), -0.2);
    estimate(&loads, CLAMP(width, LEAST * span, MOST * span), at, density);
    double along = story->columns > 1 ? (double)column / (story->columns - 1) : 0;
    MoeColour colour = moe_colour_at(MOE_COLOURS_VIRIDIS, 0.25 + 0.6 * along);
    g_autofree char *words = g_strdup_printf(
        "steps from %.0f, layer %d: loads of %.2f \xc2\xb1 %.2f (standard deviation)",
        story->step[column], story->info->layer, loads.mean, loads.deviation);
    add_ridge(scene, panel, column + 2, at, density, &colour, words);
    g_free(loads.ratio);
}

/* An empty band at the top leaves room for the ridge below it. (transfer full) */
static char **
names_of(const LoadStory *story)
{
    char **names = g_new0(char *, (gsize)story->columns + 3);
    names[0] = g_strdup("");
    names[1] = g_strdup("chance");
    for (int c = 0; c < story->columns; c++)
        names[c + 2] = g_strdup_printf("%.0f", story->step[c]);
    return names;
}

void
moe__load_ridge_add(MoeScene *scene, const LoadStory *story, double most)
{
    static const MoeColour grey = {0.72, 0.72, 0.72};
    double at[POINTS], density[POINTS];
    for (int p = 0; p < POINTS; p++)
        at[p] = most * p / (POINTS - 1);
    g_auto(GStrv) names = names_of(story);
    MoeAxis x = {.label = "load / uniform", .max = most};
    MoeAxis y = {.type = MOE_AXIS_BAND,
                 .label = "from step",
                 .bands = story->columns + 2,
                 .names = (const char *const *)names,
                 .every = true};
    g_autofree char *title = g_strdup_printf("layer %d", story->info->layer);
    int panel = moe_scene_add_panel(scene, title, NULL, &x, &y);
    estimate_chance(story, LEAST * most, at, density);
    add_ridge(scene, panel, 1, at, density, &grey, "uniformly random picks, as many");
    for (int c = 0; c < story->columns; c++)
        add_column(scene, panel, story, c, at);
    MoeRule rule = {.upright = true, .value = 1, .high = NAN};
    moe_scene_add_rule(scene, panel, &rule);
}

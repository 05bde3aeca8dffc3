/* SPDX-License-Identifier: MIT
 *
 * olmoe-view.c: co-activation as OLMoE's published figure has it (Muennighoff et al. 2024,
 * arXiv 2409.02060, figure 21; its scripts/run_moe_analysis.py): pairs are neighbours in rank
 * alone, counted in both directions, over the picks of the first expert. The figure shows the
 * experts of the highest scores.
 */
#include "json.h"
#include "view.h"

enum { SHOWN = 16 };

typedef struct Pair {
    int a, b;
    double score; /* (a_ab + a_ba) / c_a */
} Pair;

/* Highest first; equal ones by expert, where the script has them as they came. */
static gint
by_score(gconstpointer x, gconstpointer y)
{
    const Pair *p = x, *q = y;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    return p->a != q->a ? p->a - q->a : p->b - q->b;
}

/* All pairs that occur, sorted. (transfer full, of Pair) */
static GArray *
pairs_of(const CmdViewPlace *place)
{
    const MoeSummary *summary = place->source->summary;
    const MoeAdjacentCell *cell = moe_summary_adjacent(summary, place->router, place->domain);
    const int64_t *picks = moe_summary_cell(summary, place->router, place->domain)->count;
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    for (int a = 0; a < cell->experts; a++)
        for (int b = 0; b < cell->experts; b++) {
            int64_t both =
                cell->adjacent[a * cell->experts + b] + cell->adjacent[b * cell->experts + a];
            Pair pair = {a, b, picks[a] > 0 ? (double)both / (double)picks[a] : 0};
            if (a != b && both > 0 && picks[a] > 0)
                g_array_append_val(pairs, pair);
        }
    g_array_sort(pairs, by_score);
    return pairs;
}

/* The experts of the figure, in its order: as they first occur among the sorted pairs. */
static int
experts_of(const GArray *pairs, int *experts)
{
    int n = 0;
    for (guint i = 0; i < pairs->len && n < SHOWN; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        const int two[2] = {pair->a, pair->b};
        for (int j = 0; j < 2 && n < SHOWN; j++) {
            int k = 0;
            while (k < n && experts[k] != two[j])
                k++;
            if (k == n)
                experts[n++] = two[j];
        }
    }
    return n;
}

static double
score_of(const GArray *pairs, int a, int b)
{
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        if (pair->a == a && pair->b == b)
            return pair->score;
    }
    return 0;
}

static void
print_text(GString *out, const CmdViewPlace *place, bool markdown)
{
    g_autoptr(GArray) pairs = pairs_of(place);
    int experts[SHOWN], n = experts_of(pairs, experts);
    g_string_append(out, markdown ? "| % |" : "       %");
    for (int j = 0; j < n; j++)
        g_string_append_printf(out, markdown ? " %d |" : "%7d", experts[j]);
    g_string_append(out, markdown ? "\n|---:|" : "\n");
    for (int j = 0; markdown && j < n; j++)
        g_string_append(out, "---:|");
    g_string_append(out, markdown ? "\n" : "");
    for (int i = 0; i < n; i++) {
        g_string_append_printf(out, markdown ? "| %d |" : "  %6d", experts[i]);
        for (int j = 0; j < n; j++)
            g_string_append_printf(out, markdown ? " %.2f |" : "%7.2f",
                                   100 * score_of(pairs, experts[i], experts[j]));
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out,
                           "%sneighbours in rank alone, over the row's picks: not the share of "
                           "units that pick both (max-coactivation)\n",
                           markdown ? "\n" : "  ");
}

static void
print_csv(GString *csv, const CmdViewPlace *place)
{
    g_autoptr(GArray) pairs = pairs_of(place);
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        cmd_view_csv_place(csv, place);
        g_string_append_printf(csv, "%d,%d,", pair->a, pair->b);
        cmd_csv_number(csv, pair->score, ',');
        cmd_view_csv_end(csv, place);
    }
}

static void
print_json(GString *json, const CmdViewPlace *place)
{
    g_autoptr(GArray) pairs = pairs_of(place);
    int experts[SHOWN], n = experts_of(pairs, experts);
    json_open(json, "shown", '[');
    for (int i = 0; i < n; i++)
        json_int(json, NULL, experts[i]);
    json_close(json, ']');
    json_open(json, "pairs", '[');
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        json_open(json, NULL, '{');
        json_int(json, "expert", pair->a);
        json_int(json, "with", pair->b);
        json_real(json, "score", pair->score);
        json_close(json, '}');
    }
    json_close(json, ']');
}

const CmdView cmd_olmoe_view = {
    .tallies = MOE_TALLY_ADJACENT,
    .csv_head = "expert,with,score",
    .text = print_text,
    .csv = print_csv,
    .json = print_json,
};

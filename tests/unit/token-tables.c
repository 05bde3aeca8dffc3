/* SPDX-License-Identifier: MIT
 *
 * Counting by token id: whole and in several walks within a small budget, ids near and far, counts
 * beyond what a byte holds, against a plain count; and what follows from a table worked out by
 * hand.
 */
#include "stats/sets.h"
#include "stats/token-add.h"
#include "stats/token-bytes.h"
#include "stats/token-order.h"
#include "stats/tokens.h"

#include <math.h>
#include <string.h>

typedef struct Made {
    MoeRouterInfo info;
    MoeTraceView view;
    MoeTallyRun runs[2];
    MoeTallyChunk chunk;
    MoeTokenOrder order;
    int32_t *id;
    uint64_t *sets;
    uint16_t *first;
} Made;

static void
made_clear(Made *made)
{
    moe__token_order_clear(&made->order);
    g_free(made->view.expert);
    g_free(made->id);
    g_free(made->sets);
    g_free(made->first);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Made, made_clear)

/* Tokens of few ids that are frequent and many that are rare, `stride` apart; all but the first
 * seven and a gap in the middle are counted. */
static void
make(Made *made, int experts, int k, int heads, int64_t tokens, int32_t stride)
{
    MoeRng rng = moe_rng(5, (uint64_t)experts);
    int64_t units = tokens * heads;
    int words = moe__sets_words(experts);
    *made = (Made){.info = {.experts = experts, .k = k, .units_per_token = heads}};
    made->view = (MoeTraceView){.tokens = tokens, .units = units, .k = k};
    made->view.expert = g_new(int32_t, (gsize)(k * units));
    made->id = g_new(int32_t, (gsize)tokens);
    for (int64_t t = 0; t < tokens; t++) {
        int32_t rank = (int32_t)(1000.0 * pow((double)moe_rng_uniform(&rng), 6));
        made->id[t] = t % 50 == 0 ? -1 : rank * stride;
    }
    for (int64_t i = 0; i < k * units; i++)
        made->view.expert[i] =
            (int32_t)moe_rng_below(&rng, (uint64_t)(made->id[i % units / heads] % 5 + 2)) - 1;
    for (int64_t i = 0; i < k * units; i++)
        made->view.expert[i] = MIN(made->view.expert[i] * 11, experts - 1);
    if (words > 0) {
        made->sets = g_new(uint64_t, (gsize)(units * words));
        moe__sets_fill(&made->view, 0, units, words, made->sets);
    }
    made->runs[0] = (MoeTallyRun){7, tokens / 2 - 7, 0, 0};
    made->runs[1] = (MoeTallyRun){tokens / 2 + 3, tokens - tokens / 2 - 3, 1, 0};
    made->first = g_new(uint16_t, (gsize)units);
    for (int64_t u = 0; u < units; u++)
        made->first[u] = made->view.expert[u] < 0 ? MOE_NO_CHOICE : (uint16_t)made->view.expert[u];
    moe__token_order_init(&made->order, made->id, made->runs, 2);
    made->chunk = (MoeTallyChunk){.view = &made->view,
                                  .units_per_token = heads,
                                  .order = &made->order,
                                  .sets = made->sets,
                                  .words = words,
                                  .first = made->first,
                                  .runs = made->runs,
                                  .n_runs = 2};
}

/* Counts of one id, [experts] first choices, [experts] picks. */
static void
count_naively(const Made *made, int32_t id, int64_t *first, int64_t *picks)
{
    const MoeTraceView *view = &made->view;
    int heads = made->info.units_per_token;
    for (int r = 0; r < 2; r++)
        for (int64_t u = made->runs[r].first * heads;
             u < (made->runs[r].first + made->runs[r].n) * heads; u++) {
            if (made->id[u / heads] != id)
                continue;
            if (view->expert[u] >= 0)
                first[view->expert[u]]++;
            for (int e = 0; e < made->info.experts; e++) {
                bool picked = false;
                for (int slot = 0; slot < view->k; slot++)
                    picked |= view->expert[slot * view->units + u] == e;
                picks[e] += picked;
            }
        }
}

static int
go_through(const Made *made, MoeTokenWalk *walk, MoeTokenTable **table, MoeTokenCell **cell)
{
    int walks = 0;
    moe__tokens_begin(walk, &made->info);
    do {
        moe__tokens_count(walk, &made->chunk);
        walks++;
    } while (moe__tokens_again(walk));
    *cell = moe__tokens_end(walk, table);
    return walks;
}

static void
check_table(const Made *made, const MoeTokenTable *table)
{
    gsize n = (gsize)made->info.experts;
    g_autofree int64_t *first = g_new(int64_t, n), *picks = g_new(int64_t, n);
    g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL);
    for (int64_t i = 0, e; i < table->n; i = e) {
        memset(first, 0, n * sizeof *first);
        memset(picks, 0, n * sizeof *picks);
        count_naively(made, table->id[i], first, picks);
        for (e = i; e < table->n && table->id[e] == table->id[i]; e++) {
            g_assert_true(e == i || table->expert[e] > table->expert[e - 1]);
            g_assert_cmpint(table->first[e], ==, first[table->expert[e]]);
            g_assert_cmpint(table->picks[e], ==, picks[table->expert[e]]);
            picks[table->expert[e]] = 0;
        }
        for (gsize x = 0; x < n; x++)
            g_assert_cmpint(picks[x], ==, 0);
        g_assert_true(i == 0 || table->id[i] > table->id[i - 1]);
        g_hash_table_add(ids, GINT_TO_POINTER(table->id[i] + 1));
    }
    for (int r = 0; r < 2; r++)
        for (int64_t t = made->runs[r].first; t < made->runs[r].first + made->runs[r].n; t++) {
            bool any = false;
            for (int slot = 0; slot < made->view.k; slot++)
                for (int i = 0; i < made->info.units_per_token; i++)
                    any |= made->view.expert[slot * made->view.units +
                                             t * made->info.units_per_token + i] >= 0;
            if (made->id[t] >= 0 && any)
                g_assert_true(g_hash_table_contains(ids, GINT_TO_POINTER(made->id[t] + 1)));
        }
}

static void
same_cells(const MoeTokenCell *a, const MoeTokenCell *b)
{
    g_assert_cmpint(a->ids, ==, b->ids);
    g_assert_cmpint(a->often, ==, b->often);
    g_assert_cmpint(a->units, ==, b->units);
    g_assert_cmpmem(a->mean, sizeof a->mean, b->mean, sizeof b->mean);
    g_assert_cmpmem(a->weighted, sizeof a->weighted, b->weighted, sizeof b->weighted);
    g_assert_cmpmem(a->corrected, sizeof a->corrected, b->corrected, sizeof b->corrected);
    gsize load = MOE_TOKENS_SETS * (gsize)a->experts;
    g_assert_cmpmem(a->load, load * sizeof *a->load, b->load, load * sizeof *b->load);
    gsize top = (gsize)a->experts * MOE_TOKENS_TOP;
    g_assert_cmpmem(a->top_id, top * sizeof *a->top_id, b->top_id, top * sizeof *b->top_id);
    g_assert_cmpmem(a->top_lift, top * sizeof *a->top_lift, b->top_lift, top * sizeof *b->top_lift);
}

/* Whole, in pieces, and once more with rows that were used before: the same table and the same
 * cell, bit by bit, which is also that of the table. */
static void
compare_walks(int experts, int k, int heads, int32_t stride, size_t small)
{
    g_auto(Made) made;
    make(&made, experts, k, heads, 20000, stride);
    MoeTokenWalk *large = moe__tokens_new(true, 64 << 20), *little = moe__tokens_new(true, small);
    g_autoptr(MoeTokenTable) whole = NULL, pieces = NULL;
    g_autoptr(MoeTokenCell) cell = NULL, other = NULL;
    g_assert_cmpint(go_through(&made, large, &whole, &cell), ==, 1);
    check_table(&made, whole);
    for (int i = 0; i < 2; i++) {
        g_clear_pointer(&pieces, moe__token_table_free);
        g_clear_pointer(&other, moe__token_cell_free);
        int walks = go_through(&made, little, &pieces, &other);
        g_test_message("%d walks within %zu bytes", walks, small);
        g_assert_cmpint(walks, >, 1);
        same_cells(cell, other);
    }
    g_clear_pointer(&other, moe__token_cell_free);
    MoeTokenTable *second;
    g_assert_cmpint(go_through(&made, large, &second, &other), ==, 1);
    g_assert_cmpint(second->n, ==, whole->n);
    same_cells(cell, other);
    moe__token_table_free(second);
    moe__tokens_free(large);
    moe__tokens_free(little);
    g_assert_cmpint(whole->n, ==, pieces->n);
    gsize n = (gsize)whole->n;
    g_assert_cmpmem(whole->id, n * 4, pieces->id, n * 4);
    g_assert_cmpmem(whole->expert, n * 2, pieces->expert, n * 2);
    g_assert_cmpmem(whole->first, n * 8, pieces->first, n * 8);
    g_assert_cmpmem(whole->picks, n * 8, pieces->picks, n * 8);
    same_cells(cell, other);
    g_autoptr(MoeTokenCell) again = moe__token_cell(whole, k);
    same_cells(cell, again);
}

static void
test_walks(void)
{
    compare_walks(8, 2, 1, 1, 270 << 10);
    compare_walks(64, 8, 1, 1, 270 << 10);
    compare_walks(65, 3, 2, 1, 270 << 10);
    compare_walks(200, 3, 1, 2000003, 270 << 10);
    compare_walks(MOE_SETS_EXPERTS + 10, 2, 1, 1 << 20, 1 << 20);
}

/* Each counted token of a known id stands once, by id, then in the order of the trace. */
static void
test_order(void)
{
    g_auto(Made) made;
    make(&made, 8, 2, 1, 20000, 70000);
    const MoeTokenOrder *order = &made.order;
    int64_t counted = 0, n = order->group[order->groups].first;
    for (int r = 0; r < 2; r++)
        for (int64_t t = made.runs[r].first; t < made.runs[r].first + made.runs[r].n; t++)
            counted += made.id[t] >= 0;
    g_assert_cmpint(n, ==, counted);
    for (int64_t g = 0; g < order->groups; g++) {
        g_assert_true(g == 0 || order->group[g].id > order->group[g - 1].id);
        g_assert_cmpint(order->group[g].first, <, order->group[g + 1].first);
        for (uint32_t i = order->group[g].first; i < order->group[g + 1].first; i++) {
            g_assert_cmpint(made.id[order->token[i]], ==, order->group[g].id);
            g_assert_true(i == order->group[g].first || order->token[i] > order->token[i - 1]);
            g_assert_true(order->token[i] >= 7 &&
                          (order->token[i] < 10000 || order->token[i] >= 10003));
        }
    }
    MoeTokenOrder none = {0};
    moe__token_order_init(&none, made.id, NULL, 0);
    g_assert_cmpint(none.groups, ==, 0);
    moe__token_order_clear(&none);
}

/* Every kernel that this CPU runs, with more units of an id than a byte counts. */
static void
check_kernel(const MoeTokenKernel *kernel, int experts, int k, int heads)
{
    g_auto(Made) made;
    make(&made, experts, k, heads, 20000, 1);
    MoeTokenRows rows;
    moe__token_rows_init(&rows, experts);
    gsize n = (gsize)experts;
    g_autofree int64_t *first = g_new0(int64_t, n), *picks = g_new0(int64_t, n);
    g_autofree uint64_t *set = g_new(uint64_t, n / 64 + 1);
    const MoeTokenOrder *order = &made.order;
    int32_t row = moe__token_rows_find(&rows, order->group[0].id);
    const MoeTokenPlace places[2] = {
        {row, moe__token_rows_at(&rows, row), order->token, order->group[1].first}};
    kernel->add(&rows, &made.chunk, places, 1, set);
    count_naively(&made, order->group[0].id, first, picks);
    g_assert_cmpint(places[0].n, >, 512);
    for (int e = 0; e < experts; e++) {
        g_assert_cmpint(moe__token_rows_count(&rows, row, e), ==, picks[e]);
        g_assert_cmpint(moe__token_rows_count(&rows, row, rows.width + e), ==, first[e]);
    }
    moe__token_rows_clear(&rows);
}

static void
test_kernels(void)
{
    for (const MoeTokenKernel *const *kernel = moe__token_kernels(); *kernel; kernel++) {
        g_test_message("%s", (*kernel)->name);
        check_kernel(*kernel, 8, 2, 1);
        check_kernel(*kernel, 64, 8, 1);
        check_kernel(*kernel, 255, 4, 1);
        check_kernel(*kernel, 60, 2, 3);
        check_kernel(*kernel, 300, 3, 2);
        check_kernel(*kernel, MOE_SETS_EXPERTS + 1, 2, 1);
    }
}

/* Ids up to the highest, strewn or far apart, take memory by their number. */
static void
test_far_ids(void)
{
    MoeTokenRows rows;
    moe__token_rows_init(&rows, 8);
    for (int32_t i = 0; i < 2000; i++) {
        g_assert_cmpint(moe__token_rows_find(&rows, INT32_MAX - i * (1 << 20)), ==, i);
        g_assert_cmpint(moe__token_rows_find(&rows, INT32_MAX - i * (1 << 20)), ==, i);
    }
    g_assert_cmpint(moe__token_rows_size(&rows), <, 1 << 20);
    moe__token_rows_clear(&rows);
}

static void
check_bytes(const MoeTokenBytesKernel *kernel, const MoeTokenBytesKernel *naive)
{
    uint8_t bytes[128] __attribute__((aligned(64))), x[192], y[192];
    uint16_t a[128] __attribute__((aligned(64))) = {0}, b[128] __attribute__((aligned(64))) = {0};
    uint16_t at[128], there[128];
    float least[128];
    MoeRng rng = moe_rng(9, 0);
    for (int i = 0; i < 257; i++) {
        for (int j = 0; j < 128; j++) {
            bytes[j] = (uint8_t)moe_rng_below(&rng, i % 3 ? 4 : 256);
            least[j] = moe_rng_uniform(&rng);
        }
        int width = i % 2 ? 64 : 128;
        MoeTokenBytes p = kernel->measure(bytes, width, a), q = naive->measure(bytes, width, b);
        g_assert_cmpint(p.total, ==, q.total);
        g_assert_cmpint(p.most, ==, q.most);
        g_assert_cmpint(p.pairs, ==, q.pairs);
        int n = kernel->above_one(bytes, width, x), m = naive->above_one(bytes, width, y);
        g_assert_cmpmem(x, (gsize)n, y, (gsize)m);
        n = kernel->reaching(bytes, width, least, i % 5, at);
        m = naive->reaching(bytes, width, least, i % 5, there);
        g_assert_cmpmem(at, (gsize)n * sizeof *at, there, (gsize)m * sizeof *there);
    }
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
}

/* The last kernel is the plain one. */
static void
test_bytes(void)
{
    const MoeTokenBytesKernel *const *kernels = moe__token_bytes_kernels(), *naive = NULL;
    for (int i = 0; kernels[i]; i++)
        naive = kernels[i];
    const uint8_t four[64] __attribute__((aligned(64))) = {0, 3, 1, 2};
    const float least[64] = {0, 0.5f, 0.5f, 0.75f};
    uint8_t above[64];
    uint16_t places[64];
    g_assert_cmpint(naive->above_one(four, 64, above), ==, 2);
    g_assert_cmpint(above[0], ==, 3);
    g_assert_cmpint(naive->reaching(four, 64, least, 4, places), ==, 1);
    g_assert_cmpint(places[0], ==, 1);
    for (int i = 0; kernels[i]; i++)
        check_bytes(kernels[i], naive);
}

/* --- By hand ----------------------------------------------------------------------------------*/

/* Three ids, top-2 of 3 experts: id 4 twelve times, first e0 9 times, e1 3; id 7 four times, e2
 * first; id 9 once. */
static const int32_t ids[] = {4, 4, 4, 7, 7, 9, 9};
static const uint16_t experts[] = {0, 1, 2, 0, 2, 1, 2};
static const int64_t firsts[] = {9, 3, 0, 0, 4, 1, 0}, picks[] = {12, 8, 4, 4, 4, 1, 1};
static const MoeTokenTable by_hand = {3, 7, ids, experts, firsts, picks};

static double
plogp(double p)
{
    return p > 0 ? p * log(p) : 0;
}

static void
test_cell(void)
{
    g_autoptr(MoeTokenCell) cell = moe__token_cell(&by_hand, 2);
    g_assert_cmpint(cell->ids, ==, 3);
    g_assert_cmpint(cell->often, ==, 1);
    g_assert_cmpint(cell->units, ==, 17);
    g_assert_cmpint(cell->total[MOE_TOKENS_PICKS], ==, 34);
    g_assert_cmpfloat_with_epsilon(cell->mean[0], (0.75 + 1 + 1) / 3, 1e-15);
    g_assert_cmpfloat_with_epsilon(cell->mean_often[0], 0.75, 1e-15);
    g_assert_cmpfloat_with_epsilon(cell->weighted[0], 14.0 / 17, 1e-15);
    g_assert_cmpfloat_with_epsilon(cell->mean[1], 1, 1e-15);
    g_assert_cmpfloat_with_epsilon(cell->weighted[1], 1, 1e-15);
    double h = -(plogp(9 / 17.0) + plogp(4 / 17.0) + plogp(4 / 17.0));
    double inside = 12 / 17.0 * -(plogp(0.75) + plogp(0.25));
    g_assert_cmpfloat_with_epsilon(cell->entropy[0], h, 1e-14);
    g_assert_cmpfloat_with_epsilon(cell->information[0], h - inside, 1e-14);
    /* Four pairs, three experts, three ids. */
    g_assert_cmpfloat_with_epsilon(cell->corrected[0], h - inside + 1 / 34.0, 1e-14);
    g_assert_cmpint(cell->seen_ids[12], ==, 1);
    g_assert_cmpint(cell->seen_units[4], ==, 4);
    /* Only id 4 is seen often: lift = (n_xe / 12) / (c_e / 17). */
    g_assert_cmpint(cell->top_id[0], ==, 4);
    g_assert_cmpint(cell->top_picks[0], ==, 12);
    g_assert_cmpfloat_with_epsilon(cell->top_lift[0], 17 / 16.0, 1e-14);
    g_assert_cmpfloat_with_epsilon(cell->top_lift[MOE_TOKENS_TOP], 8 / 12.0 * 17 / 9, 1e-14);
    g_assert_cmpint(cell->top_picks[1], ==, 0);
}

/* Somebody's counts of picks without first choices: n_x is picks / k. */
static void
test_picks_alone(void)
{
    const int64_t none[7] = {0};
    const MoeTokenTable table = {3, 7, ids, experts, none, picks};
    g_autoptr(MoeTokenCell) cell = moe__token_cell(&table, 2);
    g_assert_cmpint(cell->units, ==, 17);
    g_assert_cmpfloat_with_epsilon(cell->weighted[1], 1, 1e-15);
    g_assert_true(isnan(cell->mean[0]) && isnan(cell->information[0]));
}

static void
test_tables(void)
{
    const int32_t id[] = {9, 4, 9};
    const uint16_t expert[] = {1, 2, 1};
    const int64_t first[] = {1, 0, 0}, some[] = {2, 3, 5};
    const MoeTokenTable mixed = {3, 3, id, expert, first, some};
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTokenTable) sorted = moe__token_table_copy(&mixed, 3, &error);
    g_assert_no_error(error);
    g_assert_cmpint(sorted->n, ==, 2);
    g_assert_cmpint(sorted->id[0], ==, 4);
    g_assert_cmpint(sorted->picks[1], ==, 7);
    g_assert_cmpint(sorted->first[1], ==, 1);
    g_autoptr(MoeTokenTable) sum = moe__token_table_add(&by_hand, sorted);
    g_assert_cmpint(sum->n, ==, 7);
    g_assert_cmpint(sum->picks[2], ==, 7);
    g_assert_cmpint(sum->picks[5], ==, 8);
    g_assert_null(moe__token_table_copy(&mixed, 2, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "expert 2"));
}

static void
test_classes(void)
{
    for (int64_t seen = 1, last = 0; seen < 100000; seen++) {
        int class = moe_tokens_class(seen);
        g_assert_true(class == last || class == last + 1);
        g_assert_true(seen >= 16 || class == seen);
        last = class;
    }
    g_assert_cmpint(moe_tokens_class(32), ==, 20);
    g_assert_cmpint(moe_tokens_class(INT64_MAX), ==, MOE_TOKENS_CLASSES - 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token-tables/order", test_order);
    g_test_add_func("/token-tables/kernels", test_kernels);
    g_test_add_func("/token-tables/walks", test_walks);
    g_test_add_func("/token-tables/far-ids", test_far_ids);
    g_test_add_func("/token-tables/bytes", test_bytes);
    g_test_add_func("/token-tables/cell", test_cell);
    g_test_add_func("/token-tables/picks-alone", test_picks_alone);
    g_test_add_func("/token-tables/tables", test_tables);
    g_test_add_func("/token-tables/classes", test_classes);
    return g_test_run();
}

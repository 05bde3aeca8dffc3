/* SPDX-License-Identifier: MIT
 *
 * Checks look at full blocks of units column by column, and else unit by unit: both ways have to
 * find the same, to the word.
 */
#include "check-trace.h"
#include "check/rows.h"

#include <math.h>
#include <string.h>

enum { TOKENS = 9000, CHUNK = 5000 };

/* --- Both ways --------------------------------------------------------------------------------*/

static void
see_chunk(MoeCheckRun *run, void *state, int chunk, int64_t first, bool by_blocks)
{
    MoeRowsBuffer buffer = {0};
    g_autofree char *name = g_strdup_printf("tokens/%05d.id", chunk);
    MoeArray id;
    g_assert_true(moe_trace_read(run->trace, name, &id, NULL));
    for (int r = 0; r < moe_trace_routers(run->trace); r++) {
        moe__rows_read(&buffer, run->trace,
                       &(MoeRowsChunk){chunk, first, id.data, NULL, NULL, NULL}, r);
        g_assert_no_error(buffer.problem);
        run->full = by_blocks ? buffer.full : NULL;
        run->check->rows(run, state, &buffer.rows);
    }
    if (run->check->chunk)
        run->check->chunk(run, state, chunk);
    moe__rows_clear(&buffer);
    g_free((gpointer)id.data);
}

static MoeFindings *
run_check(const MoeTrace *trace, const MoeCheck *check, bool by_blocks)
{
    MoeCheckRun run = {trace, moe__findings_new(), check, NULL};
    g_autofree void *state = g_malloc0(MAX(check->state_size, 1));
    int64_t first = 0;
    check->begin(&run, state);
    for (int c = 0; c < moe_trace_chunks(trace); first += moe_trace_tokens(trace, c++))
        see_chunk(&run, state, c, first, by_blocks);
    check->end(&run, state, false);
    return run.findings;
}

static void
expect_same_drops(const MoeFindings *a, const MoeFindings *b, const char *check)
{
    int64_t n, m;
    const MoeTraceRange *one = moe_findings_drops(a, check, &n);
    const MoeTraceRange *other = moe_findings_drops(b, check, &m);
    g_assert_cmpint(n, ==, m);
    if (n > 0)
        g_assert_cmpmem(one, (size_t)n * sizeof *one, other, (size_t)m * sizeof *other);
}

/* Returns how many there are. */
static int
expect_same(const MoeFindings *a, const MoeFindings *b)
{
    int n = moe_findings_count(a);
    g_assert_cmpint(n, ==, moe_findings_count(b));
    for (int i = 0; i < n; i++) {
        const MoeFinding *x = moe_findings_get(a, i), *y = moe_findings_get(b, i);
        g_assert_cmpstr(x->text, ==, y->text);
        g_assert_cmpint(x->severity, ==, y->severity);
        g_assert_cmpint(x->router, ==, y->router);
        g_assert_cmpint(x->chunk, ==, y->chunk);
        g_assert_cmpint(x->token, ==, y->token);
        g_assert_cmpint(x->count, ==, y->count);
        g_assert_cmpint(x->all, ==, y->all);
    }
    return n;
}

/* Runs all checks both ways; `telling` of them find something. */
static void
expect_both(const Made *made, int telling)
{
    g_autoptr(MoeTrace) trace = made_trace(made, "blocks.npz");
    int n, told = 0;
    const MoeCheck *const *checks = moe_checks_list(&n);
    for (int i = 0; i < n; i++) {
        if (!checks[i]->rows)
            continue;
        g_autoptr(MoeFindings) blocks = run_check(trace, checks[i], true);
        g_autoptr(MoeFindings) units = run_check(trace, checks[i], false);
        told += expect_same(blocks, units) > 0;
        expect_same_drops(blocks, units, checks[i]->name);
    }
    g_assert_cmpint(told, ==, telling);
}

static Made *
make(int experts, int k)
{
    Made *made = made_new(TOKENS, experts, k);
    made->chunk_tokens = CHUNK;
    return made;
}

/* --- What there is to find --------------------------------------------------------------------*/

static void
test_nothing(void)
{
    g_autoptr(Made) made = make(16, 4);
    expect_both(made, 0);
    made->no_gates = made->no_logits = made->no_stats = true;
    expect_both(made, 0);
}

/* One of each kind in a block of its own: holes, an expert twice, pads, gates that are no numbers,
 * negative or of another sum. */
static void
test_single_units(void)
{
    g_autoptr(Made) made = make(16, 4);
    made->expert[0][4 * 100 + 3] = -1;
    made->expert[1][4 * 2500 + 3] = made->expert[1][4 * 2500];
    for (int slot = 0; slot < 4; slot++)
        made->expert[2][4 * 4200 + slot] = 15;
    made->gate[0][4 * 5100 + 1] = NAN;
    made->gate[1][4 * 7100 + 2] = -0.25f;
    made->gate[2][4 * 8999] = 0.5f;
    expect_both(made, 5);
}

/* Rows that hold all through: gates all the same, ids in order, a router that is another's copy. */
static void
test_whole_routers(void)
{
    g_autoptr(Made) made = make(8, 3);
    for (int i = 0; i < 3 * TOKENS; i++) {
        made->gate[0][i] = 1.0f / 4;
        made->expert[1][i] = 1 + i % 3;
    }
    made->info[1].gates_sum_to_one = false;
    memcpy(made->expert[2], made->expert[0], sizeof(int32_t) * 3 * TOKENS);
    memcpy(made->gate[2], made->gate[0], sizeof(float) * 3 * TOKENS);
    expect_both(made, 4);
}

/* Runs of equal rows across chunks, and of ids without picks. */
static void
test_runs(void)
{
    g_autoptr(Made) made = make(16, 1);
    for (int t = CHUNK - 500; t < CHUNK + 500; t++)
        made_copy(made, 50, t);
    for (int t = 2 * 2048; t < 3 * 2048; t++)
        made->expert[1][t] = t % 5 ? made->expert[1][t] : -1;
    expect_both(made, 2);
}

/* More slots than all pairs of them are worth comparing. */
static void
test_many_slots(void)
{
    g_autoptr(Made) made = make(40, 18);
    made->expert[1][18 * 3000 + 17] = made->expert[1][18 * 3000 + 2];
    expect_both(made, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/blocks/nothing", test_nothing);
    g_test_add_func("/check/blocks/single-units", test_single_units);
    g_test_add_func("/check/blocks/whole-routers", test_whole_routers);
    g_test_add_func("/check/blocks/runs", test_runs);
    g_test_add_func("/check/blocks/many-slots", test_many_slots);
    int failed = g_test_run();
    made_end();
    return failed;
}

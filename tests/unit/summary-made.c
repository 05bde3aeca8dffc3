/* SPDX-License-Identifier: MIT */
#include "summary-made.h"

#include "stats/summary.h"
#include "stats/tokens.h"

#include <math.h>
#include <string.h>

/* Two alike, so that there is a flow; many experts, so that tables are large; sub-tokens. */
const MoeRouterInfo made_routers[MADE_ROUTERS] = {
    {0, 8, 2, 1, 0, true, true, (char *)"softmax", (char *)"top-k", (char *)"renormalised"},
    {1, 12, 3, 1, 0, false, true, (char *)"softmax", (char *)"top-k", (char *)"score"},
    {2, 90, 4, 1, 0, false, true, (char *)"softmax", (char *)"top-k", (char *)"score"},
    {3, 16, 1, 3, 0, false, true, (char *)"sigmoid", (char *)"top-k", (char *)"score"},
};
const char *const made_domains[MADE_DOMAINS] = {"prose", "code", "poems"};

/* --- Traces -----------------------------------------------------------------------------------*/

enum { LONGEST = 40, WIDEST = 4 };

static void
fill_picks(MoeRng *rng, int router, int64_t units, int32_t *expert, float *gate)
{
    const MoeRouterInfo *info = &made_routers[router];
    for (int64_t unit = 0; unit < units; unit++)
        for (int slot = 0; slot < info->k; slot++) {
            int64_t i = unit * info->k + slot;
            /* Without replacement by stepping on; the square prefers low numbers. */
            uint64_t e = moe_rng_below(rng, (uint64_t)info->experts);
            e = e * e / (uint64_t)info->experts;
            for (int other = 0; other < slot; other++)
                if (expert[i - slot + other] == (int32_t)e) {
                    e = (e + 1) % (uint64_t)info->experts;
                    other = -1;
                }
            expert[i] = (int32_t)e;
            gate[i] = (float)moe_rng_below(rng, 1024) / 1024;
        }
}

static void
append_document(MoeTraceWriter *writer, int doc, const Made *made)
{
    g_autoptr(GError) error = NULL;
    MoeRng rng = moe_rng(17, (uint64_t)doc);
    int64_t n = 1 + (int64_t)moe_rng_below(&rng, LONGEST);
    int32_t id[LONGEST], docs[LONGEST], pos[LONGEST], domain[LONGEST], step[LONGEST];
    static int32_t expert[MADE_ROUTERS][LONGEST * 3 * WIDEST];
    static float gate[MADE_ROUTERS][LONGEST * 3 * WIDEST];
    MoeTracePicks picks[MADE_ROUTERS] = {0};
    for (int t = 0; t < n; t++) {
        id[t] = (int32_t)moe_rng_below(&rng, 20);
        docs[t] = doc;
        pos[t] = t;
        domain[t] = doc % (MADE_DOMAINS + 1) - 1; /* some have none */
        if (domain[t] >= made->domains)
            domain[t] = -1;
        step[t] = made->steps ? doc : 0;
    }
    for (int r = 0; r < MADE_ROUTERS; r++) {
        fill_picks(&rng, r, n * made_routers[r].units_per_token, expert[r], gate[r]);
        picks[r] = (MoeTracePicks){.expert = expert[r], .gate = gate[r]};
    }
    const MoeTraceTokens tokens = {n, id, docs, pos, domain, step, NULL};
    g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    g_assert_no_error(error);
}

void
made_write(const char *path, const Made *made)
{
    g_autoptr(GError) error = NULL;
    const MoeTraceOptions options = {
        .compression = 1,
        .gates = true,
        .chunk_tokens = made->chunk_tokens ? made->chunk_tokens : 50,
    };
    g_autofree char *meta =
        moe_trace_meta(made_routers, MADE_ROUTERS, made_domains, made->domains, NULL);
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, made_routers, MADE_ROUTERS, &options, &error);
    g_assert_no_error(error);
    for (int doc = made->first; doc < made->first + made->n; doc++)
        append_document(writer, doc, made);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
}

MoeTrace *
made_trace(const char *folder, const char *name, const Made *made)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    made_write(path, made);
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

MoeSummary *
made_summary(const MoeTrace *trace, unsigned tallies)
{
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {.tallies = tallies, .keep_tokens = true, .recount = true};
    MoeSummary *summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    return summary;
}

/* --- Comparing --------------------------------------------------------------------------------*/

static void
assert_same_field(const MoeTallyField *field, const MoeTallyShape *shape, const void *a,
                  const void *b, bool bits)
{
    int64_t n = moe__field_length(field, shape);
    const double *x = moe__field_data(field, a), *y = moe__field_data(field, b);
    if (!field->real || bits)
        g_assert_cmpmem(x, (gsize)n * 8, y, (gsize)n * 8);
    for (int64_t i = 0; field->real && i < n; i++)
        if (!isnan(x[i]) || !isnan(y[i]))
            g_assert_cmpfloat_with_epsilon(x[i], y[i], 1e-12 * MAX(1, fabs(x[i])));
}

static void
assert_same_cell(const MoeTally *tally, const MoeTallyShape *shape, const void *a, const void *b,
                 bool bits)
{
    for (int f = 0; f < tally->n_fields; f++)
        assert_same_field(&tally->fields[f], shape, a, b, bits || tally->bit == MOE_TALLY_LOAD);
}

static void
assert_same_tables(const MoeTables *a, const MoeTables *b, int router, bool bits)
{
    const MoeTally *tally = moe__tables_tally(a);
    const MoeTallyShape *shape = moe__tables_shape(a, router);
    g_assert_cmpint(moe__tables_has(a, router), ==, moe__tables_has(b, router));
    if (!moe__tables_has(a, router))
        return;
    for (int s = 0; s < moe__tables_slots(a); s++) {
        int domain = s + MOE_DOMAIN_UNKNOWN;
        for (int g = 0; g < moe__tables_plan_of(a).groups; g++)
            assert_same_cell(tally, shape, moe__tables_part(a, router, domain, g),
                             moe__tables_part(b, router, domain, g), bits);
        if (!moe__tables_plan_of(a).whole)
            assert_same_cell(tally, shape, moe__tables_total(a, router, domain),
                             moe__tables_total(b, router, domain), bits);
    }
    assert_same_cell(tally, shape, moe__tables_total(a, router, MOE_DOMAIN_ALL),
                     moe__tables_total(b, router, MOE_DOMAIN_ALL), bits);
}

static void
assert_same_tokens(const MoeSummary *a, const MoeSummary *b, int router)
{
    const MoeTokenTable *x = moe_summary_token_table(a, router);
    const MoeTokenTable *y = moe_summary_token_table(b, router);
    const MoeTokenCell *cell = moe_summary_tokens(a, router),
                       *other = moe_summary_tokens(b, router);
    g_assert_true((x == NULL) == (y == NULL) && (cell == NULL) == (other == NULL));
    if (x) {
        gsize n = (gsize)x->n, m = (gsize)y->n;
        g_assert_cmpmem(x->id, n * 4, y->id, m * 4);
        g_assert_cmpmem(x->expert, n * 2, y->expert, m * 2);
        g_assert_cmpmem(x->first, n * 8, y->first, m * 8);
        g_assert_cmpmem(x->picks, n * 8, y->picks, m * 8);
    }
    const MoeTallyShape shape = {.experts = made_routers[router].experts};
    for (int f = 0; cell && f < moe__tally_tokens.n_fields; f++)
        assert_same_field(&moe__tally_tokens.fields[f], &shape, cell, other, false);
}

void
made_assert_same(const MoeSummary *a, const MoeSummary *b, bool bits)
{
    g_assert_cmpint(a->n_routers, ==, b->n_routers);
    g_assert_cmpint(a->domains->len, ==, b->domains->len);
    g_assert_cmpint(a->tallies, ==, b->tallies);
    for (guint d = 0; d < a->domains->len; d++)
        g_assert_cmpstr(a->domains->pdata[d], ==, b->domains->pdata[d]);
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        g_assert_true((a->tables[i] == NULL) == (b->tables[i] == NULL));
        if (!a->tables[i])
            continue;
        MoeTablesPlan x = moe__tables_plan_of(a->tables[i]), y = moe__tables_plan_of(b->tables[i]);
        g_assert_cmpint(x.groups, ==, y.groups);
        g_assert_cmpint(x.domains, ==, y.domains);
        g_assert_cmpint(x.whole, ==, y.whole);
        for (int r = 0; r < a->n_routers; r++)
            assert_same_tables(a->tables[i], b->tables[i], r, bits);
    }
    for (int r = 0; r < a->n_routers; r++)
        assert_same_tokens(a, b, r);
}

/* SPDX-License-Identifier: MIT
 *
 * trace-same.h: whether two traces hold the same values, wherever their chunks end.
 */
#ifndef MOESCOPE_TESTS_TRACE_SAME_H
#define MOESCOPE_TESTS_TRACE_SAME_H

#include <moescope/trace-tools.h>
#include <string.h>

static inline void
same_append(GByteArray *out, const void *bytes, gsize n)
{
    if (bytes)
        g_byte_array_append(out, bytes, (guint)n);
}

/* Drops are left out where there are none, and where k varies, of slots without a pick only the
 * expert is kept: for comparison, these are zeros. */
static inline void
same_append_gates(GByteArray *gates, GByteArray *drops, const MoeTracePicks *p, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        float gate = p->gate && p->expert[i] >= 0 ? p->gate[i] : 0;
        uint8_t dropped = p->dropped && p->expert[i] >= 0 ? p->dropped[i] : 0;
        g_byte_array_append(gates, (const uint8_t *)&gate, sizeof gate);
        g_byte_array_append(drops, &dropped, 1);
    }
}

/* All picks of router `r`, column after column, of tokens first … last, in the layout of
 * MoeTraceRows. (transfer full) */
static inline GByteArray *
same_picks(const MoeTrace *trace, int r, int64_t first, int64_t last)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, &r, 1);
    const MoeRouterInfo *info = moe_trace_router(trace, r);
    GByteArray *columns[7];
    int64_t seen = 0;
    for (int i = 0; i < 7; i++)
        columns[i] = g_byte_array_new();
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        g_autoptr(GArray) index = g_array_new(FALSE, FALSE, sizeof(int64_t));
        MoeTraceTokens tokens;
        MoeTracePicks p;
        g_assert_true(moe_trace_rows_load(rows, c, &error));
        g_assert_no_error(error);
        for (int64_t i = 0; i < moe_trace_tokens(trace, c); i++, seen++)
            if (seen >= first && seen <= last)
                g_array_append_val(index, i);
        if (index->len == 0)
            continue;
        moe_trace_rows_take(rows, (const int64_t *)index->data, index->len, &tokens, &p);
        gsize units = index->len * (gsize)info->units_per_token;
        gsize picks = units * (gsize)moe_trace_rows_width(rows, 0);
        same_append(columns[0], p.expert, 4 * picks);
        same_append_gates(columns[1], columns[2], &p, picks);
        same_append(columns[3], p.slot, 4 * picks);
        same_append(columns[4], p.entropy, 4 * units);
        same_append(columns[5], p.margin, 4 * units);
        same_append(columns[6], p.logits, 4 * units * (gsize)info->experts);
    }
    for (int i = 1; i < 7; i++) {
        same_append(columns[0], columns[i]->data, columns[i]->len);
        g_byte_array_unref(columns[i]);
    }
    return columns[0];
}

static inline void
same_assert_picks(const MoeTrace *a, const MoeTrace *b, int r, int64_t first, int64_t last)
{
    g_autoptr(GByteArray) x = same_picks(a, r, first, last);
    g_autoptr(GByteArray) y = same_picks(b, r, 0, INT64_MAX);
    g_assert_cmpmem(x->data, x->len, y->data, y->len);
}

/* Column NAME, joined; both have it or neither. */
static inline void
same_assert_column(const MoeTrace *a, const MoeTrace *b, const char *name)
{
    MoeArray x, y;
    bool has = moe_trace_join(a, name, &x, NULL);
    g_assert_cmpint(has, ==, moe_trace_join(b, name, &y, NULL));
    if (!has)
        return;
    g_assert_cmpint(x.type, ==, y.type);
    g_assert_cmpint(x.ndim, ==, y.ndim);
    g_assert_cmpmem(x.shape, sizeof x.shape, y.shape, sizeof y.shape);
    gsize n = (gsize)moe_array_count(&x) * moe_type_size(x.type);
    g_assert_cmpmem(x.data, n, y.data, n);
    g_free((void *)x.data);
    g_free((void *)y.data);
}

/* State, series and measures. */
static inline void
same_assert_run(const MoeTrace *a, const MoeTrace *b)
{
    static const char *const states[] = {"load", "dropped", "prob"};
    int n, m;
    same_assert_column(a, b, "state/step");
    const char *const *series = moe_trace_series_names(a, &n);
    moe_trace_series_names(b, &m);
    g_assert_cmpint(n, ==, m);
    for (int i = 0; i < n; i++) {
        g_autofree char *name = g_strconcat("series/", series[i], NULL);
        same_assert_column(a, b, name);
    }
    for (int r = 0; r < moe_trace_routers(a); r++) {
        for (int c = 0; c < 3; c++) {
            g_autofree char *name = g_strdup_printf("state/r%03d.%s", r, states[c]);
            same_assert_column(a, b, name);
        }
        const char *const *measures = moe_trace_measure_names(a, r, &n);
        moe_trace_measure_names(b, r, &m);
        g_assert_cmpint(n, ==, m);
        for (int i = 0; i < n; i++) {
            g_autofree char *name = g_strdup_printf("measures/r%03d.%s", r, measures[i]);
            g_autofree char *step = g_strconcat(name, ".step", NULL);
            same_assert_column(a, b, name);
            same_assert_column(a, b, step);
        }
    }
}

static inline void
same_assert(const MoeTrace *a, const MoeTrace *b)
{
    static const char *const columns[] = {"id", "doc", "pos", "domain", "step", "loss"};
    g_assert_cmpint(moe_trace_routers(a), ==, moe_trace_routers(b));
    g_assert_cmpint(moe_trace_tokens(a, -1), ==, moe_trace_tokens(b, -1));
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_autofree char *name = g_strconcat("tokens/", columns[i], NULL);
        same_assert_column(a, b, name);
    }
    for (int r = 0; r < moe_trace_routers(a); r++)
        same_assert_picks(a, b, r, 0, INT64_MAX);
    same_assert_run(a, b);
}

#endif

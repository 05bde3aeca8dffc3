/* SPDX-License-Identifier: MIT
 *
 * A row for each token and layer, as JSON Lines or CSV: the plain layout of core/import/README.md,
 * which `moescope import` reads back. A chunk of all routers is in memory at a time, so that the
 * layers of a token stand together.
 */
#include "base/json-out.h"
#include "export/exporters.h"
#include "trace/half.h"

enum { ID, DOC, POS, COLUMNS };
enum { HALVES = UINT16_MAX + 1 };

typedef struct {
    MoeExport *job;
    const MoeTrace *trace;
    int n_routers;
    MoeTraceView **views;      /* [n_routers] */
    int32_t *columns[COLUMNS]; /* [tokens] of the chunk; NULL: the trace has none */
    GString *text;
    char **gates; /* [HALVES] text of each gate that occurred, where they are halves */
} Rows;

typedef void (*RowFunc)(const Rows *rows, int router, int64_t token);

static void
rows_clear(Rows *rows)
{
    for (int r = 0; r < rows->n_routers; r++)
        moe_trace_view_free(rows->views[r]);
    for (int i = 0; i < COLUMNS; i++)
        g_free(rows->columns[i]);
    g_free(rows->views);
    for (int i = 0; i < HALVES; i++)
        g_free(rows->gates[i]);
    g_free(rows->gates);
    g_string_free(rows->text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rows, rows_clear)

static Rows
rows_new(MoeExport *job)
{
    Rows rows = {.job = job, .trace = moe_export_trace(job), .text = g_string_new(NULL)};
    rows.gates = g_new0(char *, HALVES);
    rows.n_routers = moe_trace_routers(rows.trace);
    rows.views = g_new(MoeTraceView *, (gsize)rows.n_routers);
    for (int r = 0; r < rows.n_routers; r++)
        rows.views[r] = moe_trace_view_new();
    return rows;
}

static bool
check_units(const MoeTrace *trace, GError **error)
{
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        int units = moe_trace_router(trace, r)->units_per_token;
        if (units == 1)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "router %d: found %d sub-tokens a token, expected one: this layout has a row "
                    "for each token",
                    r, units);
        return false;
    }
    return true;
}

/* --- A chunk ----------------------------------------------------------------------------------*/

static bool
load_column(Rows *rows, int chunk, int which, GError **error)
{
    static const char *const names[] = {[ID] = "id", [DOC] = "doc", [POS] = "pos"};
    g_clear_pointer(&rows->columns[which], g_free);
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, names[which]);
    if (!moe_trace_has(rows->trace, name))
        return true;
    MoeArray array;
    if (!moe_trace_read(rows->trace, name, &array, error))
        return false;
    rows->columns[which] = (int32_t *)array.data;
    if (array.type == MOE_I32 && array.ndim == 1 &&
        array.shape[0] == moe_trace_tokens(rows->trace, chunk))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: its type or shape doesn't fit the tokens of its chunk", name);
    return false;
}

static bool
load_chunk(Rows *rows, int chunk, GError **error)
{
    for (int i = 0; i < COLUMNS; i++)
        if (!load_column(rows, chunk, i, error))
            return false;
    for (int r = 0; r < rows->n_routers; r++)
        if (!moe_trace_view(rows->trace, chunk, r, rows->views[r], error))
            return false;
    return true;
}

static bool
send(Rows *rows, GError **error)
{
    bool good = moe_export_write(rows->job, rows->text->str, rows->text->len, error);
    g_string_truncate(rows->text, 0);
    return good;
}

static bool
write_rows(Rows *rows, RowFunc append, GError **error)
{
    int chunks = moe_trace_chunks(rows->trace);
    for (int c = 0; c < chunks; c++) {
        if (!moe_progress(moe_export_progress(rows->job), c, chunks, "exporting")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "the export was stopped");
            return false;
        }
        if (!load_chunk(rows, c, error))
            return false;
        for (int64_t t = 0; t < moe_trace_tokens(rows->trace, c); t++) {
            for (int r = 0; r < rows->n_routers; r++)
                append(rows, r, t);
            if (!send(rows, error))
                return false;
        }
    }
    return true;
}

/* --- Cells ------------------------------------------------------------------------------------*/

/* A unit's picks with `between` between them. Where k varies, slots behind the last pick are no
 * part of it; where it doesn't, a slot without a pick is -1. */
static int
used_slots(const Rows *rows, int router, int64_t token)
{
    const MoeTraceView *view = rows->views[router];
    int n = view->k;
    if (moe_trace_router(rows->trace, router)->k == 0)
        while (n > 0 && view->expert[(n - 1) * view->units + token] < 0)
            n--;
    return n;
}

static void
append_experts(const Rows *rows, int router, int64_t token, const char *between)
{
    const MoeTraceView *view = rows->views[router];
    for (int i = 0, n = used_slots(rows, router, token); i < n; i++)
        g_string_append_printf(rows->text, "%s%d", i ? between : "",
                               view->expert[i * view->units + token]);
}

static const char *
text_of(const Rows *rows, float gate)
{
    char **text = &rows->gates[moe__half_from_float(gate)];
    if (!*text) {
        GString *new = g_string_new(NULL);
        moe__json_append_float(new, gate);
        *text = g_string_free(new, FALSE);
    }
    return *text;
}

static void
append_gates(const Rows *rows, int router, int64_t token, const char *between)
{
    const MoeTraceView *view = rows->views[router];
    for (int i = 0, n = used_slots(rows, router, token); i < n; i++) {
        int64_t at = i * view->units + token;
        g_string_append(rows->text, i ? between : "");
        if (view->gate64)
            moe__json_append_real(rows->text, view->gate64[at]);
        else
            g_string_append(rows->text, text_of(rows, view->gate[at]));
    }
}

static const char *
domain_of(const Rows *rows, int router, int64_t token)
{
    int domain = rows->views[router]->domain[token];
    return domain < 0 ? NULL : moe_trace_domain_name(rows->trace, domain);
}

/* --- JSON Lines -------------------------------------------------------------------------------*/

static void
append_json(const Rows *rows, int router, int64_t token)
{
    static const char *const names[] = {[ID] = "id", [DOC] = "doc", [POS] = "pos"};
    const char *domain = domain_of(rows, router, token);
    g_string_append_c(rows->text, '{');
    for (int i = 0; i < COLUMNS; i++)
        if (rows->columns[i])
            g_string_append_printf(rows->text, "\"%s\": %d, ", names[i], rows->columns[i][token]);
    if (domain) {
        g_string_append(rows->text, "\"domain\": ");
        moe__json_append_string(rows->text, domain);
        g_string_append(rows->text, ", ");
    }
    g_string_append_printf(rows->text, "\"layer\": %d, \"experts\": [",
                           moe_trace_router(rows->trace, router)->layer);
    append_experts(rows, router, token, ", ");
    if (rows->views[router]->gate) {
        g_string_append(rows->text, "], \"gates\": [");
        append_gates(rows, router, token, ", ");
    }
    g_string_append(rows->text, "]}\n");
}

/* What a router is where they aren't all alike; k 0: it varies. */
static void
append_layer(const Rows *rows, const MoeRouterInfo *info)
{
    g_string_append_printf(rows->text,
                           "{\"type\": \"meta\", \"layer\": %d, \"num_experts\": %d, "
                           "\"top_k\": %d}\n",
                           info->layer, info->experts, info->k);
}

/* The first line says what all routers have in common; where they differ in experts or k, or k
 * varies, a line each says the rest. */
static void
append_meta(const Rows *rows)
{
    const MoeRouterInfo *first = moe_trace_router(rows->trace, 0);
    bool experts = true, k = first->k > 0, gates = true;
    for (int r = 1; r < rows->n_routers; r++) {
        const MoeRouterInfo *info = moe_trace_router(rows->trace, r);
        experts = experts && info->experts == first->experts;
        k = k && info->k == first->k;
        gates = gates && info->gates_sum_to_one == first->gates_sum_to_one;
    }
    g_string_append(rows->text, "{\"type\": \"meta\"");
    if (experts)
        g_string_append_printf(rows->text, ", \"num_experts\": %d", first->experts);
    if (k)
        g_string_append_printf(rows->text, ", \"top_k\": %d", first->k);
    if (gates)
        g_string_append_printf(rows->text, ", \"norm_topk_prob\": %s",
                               first->gates_sum_to_one ? "true" : "false");
    g_string_append(rows->text, "}\n");
    for (int r = 0; !(experts && k) && r < rows->n_routers; r++)
        append_layer(rows, moe_trace_router(rows->trace, r));
}

static bool
write_jsonl(MoeExport *job, GError **error)
{
    g_auto(Rows) rows = rows_new(job);
    if (!check_units(rows.trace, error))
        return false;
    append_meta(&rows);
    return send(&rows, error) && write_rows(&rows, append_json, error);
}

/* --- CSV --------------------------------------------------------------------------------------*/

static void
append_csv(const Rows *rows, int router, int64_t token)
{
    const char *domain = domain_of(rows, router, token);
    for (int i = 0; i < COLUMNS; i++) {
        if (rows->columns[i])
            g_string_append_printf(rows->text, "%d", rows->columns[i][token]);
        g_string_append_c(rows->text, ',');
    }
    g_string_append_c(rows->text, '"');
    for (const char *c = domain ? domain : ""; *c; c++)
        g_string_append_printf(rows->text, *c == '"' ? "%c\"" : "%c", *c);
    g_string_append_printf(rows->text, "\",%d,", moe_trace_router(rows->trace, router)->layer);
    if (used_slots(rows, router, token) == 0) /* an empty cell wouldn't say that there are none */
        g_string_append(rows->text, "[]");
    append_experts(rows, router, token, " ");
    g_string_append_c(rows->text, ',');
    if (rows->views[router]->gate)
        append_gates(rows, router, token, " ");
    g_string_append_c(rows->text, '\n');
}

static bool
write_csv(MoeExport *job, GError **error)
{
    g_auto(Rows) rows = rows_new(job);
    if (!check_units(rows.trace, error))
        return false;
    g_string_append(rows.text, "id,doc,pos,domain,layer,experts,gates\n");
    return send(&rows, error) && write_rows(&rows, append_csv, error);
}

const MoeExporter moe__export_jsonl = {
    .struct_size = sizeof(MoeExporter),
    .name = "jsonl",
    .help = "JSON Lines, one a token and layer: id, doc, pos, domain, layer, experts, gates",
    .reader = "moescope import, pandas.read_json(lines=True)",
    .write = write_jsonl,
};

const MoeExporter moe__export_csv = {
    .struct_size = sizeof(MoeExporter),
    .name = "csv",
    .help = "the same as CSV; experts and gates are lists between blanks. Of a summary: counts-csv",
    .reader = "moescope import --as csv, pandas.read_csv()",
    .write = write_csv,
    .write_summary = moe__export_counts,
};

/* SPDX-License-Identifier: MIT
 *
 * What placing experts on devices starts from: the load of every expert in every layer, and lists
 * of the busiest ones.
 */
#include "export/exporters.h"
#include "trace/npy.h"

#include <moescope/summary.h>

static MoeSummary *
count(MoeExport *job, GError **error)
{
    const MoeSummaryOptions options = {.progress = moe_export_progress(job)};
    return moe_summary_from_trace(moe_export_trace(job), &options, error);
}

static const MoeSummaryCell *
cell(const MoeSummary *summary, int router)
{
    return moe_summary_cell(summary, router, MOE_DOMAIN_ALL);
}

/* --- A matrix of loads ------------------------------------------------------------------------*/

/* EPLB's tensor is rectangular. Returns 0 where layers differ in experts. */
static int
common_experts(const MoeTrace *trace, GError **error)
{
    int experts = moe_trace_router(trace, 0)->experts;
    for (int r = 1; r < moe_trace_routers(trace); r++) {
        int other = moe_trace_router(trace, r)->experts;
        if (other == experts)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "router %d: found %d experts where router 0 has %d, expected a matrix of "
                    "layers × experts",
                    r, other, experts);
        return 0;
    }
    return experts;
}

static void
append_counts(GString *text, const MoeSummaryCell *load)
{
    g_string_append_c(text, '[');
    for (int e = 0; e < load->experts; e++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, e ? ", " : "", load->count[e]);
    g_string_append_c(text, ']');
}

static bool
write_eplb(MoeExport *job, GError **error)
{
    const MoeTrace *trace = moe_export_trace(job);
    if (common_experts(trace, error) == 0)
        return false;
    g_autoptr(MoeSummary) summary = count(job, error);
    if (!summary)
        return false;
    g_autoptr(GString) text = g_string_new("[");
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        g_string_append(text, r ? ",\n " : "");
        append_counts(text, cell(summary, r));
    }
    g_string_append(text, "]\n");
    return moe_export_write(job, text->str, text->len, error);
}

static bool
write_eplb_npy(MoeExport *job, GError **error)
{
    const MoeTrace *trace = moe_export_trace(job);
    int experts = common_experts(trace, error), n = moe_trace_routers(trace);
    g_autoptr(MoeSummary) summary = experts ? count(job, error) : NULL;
    if (!summary)
        return false;
    char header[MOE_NPY_HEADER_MAX];
    const MoeArray array = {.type = MOE_I64, .ndim = 2, .shape = {n, experts}};
    bool good = moe_export_write(job, header, moe__npy_header(&array, header), error);
    for (int r = 0; good && r < n; r++)
        good = moe_export_write(job, cell(summary, r)->count, sizeof(int64_t) * (size_t)experts,
                                error);
    return good;
}

/* --- Lists of the busiest ---------------------------------------------------------------------*/

static gint
compare_load(gconstpointer a, gconstpointer b, gpointer counts)
{
    const int64_t *count = counts;
    int64_t x = count[*(const int *)a], y = count[*(const int *)b];
    return x != y ? (x < y ? 1 : -1) : *(const int *)a - *(const int *)b;
}

/* How many of the experts in `order` to keep. */
static int
how_many(const MoeSummaryCell *load, const int *order, const MoeExportOptions *options)
{
    if (options->top > 0)
        return MIN(options->top, load->experts);
    int n = 0;
    for (int64_t sum = 0; n < load->experts; n++) {
        if ((double)sum >= options->coverage * (double)load->picks)
            break;
        sum += load->count[order[n]];
    }
    return n;
}

static void
append_list(GString *text, const MoeRouterInfo *info, const MoeSummaryCell *load,
            const MoeExportOptions *options)
{
    g_autofree int *order = g_new(int, (gsize)load->experts);
    for (int e = 0; e < load->experts; e++)
        order[e] = e;
    g_qsort_with_data(order, load->experts, sizeof *order, compare_load, load->count);
    int n = how_many(load, order, options);
    int64_t sum = 0;
    g_string_append_printf(text, "{\"layer\": %d, \"num_experts\": %d, \"experts\": [", info->layer,
                           load->experts);
    for (int i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%d", i ? ", " : "", order[i]);
        sum += load->count[order[i]];
    }
    char covered[G_ASCII_DTOSTR_BUF_SIZE] = "null";
    if (load->picks > 0)
        g_ascii_formatd(covered, sizeof covered, "%.6f", (double)sum / (double)load->picks);
    g_string_append_printf(text, "], \"coverage\": %s}", covered);
}

static bool
check_options(const MoeExportOptions *options, GError **error)
{
    bool top = options->top > 0 && options->coverage == 0;
    if (top || (options->top == 0 && options->coverage > 0 && options->coverage <= 1))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "found top %d and coverage %g, expected one of them: how many experts of a layer "
                "(--top N), or what share of its picks they carry (--coverage 0 … 1)",
                options->top, options->coverage);
    return false;
}

static bool
write_keep_list(MoeExport *job, GError **error)
{
    const MoeTrace *trace = moe_export_trace(job);
    const MoeExportOptions *options = moe_export_options(job);
    if (!check_options(options, error))
        return false;
    g_autoptr(MoeSummary) summary = count(job, error);
    if (!summary)
        return false;
    g_autoptr(GString) text = g_string_new("[");
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        g_string_append(text, r ? ",\n " : "");
        append_list(text, moe_trace_router(trace, r), cell(summary, r), options);
    }
    g_string_append(text, "]\n");
    return moe_export_write(job, text->str, text->len, error);
}

const MoeExporter moe__export_eplb = {
    .struct_size = sizeof(MoeExporter),
    .name = "eplb",
    .help = "picks of each expert, JSON [num_layers][num_experts]",
    .reader = "EPLB: rebalance_experts(torch.tensor(json.load(file)), …)",
    .write = write_eplb,
};

const MoeExporter moe__export_eplb_npy = {
    .struct_size = sizeof(MoeExporter),
    .name = "eplb-npy",
    .help = "the same as .npy, i8 [num_layers, num_experts]",
    .reader = "EPLB: rebalance_experts(torch.from_numpy(numpy.load(file)), …)",
    .write = write_eplb_npy,
};

const MoeExporter moe__export_keep_list = {
    .struct_size = sizeof(MoeExporter),
    .name = "keep-list",
    .help = "JSON, the busiest experts of each layer, busiest first: --top N or --coverage SHARE",
    .reader = "pruning, offloading and caching scripts",
    .write = write_keep_list,
};

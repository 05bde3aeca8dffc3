/* SPDX-License-Identifier: MIT
 *
 * What placing experts on devices starts from: the load of every expert in every layer, and lists
 * of the busiest ones.
 */
#include "export/exporters.h"
#include "trace/npy.h"

#include <moescope/summary.h>

static const MoeSummaryCell *
cell(const MoeSummary *summary, int router)
{
    return moe_summary_cell(summary, router, MOE_DOMAIN_ALL);
}

/* --- A matrix of loads ------------------------------------------------------------------------*/

/* EPLB's tensor is rectangular. Returns 0 where layers differ in experts. */
static int
common_experts(const MoeSummary *summary, GError **error)
{
    int experts = moe_summary_router(summary, 0)->experts;
    for (int r = 1; r < moe_summary_routers(summary); r++) {
        int other = moe_summary_router(summary, r)->experts;
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

/* Shares of the load alone (MoeSummaryCell.gate_sum) are no counts. */
static bool
has_picks(const MoeSummary *summary, GError **error)
{
    for (int r = 0; r < moe_summary_routers(summary); r++)
        if (cell(summary, r)->picks > 0)
            return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the summary has no picks to export");
    return false;
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
write_eplb(MoeExport *job, const MoeSummary *summary, GError **error)
{
    if (common_experts(summary, error) == 0 || !has_picks(summary, error))
        return false;
    g_autoptr(GString) text = g_string_new("[");
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        g_string_append(text, r ? ",\n " : "");
        append_counts(text, cell(summary, r));
    }
    g_string_append(text, "]\n");
    return moe_export_write(job, text->str, text->len, error);
}

static bool
write_eplb_npy(MoeExport *job, const MoeSummary *summary, GError **error)
{
    int experts = common_experts(summary, error), n = moe_summary_routers(summary);
    if (experts == 0 || !has_picks(summary, error))
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
write_keep_list(MoeExport *job, const MoeSummary *summary, GError **error)
{
    const MoeExportOptions *options = moe_export_options(job);
    if (!check_options(options, error) || !has_picks(summary, error))
        return false;
    g_autoptr(GString) text = g_string_new("[");
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        g_string_append(text, r ? ",\n " : "");
        append_list(text, moe_summary_router(summary, r), cell(summary, r), options);
    }
    g_string_append(text, "]\n");
    return moe_export_write(job, text->str, text->len, error);
}

/* --- The busiest of all -----------------------------------------------------------------------*/

typedef struct Hot {
    int router, expert;
    int64_t picks;
} Hot;

/* The most picks first, of equal ones the lower layer, then the lower id. */
static gint
compare_hot(gconstpointer a, gconstpointer b)
{
    const Hot *x = a, *y = b;
    if (x->picks != y->picks)
        return x->picks < y->picks ? 1 : -1;
    return x->router != y->router ? x->router - y->router : x->expert - y->expert;
}

/* All experts of all layers, the busiest first. (transfer full) */
static GArray *
rank_all(const MoeSummary *summary)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Hot));
    for (int r = 0; r < moe_summary_routers(summary); r++)
        for (int e = 0; e < cell(summary, r)->experts; e++) {
            const Hot hot = {r, e, cell(summary, r)->count[e]};
            g_array_append_val(all, hot);
        }
    g_array_sort(all, compare_hot);
    return all;
}

static void
append_hot(GString *text, const MoeSummary *summary, const Hot *hot)
{
    char share[G_ASCII_DTOSTR_BUF_SIZE];
    int64_t picks = cell(summary, hot->router)->picks;
    g_ascii_formatd(share, sizeof share, "%.6f", (double)hot->picks / (double)MAX(picks, 1));
    g_string_append_printf(
        text, "%s{\"layer\": %d, \"expert\": %d, \"picks\": %" G_GINT64_FORMAT ", \"share\": %s}",
        text->len > 1 ? ",\n " : "", moe_summary_router(summary, hot->router)->layer, hot->expert,
        hot->picks, share);
}

static bool
write_hot_list(MoeExport *job, const MoeSummary *summary, GError **error)
{
    const MoeExportOptions *options = moe_export_options(job);
    if (!check_options(options, error) || !has_picks(summary, error))
        return false;
    g_autoptr(GArray) all = rank_all(summary);
    g_autoptr(GString) text = g_string_new("[");
    double total = 0, sum = 0;
    for (int r = 0; r < moe_summary_routers(summary); r++)
        total += (double)cell(summary, r)->picks;
    for (guint i = 0; i < all->len; i++) {
        const Hot *hot = &g_array_index(all, Hot, i);
        if (options->top > 0 ? i >= (guint)options->top : sum >= options->coverage * total)
            break;
        append_hot(text, summary, hot);
        sum += (double)hot->picks;
    }
    g_string_append(text, "]\n");
    return moe_export_write(job, text->str, text->len, error);
}

const MoeExporter moe__export_eplb = {
    .struct_size = sizeof(MoeExporter),
    .name = "eplb",
    .help = "picks of each expert, JSON [num_layers][num_experts]",
    .reader = "EPLB: rebalance_experts(torch.tensor(json.load(file)), …)",
    .write_summary = write_eplb,
};

const MoeExporter moe__export_eplb_npy = {
    .struct_size = sizeof(MoeExporter),
    .name = "eplb-npy",
    .help = "the same as .npy, i8 [num_layers, num_experts]",
    .reader = "EPLB: rebalance_experts(torch.from_numpy(numpy.load(file)), …)",
    .write_summary = write_eplb_npy,
};

const MoeExporter moe__export_keep_list = {
    .struct_size = sizeof(MoeExporter),
    .name = "keep-list",
    .help = "JSON, the busiest experts of each layer, busiest first: --top N or --coverage SHARE",
    .reader = "pruning, offloading and caching scripts",
    .write_summary = write_keep_list,
};

const MoeExporter moe__export_hot_list = {
    .struct_size = sizeof(MoeExporter),
    .name = "hot-list",
    .help = "JSON, the busiest experts of all layers together: --top N or --coverage SHARE",
    .reader = "offloading and caching scripts: what to hold in fast memory",
    .write_summary = write_hot_list,
};

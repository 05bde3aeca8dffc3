/* SPDX-License-Identifier: MIT
 *
 * moescope metrics: metrics of traces and summaries, by layer, each with an interval and beside
 * what chance would show.
 */
#include "cmd.h"
#include "metric-choice.h"
#include "metrics.h"
#include "steps.h"
#include "util.h"
#include "view.h"

#include <string.h>

typedef struct {
    char **metrics, **domains, **kinds;
    char *layers, *steps, *compat, *where, *against;
    MoeTokenFilter *filter; /* of where */
    gboolean list, all, experts, bits, no_intervals, no_check;
    MetricsFormats formats;
    int replicates, threads, ranks;
    gint64 seed;
    double level;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->metrics);
    g_strfreev(o->domains);
    g_strfreev(o->kinds);
    g_free(o->layers);
    g_free(o->steps);
    g_free(o->compat);
    g_free(o->where);
    g_free(o->against);
    moe_token_filter_free(o->filter);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* --- What was asked for -----------------------------------------------------------------------*/

/* CMD_OK, or what a complaint returns. */
static int
check(const Options *o, int traces)
{
    if (o->list && traces > 0)
        return cmd_usage("found --list with a trace, expected either");
    if (!o->list && traces == 0)
        return cmd_usage("found no trace (--list: the metrics there are)");
    if (o->against && o->list)
        return cmd_usage("found --against with --list, expected either");
    if (o->against && (o->steps || o->experts || o->compat))
        return cmd_usage("found --against with --steps, --experts or --compat, expected either");
    if (o->all && o->metrics)
        return cmd_usage("found --all with --metrics, expected either");
    if (o->steps && !g_str_equal(o->steps, "tokens") && !g_str_equal(o->steps, "state"))
        return cmd_usage("found --steps %s, expected tokens or state", o->steps);
    if (o->where && g_strcmp0(o->steps, "state") == 0)
        return cmd_usage("found --where with --steps state, which isn't of single tokens");
    if (o->compat && !g_str_equal(o->compat, "olmoe"))
        return cmd_usage("found --compat %s, expected olmoe", o->compat);
    if ((o->steps != NULL) + (o->compat != NULL) + (o->experts != FALSE) > 1)
        return cmd_usage("found several of --steps, --experts and --compat, expected one");
    if ((o->experts || o->compat) && (o->metrics || o->all))
        return cmd_usage("found --metrics with --experts or --compat, expected either");
    if ((o->experts || o->compat) && o->kinds)
        return cmd_usage("found --kinds with --experts or --compat, expected either");
    if (o->ranks != 0 && (o->ranks < 2 || o->ranks > UINT16_MAX))
        return cmd_usage("found --ranks %d, expected 2 … %d", o->ranks, UINT16_MAX);
    if (o->ranks && (o->experts || o->compat))
        return cmd_usage("found --ranks with --experts or --compat, expected either");
    if (o->replicates < 20 || o->replicates > 100000)
        return cmd_usage("found --replicates %d, expected 20 … 100000", o->replicates);
    if (!(o->level >= 0.5 && o->level <= 0.999))
        return cmd_usage("found --level %g, expected 0.5 … 0.999", o->level);
    return CMD_OK;
}

static MetricsQuery
query_of(const Options *o, const GPtrArray *metrics, const GArray *layers,
         const CmdAgainst *against)
{
    return (MetricsQuery){
        .metrics = metrics,
        .layers = layers,
        .domains = o->domains,
        .kinds = o->kinds,
        .filter = o->filter,
        .against = against,
        .asked = o->all || o->metrics,
        .intervals = !o->no_intervals && g_strcmp0(o->steps, "state") != 0,
        .bits = o->bits,
        .resample = {o->replicates, o->level, (uint64_t)o->seed},
    };
}

/* --- Running ----------------------------------------------------------------------------------*/

/* A trace over training holds the same tokens again and again: the last state counts. */
static CmdSourceOptions
counting(const Options *o, unsigned tallies)
{
    return (CmdSourceOptions){
        .steps = MOE_STEPS_LAST, .filter = o->filter, .tallies = tallies, .check = !o->no_check};
}

/* A run's state is that of all tokens: beside chosen ones it is left out. */
static bool
measure(const Options *o, const char *path, MetricsReport *report, GError **error)
{
    const GPtrArray *metrics = report->query.metrics;
    unsigned tallies =
        moe_metrics_tallies((const MoeMetric *const *)metrics->pdata, (int)metrics->len);
    CmdSourceOptions options = counting(o, o->steps ? 0 : tallies);
    options.against = report->query.against;
    g_auto(CmdSource) source = {0};
    if (!cmd_source_open(&source, path, &options, error))
        return false;
    MetricsInput *input = cmd_metrics_input(report, &source);
    const MoeSummaryOptions counted = {.steps = MOE_STEPS_LAST, .filter = o->filter};
    const MetricsFrom from = {.summary = source.summary,
                              .trace = o->filter ? NULL : source.trace,
                              .tokens = source.trace,
                              .counted = &counted,
                              .comparison = source.comparison};
    bool good = o->steps ? cmd_steps_measure(report, input, &source, tallies,
                                             g_str_equal(o->steps, "state"), error)
                         : cmd_metrics_measure(report, input, &from, error);
    if (!good)
        cmd_locate(*error, path);
    return good;
}

/* Last, as the pass over the traces finds out sooner that tokens aren't the same; what one of them
 * was found to be isn't looked for again. */
static bool
check_against(const Options *o, CmdAgainst *against, const MetricsReport *report, GError **error)
{
    for (guint i = 0; i < report->inputs->len; i++) {
        const MetricsInput *input = report->inputs->pdata[i];
        if (g_str_equal(input->path, against->path)) {
            g_ptr_array_unref(against->checked);
            against->checked = g_ptr_array_ref(input->checked);
            return true;
        }
    }
    if (o->no_check ||
        cmd_checked_add_compared(against->checked, against->path, against->trace, o->filter, error))
        return true;
    cmd_locate(*error, against->path);
    return false;
}

static bool
any_of_all_experts(const GPtrArray *metrics)
{
    for (guint i = 0; i < metrics->len; i++)
        if (!(((const MoeMetric *)metrics->pdata[i])->needs & MOE_NEEDS_KIND))
            return true;
    return false;
}

static int
run_metrics(const Options *o, const GArray *layers, MetricsFormat format, int n, char **paths)
{
    g_autoptr(GPtrArray) metrics =
        cmd_metrics_choose(o->metrics, o->all, o->kinds != NULL, o->ranks);
    if (!metrics)
        return CMD_USAGE;
    if (!o->kinds && !any_of_all_experts(metrics))
        return cmd_usage("found metrics of kinds of experts alone, expected --kinds with them");
    g_autoptr(GError) error = NULL;
    g_auto(CmdAgainst) against = {.layers = NULL};
    if (o->against && !cmd_against_open(&against, o->against, &error))
        return cmd_source_fail(error);
    against.layers = layers;
    against.seed = (uint64_t)o->seed;
    const MetricsQuery query = query_of(o, metrics, layers, o->against ? &against : NULL);
    g_autoptr(MetricsReport) report = cmd_metrics_report_new(&query);
    for (int i = 0; i < n; i++)
        if (!measure(o, paths[i], report, &error))
            return cmd_source_fail(error);
    if (o->against && !check_against(o, &against, report, &error))
        return cmd_source_fail(error);
    cmd_metrics_print(report, format);
    return CMD_OK;
}

/* The views that aren't metrics of the registry. */
static int
run_view(const Options *o, const GArray *layers, MetricsFormat format, int n, char **paths)
{
    const MetricsQuery query = query_of(o, NULL, layers, NULL);
    const CmdView *view = o->experts ? &cmd_experts_view : &cmd_olmoe_view;
    const CmdSourceOptions options = counting(o, view->tallies);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    cmd_view_begin(out, view, format);
    for (int i = 0; i < n; i++) {
        g_auto(CmdSource) source = {0};
        if (!cmd_source_open(&source, paths[i], &options, &error))
            return cmd_source_fail(error);
        if (!cmd_view_add(out, view, &source, &query, format, &error)) {
            cmd_locate(error, paths[i]);
            return cmd_source_fail(error);
        }
    }
    cmd_view_end(out, format);
    return CMD_OK;
}

static int
run(Options *o, int n, char **paths)
{
    MetricsFormat format;
    if (!cmd_metrics_format(&o->formats, &format))
        return CMD_USAGE;
    g_autoptr(GError) error = NULL;
    if (o->where && !(o->filter = moe_token_filter_parse(o->where, &error)))
        return cmd_usage("--where: %s", error->message);
    if (o->list) {
        cmd_metrics_list(format);
        return CMD_OK;
    }
    g_autoptr(GArray) layers = cmd_layers_parse(o->layers);
    if (!layers)
        return CMD_USAGE;
    if (o->experts || o->compat)
        return run_view(o, layers, format, n, paths);
    return run_metrics(o, layers, format, n, paths);
}

int
cmd_metrics(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[TRACE|SUMMARY…]",
        .about = "Prints metrics of routing by layer, each with an interval over "
                 "documents, its expectation for a router that picks uniformly at random, as "
                 "often, of as many units (uniform), and for one of the same load that takes no "
                 "notice of tokens (shuffled); above them, what the checker found. Of a trace "
                 "over training: its last step.",
        .examples = "moescope metrics first.npz --domains all\n"
                    "moescope metrics first.npz --against second.npz\n"
                    "moescope metrics first.npz --experts --layers 1\n"
                    "moescope metrics --list\n",
        .most = -1,
    };
    g_auto(Options) o = {.replicates = 200, .level = 0.95};
    const GOptionEntry entries[] = {
        {"list", 0, 0, G_OPTION_ARG_NONE, &o.list,
         "the metrics there are: formula, unit, source, convention", NULL},
        {"metrics", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &o.metrics,
         "these: names, or load, gates, ranks, order, pairs, flow, tokens, heads, scores, places, "
         "caches, "
         "documents, kinds, domains, run; may be repeated (default: a dozen)",
         "NAME,…"},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &o.all, "all metrics", NULL},
        {"layers", 0, 0, G_OPTION_ARG_STRING, &o.layers, "these layers (0,3-5)", "LAYERS"},
        {"domains", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &o.domains,
         "these domains apart as well, or all; may be repeated", "NAME,…"},
        {"kinds", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.kinds,
         "these kinds of experts (of moescope import --kinds) apart as well, or all; may be "
         "repeated",
         "NAME,…"},
        {"ranks", 0, 0, G_OPTION_ARG_INT, &o.ranks,
         "experts lie on so many devices, neighbours together: how evenly these are loaded, too",
         "N"},
        {"where", 'w', 0, G_OPTION_ARG_STRING, &o.where, CMD_WHERE, "WORDS"},
        {"against", 0, 0, G_OPTION_ARG_FILENAME, &o.against,
         "also how routing agrees with that of another trace of these tokens, a last checkpoint's, "
         "say (router saturation); moescope compare --list: these metrics",
         "FILE"},
        {"steps", 0, 0, G_OPTION_ARG_STRING, &o.steps,
         "over training: every step of the recorded tokens, or of the run's state", "tokens|state"},
        {"experts", 'e', 0, G_OPTION_ARG_NONE, &o.experts,
         "expert by expert: load, gates, tokens by lift, partners", NULL},
        {"compat", 0, 0, G_OPTION_ARG_STRING, &o.compat,
         "co-activation of neighbours in rank, as OLMoE's figure has it", "olmoe"},
        {"bits", 0, 0, G_OPTION_ARG_NONE, &o.bits, "entropies and information in bits, not nats",
         NULL},
        {"no-intervals", 0, 0, G_OPTION_ARG_NONE, &o.no_intervals, "leave out the intervals", NULL},
        {"replicates", 0, 0, G_OPTION_ARG_INT, &o.replicates,
         "times that documents are drawn anew (default: 200)", "N"},
        {"level", 0, 0, G_OPTION_ARG_DOUBLE, &o.level, "of the intervals (default: 0.95)", "P"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "of the drawing (default: 0)", "N"},
        {"no-check", 0, 0, G_OPTION_ARG_NONE, &o.no_check,
         "don't check a trace whose findings aren't known yet", NULL},
        METRICS_FORMAT_ENTRIES(o.formats),
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status))
        return status;
    status = check(&o, argc - 1);
    return status == CMD_OK ? run(&o, argc - 1, argv + 1) : status;
}

/* SPDX-License-Identifier: MIT
 *
 * moescope compare: two routings of the same tokens, or one text over the steps of a run.
 */
#include "cmd.h"
#include "compare.h"
#include "metric-choice.h"
#include "progress.h"
#include "reports.h"
#include "util.h"

#include <string.h>

typedef struct {
    char **domains;
    char *layers, *out, *where;
    MoeTokenFilter *filter; /* of where */
    ReportLook look;
    gboolean match, steps, in_order, list, no_intervals, no_check;
    MetricsFormats formats;
    int replicates, threads;
    gint64 seed;
    double level;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->domains);
    g_free(o->layers);
    g_free(o->out);
    g_free(o->where);
    moe_token_filter_free(o->filter);
    cmd_report_look_clear(&o->look);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static void
report_clear(CompareReport *report)
{
    moe_comparison_free(report->comparison);
    ComparedFile *files[] = {&report->a, &report->b};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        moe_trace_free(files[i]->trace);
        g_free(files[i]->path);
        g_clear_pointer(&files[i]->checked, g_ptr_array_unref);
    }
    g_clear_pointer(&report->domains, g_array_unref);
    g_free(report->where);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CompareReport, report_clear)

/* --- What was asked for -----------------------------------------------------------------------*/

/* Takes the step off "PATH@STEP", unless there is a file of that whole name. (transfer full) */
static char *
part_step(const char *given, MoeCompareSide *side)
{
    const char *at = strrchr(given, '@');
    gint64 step;
    side->steps = MOE_STEPS_LAST;
    if (!at || g_file_test(given, G_FILE_TEST_EXISTS) ||
        !g_ascii_string_to_signed(at + 1, 10, 0, INT32_MAX, &step, NULL))
        return g_strdup(given);
    side->steps = MOE_STEPS_ONE;
    side->step = (int32_t)step;
    return g_strndup(given, (gsize)(at - given));
}

static bool
open_file(ComparedFile *file, const char *given, bool check, const MoeTokenFilter *filter,
          GError **error)
{
    file->given = given;
    file->path = part_step(given, &file->side);
    file->checked = cmd_checked_new();
    g_autofree char *trace = cmd_trace_path(file->path);
    file->trace = cmd_trace_open(trace, error);
    file->side.trace = file->trace;
    return file->trace && (!check || cmd_checked_add_compared(file->checked, file->path,
                                                              file->trace, filter, error));
}

static bool
add_domain(const MoeComparison *comparison, const char *name, GArray *domains, GError **error)
{
    bool all = g_str_equal(name, "all");
    guint before = domains->len;
    for (int d = MOE_DOMAIN_UNKNOWN; d < moe_comparison_domains(comparison); d++)
        if (all || (d >= 0 && g_str_equal(name, moe_comparison_domain_name(comparison, d))))
            g_array_append_val(domains, d);
    if (domains->len == before)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no domain \"%s\"", name);
    return domains->len > before;
}

/* All tokens, and the domains of --domains. (transfer full) */
static GArray *
choose_domains(const MoeComparison *comparison, char **given, GError **error)
{
    g_autoptr(GArray) domains = g_array_new(FALSE, FALSE, sizeof(int));
    const int all = MOE_DOMAIN_ALL;
    g_array_append_val(domains, all);
    for (; given && *given; given++) {
        g_auto(GStrv) names = g_strsplit(*given, ",", -1);
        for (char **name = names; *name; name++)
            if (!add_domain(comparison, *name, domains, error))
                return NULL;
    }
    return g_steal_pointer(&domains);
}

static int
check(const Options *o, int traces)
{
    if (o->list)
        return traces == 0 ? CMD_OK : cmd_usage("found --list with a trace, expected either");
    if (o->steps && traces != 1)
        return cmd_usage("found %d traces, expected one with --steps", traces);
    if (!o->steps && traces != 2)
        return cmd_usage("found %d trace%s, expected two (or one with --steps)", traces,
                         traces == 1 ? "" : "s");
    if (o->steps && (o->match || o->in_order || o->domains || o->where))
        return cmd_usage(
            "found --match, --in-order, --domains or --where with --steps, expected either");
    if (o->steps && o->out)
        return cmd_usage(
            "found --out with --steps, expected two routings; moescope report tells of "
            "the steps of one");
    if (o->out && (o->formats.json || o->formats.csv || o->formats.markdown || o->formats.text ||
                   o->no_intervals || o->no_check || o->domains))
        return cmd_usage("found --text, --json, --csv, --markdown, --no-intervals, --no-check or "
                         "--domains with --out, expected a report, which has all of it");
    if (o->replicates < 20 || o->replicates > 100000)
        return cmd_usage("found --replicates %d, expected 20 … 100000", o->replicates);
    if (!(o->level >= 0.5 && o->level <= 0.999))
        return cmd_usage("found --level %g, expected 0.5 … 0.999", o->level);
    return CMD_OK;
}

/* --- Running ----------------------------------------------------------------------------------*/

static bool
compare(const Options *o, const GArray *ranges, CompareReport *report, GError **error)
{
    int n;
    g_autofree int *layers = cmd_layers_of(report->a.trace, ranges, &n);
    const MoeCompareOptions options = {
        .in_order = o->in_order,
        .layers = layers,
        .n_layers = n,
        .match = o->match,
        .shuffle = true,
        .seed = (uint64_t)o->seed,
        .filter = o->filter,
        .progress = cmd_progress_begin(),
    };
    report->comparison = moe_compare(&report->a.side, &report->b.side, &options, error);
    cmd_progress_end();
    if (report->comparison)
        report->domains = choose_domains(report->comparison, o->domains, error);
    if (report->domains)
        return true;
    g_autofree char *both =
        g_strdup_printf("%s (first) and %s (second)", report->a.given, report->b.given);
    cmd_locate(*error, both);
    return false;
}

static int
run_pair(const Options *o, const GArray *ranges, MetricsFormat format, char **given)
{
    g_autoptr(GError) error = NULL;
    g_auto(CompareReport) report = {
        .where = o->filter ? moe_token_filter_text(o->filter) : NULL,
        .how = {.intervals = !o->no_intervals,
                .match = o->match,
                .resample = {o->replicates, o->level, (uint64_t)o->seed}},
    };
    if (!open_file(&report.a, given[0], !o->no_check, o->filter, &error) ||
        !open_file(&report.b, given[1], !o->no_check, o->filter, &error) ||
        !compare(o, ranges, &report, &error))
        return cmd_source_fail(error);
    if (format == METRICS_JSON)
        cmd_compare_json(&report);
    else if (format == METRICS_CSV)
        cmd_compare_csv(&report);
    else
        cmd_compare_text(&report, format == METRICS_MARKDOWN);
    return CMD_OK;
}

static int
run_steps(const Options *o, const GArray *ranges, MetricsFormat format, const char *path)
{
    int n;
    g_autoptr(GError) error = NULL;
    g_auto(CompareReport) report = {.where = NULL};
    if (!open_file(&report.a, path, !o->no_check, o->filter, &error))
        return cmd_source_fail(error);
    if (report.a.side.steps == MOE_STEPS_ONE)
        return cmd_usage("found %s, expected a trace without a step with --steps", path);
    g_autofree int *layers = cmd_layers_of(report.a.trace, ranges, &n);
    g_autoptr(MoeFluctuation) fluctuation =
        moe_fluctuation(report.a.trace, layers, n, cmd_progress_begin(), &error);
    cmd_progress_end();
    if (!fluctuation) {
        cmd_locate(error, path);
        return cmd_source_fail(error);
    }
    cmd_fluctuation_print(&report.a, fluctuation, format);
    return CMD_OK;
}

/* Splits "PATH@STEP" twice, and writes the report. */
static int
run_report(const Options *o, const GArray *ranges, char **given)
{
    g_autoptr(GError) error = NULL;
    g_auto(CompareReport) sides = {.where = NULL};
    int n_layers;
    if (!open_file(&sides.a, given[0], false, NULL, &error) ||
        !open_file(&sides.b, given[1], false, NULL, &error))
        return cmd_source_fail(error);
    g_autofree int *layers = cmd_layers_of(sides.a.trace, ranges, &n_layers);
    const MoeReportPair pair = {
        .a = sides.a.path,
        .b = sides.b.path,
        .steps = {sides.a.side.steps, sides.b.side.steps},
        .step = {sides.a.side.step, sides.b.side.step},
        .match = o->match,
        .in_order = o->in_order,
        .layers = layers,
        .n_layers = n_layers,
        .filter = o->filter,
    };
    const MoeReportOptions options = {.replicates = o->replicates,
                                      .level = o->level,
                                      .seed = (uint64_t)o->seed,
                                      .progress = cmd_progress_begin()};
    g_autoptr(MoeDocument) document = moe_report_compare(&pair, &options, &error);
    cmd_progress_end();
    if (!document ||
        !moe_document_save(document, o->out, "compare", o->look.formats, o->look.theme, &error))
        return cmd_source_fail(error);
    return CMD_OK;
}

static int
run(Options *o, char **given)
{
    MetricsFormat format;
    if (!cmd_metrics_format(&o->formats, &format))
        return CMD_USAGE;
    g_autoptr(GError) error = NULL;
    if (o->where && !(o->filter = moe_token_filter_parse(o->where, &error)))
        return cmd_usage("--where: %s", error->message);
    if (o->list) {
        cmd_compare_list(format);
        return CMD_OK;
    }
    g_autoptr(GArray) ranges = cmd_layers_parse(o->layers);
    if (!ranges)
        return CMD_USAGE;
    if (o->out)
        return run_report(o, ranges, given);
    return o->steps ? run_steps(o, ranges, format, given[0]) : run_pair(o, ranges, format, given);
}

int
cmd_compare(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "FIRST[@STEP] SECOND[@STEP] | TRACE --steps",
        .about =
            "Compares two routings of the same tokens (two checkpoints, two runs, two "
            "precisions; or two steps of one trace) layer by layer: how often they agree, "
            "with intervals over documents, beside what routers that pick at random, uniformly "
            "or by these loads, would show. --match finds out how much of it hides behind "
            "experts that have other numbers. --steps follows one text over the steps of a "
            "run. Of a trace over training without @STEP: its last step. Tokens that only one has "
            "(a rollout has none for the last of a text) are left out and counted, where both "
            "traces know documents, positions and ids. With --out: a report, as "
            "moescope report writes them, in files compare.*",
        .examples = "moescope compare first.npz second.npz --match\n"
                    "moescope compare first.npz second.npz --where 'pos=0-127'\n"
                    "moescope compare runs/first/trace.npz --steps\n"
                    "moescope compare first.npz second.npz --out difference\n",
        .most = 2,
    };
    g_auto(Options) o = {.replicates = 200, .level = 0.95};
    const GOptionEntry entries[] = {
        {"match", 'm', 0, G_OPTION_ARG_NONE, &o.match,
         "match experts by what they take together, and compare again", NULL},
        {"steps", 0, 0, G_OPTION_ARG_NONE, &o.steps,
         "one trace over its steps: fluctuation, saturation, last fluctuation step", NULL},
        {"list", 0, 0, G_OPTION_ARG_NONE, &o.list,
         "the metrics there are: formula, unit, source, convention", NULL},
        {"layers", 0, 0, G_OPTION_ARG_STRING, &o.layers, "these layers (0,3-5)", "LAYERS"},
        {"in-order", 0, 0, G_OPTION_ARG_NONE, &o.in_order,
         "the first router with the first, and so on, whatever their layers", NULL},
        {"domains", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &o.domains,
         "these domains apart as well, or all; may be repeated", "NAME,…"},
        {"where", 'w', 0, G_OPTION_ARG_STRING, &o.where, CMD_WHERE, "WORDS"},
        {"no-intervals", 0, 0, G_OPTION_ARG_NONE, &o.no_intervals, "leave out the intervals", NULL},
        {"replicates", 0, 0, G_OPTION_ARG_INT, &o.replicates,
         "times that documents are drawn anew (default: 200)", "N"},
        {"level", 0, 0, G_OPTION_ARG_DOUBLE, &o.level, "of the intervals (default: 0.95)", "P"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed,
         "of the drawing, and of shuffled tokens (default: 0)", "N"},
        {"no-check", 0, 0, G_OPTION_ARG_NONE, &o.no_check, "don't check the traces", NULL},
        METRICS_FORMAT_ENTRIES(o.formats),
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "write a report into this folder", "DIR"},
        REPORT_LOOK_ENTRIES(o.look),
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status) || !cmd_report_look_check(&o.look, &status))
        return status;
    status = check(&o, argc - 1);
    return status == CMD_OK ? run(&o, argv + 1) : status;
}

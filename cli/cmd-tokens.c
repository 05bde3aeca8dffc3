/* SPDX-License-Identifier: MIT
 *
 * moescope tokens: single tokens of a trace, with the text around them: those that excite an
 * expert, or those that a search finds.
 */
#include "cmd.h"
#include "contexts.h"
#include "progress.h"
#include "source.h"
#include "util.h"

#include <moescope/token-texts.h>

typedef struct {
    char *by, *where, *steps, *find;
    gboolean json, csv;
    int layer, expert, slot, id, top, each, context;
    gint64 least;
} Options;

static void
options_clear(Options *o)
{
    g_free(o->by);
    g_free(o->where);
    g_free(o->steps);
    g_free(o->find);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* --- What was asked for -----------------------------------------------------------------------*/

/* The router of --layer; the only one where there is one. -1 with an error. */
static int
router_of(const MoeTrace *trace, int layer, GError **error)
{
    int n = moe_trace_routers(trace);
    g_autoptr(GString) known = g_string_new(NULL);
    if (layer < 0 && n == 1)
        return 0;
    for (int r = 0; r < n; r++) {
        if (moe_trace_router(trace, r)->layer == layer)
            return r;
        g_string_append_printf(known, "%s%d", r ? ", " : "", moe_trace_router(trace, r)->layer);
    }
    if (layer < 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no --layer, expected one of the MoE layers %s", known->str);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found --layer %d, expected one of the MoE layers %s", layer, known->str);
    return -1;
}

static bool
steps_of(const char *given, MoeSteps *steps, int32_t *one, GError **error)
{
    gint64 step;
    *steps = MOE_STEPS_LAST;
    if (!given || g_str_equal(given, "last"))
        return true;
    if (g_str_equal(given, "all")) {
        *steps = MOE_STEPS_ALL;
        return true;
    }
    if (g_ascii_string_to_signed(given, 10, 0, INT32_MAX, &step, NULL)) {
        *steps = MOE_STEPS_ONE;
        *one = (int32_t)step;
        return true;
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "found --steps %s, expected last, all or the number of a step", given);
    return false;
}

/* What is wrong with the options; else CMD_OK. */
static int
check(const Options *o)
{
    bool searches = o->find || o->id >= 0;
    if (o->json && o->csv)
        return cmd_usage("found --json with --csv, expected one of them");
    if (o->by && !g_str_equal(o->by, "gate") && !g_str_equal(o->by, "lift"))
        return cmd_usage("found --by %s, expected gate or lift", o->by);
    if (!searches && o->expert < 0)
        return cmd_usage("found neither --expert nor --find nor --id, expected one of them");
    if (searches && (o->by || o->each || o->least))
        return cmd_usage("found --by, --each or --least with --find or --id, expected them with "
                         "--expert alone");
    if (!searches && o->slot >= 0)
        return cmd_usage("found --slot without --find or --id, expected it with a search");
    if (o->top < 1 || o->top > MOE_CONTEXTS_MOST)
        return cmd_usage("found --top %d, expected 1 … %d", o->top, MOE_CONTEXTS_MOST);
    if (o->each < 0 || o->least < 0)
        return cmd_usage("found a negative --each or --least, expected 0 or more");
    return CMD_OK;
}

/* --- Doing it ---------------------------------------------------------------------------------*/

static bool
list_contexts(Contexts *list, const Options *o, const MoeTokenFilter *filter, GError **error)
{
    MoeContextQuery query = {.router = list->router,
                             .expert = o->expert,
                             .by = o->by && g_str_equal(o->by, "lift") ? MOE_CONTEXTS_BY_LIFT
                                                                       : MOE_CONTEXTS_BY_GATE,
                             .top = o->top,
                             .each = o->each,
                             .window = o->context,
                             .least = o->least,
                             .filter = filter,
                             .progress = cmd_progress_begin()};
    list->by_lift = query.by == MOE_CONTEXTS_BY_LIFT;
    if (!steps_of(o->steps, &query.steps, &query.step, error))
        return false;
    list->concordance = moe_concordance_new(list->trace, &query, error);
    return list->concordance != NULL;
}

static bool
list_found(Contexts *list, const Options *o, const MoeTokenFilter *filter, GError **error)
{
    MoeTokenQuery query = {.text = o->find,
                           .id = o->id,
                           .router = list->router,
                           .expert = o->expert,
                           .slot = o->slot,
                           .filter = filter};
    const MoeProgress *progress = cmd_progress_begin();
    g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(MoeTokenFinder) finder =
        steps_of(o->steps, &query.steps, &query.step, error)
            ? moe_token_finder_new(list->trace, &query, list->texts, error)
            : NULL;
    if (!finder)
        return false;
    for (int64_t token = -1; (int)tokens->len < o->top;) {
        if (!moe_token_finder_next(finder, token + 1, &token, progress, error))
            return false;
        if (token < 0)
            break;
        g_array_append_val(tokens, token);
    }
    list->concordance = moe_concordance_at(list->trace, (const int64_t *)(void *)tokens->data,
                                           (int)tokens->len, o->context, error);
    return list->concordance != NULL;
}

static bool
fill(Contexts *list, const Options *o, GError **error)
{
    g_autoptr(MoeTokenFilter) filter = NULL;
    list->texts = moe_token_texts_new();
    moe_token_texts_add(list->texts, moe_trace_meta_json(list->trace));
    if (o->where && !(filter = moe_token_filter_parse(o->where, error)))
        return false;
    bool good = (list->searched ? list_found : list_contexts)(list, o, filter, error);
    cmd_progress_end();
    return good;
}

static int
run(const char *path, const Options *o)
{
    g_autoptr(GError) error = NULL;
    g_auto(Contexts) list = {.path = path,
                             .find = o->find,
                             .expert = o->expert,
                             .id = o->id,
                             .searched = o->find || o->id >= 0};
    list.trace = cmd_trace_open(path, &error);
    if (list.trace && !(list.searched && o->expert < 0))
        list.router = router_of(list.trace, o->layer, &error);
    if (list.trace && !error)
        fill(&list, o, &error);
    if (error) {
        if (list.trace && !g_str_has_prefix(error->message, path))
            cmd_locate(error, path);
        cmd_fail(error);
        return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED
                                                                      : CMD_FAILED;
    }
    (o->json ? cmd_contexts_json : o->csv ? cmd_contexts_csv : cmd_contexts_text)(&list);
    return CMD_OK;
}

int
cmd_tokens(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about =
            "Lists single tokens of a trace with the text around them: with --expert those that "
            "an expert of a layer takes with the highest gates, or whose ids it takes beyond "
            "their due (lift); with --find those where a text begins, with --id those of an id, "
            "of all tokens that count or, with --expert as well, of those that the expert takes.",
        .examples = "moescope tokens first.npz --layer 1 --expert 2 --by lift --each 2\n"
                    "moescope tokens first.npz --find \"the \" --csv\n",
        .least = 1,
        .most = 1,
    };
    g_auto(Options) o = {.layer = -1, .expert = -1, .slot = -1, .id = -1, .top = 20, .context = 8};
    const GOptionEntry entries[] = {
        {"layer", 'l', 0, G_OPTION_ARG_INT, &o.layer, "the layer, as the model counts", "L"},
        {"expert", 'e', 0, G_OPTION_ARG_INT, &o.expert, "the expert", "E"},
        {"by", 'b', 0, G_OPTION_ARG_STRING, &o.by, "order of its tokens: gate (default) or lift",
         "ORDER"},
        {"each", 0, 0, G_OPTION_ARG_INT, &o.each, "at most so many of one token id (0: any number)",
         "N"},
        {"least", 0, 0, G_OPTION_ARG_INT64, &o.least,
         "by lift: pass over ids that are seen less often (10)", "N"},
        {"where", 'w', 0, G_OPTION_ARG_STRING, &o.where, CMD_WHERE, "WORDS"},
        {"steps", 0, 0, G_OPTION_ARG_STRING, &o.steps,
         "of training: last (default), all or the number of one", "STEPS"},
        {"find", 'f', 0, G_OPTION_ARG_STRING, &o.find,
         "tokens in which this text begins; A-Z match a-z", "TEXT"},
        {"id", 0, 0, G_OPTION_ARG_INT, &o.id, "tokens of this id", "ID"},
        {"slot", 0, 0, G_OPTION_ARG_INT, &o.slot,
         "search: which of the choices has to be the expert; 0 is the first", "S"},
        {"top", 'n', 0, G_OPTION_ARG_INT, &o.top, "how many (20)", "N"},
        {"context", 'c', 0, G_OPTION_ARG_INT, &o.context, "tokens on either side (8)", "W"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "as JSON", NULL},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &o.csv, "as CSV", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    status = check(&o);
    return status == CMD_OK ? run(argv[1], &o) : status;
}

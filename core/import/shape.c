/* SPDX-License-Identifier: MIT
 *
 * What the files say and what the caller says, joined to a trace's description. Everything that
 * neither says is asked for at once, a line each.
 */
#include "base/json-out.h"
#include "base/quote.h"
#include "import/door.h"

#include <moescope/kinds.h>
#include <string.h>

enum { EXPERTS_MAX = UINT16_MAX, BATCH = 4096 };

/* Bytes that gather for a chunk of the trace: of picks, of logits. */
#define PICKS_MAX  ((gsize)1 << 26)
#define LOGITS_MAX ((gsize)1 << 27)
/* Bytes of gates that wait for the writer. */
#define BATCH_MAX ((gsize)1 << 26)

static void ask(GString *problems, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
ask(GString *problems, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (problems->len)
        g_string_append_c(problems, '\n');
    g_string_append_vprintf(problems, format, arguments);
    va_end(arguments);
}

static int
join_number(GString *problems, int file, int told, const char *option, const char *what)
{
    if (file > 0 && told > 0 && file != told)
        ask(problems, "the files say %s is %d, --%s says %d", what, file, option, told);
    return file > 0 ? file : told;
}

static const char *
join_name(GString *problems, const char *file, const char *told, const char *option,
          const char *question)
{
    if (file && told && !g_str_equal(file, told)) {
        g_autofree char *quoted = moe__quote(told);
        ask(problems, "the files say \"%s\", --%s says %s", file, option, quoted);
    }
    if (!file && !told)
        ask(problems, "nothing in the files says %s", question);
    return file ? file : told;
}

/* Whether the gates follow from the logits. */
static bool
derives_gates(const MoeImportShape *shape, const char *score)
{
    return shape->has_logits && !shape->has_gates && moe__logit_score(score);
}

static MoeImportGates
join_gates(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options,
           bool derived)
{
    if (!shape->has_gates && !derived)
        return MOE_IMPORT_GATES_UNTOLD;
    if (shape->gates && options->gates && shape->gates != options->gates)
        ask(problems, "the files say that gates %s, --gates says otherwise",
            shape->gates == MOE_IMPORT_GATES_SUM_TO_ONE ? "sum to one" : "aren't renormalised");
    if (!shape->gates && !options->gates)
        ask(problems, "nothing in the files says whether the gates of a token's picks were made to "
                      "sum to one: give --gates sum-to-one or --gates as-scored");
    return shape->gates ? shape->gates : options->gates;
}

static int
join_experts(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options)
{
    int experts =
        join_number(problems, shape->experts, options->experts, "experts", "the number of experts");
    g_autofree char *seen =
        shape->max_expert > 0
            ? g_strdup_printf(" (the highest id that was seen is %d)", shape->max_expert)
            : g_strdup(""); /* or none was looked at yet */
    if (experts <= 0)
        ask(problems, "nothing in the files says how many experts a layer has%s: give --experts N",
            seen);
    else if (shape->max_expert >= EXPERTS_MAX)
        ask(problems, "found expert %d in the files, expected ids up to %d", shape->max_expert,
            EXPERTS_MAX - 1);
    else if (experts > EXPERTS_MAX || experts <= shape->max_expert)
        ask(problems, "found %d experts, but the highest id is %d; expected %d … %d (--experts)",
            experts, shape->max_expert, shape->max_expert + 1, EXPERTS_MAX);
    return experts;
}

static bool
is_top_k(const char *select)
{
    return select && (g_str_equal(select, "top-k") || g_str_equal(select, "topk"));
}

static void
check_logits(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options,
             const MoeRouterInfo *info)
{
    bool told = info->score && info->select;
    if (shape->no_picks && told && !(moe__logit_score(info->score) && is_top_k(info->select)))
        ask(problems, "the files have logits but no picks, which are remade for --score softmax or "
                      "sigmoid with --select top-k only: record the picks too "
                      "(samples/python/moescope_recorder.py does)");
    if (options->logits && !shape->has_logits)
        ask(problems, "--logits: there are no logits in the files");
}

static void
check_kinds(GString *problems, const MoeImportOptions *options, int experts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeKinds) kinds G_GNUC_UNUSED =
        options->kinds && experts > 0 && experts <= EXPERTS_MAX
            ? moe_kinds_parse(options->kinds, experts, &error)
            : NULL;
    if (error)
        ask(problems, "--kinds: %s", error->message);
}

/* Layers that differ in experts: one number, or one list of kinds, doesn't say it of all. */
static void
check_layers(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options)
{
    if (!shape->layer_experts)
        return;
    if (options->experts > 0)
        ask(problems, "the files say that layers differ in experts, --experts says %d",
            options->experts);
    if (options->kinds)
        ask(problems, "--kinds: the files say that layers differ in experts");
    for (int i = 0; i < shape->n_layers; i++) {
        int k = shape->layer_k ? shape->layer_k[i] : shape->k;
        if (k > shape->layer_experts[i])
            ask(problems, "layer %d: found k = %d with %d experts, expected at most as many",
                shape->layers[i], k, shape->layer_experts[i]);
    }
}

/* Of layers that differ --k says nothing. */
static int
join_k(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options)
{
    if (!shape->layer_k)
        return join_number(problems, shape->k, options->k, "k", "k");
    if (options->k > 0)
        ask(problems, "the files say that k isn't the same in all layers and tokens, --k says %d",
            options->k);
    return shape->k;
}

static MoeRouterInfo
join(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options)
{
    MoeRouterInfo info = {.units_per_token = 1};
    info.experts = join_experts(problems, shape, options);
    info.k = join_k(problems, shape, options);
    if (info.k <= 0 && !shape->shares)
        ask(problems, "nothing in the files says how many experts a token gets: give --k N");
    else if (info.experts > 0 && info.k > info.experts)
        ask(problems, "found k = %d with %d experts, expected at most as many", info.k,
            info.experts);
    info.score = (char *)join_name(problems, shape->score, options->score, "score",
                                   "how the router scores: give --score softmax, sigmoid or what "
                                   "it is (--score unknown if nobody knows)");
    info.select = (char *)join_name(problems, shape->select, options->select, "select",
                                    "by which rule experts are chosen: give --select top-k or what "
                                    "it is (--select unknown if nobody knows)");
    check_logits(problems, shape, options, &info);
    check_layers(problems, shape, options);
    check_kinds(problems, options, info.experts);
    info.kinds = (char *)options->kinds;
    info.shared = options->shared;
    MoeImportGates gates = join_gates(problems, shape, options, derives_gates(shape, info.score));
    info.gates_sum_to_one = gates == MOE_IMPORT_GATES_SUM_TO_ONE;
    info.gate = (char *)(gates == MOE_IMPORT_GATES_UNTOLD       ? "unknown"
                         : gates == MOE_IMPORT_GATES_SUM_TO_ONE ? "renormalised"
                                                                : "score");
    info.causal = !info.select || !g_str_equal(info.select, "expert-choice");
    return info;
}

/* --- meta.json --------------------------------------------------------------------------------*/

static void
append_list(GString *out, const char *name, const char *const *texts, int n)
{
    g_string_append_printf(out, "\"%s\": [", name);
    for (int i = 0; i < n; i++) {
        g_string_append(out, i ? ", " : "");
        moe__json_append_string(out, texts[i]);
    }
    g_string_append_c(out, ']');
}

static void
append_lines(GString *out, const char *name, const GString *lines)
{
    if (lines->len == 0)
        return;
    g_auto(GStrv) all = g_strsplit(lines->str, "\n", -1);
    g_string_append(out, ", ");
    append_list(out, name, (const char *const *)all, (int)g_strv_length(all));
}

char *
moe__import_extra(const MoeImport *import, const MoeImportShape *shape)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GString *out = g_string_new("{\"import\": {\"importer\": ");
    for (guint i = 0; i < import->files->len; i++)
        g_ptr_array_add(names, g_filename_display_basename(
                                   g_array_index(import->files, MoeImportFile, i).path));
    moe__json_append_string(out, import->importer->name);
    if (shape->model) {
        g_string_append(out, ", \"model\": ");
        moe__json_append_string(out, shape->model);
    }
    g_string_append(out, ", ");
    append_list(out, "files", (const char *const *)names->pdata, (int)names->len);
    append_lines(out, "notes", import->notes);
    append_lines(out, "warnings", import->warnings);
    g_string_append(out, import->kept->str);
    g_string_append_printf(out, "}, \"library\": \"moescope %s\"", moe_version());
    if (shape->n_tokens > 0) {
        g_string_append(out, ", ");
        append_list(out, "tokens", shape->tokens, shape->n_tokens);
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

char *
moe__import_meta(const MoeImport *import, const MoeImportShape *shape)
{
    g_autofree char *extra = moe__import_extra(import, shape);
    return moe_trace_meta(import->routers, import->n_routers,
                          (const char *const *)import->names->pdata, (int)import->names->len,
                          extra);
}

/* --- Beginning --------------------------------------------------------------------------------*/

static bool
is_layer_told(const MoeImportOptions *options, int layer)
{
    bool told = options->n_layers == 0;
    for (int i = 0; i < options->n_layers && !told; i++)
        told = options->layers[i] == layer;
    return told;
}

/* Where it isn't told, and can't be seen, whether places are layers. */
static void
tell_places(MoeImport *import, const MoeImportShape *shape)
{
    int n = shape->n_layers;
    if (shape->by_place && import->options->n_layers == 0 && n > 1 && shape->layers[n - 1] == n - 1)
        moe_import_note(import,
                        "the files don't number their layers: places were taken, 0 … %d; if layers "
                        "without experts were left out, --layers says which these are",
                        n - 1);
}

/* The layers' numbers: of the files, or of the options where these have none, or know better. */
static const int *
join_layers(GString *problems, const MoeImportShape *shape, const MoeImportOptions *options)
{
    int n = shape->n_layers;
    if (n <= 0)
        ask(problems, "found no layer in the files");
    else if (!shape->layers && options->n_layers == 0)
        ask(problems,
            "nothing in the files says which layers these %d are: give --layers LIST (as 0,7,15 "
            "or 1-26)",
            n);
    else if (!shape->layers && options->n_layers != n)
        ask(problems, "the files have %d layers, --layers names %d", n, options->n_layers);
    if (shape->layers && shape->by_place && options->n_layers == n)
        return options->layers;
    for (int i = 0; shape->layers && i < n; i++)
        if (!is_layer_told(options, shape->layers[i])) {
            if (shape->by_place)
                ask(problems, "the files have %d layers, --layers names %d", n, options->n_layers);
            else
                ask(problems, "the files say layer %d, --layers doesn't name it", shape->layers[i]);
            break;
        }
    return shape->layers ? shape->layers : options->layers;
}

static void
settle_routers(MoeImport *import, const MoeImportShape *shape, const int *layers,
               const MoeRouterInfo *info)
{
    int n = shape->n_layers;
    import->n_routers = n;
    import->k = info->k;
    import->routers = g_new(MoeRouterInfo, (gsize)n);
    for (int r = 0; r < n; r++) {
        import->routers[r] = *info;
        import->routers[r].layer = layers[r];
        if (shape->layer_k)
            import->routers[r].k = shape->layer_k[r];
        if (shape->layer_experts)
            import->routers[r].experts = shape->layer_experts[r];
    }
}

bool
moe__import_describe(MoeImport *import, const MoeImportShape *shape, bool counts,
                     MoeRouterInfo *info, GError **error)
{
    const MoeImportOptions *options = import->options;
    g_autoptr(GString) problems = g_string_new(NULL);
    MoeImportShape known = *shape;
    if (counts && !known.score) /* counts don't depend on it */
        known.score = options->score ? options->score : "unknown";
    if (counts && !known.select)
        known.select = options->select ? options->select : "unknown";
    *info = join(problems, &known, options);
    const int *layers = join_layers(problems, shape, options);
    if (problems->len) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s", problems->str);
        return false;
    }
    tell_places(import, shape);
    settle_routers(import, shape, layers, info);
    for (int i = 0; options->n_domains == 0 && i < shape->n_domains; i++)
        g_ptr_array_add(import->names, moe__import_domain_name(shape->domains[i]));
    return true;
}

static void
settle_logits(MoeImport *import, const MoeImportShape *shape, const MoeRouterInfo *info)
{
    import->has_logits = shape->has_logits;
    import->no_picks = shape->no_picks;
    import->derive_gates = derives_gates(shape, info->score);
    import->has_gates = shape->has_gates || import->derive_gates;
    import->score = moe__logit_score(info->score);
    import->gates_to_one = info->gates_sum_to_one;
    import->compare = shape->has_logits && !shape->no_picks && is_top_k(info->select);
}

/* Slots of a token in all routers. */
static gsize
count_slots(const MoeImport *import)
{
    gsize n = 0;
    for (int r = 0; r < import->n_routers; r++)
        n += (gsize)moe__import_width(import, r);
    return n;
}

/* Tokens of a chunk: as many as ever, or fewer where they have many layers or logits. */
static int64_t
chunk_tokens(const MoeImport *import, const MoeTraceOptions *options)
{
    gsize routers = (gsize)import->n_routers, gate = moe_type_size(options->gate_type);
    gsize picks = count_slots(import) * (sizeof(uint16_t) + (options->gates ? gate : 0));
    gsize logits = routers * (gsize)import->routers[0].experts * sizeof(uint16_t);
    gsize most = PICKS_MAX / picks;
    if (options->logits)
        most = MIN(most, LOGITS_MAX / logits);
    return (int64_t)CLAMP(most, 256, 65536);
}

bool
moe__import_open_trace(MoeImport *import, char *meta, MoeTraceOptions options, GError **error)
{
    options.meta_room = MOE_IMPORT_ROOM;
    import->meta = meta;
    import->early_notes = import->notes->len;
    import->early_warnings = import->warnings->len;
    import->writer = moe_trace_writer_new(import->target, meta, import->routers, import->n_routers,
                                          &options, error);
    return import->writer != NULL;
}

bool
moe_import_begin(MoeImport *import, const MoeImportShape *shape, GError **error)
{
    MoeRouterInfo info;
    if (!moe__import_describe(import, shape, false, &info, error))
        return false;
    settle_logits(import, shape, &info);
    MoeTraceOptions options = {
        .compression = import->options->compression,
        .chunk_tokens = import->options->chunk_tokens,
        .gates = import->has_gates,
        .gate_type = import->derive_gates ? MOE_F32
                     : shape->gate_type   ? shape->gate_type
                                          : MOE_F64,
        .score_stats = import->has_logits,
        .logits = import->has_logits && import->options->logits,
    };
    if (options.chunk_tokens == 0)
        options.chunk_tokens = chunk_tokens(import, &options);
    gsize most = MAX(BATCH_MAX / (count_slots(import) * sizeof(double)), 16);
    import->capacity = (int)MIN(MIN(options.chunk_tokens, BATCH), (int64_t)most);
    moe__import_batch_make(import);
    return moe__import_open_trace(import, moe__import_meta(import, shape), options, error);
}

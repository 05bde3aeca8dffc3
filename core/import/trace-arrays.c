/* SPDX-License-Identifier: MIT
 *
 * What `moescope export --as safetensors` and `--as npz` write: arrays over all tokens, with the
 * trace's meta.json in __metadata__, or beside them as trace.json, which says all that is to be
 * known of the routers. So nothing is asked for, and options may only say the same again.
 */
#include "base/json-in.h"
#include "import/door.h"
#include "import/importers.h"
#include "import/numpy.h"
#include "trace/meta.h"
#include "trace/zip.h"

#include <math.h>
#include <moescope/safetensors.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 4096, BATCH_CELLS = 1 << 20 };
enum { ID, DOC, POS, DOMAIN, COLUMNS };

static const char *const columns[COLUMNS] = {"tokens.id", "tokens.doc", "tokens.pos",
                                             "tokens.domain"};

typedef struct Arrays {
    MoeImport *import;
    char *path;           /* as it may be shown */
    MoeSafetensors *file; /* or … */
    MoeNumpy *numpy;      /* … an archive, whose arrays are read whole: */
    GPtrArray *read;      /* Read, of it */
    char *meta_json;
    MoeTraceMeta meta;
    int64_t tokens;
    const MoeStored *column[COLUMNS];   /* NULL: the trace had none */
    const MoeStored **experts, **gates; /* [routers]; gates NULL likewise */
    int32_t *values[COLUMNS];           /* of a batch */
    MoeTracePicks *picks;               /* [routers], over what follows */
    int32_t **expert;                   /* [routers][batch] */
    float **gate;
} Arrays;

/* An array of an archive. */
typedef struct Read {
    char *name;
    MoeValues values;
    MoeStored stored; /* over these */
} Read;

static void
read_free(void *data)
{
    Read *read = data;
    moe__values_clear(&read->values);
    g_free(read->name);
    g_free(read);
}

static void
arrays_clear(Arrays *a)
{
    for (int r = 0; r < a->meta.n_routers; r++) {
        if (a->expert)
            g_free(a->expert[r]);
        if (a->gate)
            g_free(a->gate[r]);
    }
    for (int c = 0; c < COLUMNS; c++)
        g_free(a->values[c]);
    g_free(a->experts);
    g_free(a->gates);
    g_free(a->expert);
    g_free(a->gate);
    g_free(a->picks);
    moe__trace_meta_clear(&a->meta);
    moe_safetensors_free(a->file);
    moe__numpy_free(a->numpy);
    g_clear_pointer(&a->read, g_ptr_array_unref);
    g_free(a->meta_json);
    g_free(a->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arrays, arrays_clear)

/* --- What the caller says ---------------------------------------------------------------------*/

static bool
differs(const char *told, const char *found)
{
    return told && !g_str_equal(told, found ? found : "");
}

/* The option that says other than a router, or NULL. */
static const char *
find_conflict(const MoeImportOptions *options, const MoeRouterInfo *router)
{
    MoeImportGates gates =
        router->gates_sum_to_one ? MOE_IMPORT_GATES_SUM_TO_ONE : MOE_IMPORT_GATES_AS_SCORED;
    return options->experts > 0 && options->experts != router->experts ? "--experts"
           : options->k > 0 && options->k != router->k                 ? "--k"
           : differs(options->score, router->score)                    ? "--score"
           : differs(options->select, router->select)                  ? "--select"
           : options->gates && options->gates != gates                 ? "--gates"
           : differs(options->kinds, router->kinds)                    ? "--kinds"
           : options->shared > 0 && options->shared != router->shared  ? "--shared"
                                                                       : NULL;
}

/* Options that would change what the trace is. */
static const char *
find_useless(const MoeImportOptions *options)
{
    return options->n_layers > 0    ? "--layers"
           : options->n_domains > 0 ? "--domain"
           : options->logits        ? "--logits"
           : options->axes          ? "--axes"
                                    : NULL;
}

static bool
check_options(const Arrays *a, GError **error)
{
    const MoeImportOptions *options = a->import->options;
    const char *useless = find_useless(options);
    if (useless) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: an exported trace says itself what it is, expected no such option",
                    useless);
        return false;
    }
    for (int r = 0; r < a->meta.n_routers; r++) {
        const char *option = find_conflict(options, &a->meta.routers[r]);
        if (!option)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "router %d: the file (an exported trace) says other than %s", r, option);
        return false;
    }
    return true;
}

/* --- Either file ------------------------------------------------------------------------------*/

/* NULL: it isn't there. */
static const MoeStored *
find(const Arrays *a, const char *name)
{
    if (a->file)
        return moe_safetensors_find(a->file, name);
    int i = moe__numpy_find(a->numpy, name);
    return i < 0 ? NULL : &((const Read *)a->read->pdata[i])->stored;
}

static bool
read_archive(Arrays *a, const char *path, GError **error)
{
    a->numpy = moe__numpy_open(path, error);
    g_autoptr(MoeZipReader) zip = a->numpy ? moe__zip_reader_open(path, UINT64_MAX, error) : NULL;
    if (!zip)
        return false;
    const MoeZipEntry *meta = moe__zip_reader_find(zip, "trace.json");
    if (meta && !(a->meta_json = (char *)moe__zip_reader_read(zip, meta, error)))
        return false;
    a->read = g_ptr_array_new_with_free_func(read_free);
    for (int i = 0; i < moe__numpy_count(a->numpy); i++) {
        Read *read = g_new0(Read, 1);
        g_ptr_array_add(a->read, read);
        read->name = moe__numpy_name(a->numpy, i);
        if (!moe__numpy_values(a->numpy, i, &read->values, error))
            return false;
        read->stored = (MoeStored){.name = read->name,
                                   .type = read->values.type,
                                   .ndim = read->values.ndim,
                                   .shape = read->values.shape,
                                   .count = read->values.count,
                                   .data = read->values.data};
    }
    return true;
}

static bool
read_tensors(Arrays *a, const char *path, GError **error)
{
    a->file = moe_safetensors_open(path, error);
    a->meta_json = a->file ? g_strdup(moe_safetensors_metadata(a->file, "meta.json")) : NULL;
    return a->file != NULL;
}

static bool
is_archive(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "rbe");
    bool whole = file && fread(magic, 1, sizeof magic, file) == sizeof magic;
    if (file)
        fclose(file);
    return whole && memcmp(magic, "PK\3\4", sizeof magic) == 0;
}

/* --- What there is ----------------------------------------------------------------------------*/

/* An array of this type and rows; `width` < 0: of one axis; 0: of any width, which is 1 or more.
 * *out is NULL where it isn't there, which is an error if it `has` to be. */
static bool
find_array(const Arrays *a, const char *name, MoeStoredType type, int64_t rows, bool has,
           const MoeStored **out, GError **error)
{
    const MoeStored *found = *out = find(a, name);
    bool picks = name[0] == 'r';
    if ((!found && !has) ||
        (found && found->type == type && found->ndim == (picks ? 2 : 1) &&
         (rows < 0 || found->shape[0] == rows) && (!picks || found->shape[1] >= 1)))
        return true;
    g_autofree char *shape = found ? moe_stored_shape_string(found) : g_strdup("nothing");
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: %s: found %s%s%s, expected %s%s, as of an exported trace", a->path, name,
                found ? moe_stored_type_name(found->type) : "", found ? " " : "", shape,
                moe_stored_type_name(type), picks ? " [units, k]" : " [tokens]");
    return false;
}

static bool
find_router(Arrays *a, int r, GError **error)
{
    const MoeRouterInfo *info = &a->meta.routers[r];
    g_autofree char *experts = g_strdup_printf("routers.%d.experts", r);
    g_autofree char *gates = g_strdup_printf("routers.%d.gates", r);
    int64_t units = a->tokens < 0 ? -1 : a->tokens * info->units_per_token;
    if (!find_array(a, experts, MOE_STORED_I32, units, true, &a->experts[r], error))
        return false;
    int64_t rows = a->experts[r]->shape[0], width = a->experts[r]->shape[1];
    if (a->tokens < 0)
        a->tokens = rows / info->units_per_token;
    if (!find_array(a, gates, MOE_STORED_F32, rows, false, &a->gates[r], error))
        return false;
    bool fits = info->k > 0 ? width == info->k : width <= info->experts;
    if (fits && (!a->gates[r] || a->gates[r]->shape[1] == width) &&
        rows == a->tokens * info->units_per_token)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: %s: its shape doesn't fit meta.json, the tokens, or the gates", a->path,
                experts);
    return false;
}

static bool
find_all(Arrays *a, GError **error)
{
    a->tokens = -1;
    for (int c = 0; c < COLUMNS; c++) {
        if (!find_array(a, columns[c], MOE_STORED_I32, a->tokens, c == ID, &a->column[c], error))
            return false;
        a->tokens = a->column[ID]->shape[0];
    }
    for (int r = 0; r < a->meta.n_routers; r++)
        if (!find_router(a, r, error))
            return false;
    return true;
}

static bool
open_file(Arrays *a, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(a->import, &n);
    if (n > 1) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "found %d exported traces, expected one: import each", n);
        return false;
    }
    a->path = g_filename_display_name(files[0].path);
    if (!(is_archive(files[0].path) ? read_archive : read_tensors)(a, files[0].path, error))
        return false;
    if (!a->meta_json) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found no meta.json (in __metadata__, or as trace.json), expected that of "
                    "an exported trace",
                    a->path);
        return false;
    }
    if (!moe__trace_meta_parse(a->meta_json, &a->meta, error)) {
        g_prefix_error(error, "%s: ", a->path);
        return false;
    }
    a->experts = g_new0(const MoeStored *, (gsize)a->meta.n_routers);
    a->gates = g_new0(const MoeStored *, (gsize)a->meta.n_routers);
    return find_all(a, error);
}

/* --- Bringing ---------------------------------------------------------------------------------*/

static int64_t
slots_of(const Arrays *a, int r)
{
    const MoeRouterInfo *info = &a->meta.routers[r];
    return (int64_t)info->units_per_token * (info->k > 0 ? info->k : info->experts);
}

static void
make_batch(Arrays *a, int64_t n)
{
    gsize routers = (gsize)a->meta.n_routers;
    for (int c = 0; c < COLUMNS; c++)
        a->values[c] = g_new(int32_t, (gsize)n);
    a->picks = g_new0(MoeTracePicks, routers);
    a->expert = g_new0(int32_t *, routers);
    a->gate = g_new0(float *, routers);
    for (int r = 0; r < a->meta.n_routers; r++) {
        gsize cells = (gsize)(n * slots_of(a, r));
        a->expert[r] = g_new(int32_t, cells);
        a->gate[r] = a->gates[r] ? g_new(float, cells) : NULL;
        a->picks[r].expert = a->expert[r];
    }
}

/* A router's rows of tokens `from` … `from + n`; where k varies they become as wide as the writer
 * has them. Returns whether any gate was recorded. */
static bool
load_router(Arrays *a, int r, int64_t from, int64_t n)
{
    int64_t units = a->meta.routers[r].units_per_token, k = a->experts[r]->shape[1];
    int64_t width = slots_of(a, r) / units;
    const char *experts = a->experts[r]->data, *gates = a->gates[r] ? a->gates[r]->data : NULL;
    bool any = false;
    for (int64_t u = 0; u < n * units; u++) {
        int64_t at = (from * units + u) * k;
        int32_t *expert = a->expert[r] + u * width;
        memcpy(expert, experts + 4 * at, 4 * (gsize)k);
        for (int64_t i = k; i < width; i++)
            expert[i] = -1;
        if (!gates)
            continue;
        float *gate = a->gate[r] + u * width;
        memcpy(gate, gates + 4 * at, 4 * (gsize)k);
        for (int64_t i = 0; i < width; i++) {
            gate[i] = i < k ? gate[i] : 0;
            any = any || !isnan(gate[i]);
        }
    }
    return any;
}

/* A column's rows; NULL where it has none that are known. */
static const int32_t *
load_column(Arrays *a, int c, int64_t from, int64_t n)
{
    if (!a->column[c])
        return NULL;
    memcpy(a->values[c], (const char *)a->column[c]->data + 4 * from, 4 * (gsize)n);
    bool known = c == ID;
    for (int64_t i = 0; i < n && !known; i++)
        known = a->values[c][i] >= 0;
    return known ? a->values[c] : NULL;
}

static bool
bring(Arrays *a, int64_t from, int64_t n, GError **error)
{
    MoeImport *import = a->import;
    MoeTraceTokens tokens = {.n = n,
                             .id = load_column(a, ID, from, n),
                             .doc = load_column(a, DOC, from, n),
                             .pos = load_column(a, POS, from, n),
                             .domain = load_column(a, DOMAIN, from, n)};
    for (int64_t i = 0; tokens.doc && i < n; i++) {
        import->documents = MAX(import->documents, (int64_t)tokens.doc[i] + 1);
        if (tokens.doc[i] >= 0)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: token %" G_GINT64_FORMAT ": found no document, expected one, as others "
                    "have it",
                    a->path, from + i);
        return false;
    }
    bool gates = false;
    for (int r = 0; r < a->meta.n_routers; r++)
        gates = load_router(a, r, from, n) || gates;
    for (int r = 0; r < a->meta.n_routers; r++)
        a->picks[r].gate = gates ? a->gate[r] : NULL;
    import->tokens += n;
    return moe_trace_writer_append(import->writer, &tokens, a->picks, error);
}

static bool
bring_all(Arrays *a, GError **error)
{
    int64_t slots = 1;
    for (int r = 0; r < a->meta.n_routers; r++)
        slots += slots_of(a, r);
    int64_t batch = CLAMP(BATCH_CELLS / slots, 1, BATCH);
    make_batch(a, batch);
    for (int64_t t = 0; t < a->tokens; t += batch) {
        if (!moe__import_part(a->import, 0, t, a->tokens, error) ||
            !bring(a, t, MIN(batch, a->tokens - t), error))
            return false;
    }
    return true;
}

/* Tells again what another import of the same trace noted. */
static void
tell_again(MoeImport *import, JsonObject *told, const char *list,
           void (*tell)(MoeImport *, const char *, ...))
{
    JsonNode *node = told ? json_object_get_member(told, list) : NULL;
    JsonArray *lines = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    for (guint i = 0; lines && i < json_array_get_length(lines); i++) {
        const char *line = json_node_get_string(json_array_get_element(lines, i));
        if (line && !strstr(import->notes->str, line))
            tell(import, "%s", line);
    }
}

/* The trace's own meta.json, with what is said of any import. (transfer full) */
static char *
meta_of(Arrays *a)
{
    MoeImport *import = a->import;
    g_autoptr(JsonNode) root = moe__json_object_parse(a->meta_json, NULL);
    JsonObject *meta = json_node_get_object(root); /* it was parsed before */
    JsonNode *node = json_object_get_member(meta, "import");
    JsonObject *told = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    tell_again(import, told, "warnings", moe_import_warn);
    tell_again(import, told, "notes", moe_import_note);
    g_autofree char *own = moe__import_extra(import, &(MoeImportShape){0});
    g_autoptr(JsonNode) said = moe__json_object_parse(own, NULL);
    json_object_set_member(meta, "import",
                           json_object_dup_member(json_node_get_object(said), "import"));
    return moe__json_to_text(root);
}

static bool
begin(Arrays *a, GError **error)
{
    MoeImport *import = a->import;
    MoeTraceOptions options = {
        .compression = import->options->compression,
        .chunk_tokens = import->options->chunk_tokens,
        .gate_type = MOE_F32,
    };
    import->n_routers = a->meta.n_routers;
    import->routers = g_new(MoeRouterInfo, (gsize)import->n_routers);
    for (int r = 0; r < import->n_routers; r++) {
        import->routers[r] = a->meta.routers[r]; /* its texts are the meta's */
        options.gates = options.gates || a->gates[r];
    }
    for (int d = 0; d < a->meta.n_domains; d++)
        g_ptr_array_add(import->names, g_strdup(a->meta.domains[d]));
    moe_import_note(import, "an exported trace has ids, gates and tokens: what else was recorded "
                            "(drops, losses, logits, training) isn't in it");
    return moe__import_open_trace(import, meta_of(a), options, error);
}

static bool
read_arrays(MoeImport *import, GError **error)
{
    g_auto(Arrays) arrays = {.import = import};
    return open_file(&arrays, error) && check_options(&arrays, error) && begin(&arrays, error) &&
           bring_all(&arrays, error);
}

static int
score_arrays(const MoeImportHead *head)
{
    static const char first[] = "tokens.id.npy"; /* behind the 30 bytes of a zip's header */
    if (head->length > 30 + sizeof first && memcmp(head->text, "PK\3\4", 4) == 0)
        return memcmp(head->text + 30, first, sizeof first - 1) == 0 ? 98 : 0;
    const char *header = head->length > 9 ? head->text + 8 : "";
    return header[0] == '{' && strstr(header, "\"meta.json\"") && strstr(header, "moescope.trace/")
               ? 98
               : 0;
}

const MoeImporter moe__import_safetensors = {
    .struct_size = sizeof(MoeImporter),
    .name = "safetensors",
    .help = "a trace as moescope export writes it with --as safetensors or npz",
    .cite = "core/export/README.md",
    .score = score_arrays,
    .read = read_arrays,
};

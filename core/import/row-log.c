/* SPDX-License-Identifier: MIT
 *
 * Logs with a line for each token and layer: those of loggers that people hang into vLLM, and the
 * plain layouts that core/import/README.md describes. A look at how each file begins learns layers,
 * k and domains, then the tokens are brought. Should a later line show that there is more, it all
 * begins again with a look at the whole.
 */
#include "import/row-log.h"
#include "import/door.h"
#include "import/log-pipe.h"
#include "import/log-width.h"
#include "import/rows.h"

#include <string.h>

enum { LAYERS = UINT16_MAX + 1, REPORT_EVERY = 4096 };

/* Bytes of a file, unpacked, that a look takes in at first: what it costs is little beside the
 * whole, and what it misses (a domain that comes late) costs reading it all twice. */
#define LOOK_LEAST ((uint64_t)8 << 20)
#define LOOK_MOST  ((uint64_t)64 << 20)
#define LOOK_SHARE 16

/* The name of a document or domain that was looked up last: the next row mostly has the same. */
typedef struct Last {
    GString *name;
    int32_t number; /* -1: of none */
} Last;

typedef struct Log {
    MoeImport *import;
    bool csv;
    const char *path; /* of the file at hand */
    uint64_t look;    /* bytes a file; UINT64_MAX: all */
    bool cut;         /* some file has more */
    /* Of the look. */
    int *index;     /* [LAYERS]: of a layer among those that occur; -1: it doesn't */
    GArray *layers; /* int, ascending */
    MoeImportShape shape;
    MoeLogWidths widths; /* experts a token */
    int meta_k;
    GString *model;
    GPtrArray *domains;
    GHashTable *domain_index; /* name → index + 1 */
    int64_t rows;
    GPtrArray *tails; /* what was wrong with last lines that were cut off, as moe__log_pipe_cut() */
    bool floats;      /* every gate is one of binary32, as loggers take them from a tensor */
    bool by_token;    /* places are those of "token" */
    /* Of what follows. */
    MoeRows *joined;
    GHashTable *docs;   /* name → document + 1, within a file */
    GHashTable *places; /* document and layer → rows so far, for logs without positions */
    int32_t n_docs;
    Last doc, domain;
} Log;

static void
log_clear(Log *log)
{
    g_free(log->index);
    g_array_unref(log->layers);
    moe__log_widths_clear(&log->widths);
    g_string_free(log->model, TRUE);
    g_hash_table_unref(log->domain_index);
    g_ptr_array_unref(log->domains);
    g_ptr_array_unref(log->tails);
    g_hash_table_unref(log->docs);
    g_hash_table_unref(log->places);
    moe__rows_free(log->joined);
    g_string_free(log->doc.name, TRUE);
    g_string_free(log->domain.name, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Log, log_clear)

static Log
log_new(MoeImport *import, bool csv, uint64_t look)
{
    Log log = {
        .import = import,
        .csv = csv,
        .look = look,
        .floats = true,
        .index = g_new(int, LAYERS),
        .layers = g_array_new(FALSE, FALSE, sizeof(int)),
        .model = g_string_new(NULL),
        .domains = g_ptr_array_new_with_free_func(g_free),
        .tails = g_ptr_array_new_with_free_func(g_free),
        .domain_index = g_hash_table_new(g_str_hash, g_str_equal),
        .docs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .places = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .doc = {g_string_new(NULL), -1},
        .domain = {g_string_new(NULL), -1},
    };
    moe__log_widths_init(&log.widths, moe_import_options(import)->k);
    for (int i = 0; i < LAYERS; i++)
        log.index[i] = -1;
    return log;
}

/* --- Looking ----------------------------------------------------------------------------------*/

G_GNUC_PRINTF(4, 5)
static bool
fail(const Log *log, const MoeLogRow *row, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: line %" G_GUINT64_FORMAT ": %s", log->path,
                row->line, message);
    return false;
}

static bool
learn_number(const Log *log, const MoeLogRow *row, const char *what, int64_t found, int *known,
             GError **error)
{
    if (found == 0 || *known == found)
        return true;
    if (*known > 0)
        return fail(log, row, error, "%s: found %d, %d before", what, (int)found, *known);
    *known = (int)found;
    return true;
}

/* What a line says of k holds for all tokens. */
static bool
learn_meta_k(Log *log, const MoeLogRow *row, GError **error)
{
    MoeLogWidths *widths = &log->widths;
    if (row->meta_k < 0)
        return true;
    if (row->meta_k == 0)
        return fail(log, row, error, "k: found 0, expected 1 or more where no layer is named");
    if (widths->first >= 0 && widths->first != row->meta_k)
        return fail(log, row, error, "k: found %d, %d before", (int)row->meta_k, widths->first);
    widths->first = (int)row->meta_k;
    widths->told = widths->told ? widths->told : (int)row->meta_k;
    return true;
}

static bool
learn_meta(Log *log, const MoeLogRow *row, GError **error)
{
    if (row->model->len)
        g_string_assign(log->model, row->model->str);
    if (row->meta_renormalised >= 0)
        log->shape.gates =
            row->meta_renormalised ? MOE_IMPORT_GATES_SUM_TO_ONE : MOE_IMPORT_GATES_AS_SCORED;
    if (row->layer >= 0)
        return moe__log_widths_state(&log->widths, log->path, row, error);
    return learn_number(log, row, "experts", row->meta_experts, &log->shape.experts, error) &&
           learn_number(log, row, "k", MAX(row->meta_k, 0), &log->meta_k, error) &&
           learn_meta_k(log, row, error);
}

static void
learn_domain(Log *log, const char *name)
{
    if (!*name || g_hash_table_contains(log->domain_index, name))
        return;
    g_ptr_array_add(log->domains, g_strdup(name));
    g_hash_table_insert(log->domain_index, log->domains->pdata[log->domains->len - 1],
                        GINT_TO_POINTER((int)log->domains->len));
}

static bool
are_floats(const GArray *gates)
{
    for (guint i = 0; i < gates->len; i++) {
        double gate = g_array_index(gates, double, i);
        if ((double)(float)gate != gate)
            return false;
    }
    return true;
}

/* A token without experts has no gates either. */
static bool
learn_gates(Log *log, const MoeLogRow *row, GError **error)
{
    if (row->experts->len == 0)
        return true;
    if (log->rows++ == 0)
        log->shape.has_gates = row->gates->len > 0;
    log->floats = log->floats && are_floats(row->gates);
    return log->shape.has_gates == (row->gates->len > 0) ||
           fail(log, row, error, "some lines have gates, others have none");
}

static bool
learn_experts(Log *log, const MoeLogRow *row, GError **error)
{
    for (guint i = 0; i < row->experts->len; i++) {
        int32_t id = g_array_index(row->experts, int32_t, i);
        if (id >= UINT16_MAX)
            return fail(log, row, error, "found expert %d, expected ids up to %d", id,
                        UINT16_MAX - 1);
        log->shape.max_expert = MAX(log->shape.max_expert, id);
    }
    return true;
}

static bool
learn_row(Log *log, const MoeLogRow *row, GError **error)
{
    if (row->meta)
        return learn_meta(log, row, error);
    if (!moe__log_widths_learn(&log->widths, log->path, row, error))
        return false;
    log->by_token = log->by_token || row->by_token;
    if (!learn_gates(log, row, error) || !learn_experts(log, row, error))
        return false;
    if (log->index[row->layer] < 0) {
        int layer = (int)row->layer;
        g_array_append_val(log->layers, layer);
        log->index[layer] = 0;
    }
    learn_domain(log, row->domain->str);
    return true;
}

/* --- Bringing ---------------------------------------------------------------------------------*/

/* g_string_equal() looks at byte after byte. */
static bool
same_name(const GString *a, const GString *b)
{
    return a->len == b->len && memcmp(a->str, b->str, a->len) == 0;
}

static int32_t
find_doc(Log *log, const GString *name)
{
    Last *last = &log->doc;
    if (last->number >= 0 && same_name(last->name, name))
        return last->number;
    int32_t doc = GPOINTER_TO_INT(g_hash_table_lookup(log->docs, name->str));
    if (doc == 0) {
        doc = ++log->n_docs;
        g_hash_table_insert(log->docs, g_strdup(name->str), GINT_TO_POINTER(doc));
    }
    g_string_assign(last->name, name->str);
    return last->number = doc - 1;
}

/* The number of a domain; -1: it isn't known. */
static int32_t
find_domain(Log *log, const GString *name)
{
    Last *last = &log->domain;
    if (last->number < 0 || !same_name(last->name, name)) {
        g_string_assign(last->name, name->str);
        last->number = GPOINTER_TO_INT(g_hash_table_lookup(log->domain_index, name->str)) - 1;
    }
    return last->number;
}

/* Where a log has no positions, the rows of a document's layer count up. */
static int32_t
next_place(Log *log, int32_t doc, int layer)
{
    gint64 key = (gint64)doc << 32 | layer;
    int32_t place = GPOINTER_TO_INT(g_hash_table_lookup(log->places, &key));
    g_hash_table_insert(log->places, g_memdup2(&key, sizeof key), GINT_TO_POINTER(place + 1));
    return place;
}

/* What a meta line says, if anything, is known. */
static bool
meta_fits(const Log *log, const MoeLogRow *row)
{
    const MoeImportShape *shape = &log->shape;
    MoeImportGates gates =
        row->meta_renormalised > 0 ? MOE_IMPORT_GATES_SUM_TO_ONE : MOE_IMPORT_GATES_AS_SCORED;
    if (row->layer >= 0)
        return moe__log_widths_stated(&log->widths, row);
    return (row->model->len == 0 || g_string_equal(row->model, log->model)) &&
           (row->meta_experts == 0 || row->meta_experts == shape->experts) &&
           (row->meta_k < 0 || (row->meta_k == shape->k && !shape->layer_k)) &&
           (row->meta_renormalised < 0 || gates == shape->gates);
}

static bool
row_fits(Log *log, const MoeLogRow *row)
{
    int index = log->index[row->layer];
    return index >= 0 && moe__log_widths_fit(&log->widths, row, index) &&
           (row->experts->len == 0 || log->shape.has_gates == (row->gates->len > 0)) &&
           (!log->floats || are_floats(row->gates)) &&
           (row->domain->len == 0 || find_domain(log, row->domain) >= 0);
}

/* A look at the whole knew every line, unless the log is still growing. */
static bool
check_known(Log *log, const MoeLogRow *row, GError **error)
{
    bool fits = row->meta ? !log->cut || meta_fits(log, row) : row_fits(log, row);
    return fits || fail(log, row, error, "the file changed while it was read");
}

/* Token t of a row: where it stands. */
static int32_t
place_of(Log *log, const MoeLogRow *row, int32_t doc, int t)
{
    if (row->places->len > 0)
        return g_array_index(row->places, int32_t, t);
    return row->pos >= 0 ? (int32_t)row->pos + t : next_place(log, doc, (int)row->layer);
}

static bool
bring_row(Log *log, int file, const MoeLogRow *row, GError **error)
{
    if (row->meta)
        return true;
    int k = moe__log_width(row), index = log->index[row->layer];
    MoeImportToken token = {
        .id = (int32_t)row->id,
        .doc = find_doc(log, row->doc),
        .domain = moe_import_domain(log->import, file),
        .expert = (const int32_t *)row->experts->data,
        .gate = (const double *)row->gates->data,
    };
    if (token.domain < 0)
        token.domain = find_domain(log, row->domain);
    for (int t = 0; t < row->tokens; t++, token.expert += k, token.gate += k) {
        token.pos = place_of(log, row, token.doc, t);
        if (row->ids->len > 0)
            token.id = g_array_index(row->ids, int32_t, t);
        if (moe__rows_add(log->joined, index, &token, k, error))
            continue;
        g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ": ", log->path, row->line);
        return false;
    }
    return true;
}

static void
end_file(Log *log)
{
    moe__rows_end(log->joined);
    log->doc.number = -1;
    g_hash_table_remove_all(log->docs);
    g_hash_table_remove_all(log->places);
}

/* --- Looking, then bringing -------------------------------------------------------------------*/

/* Whether a look has seen enough of a file. */
static bool
seen_enough(Log *log, const MoeLogRow *row)
{
    bool enough = !log->joined && row->end > log->look;
    log->cut = log->cut || enough;
    return enough;
}

static bool
take_row(Log *log, int file, const MoeLogRow *row, GError **error)
{
    return log->joined ? check_known(log, row, error) && bring_row(log, file, row, error)
                       : learn_row(log, row, error);
}

/* A line that was cut off, which is to be told of before the trace begins: if the look hasn't come
 * so far all begins again. */
static bool
take_tail(Log *log, const char *cut, GError **error)
{
    if (!cut)
        return true;
    for (guint i = 0; log->joined && i < log->tails->len; i++)
        if (g_str_equal(log->tails->pdata[i], cut))
            return true;
    if (log->joined) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s", cut);
        return false;
    }
    g_ptr_array_add(log->tails, g_strdup(cut));
    return true;
}

static bool
each_row(Log *log, int file, const char *path, GError **error)
{
    g_autoptr(MoeLogPipe) pipe = moe__log_pipe_open(path, log->csv, error);
    if (!pipe)
        return false;
    GError *reason = NULL;
    const MoeLogRow *row;
    log->path = moe__log_pipe_path(pipe);
    for (int64_t n = 1; (row = moe__log_pipe_next(pipe, &reason)); n++) {
        if ((n % REPORT_EVERY == 0 &&
             !moe_import_progress(log->import, file, moe__log_pipe_done(pipe), error)) ||
            !take_row(log, file, row, error))
            return false;
        if (seen_enough(log, row))
            break;
    }
    if (reason)
        g_propagate_error(error, reason);
    return !reason && take_tail(log, moe__log_pipe_cut(pipe), error);
}

static gint
compare_layers(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

static bool
finish_shape(Log *log, GError **error)
{
    g_array_sort(log->layers, compare_layers);
    for (guint i = 0; i < log->layers->len; i++)
        log->index[g_array_index(log->layers, int, i)] = (int)i;
    log->shape.layers = (const int *)log->layers->data;
    log->shape.n_layers = (int)log->layers->len;
    log->shape.domains = (const char *const *)log->domains->pdata;
    log->shape.n_domains = (int)log->domains->len;
    log->shape.gate_type = log->floats ? MOE_F32 : MOE_F64;
    log->shape.model = log->model->len ? log->model->str : NULL;
    return moe__log_widths_settle(&log->widths, log->import, &log->shape, error);
}

/* Of lines that stand apart some token has to have found all of its own. */
static bool
check_gathered(const Log *log, GError **error)
{
    if (log->import->tokens + log->import->rows > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "found no token with %d experts in every layer (--k), expected that many lines of "
                "each",
                log->shape.k);
    return false;
}

static bool
read_files(Log *log, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(log->import, &n);
    for (int i = 0; i < n; i++)
        if (!each_row(log, i, files[i].path, error))
            return false;
    for (guint i = 0; i < log->tails->len; i++)
        moe_import_note(log->import, "the last line was cut off, and left out: %s",
                        (const char *)log->tails->pdata[i]);
    if (!finish_shape(log, error) || !moe_import_begin(log->import, &log->shape, error))
        return false;
    if (log->by_token)
        moe_import_note(log->import,
                        "\"token\" was taken for the place of a token in its document");
    log->joined = moe__rows_new(log->import, log->shape.n_layers, log->shape.has_gates);
    moe__rows_apart(log->joined, log->widths.gather, log->widths.once);
    for (int i = 0; i < n; i++) {
        if (!each_row(log, i, files[i].path, error))
            return false;
        end_file(log);
    }
    return !log->widths.gather || check_gathered(log, error);
}

bool
moe__row_log_read(MoeImport *import, bool csv, GError **error)
{
    GError *reason = NULL;
    uint64_t all = (uint64_t)g_array_index(import->sizes, int64_t, import->files->len);
    uint64_t look = CLAMP(all / import->files->len / LOOK_SHARE, LOOK_LEAST, LOOK_MOST);
    g_auto(Log) log = log_new(import, csv, look);
    if (read_files(&log, &reason))
        return true;
    if (!log.cut || g_error_matches(reason, MOE_ERROR, MOE_ERROR_CANCELLED)) {
        g_propagate_error(error, reason);
        return false;
    }
    /* The beginnings didn't tell all, or something is wrong, which is then said by who knows all.
     */
    g_error_free(reason);
    moe__import_restart(import);
    g_auto(Log) whole = log_new(import, csv, UINT64_MAX);
    return read_files(&whole, error);
}

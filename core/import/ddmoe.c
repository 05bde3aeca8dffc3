/* SPDX-License-Identifier: MIT
 *
 * Comparisons of the distillation-dissection project, as torch.save() wrote them: a dict of models,
 * each a list with an entry a layer. Entries are the experts' shares of the load, which become the
 * weighted load, or a number that the project worked out of logits (entropy, sparsity), which can't
 * be worked out again and is kept in meta.json under the name of its file, for the checker.
 */
#include "base/json-out.h"
#include "import/counts.h"
#include "import/importers.h"

#include <math.h>
#include <string.h>

typedef struct Comparison {
    MoeImport *import;
    const char *path;
    char *model; /* NULL: not chosen yet */
    int layers;  /* 0: not known yet */
    int experts;
    GArray *shares; /* double [layers × experts] */
    GString *reported;
} Comparison;

static bool fail(const Comparison *c, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool
fail(const Comparison *c, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = g_filename_display_basename(c->path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: %s", name, message);
    return false;
}

static bool
is_list(const MoePy *node)
{
    return node->kind == MOE_PY_LIST || node->kind == MOE_PY_TUPLE;
}

/* --- Which model ------------------------------------------------------------------------------*/

/* The entries of the model: the only one, or the one that was asked for. */
static const MoePy *
find_model(Comparison *c, const MoePy *root, GError **error)
{
    const char *told = moe_import_options(c->import)->model;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (int64_t i = 0; root->kind == MOE_PY_DICT && i < root->count; i++) {
        char *name = moe__py_string(root->items[2 * i]);
        if (name)
            g_ptr_array_add(names, name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    const char *wanted = told ? told : names->len == 2 ? names->pdata[0] : NULL;
    const MoePy *found = wanted ? moe__py_get(root, wanted) : NULL;
    if (names->len < 2)
        fail(c, error, "found %s, expected a dict of models", moe__py_kind_name(root->kind));
    else if (!wanted)
        fail(c, error, "found %u models, one summary is of one: give --model NAME (%s)",
             names->len - 1, list);
    else if (!found)
        fail(c, error, "found no model %s (--model), expected one of %s", wanted, list);
    else if (!is_list(found) || found->count == 0 || found->count > UINT16_MAX)
        fail(c, error, "%s: found %s, expected a list with an entry a layer", wanted,
             moe__py_kind_name(found->kind));
    else {
        g_free(c->model);
        c->model = g_strdup(wanted);
        return found;
    }
    return NULL;
}

/* --- Entries ----------------------------------------------------------------------------------*/

/* Whether an entry may be the shares of a layer. */
static bool
is_shares(const MoePy *entry)
{
    double number;
    if (is_list(entry))
        return entry->count > 0 && moe__py_number(entry->items[0], &number);
    return entry->kind == MOE_PY_ARRAY && entry->array->layout.ndim == 1;
}

static bool
take_share(Comparison *c, int layer, int e, double share, GError **error)
{
    if (!(share >= 0 && share <= 1))
        return fail(c, error, "layer %d, expert %d: found %g, expected a share, 0 … 1", layer, e,
                    share);
    g_array_append_val(c->shares, share);
    return true;
}

/* The shares of a layer: an array, or a list of numbers. */
static bool
take_layer(Comparison *c, const MoePyDoc *doc, const MoePy *entry, int layer, GError **error)
{
    g_auto(MoeValues) values = {0};
    bool listed = is_list(entry);
    if (!is_shares(entry))
        return fail(c, error, "layer %d: found %s, expected [experts]", layer,
                    moe__py_kind_name(entry->kind));
    if (!listed && !moe__py_values(doc, entry, &values, error))
        return false;
    int64_t n = listed ? entry->count : values.count;
    c->experts = c->experts ? c->experts : (int)MIN(n, UINT16_MAX);
    if (n < 1 || n != c->experts)
        return fail(c, error, "layer %d: found %" G_GINT64_FORMAT " experts, %d before", layer, n,
                    c->experts);
    for (int e = 0; e < c->experts; e++) {
        double share = NAN;
        if (listed)
            moe__py_number(entry->items[e], &share);
        else
            share = moe__values_number(&values, e);
        if (!take_share(c, layer, e, share, error))
            return false;
    }
    return true;
}

static bool
take_shares(Comparison *c, const MoePyDoc *doc, const MoePy *list, GError **error)
{
    if (c->shares->len > 0)
        return fail(c, error, "found shares of the load, another file has them too");
    for (int64_t layer = 0; layer < list->count; layer++)
        if (!take_layer(c, doc, list->items[layer], (int)layer, error))
            return false;
    return true;
}

/* JSON has no infinities: they are texts, as Python spells them. */
static void
append_number(GString *out, double value)
{
    if (isfinite(value))
        moe__json_append_real(out, value);
    else
        g_string_append(out, isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
}

static bool
take_numbers(Comparison *c, const MoePy *list, GError **error)
{
    g_autofree char *name = g_filename_display_basename(c->path);
    char *ending = strchr(name + 1, '.');
    if (ending)
        *ending = 0;
    g_string_append(c->reported, c->reported->len ? ", " : "");
    moe__json_append_string(c->reported, name);
    g_string_append(c->reported, ": [");
    for (int64_t layer = 0; layer < list->count; layer++) {
        double value;
        if (!moe__py_number(list->items[layer], &value))
            return fail(c, error, "layer %d: found %s, expected a number or an array", (int)layer,
                        moe__py_kind_name(list->items[layer]->kind));
        g_string_append(c->reported, layer ? ", " : "");
        append_number(c->reported, value);
    }
    g_string_append_c(c->reported, ']');
    return true;
}

static bool
read_file(Comparison *c, int file, GError **error)
{
    g_autoptr(MoePyDoc) doc = moe__count_open(c->path, error);
    const MoePy *list = doc ? find_model(c, moe__py_root(doc), error) : NULL;
    if (!list)
        return false;
    if (c->layers > 0 && list->count != c->layers)
        return fail(c, error, "found %d layers, %d in the files before", (int)list->count,
                    c->layers);
    c->layers = (int)list->count;
    bool shares = list->items[0]->kind == MOE_PY_ARRAY || is_list(list->items[0]);
    if (!(shares ? take_shares(c, doc, list, error) : take_numbers(c, list, error)))
        return false;
    return moe__count_progress(c->import, file, error);
}

/* --- All of them ------------------------------------------------------------------------------*/

static bool
bring(Comparison *c, GError **error)
{
    g_autofree int *layers = moe__count_layers(c->import, c->layers, error);
    const MoeImportShape shape = {
        .layers = layers,
        .n_layers = c->layers,
        .experts = c->experts,
        .shares = true,
        .model = c->model,
    };
    if (c->shares->len == 0)
        return fail(c, error,
                    "found numbers a layer only, expected shares of the load in one of "
                    "the files (load_balancing_comparison.pth)");
    MoeSummary *summary = layers ? moe_import_begin_summary(c->import, &shape, 0, error) : NULL;
    if (!summary)
        return false;
    for (int r = 0; r < c->layers; r++) {
        MoeSummaryCell *cell = moe_summary_fill(summary, r, moe_import_domain(c->import, 0));
        memcpy(cell->gate_sum, (double *)(void *)c->shares->data + (gsize)r * (gsize)c->experts,
               sizeof(double) * (gsize)c->experts);
    }
    g_autofree char *json = g_strdup_printf("{%s}", c->reported->str);
    if (c->reported->len)
        moe_import_keep(c->import, "reported", json);
    moe_import_note(c->import, "the files have shares of the load, not counts: they stand as gate "
                               "sums, and there are no units");
    return true;
}

static bool
read_comparison(MoeImport *import, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(import, &n);
    g_autoptr(GArray) shares = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GString) reported = g_string_new(NULL);
    Comparison c = {.import = import, .shares = shares, .reported = reported};
    bool good = true;
    for (int i = 0; good && i < n; i++) {
        c.path = files[i].path;
        good = read_file(&c, i, error);
    }
    good = good && bring(&c, error);
    g_free(c.model);
    return good;
}

/* A dict of lists that have a number or a row of them for each layer. */
static int
score_comparison(const MoeImportHead *head)
{
    g_autoptr(MoePyDoc) doc = NULL;
    if (head->length < 4 || memcmp(head->text, "PK\003\004", 4) != 0 ||
        !(doc = moe__count_open(head->path, NULL)))
        return 0;
    const MoePy *root = moe__py_root(doc);
    if (root->kind != MOE_PY_DICT || root->count == 0)
        return 0;
    for (int64_t i = 0; i < root->count; i++) {
        const MoePy *list = root->items[2 * i + 1];
        double number;
        g_autofree char *name = moe__py_string(root->items[2 * i]);
        if (!name || g_str_has_prefix(name, "layer") || !is_list(list) || list->count == 0 ||
            root->items[2 * i]->kind != MOE_PY_STRING ||
            (!is_shares(list->items[0]) && !moe__py_number(list->items[0], &number)))
            return 0;
    }
    return 40;
}

const MoeImporter moe__import_ddmoe = {
    .struct_size = sizeof(MoeImporter),
    .name = "ddmoe",
    .help = ".pth comparisons of models: shares of the load, entropies, a list with a layer each",
    .cite = "github.com/pingzhili/distillation-dissection-moe",
    .score = score_comparison,
    .read = read_comparison,
};

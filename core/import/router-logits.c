/* SPDX-License-Identifier: MIT
 *
 * Router logits that somebody saved: what Hugging Face models return for output_router_logits, what
 * nnterp and nnsight gather, in .npz, .npy, safetensors, torch.save() or pickle. Picks and gates
 * are made of them by the rule that the caller states. The arrays of a pass are in memory together.
 */
#include "import/door.h"
#include "import/importers.h"
#include "import/logit-pass.h"

#include <math.h>
#include <string.h>

enum { SAMPLE = 256 };       /* rows that tell probabilities from logits */
enum { SIGMOID_LEAST = 64 }; /* values that aren't all in 0 … 1 by chance */

/* What the files have for logits. */
typedef enum { LOGITS, SOFTMAX, SIGMOIDS } Scale;

typedef struct Reading {
    MoeImport *import;
    int file;
    bool bringing;
    /* Of all passes. */
    GArray *layers; /* int */
    int experts, k;
    int64_t passes;
    bool by_place;   /* the layers are numbered by nothing else */
    bool has_expert; /* the files say what was picked */
    Scale scale;
    GHashTable *text_ids;
    GPtrArray *texts; /* of the tokens, by id */
    int32_t doc, pos; /* of the next token */
    bool open;        /* the pass before was of one sequence, which may go on */
    int64_t steps;    /* passes that did */
    float *logits;    /* [layers × experts] */
    int32_t *expert;  /* [layers × k] */
} Reading;

static void
reading_clear(Reading *reading)
{
    g_array_unref(reading->layers);
    g_hash_table_unref(reading->text_ids);
    g_ptr_array_unref(reading->texts);
    g_free(reading->logits);
    g_free(reading->expert);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

/* --- Texts ------------------------------------------------------------------------------------*/

/* The strings of a pass in the order of its tokens, and where each list begins, behind them the
 * end; false if they aren't as many as the tokens. */
static bool
list_texts(const MoeLogitPass *pass, GPtrArray *strings, GArray *begins)
{
    const MoePy *node = pass->texts->node;
    int64_t end = 0;
    g_array_append_val(begins, end);
    for (int64_t i = 0; i < node->count; i++) {
        const MoePy *list = node->items[i];
        if (list->kind == MOE_PY_STRING)
            g_ptr_array_add(strings, (void *)list);
        for (int64_t j = 0; list->kind != MOE_PY_STRING && j < list->count; j++)
            g_ptr_array_add(strings, list->items[j]);
        end = strings->len;
        if (list->kind != MOE_PY_STRING)
            g_array_append_val(begins, end);
    }
    if (begins->len == 1)
        g_array_append_val(begins, end);
    return end == pass->rows * pass->length;
}

static int32_t
text_id(Reading *reading, const MoePy *string)
{
    g_autofree char *text = moe__py_string(string);
    int32_t id = GPOINTER_TO_INT(g_hash_table_lookup(reading->text_ids, text));
    if (id > 0)
        return id - 1;
    g_ptr_array_add(reading->texts, text);
    id = (int32_t)reading->texts->len;
    g_hash_table_insert(reading->text_ids, g_steal_pointer(&text), GINT_TO_POINTER(id));
    return id - 1;
}

static void
learn_texts(Reading *reading, const MoeLogitPass *pass)
{
    g_autoptr(GPtrArray) strings = g_ptr_array_new();
    g_autoptr(GArray) begins = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!list_texts(pass, strings, begins)) {
        moe_import_note(reading->import,
                        "found %u strings for %" G_GINT64_FORMAT
                        " tokens: the texts of that pass were left out",
                        strings->len, pass->rows * pass->length);
        return;
    }
    for (guint i = 0; i < strings->len; i++)
        text_id(reading, strings->pdata[i]);
}

/* --- Looking ----------------------------------------------------------------------------------*/

static bool
fail(const MoeArrays *arrays, const MoeLogitPass *pass, GError **error, const char *message)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: pass \"%s\": %s", moe__arrays_path(arrays),
                pass->parent, message);
    return false;
}

/* Of the first rows: a softmax has none below 0, and sums of one as far as 8 bits tell. */
static Scale
find_scale(const MoeValues *values, const MoeLogitPass *pass, bool sigmoid)
{
    const MoeLogitLayer *layer = &g_array_index(pass->layers, MoeLogitLayer, 0);
    int64_t rows = MIN(pass->rows * pass->length, SAMPLE);
    bool within = rows > 0, to_one = rows > 0;
    for (int64_t t = 0; t < rows && within; t++) {
        double sum = 0;
        for (int e = 0; e < pass->experts; e++) {
            double p = moe__values_number(values, layer->base + t * layer->stride + e);
            within = within && p >= 0 && p <= 1.02;
            sum += p;
        }
        to_one = to_one && fabs(sum - 1) <= 0.02;
    }
    return within && to_one                                             ? SOFTMAX
           : within && sigmoid && rows * pass->experts >= SIGMOID_LEAST ? SIGMOIDS
                                                                        : LOGITS;
}

static bool
learn_rows(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    const MoeLogitLayer *layer = &g_array_index(pass->layers, MoeLogitLayer, 0);
    const char *score = moe_import_options(reading->import)->score;
    g_auto(MoeValues) values = {0};
    if (!moe__arrays_values(arrays, layer->logits, &values, error))
        return false;
    reading->scale = find_scale(&values, pass, g_strcmp0(score, "sigmoid") == 0);
    if (reading->scale == SOFTMAX && score && !g_str_equal(score, "softmax"))
        return fail(arrays, pass, error,
                    "every row sums to one: these are the probabilities of a softmax, --score says "
                    "otherwise");
    if (reading->scale == SOFTMAX)
        moe_import_note(reading->import, "the rows of the files sum to one: they are "
                                         "probabilities, whose logarithms were taken for logits");
    if (reading->scale == SIGMOIDS)
        moe_import_note(reading->import, "all values lie between 0 and 1: they are sigmoids "
                                         "already, whose log-odds were taken for logits");
    return true;
}

static bool
same_layers(const Reading *reading, const MoeLogitPass *pass)
{
    bool same = reading->layers->len == pass->layers->len && reading->experts == pass->experts;
    for (guint i = 0; same && i < pass->layers->len; i++)
        same = g_array_index(reading->layers, int, i) ==
               g_array_index(pass->layers, MoeLogitLayer, i).layer;
    return same;
}

/* Whether it is what generating makes of a token: it goes on with the sequence of the pass before.
 */
static bool
is_step(const MoeLogitPass *pass)
{
    return pass->rows * pass->length == 1 && !pass->mask && !pass->ids && !pass->texts;
}

static bool
learn_first(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    reading->experts = pass->experts;
    reading->has_expert = g_array_index(pass->layers, MoeLogitLayer, 0).expert != NULL;
    reading->k = reading->has_expert ? MAX(pass->picks ? pass->k : 0, 1) : pass->k;
    reading->by_place = true;
    for (guint i = 0; i < pass->layers->len; i++) {
        const MoeLogitLayer *layer = &g_array_index(pass->layers, MoeLogitLayer, i);
        g_array_append_val(reading->layers, layer->layer);
        reading->by_place = reading->by_place && layer->by_place;
    }
    return learn_rows(reading, arrays, pass, error);
}

static bool
learn(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    bool has_expert = g_array_index(pass->layers, MoeLogitLayer, 0).expert != NULL;
    if (pass->texts && !pass->ids)
        learn_texts(reading, pass);
    reading->steps += reading->open && is_step(pass);
    reading->open = pass->rows == 1;
    if (reading->passes++ == 0)
        return learn_first(reading, arrays, pass, error);
    if (!same_layers(reading, pass) || has_expert != reading->has_expert)
        return fail(arrays, pass, error, "found other layers or experts than in the pass before");
    return pass->k == 0 || (reading->has_expert && !pass->picks) || pass->k == reading->k ||
           fail(arrays, pass, error, "found another k than in the pass before");
}

/* --- Bringing ---------------------------------------------------------------------------------*/

/* The arrays of a pass. */
typedef struct Loaded {
    const MoeLogitPass *pass;
    MoeValues *logits; /* [n], of a layer that shares its array with the one before empty */
    MoeValues *expert; /* [n] */
    const MoeValues **of, **expert_of; /* [n]: where a layer's are */
    int n;
    MoeValues mask, ids;
    GPtrArray *strings; /* NULL: none */
    GArray *begins;     /* int64_t, of the sequences, and the end */
} Loaded;

static void
loaded_clear(Loaded *loaded)
{
    for (int i = 0; i < loaded->n; i++) {
        moe__values_clear(&loaded->logits[i]);
        moe__values_clear(&loaded->expert[i]);
    }
    g_free(loaded->logits);
    g_free(loaded->expert);
    g_free(loaded->of);
    g_free(loaded->expert_of);
    moe__values_clear(&loaded->mask);
    moe__values_clear(&loaded->ids);
    g_clear_pointer(&loaded->strings, g_ptr_array_unref);
    g_clear_pointer(&loaded->begins, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loaded, loaded_clear)

/* The values of a layer, which shares them with the layer before or has them for itself. */
static bool
load_item(const MoeArrays *arrays, const MoeItem *item, const MoeItem *before, MoeValues *own,
          const MoeValues **of, GError **error)
{
    *of = item == before ? of[-1] : own;
    return !item || item == before || moe__arrays_values(arrays, item, own, error);
}

static bool
load_layers(Loaded *loaded, const MoeArrays *arrays, GError **error)
{
    const MoeLogitLayer *layers = (const MoeLogitLayer *)loaded->pass->layers->data;
    loaded->n = (int)loaded->pass->layers->len;
    loaded->logits = g_new0(MoeValues, (gsize)loaded->n);
    loaded->expert = g_new0(MoeValues, (gsize)loaded->n);
    loaded->of = g_new0(const MoeValues *, (gsize)loaded->n);
    loaded->expert_of = g_new0(const MoeValues *, (gsize)loaded->n);
    for (int i = 0; i < loaded->n; i++) {
        const MoeItem *logits = i > 0 ? layers[i - 1].logits : NULL;
        const MoeItem *expert = i > 0 ? layers[i - 1].expert : NULL;
        if (!load_item(arrays, layers[i].logits, logits, &loaded->logits[i], &loaded->of[i],
                       error) ||
            (layers[i].expert && !load_item(arrays, layers[i].expert, expert, &loaded->expert[i],
                                            &loaded->expert_of[i], error)))
            return false;
    }
    return true;
}

/* Where sequences begin: lists of strings say it where nothing else does. */
static void
find_sequences(Loaded *loaded)
{
    const MoeLogitPass *pass = loaded->pass;
    loaded->begins = g_array_new(FALSE, FALSE, sizeof(int64_t));
    loaded->strings = g_ptr_array_new();
    if (pass->texts && !pass->ids && !list_texts(pass, loaded->strings, loaded->begins))
        g_ptr_array_set_size(loaded->strings, 0);
    if (loaded->strings->len > 0 && pass->rows == 1)
        return;
    g_array_set_size(loaded->begins, 0);
    for (int64_t i = 0; i <= pass->rows; i++) {
        int64_t at = i * pass->length;
        g_array_append_val(loaded->begins, at);
    }
}

static bool
load(Loaded *loaded, const MoeArrays *arrays, GError **error)
{
    const MoeLogitPass *pass = loaded->pass;
    if (!load_layers(loaded, arrays, error) ||
        (pass->mask && !moe__arrays_values(arrays, pass->mask, &loaded->mask, error)) ||
        (pass->ids && !moe__arrays_values(arrays, pass->ids, &loaded->ids, error)))
        return false;
    find_sequences(loaded);
    return true;
}

static void
gather(Reading *reading, const Loaded *loaded, int64_t t)
{
    const MoeLogitLayer *layers = (const MoeLogitLayer *)loaded->pass->layers->data;
    for (int i = 0; i < loaded->n; i++) {
        float *out = reading->logits + (gsize)i * (gsize)reading->experts;
        int64_t at = layers[i].base + t * layers[i].stride;
        for (int e = 0; e < reading->experts; e++) {
            double z = moe__values_number(loaded->of[i], at + e);
            out[e] = (float)(reading->scale == SOFTMAX    ? log(z)
                             : reading->scale == SIGMOIDS ? log(z / (1 - z))
                                                          : z);
        }
        for (int j = 0; reading->has_expert && j < reading->k; j++) {
            int64_t id = -1, place = layers[i].expert_base + t * layers[i].expert_stride + j;
            moe__values_integer(loaded->expert_of[i], place, &id);
            reading->expert[i * reading->k + j] = (int32_t)CLAMP(id, -1, INT32_MAX);
        }
    }
}

static int32_t
id_of(Reading *reading, const Loaded *loaded, int64_t t)
{
    int64_t id = -1;
    if (loaded->ids.data)
        moe__values_integer(&loaded->ids, t, &id);
    else if (loaded->strings->len > 0)
        id = text_id(reading, loaded->strings->pdata[t]);
    return (int32_t)CLAMP(id, -1, INT32_MAX);
}

static bool
is_padding(const Loaded *loaded, int64_t t)
{
    return loaded->mask.data && moe__values_number(&loaded->mask, t) == 0;
}

/* A sequence, which is a document if any of it isn't padding. */
static bool
bring_sequence(Reading *reading, const Loaded *loaded, int64_t begin, int64_t end, GError **error)
{
    bool goes_on = reading->open && is_step(loaded->pass);
    int32_t pos = goes_on ? reading->pos : 0;
    reading->doc -= goes_on;
    for (int64_t t = begin; t < end; t++) {
        if (is_padding(loaded, t)) {
            moe_import_padding(reading->import, 1);
            continue;
        }
        gather(reading, loaded, t);
        const MoeImportToken token = {
            .id = id_of(reading, loaded, t),
            .doc = reading->doc,
            .pos = pos++,
            .domain = moe_import_domain(reading->import, reading->file),
            .expert = reading->expert,
            .logits = reading->logits,
        };
        if (!moe_import_token(reading->import, &token, error))
            return false;
    }
    reading->doc += pos > 0;
    reading->pos = pos;
    return true;
}

static bool
bring(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    g_auto(Loaded) loaded = {.pass = pass};
    if (!same_layers(reading, pass))
        return fail(arrays, pass, error, "the file changed while it was read");
    if (!load(&loaded, arrays, error))
        return false;
    const int64_t *begins = (const int64_t *)loaded.begins->data;
    reading->open = reading->open && loaded.begins->len == 2;
    for (guint i = 0; i + 1 < loaded.begins->len; i++)
        if (!bring_sequence(reading, &loaded, begins[i], begins[i + 1], error)) {
            g_prefix_error(error, "%s: pass \"%s\": ", moe__arrays_path(arrays), pass->parent);
            return false;
        }
    reading->open = pass->rows == 1;
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
read_file(Reading *reading, const char *path, GError **error)
{
    const char *axes = moe_import_options(reading->import)->axes;
    g_autoptr(MoeArrays) arrays = moe__arrays_open(path, error);
    g_autoptr(GArray) passes = arrays ? moe__logit_passes(arrays, axes, error) : NULL;
    reading->open = false;
    for (guint i = 0; passes && i < passes->len; i++) {
        const MoeLogitPass *pass = &g_array_index(passes, MoeLogitPass, i);
        if (!(reading->bringing ? bring : learn)(reading, arrays, pass, error) ||
            !moe__import_part(reading->import, reading->file, i, passes->len, error))
            return false;
    }
    return passes != NULL;
}

static bool
read_all(Reading *reading, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(reading->import, &n);
    for (reading->file = 0; reading->file < n; reading->file++)
        if (!read_file(reading, files[reading->file].path, error))
            return false;
    return true;
}

static bool
begin(Reading *reading, GError **error)
{
    const MoeImportShape shape = {
        .layers = (const int *)reading->layers->data,
        .n_layers = (int)reading->layers->len,
        .by_place = reading->by_place,
        .experts = reading->experts,
        .k = reading->k,
        .has_logits = true,
        .no_picks = !reading->has_expert,
        .tokens = (const char *const *)reading->texts->pdata,
        .n_tokens = (int)reading->texts->len,
    };
    if (reading->steps > 0)
        moe_import_note(reading->import,
                        "%" G_GINT64_FORMAT " passes of one token were taken to go on with the "
                        "sequence of the pass before, as when a model generates",
                        reading->steps);
    if (!moe_import_begin(reading->import, &shape, error))
        return false;
    reading->logits = g_new(float, reading->layers->len *(gsize)reading->experts);
    reading->expert = g_new(int32_t, reading->layers->len * (gsize)MAX(reading->k, 1));
    reading->bringing = true;
    return true;
}

static bool
read_logits(MoeImport *import, GError **error)
{
    g_auto(Reading) reading = {
        .import = import,
        .layers = g_array_new(FALSE, FALSE, sizeof(int)),
        .text_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .texts = g_ptr_array_new(),
    };
    return read_all(&reading, error) && begin(&reading, error) && read_all(&reading, error);
}

static int
score_logits(const MoeImportHead *head)
{
    g_autoptr(MoeArrays) arrays = NULL;
    if (moe__arrays_may_be((const uint8_t *)head->text, head->length))
        arrays = moe__arrays_open(head->path, NULL);
    return arrays ? moe__logit_score_arrays(arrays) : 0;
}

const MoeImporter moe__import_router_logits = {
    .struct_size = sizeof(MoeImporter),
    .name = "router-logits",
    .help = "router logits in .npz, .npy, .pt or safetensors: output_router_logits, nnterp",
    .cite = "github.com/huggingface/transformers, github.com/Butanium/nnterp",
    .score = score_logits,
    .read = read_logits,
};

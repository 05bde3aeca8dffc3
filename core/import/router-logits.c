/* SPDX-License-Identifier: MIT
 *
 * Router logits that somebody saved: what Hugging Face models return for output_router_logits, what
 * nnterp and nnsight gather, in .npz, .npy, safetensors, torch.save() or pickle. Picks and gates
 * are made of them by the rule that the caller states. The arrays of a pass are in memory together.
 */
#include "import/door.h"
#include "import/importers.h"
#include "import/logit-beside.h"
#include "import/logit-load.h"
#include "import/logit-scale.h"

#include <string.h>

typedef struct Reading {
    MoeImport *import;
    int file;
    bool bringing;
    /* Of all passes. */
    GArray *layers; /* int */
    int experts, k;
    int64_t passes;
    bool unused;     /* ids of tokens that belong to no pass */
    bool flat;       /* a pass of several tokens with nothing beside it */
    bool by_place;   /* the layers are numbered by nothing else */
    bool has_expert; /* the files say what was picked */
    bool sampled;    /* a pass told the scale */
    MoeLogitScale scale;
    bool narrow; /* scattered gates have no more than a float's bits */
    GHashTable *text_ids;
    GPtrArray *texts; /* of the tokens, by id */
    int32_t doc, pos; /* of the next token */
    bool open;        /* the pass before was of one sequence, which may go on */
    int64_t steps;    /* passes that did */
    float *logits;    /* [layers × experts] */
    int32_t *expert;  /* [layers × k] */
    double *gate;     /* likewise, of scattered ones */
} Reading;

static void
reading_clear(Reading *reading)
{
    g_array_unref(reading->layers);
    g_hash_table_unref(reading->text_ids);
    g_ptr_array_unref(reading->texts);
    g_free(reading->logits);
    g_free(reading->expert);
    g_free(reading->gate);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

/* --- Texts ------------------------------------------------------------------------------------*/

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
    if (!moe__logit_texts(pass, strings, begins)) {
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

/* Gates of picks that were scattered over a row of zeros are no logits. */
static bool
learn_scattered(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass,
                const MoeLogitSample *sample, GError **error)
{
    if (reading->k > 0 && reading->k != sample->picks)
        return fail(arrays, pass, error,
                    "the rows have another number of scores above zero than the file says k is");
    reading->k = sample->picks;
    moe_import_note(reading->import,
                    "each row has %d scores above zero, of %d experts: they are the gates of the "
                    "picks, not logits; margins and entropies aren't known",
                    sample->picks, pass->experts);
    return true;
}

/* Tells what the rows are, as long as nothing but padding was seen. */
static bool
learn_rows(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    const MoeLogitLayer *layer = &g_array_index(pass->layers, MoeLogitLayer, 0);
    const char *score = moe_import_options(reading->import)->score;
    MoeLogitSample sample;
    if (!moe__logit_sample(arrays, pass, g_strcmp0(score, "sigmoid") == 0, &sample, error))
        return false;
    reading->sampled = sample.rows > 0;
    reading->scale = sample.scale;
    reading->narrow = layer->logits->type != MOE_STORED_F64;
    if (sample.scale == MOE_LOGIT_SCALE_SCATTERED && !reading->has_expert)
        return learn_scattered(reading, arrays, pass, &sample, error);
    if (sample.scale == MOE_LOGIT_SCALE_SCATTERED)
        return fail(arrays, pass, error,
                    "expected logits beside the picks, found rows of zeros but for a few scores");
    if (sample.scale == MOE_LOGIT_SCALE_SOFTMAX && score && !g_str_equal(score, "softmax"))
        return fail(arrays, pass, error,
                    "every row sums to one: these are the probabilities of a softmax, --score says "
                    "otherwise");
    if (sample.scale == MOE_LOGIT_SCALE_SOFTMAX)
        moe_import_note(reading->import, "the rows of the files sum to one: they are "
                                         "probabilities, whose logarithms were taken for logits");
    if (sample.scale == MOE_LOGIT_SCALE_SIGMOIDS)
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

/* Whether its tokens, of one axis, may be several sequences, and nothing says so. */
static bool
is_flat(const MoeLogitPass *pass)
{
    const MoeLogitLayer *layers = (const MoeLogitLayer *)pass->layers->data;
    bool together = pass->layers->len > 1 && layers[0].logits == layers[1].logits;
    return layers->logits->ndim == (together ? 3 : 2) && pass->length > 1 && !pass->mask.item &&
           !pass->ids.item && !pass->texts.item;
}

/* Whether it is what generating makes of a token: it goes on with the sequence of the pass before.
 */
static bool
is_step(const MoeLogitPass *pass)
{
    return pass->rows * pass->length == 1 && !pass->mask.item && !pass->ids.item &&
           !pass->texts.item;
}

static void
learn_first(Reading *reading, const MoeLogitPass *pass)
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
}

static bool
learn(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    bool has_expert = g_array_index(pass->layers, MoeLogitLayer, 0).expert != NULL;
    if (pass->texts.item && !pass->ids.item)
        learn_texts(reading, pass);
    reading->flat = reading->flat || is_flat(pass);
    reading->steps += reading->open && is_step(pass);
    reading->open = pass->rows == 1;
    if (reading->passes++ == 0)
        learn_first(reading, pass);
    if (!same_layers(reading, pass) || has_expert != reading->has_expert)
        return fail(arrays, pass, error, "found other layers or experts than in the pass before");
    if (pass->k > 0 && !(reading->has_expert && !pass->picks) && pass->k != reading->k)
        return fail(arrays, pass, error, "found another k than in the pass before");
    return reading->sampled || learn_rows(reading, arrays, pass, error);
}

/* --- Bringing ---------------------------------------------------------------------------------*/

/* The picks of a unit that the file names. */
static void
gather_picks(Reading *reading, const MoeLogitLoaded *loaded, int i, int64_t t)
{
    const MoeLogitLayer *layer = &g_array_index(loaded->pass->layers, MoeLogitLayer, i);
    for (int j = 0; j < reading->k; j++) {
        int64_t id = -1, place = layer->expert_base + t * layer->expert_stride + j;
        moe__values_integer(loaded->expert_of[i], place, &id);
        reading->expert[i * reading->k + j] = (int32_t)CLAMP(id, -1, INT32_MAX);
    }
}

static bool
gather_scattered(Reading *reading, const MoeLogitLoaded *loaded, int i, int64_t t, GError **error)
{
    const MoeLogitLayer *layer = &g_array_index(loaded->pass->layers, MoeLogitLayer, i);
    int k = reading->k;
    if (moe__logit_gathered(loaded->of[i], layer->base + t * layer->stride, reading->experts, k,
                            reading->expert + i * k, reading->gate + i * k))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "layer %d, token %" G_GINT64_FORMAT
                ": expected at most %d scores above zero and no other, as in the first rows",
                layer->layer, t, k);
    return false;
}

static bool
gather(Reading *reading, const MoeLogitLoaded *loaded, int64_t t, GError **error)
{
    const MoeLogitLayer *layers = (const MoeLogitLayer *)loaded->pass->layers->data;
    for (int i = 0; i < loaded->n; i++) {
        if (reading->gate) {
            if (!gather_scattered(reading, loaded, i, t, error))
                return false;
            continue;
        }
        float *out = reading->logits + (gsize)i * (gsize)reading->experts;
        int64_t at = layers[i].base + t * layers[i].stride;
        for (int e = 0; e < reading->experts; e++)
            out[e] =
                (float)moe__logit_of(reading->scale, moe__values_number(loaded->of[i], at + e));
        if (reading->has_expert)
            gather_picks(reading, loaded, i, t);
    }
    return true;
}

static int32_t
id_of(Reading *reading, const MoeLogitLoaded *loaded, int64_t t)
{
    int64_t id = -1;
    if (loaded->ids.data)
        moe__values_integer(&loaded->ids, t, &id);
    else if (loaded->strings->len > 0)
        id = text_id(reading, loaded->strings->pdata[t]);
    return (int32_t)CLAMP(id, -1, INT32_MAX);
}

static bool
is_padding(const MoeLogitLoaded *loaded, int64_t t)
{
    return loaded->mask.data && moe__values_number(&loaded->mask, t) == 0;
}

/* A sequence, which is a document if any of it isn't padding. */
static bool
bring_sequence(Reading *reading, const MoeLogitLoaded *loaded, int64_t begin, int64_t end,
               GError **error)
{
    bool goes_on = reading->open && is_step(loaded->pass);
    int32_t pos = goes_on ? reading->pos : 0;
    reading->doc -= goes_on;
    for (int64_t t = begin; t < end; t++) {
        if (is_padding(loaded, t)) {
            moe_import_padding(reading->import, 1);
            continue;
        }
        if (!gather(reading, loaded, t, error))
            return false;
        const MoeImportToken token = {
            .id = id_of(reading, loaded, t),
            .doc = reading->doc,
            .pos = pos++,
            .domain = moe_import_domain(reading->import, reading->file),
            .expert = reading->expert,
            .gate = reading->gate,
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
    g_auto(MoeLogitLoaded) loaded = {.pass = pass};
    if (!same_layers(reading, pass))
        return fail(arrays, pass, error, "the file changed while it was read");
    if (!moe__logit_load(&loaded, arrays, error))
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
    reading->unused = reading->unused || (passes && moe__logit_ids_unused(arrays, passes));
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
    bool scattered = reading->scale == MOE_LOGIT_SCALE_SCATTERED;
    const MoeImportShape shape = {
        .layers = (const int *)reading->layers->data,
        .n_layers = (int)reading->layers->len,
        .by_place = reading->by_place,
        .experts = reading->experts,
        .k = reading->k,
        .has_logits = !scattered,
        .no_picks = !scattered && !reading->has_expert,
        .has_gates = scattered,
        .gate_type = reading->narrow ? MOE_F32 : MOE_F64,
        .tokens = (const char *const *)reading->texts->pdata,
        .n_tokens = (int)reading->texts->len,
    };
    if (reading->steps > 0)
        moe_import_note(reading->import,
                        "%" G_GINT64_FORMAT " passes of one token were taken to go on with the "
                        "sequence of the pass before, as when a model generates",
                        reading->steps);
    if (reading->unused)
        moe_import_note(reading->import, "the files have ids of tokens (input_ids) that can't be "
                                         "told to belong to any pass: they weren't taken");
    if (reading->flat)
        moe_import_note(reading->import,
                        "nothing beside the logits says where sequences begin or what is padding "
                        "(attention_mask, input_ids): a pass was taken for one document");
    if (!moe_import_begin(reading->import, &shape, error))
        return false;
    reading->logits = g_new(float, reading->layers->len *(gsize)reading->experts);
    reading->expert = g_new(int32_t, reading->layers->len * (gsize)MAX(reading->k, 1));
    reading->gate = scattered ? g_new(double, reading->layers->len *(gsize)reading->k) : NULL;
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

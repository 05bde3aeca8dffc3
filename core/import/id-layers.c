/* SPDX-License-Identifier: MIT
 *
 * Expert ids that hooks on the layers of a model gathered: an array [tokens, k] a layer, with
 * weights of its shape beside it or none, in a dict or list with an entry a layer, or lists of
 * these (logit-pass.h).
 */
#include "import/door.h"
#include "import/importers.h"
#include "import/logit-beside.h"

#include <string.h>

typedef struct Reading {
    MoeImport *import;
    int file;
    bool bringing;
    GArray *layers; /* int */
    int k;          /* 0: no pass was seen */
    bool by_place, has_gates, narrow;
    bool unused; /* ids of tokens that belong to no pass */
    int64_t max_expert;
    int32_t doc;
    int32_t *expert; /* [layers × k] */
    double *gate;
} Reading;

static void
reading_clear(Reading *reading)
{
    g_array_unref(reading->layers);
    g_free(reading->expert);
    g_free(reading->gate);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static const MoeLogitLayer *
layer_of(const MoeLogitPass *pass, int i)
{
    return &g_array_index(pass->layers, MoeLogitLayer, i);
}

static bool
fail(const MoeArrays *arrays, const MoeLogitPass *pass, GError **error, const char *message)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: pass \"%s\": %s", moe__arrays_path(arrays),
                pass->parent, message);
    return false;
}

/* --- Looking ----------------------------------------------------------------------------------*/

static bool
learn_ids(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, int i,
          GError **error)
{
    g_auto(MoeValues) values = {0};
    if (!moe__arrays_values(arrays, layer_of(pass, i)->logits, &values, error))
        return false;
    for (int64_t j = 0; j < values.count; j++) {
        int64_t id = INT64_MIN;
        moe__values_integer(&values, j, &id);
        if (id < -1 || id >= UINT16_MAX)
            return fail(arrays, pass, error, "found ids that aren't -1 … 65534");
        reading->max_expert = MAX(reading->max_expert, id);
    }
    return true;
}

static void
learn_first(Reading *reading, const MoeLogitPass *pass)
{
    reading->k = pass->experts;
    reading->by_place = reading->narrow = true;
    reading->has_gates = layer_of(pass, 0)->weights != NULL;
    for (int i = 0; i < (int)pass->layers->len; i++) {
        g_array_append_val(reading->layers, layer_of(pass, i)->layer);
        reading->by_place = reading->by_place && layer_of(pass, i)->by_place;
    }
}

static bool
same_layers(const Reading *reading, const MoeLogitPass *pass)
{
    bool same = reading->layers->len == pass->layers->len && reading->k == pass->experts;
    for (int i = 0; same && i < (int)pass->layers->len; i++)
        same = g_array_index(reading->layers, int, i) == layer_of(pass, i)->layer &&
               (layer_of(pass, i)->weights != NULL) == reading->has_gates;
    return same;
}

static bool
learn(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    if (reading->k == 0)
        learn_first(reading, pass);
    if (!same_layers(reading, pass))
        return fail(arrays, pass, error,
                    "found other layers, k, or layers with weights than before");
    for (int i = 0; i < (int)pass->layers->len; i++) {
        const MoeItem *weights = layer_of(pass, i)->weights;
        reading->narrow = reading->narrow && weights && weights->type != MOE_STORED_F64;
        if (!learn_ids(reading, arrays, pass, i, error))
            return false;
    }
    return true;
}

/* --- Bringing ---------------------------------------------------------------------------------*/

/* The arrays of a pass. */
typedef struct Loaded {
    int n;
    MoeValues *ids, *weights; /* [n] */
    MoeValues mask, tokens;
} Loaded;

static void
loaded_clear(Loaded *loaded)
{
    for (int i = 0; i < loaded->n; i++) {
        moe__values_clear(&loaded->ids[i]);
        moe__values_clear(&loaded->weights[i]);
    }
    g_free(loaded->ids);
    g_free(loaded->weights);
    moe__values_clear(&loaded->mask);
    moe__values_clear(&loaded->tokens);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loaded, loaded_clear)

static bool
load(Loaded *loaded, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    loaded->n = (int)pass->layers->len;
    loaded->ids = g_new0(MoeValues, (gsize)loaded->n);
    loaded->weights = g_new0(MoeValues, (gsize)loaded->n);
    for (int i = 0; i < loaded->n; i++) {
        const MoeLogitLayer *layer = layer_of(pass, i);
        if (!moe__arrays_values(arrays, layer->logits, &loaded->ids[i], error) ||
            (layer->weights &&
             !moe__arrays_values(arrays, layer->weights, &loaded->weights[i], error)))
            return false;
    }
    return moe__logit_beside_values(arrays, &pass->mask, &loaded->mask, error) &&
           moe__logit_beside_values(arrays, &pass->ids, &loaded->tokens, error);
}

static void
gather(Reading *reading, const Loaded *loaded, int64_t t)
{
    int k = reading->k;
    for (int i = 0; i < loaded->n; i++)
        for (int j = 0; j < k; j++) {
            int64_t id = -1;
            moe__values_integer(&loaded->ids[i], t * k + j, &id);
            reading->expert[i * k + j] = (int32_t)id;
            if (reading->has_gates)
                reading->gate[i * k + j] = moe__values_number(&loaded->weights[i], t * k + j);
        }
}

/* Sequences are documents; padding is left out. */
static bool
bring(Reading *reading, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    g_auto(Loaded) loaded = {0};
    if (!same_layers(reading, pass))
        return fail(arrays, pass, error, "the file changed while it was read");
    if (!load(&loaded, arrays, pass, error))
        return false;
    for (int64_t row = 0; row < pass->rows; row++, reading->doc++) {
        int32_t pos = 0;
        for (int64_t t = row * pass->length; t < (row + 1) * pass->length; t++) {
            if (loaded.mask.data && moe__values_number(&loaded.mask, t) == 0) {
                moe_import_padding(reading->import, 1);
                continue;
            }
            int64_t id = -1;
            if (loaded.tokens.data)
                moe__values_integer(&loaded.tokens, t, &id);
            gather(reading, &loaded, t);
            const MoeImportToken token = {
                .id = (int32_t)CLAMP(id, -1, INT32_MAX),
                .doc = reading->doc,
                .pos = pos++,
                .domain = moe_import_domain(reading->import, reading->file),
                .expert = reading->expert,
                .gate = reading->gate,
            };
            if (!moe_import_token(reading->import, &token, error))
                return false;
        }
    }
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
read_file(Reading *reading, const char *path, GError **error)
{
    g_autoptr(MoeArrays) arrays = moe__arrays_open(path, error);
    g_autoptr(GArray) passes = arrays ? moe__id_passes(arrays, error) : NULL;
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
    const MoeImportShape shape = {
        .layers = (const int *)(const void *)reading->layers->data,
        .n_layers = (int)reading->layers->len,
        .by_place = reading->by_place,
        .max_expert = (int)reading->max_expert,
        .k = reading->k,
        .has_gates = reading->has_gates,
        .gate_type = reading->narrow ? MOE_F32 : MOE_F64,
    };
    if (reading->unused)
        moe_import_note(reading->import, "the files have ids of tokens (input_ids) that can't be "
                                         "told to belong to any pass: they weren't taken");
    if (!moe_import_begin(reading->import, &shape, error))
        return false;
    gsize cells = reading->layers->len * (gsize)reading->k;
    reading->expert = g_new(int32_t, cells);
    reading->gate = reading->has_gates ? g_new(double, cells) : NULL;
    reading->bringing = true;
    return true;
}

static bool
read_id_layers(MoeImport *import, GError **error)
{
    g_auto(Reading) reading = {
        .import = import, .layers = g_array_new(FALSE, FALSE, sizeof(int)), .max_expert = -1};
    return read_all(&reading, error) && begin(&reading, error) && read_all(&reading, error);
}

static int
score_id_layers(const MoeImportHead *head)
{
    g_autoptr(MoeArrays) arrays = NULL;
    if (moe__arrays_may_be((const uint8_t *)head->text, head->length))
        arrays = moe__arrays_open(head->path, NULL);
    return arrays ? moe__id_score_arrays(arrays) : 0;
}

const MoeImporter moe__import_id_layers = {
    .struct_size = sizeof(MoeImporter),
    .name = "id-layers",
    .help =
        "expert ids [tokens, k] a layer in .npy, .npz, .pt or safetensors, as hooks gather them",
    .cite = "torch.nn.Module.register_forward_hook",
    .score = score_id_layers,
    .read = read_id_layers,
};

/* SPDX-License-Identifier: MIT */
#include "import/routed.h"

void
moe__routed_init(MoeRouted *routed, MoeImport *import)
{
    *routed = (MoeRouted){.import = import, .kept = g_array_new(FALSE, FALSE, sizeof(int))};
}

void
moe__routed_clear(MoeRouted *routed)
{
    g_array_unref(routed->kept);
    g_free(routed->used);
    g_free(routed->zeros);
    g_free(routed->expert);
    g_free(routed->gate);
}

static bool
is_same(const MoeRouted *routed, const MoeRoutedArray *array)
{
    return array->layers == routed->layers && array->k == routed->k;
}

/* Arrays of unsigned ids can't have -1, and have the highest number in all slots instead: no unit
 * picks one expert twice. */
static bool
is_missing(const MoeRoutedArray *array, int64_t at)
{
    if (array->none <= 0 || array->k == 1)
        return false;
    for (int64_t i = 0; i < array->k; i++)
        if (array->at(array->of, at + i) != array->none)
            return false;
    return true;
}

char *
moe__routed_learn(MoeRouted *routed, const MoeRoutedArray *array)
{
    if (routed->layers == 0) {
        routed->layers = array->layers;
        routed->k = array->k;
        routed->used = g_new0(bool, (gsize)array->layers);
        routed->zeros = g_new(bool, (gsize)array->layers);
        for (int64_t layer = 0; layer < array->layers; layer++)
            routed->zeros[layer] = true;
        routed->has_gates = array->weights != NULL;
        routed->narrow = true;
    }
    if (routed->has_gates != (array->weights != NULL))
        return g_strdup("some arrays of ids have weights of the same shape beside them, others "
                        "have none");
    routed->narrow = routed->narrow && array->narrow;
    if (!is_same(routed, array))
        return g_strdup_printf("found %" G_GINT64_FORMAT " layers and k = %" G_GINT64_FORMAT
                               ", before %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
                               array->layers, array->k, routed->layers, routed->k);
    for (int64_t i = 0, n = array->tokens * array->layers * array->k; i < n; i++) {
        int64_t id = array->at(array->of, i);
        if (i % array->k == 0 && is_missing(array, i)) {
            i += array->k - 1;
            continue;
        }
        if (id < -1 || id >= UINT16_MAX)
            return g_strdup_printf("found expert %" G_GINT64_FORMAT ", expected -1 … %d", id,
                                   UINT16_MAX - 1);
        routed->max_expert = MAX(routed->max_expert, id);
        routed->zeros[i / array->k % array->layers] &= id <= 0;
        routed->used[i / array->k % array->layers] |= id > 0 || (id == 0 && array->k == 1);
    }
    return NULL;
}

/* Whether --layers names some of the layers, and the others are zeros throughout. */
static bool
names_some(const MoeRouted *routed, const MoeImportOptions *options)
{
    g_autofree bool *named = g_new0(bool, (gsize)routed->layers);
    if (options->n_layers == 0 || options->n_layers >= routed->layers)
        return false;
    for (int i = 0; i < options->n_layers; i++) {
        if (options->layers[i] >= routed->layers)
            return false;
        named[options->layers[i]] = true;
    }
    for (int64_t layer = 0; layer < routed->layers; layer++)
        if (!named[layer] && !routed->zeros[layer])
            return false;
    return true;
}

/* With k 1 a layer of zeros may be one without experts, or one that picks expert 0. */
static void
tell_zeros(const MoeRouted *routed)
{
    g_autoptr(GString) list = g_string_new(NULL);
    int n = 0;
    for (int64_t layer = 0; layer < routed->layers && routed->k == 1; layer++)
        if (routed->zeros[layer] && n++ < 8)
            g_string_append_printf(list, "%s%" G_GINT64_FORMAT, list->len ? ", " : "", layer);
    if (n > 0)
        moe_import_warn(routed->import,
                        "%d of %" G_GINT64_FORMAT " layers (%s%s) pick expert 0 alone: if they are "
                        "layers without experts, --layers names those that have some",
                        n, routed->layers, list->str, n > 8 ? ", …" : "");
}

bool
moe__routed_begin(MoeRouted *routed, GError **error)
{
    const MoeImportOptions *options = moe_import_options(routed->import);
    if (names_some(routed, options)) {
        g_array_append_vals(routed->kept, options->layers, (guint)options->n_layers);
    } else {
        for (int layer = 0; layer < routed->layers; layer++)
            if (routed->used[layer])
                g_array_append_val(routed->kept, layer);
        tell_zeros(routed);
    }
    const MoeImportShape shape = {
        .layers = (const int *)routed->kept->data,
        .n_layers = (int)routed->kept->len,
        .by_place = true,
        .max_expert = (int)routed->max_expert,
        .k = (int)routed->k,
        .has_gates = routed->has_gates,
        .gate_type = routed->narrow ? MOE_F32 : MOE_F64,
    };
    if (!moe_import_begin(routed->import, &shape, error))
        return false;
    routed->expert = g_new(int32_t, routed->kept->len * (gsize)routed->k);
    routed->gate = routed->has_gates ? g_new0(double, routed->kept->len *(gsize)routed->k) : NULL;
    return true;
}

/* The picks of a row; false if a layer has none. */
static bool
gather(MoeRouted *routed, const MoeRoutedArray *array, int64_t row)
{
    int64_t k = routed->k;
    bool whole = true;
    for (guint r = 0; r < routed->kept->len; r++) {
        int64_t at = (row * routed->layers + g_array_index(routed->kept, int, r)) * k;
        bool any = false;
        if (is_missing(array, at)) {
            whole = false;
            continue;
        }
        for (int64_t i = 0; i < k; i++) {
            int32_t id = (int32_t)array->at(array->of, at + i);
            routed->expert[r * k + i] = id;
            if (routed->gate)
                routed->gate[r * k + i] = array->weight_at(array->weights, at + i);
            any = any || id >= 0;
        }
        whole = whole && any;
    }
    return whole;
}

bool
moe__routed_bring(MoeRouted *routed, const MoeRoutedArray *array, int64_t first, int64_t n,
                  int32_t doc, int32_t pos, int32_t domain, GError **error)
{
    if (!is_same(routed, array)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the file changed while it was read");
        return false;
    }
    for (int64_t t = 0; t < n; t++) {
        const MoeImportToken token = {
            .id = array->ids ? array->ids[first + t] : -1,
            .doc = doc,
            .pos = pos + (int32_t)t,
            .domain = domain,
            .expert = routed->expert,
            .gate = routed->gate,
        };
        if (!gather(routed, array, first + t))
            moe_import_left_out(routed->import, 1);
        else if (!moe_import_token(routed->import, &token, error))
            return false;
    }
    return true;
}

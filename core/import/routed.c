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
        routed->used[i / array->k % array->layers] |= id > 0 || (id == 0 && array->k == 1);
    }
    return NULL;
}

bool
moe__routed_begin(MoeRouted *routed, GError **error)
{
    for (int layer = 0; layer < routed->layers; layer++)
        if (routed->used[layer])
            g_array_append_val(routed->kept, layer);
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
            .id = -1,
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

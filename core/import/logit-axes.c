/* SPDX-License-Identifier: MIT */
#include "import/logit-axes.h"

#include "import/logit-beside.h"

#include <string.h>

const char *const moe__logit_axes[] = {"TE", "TLE", "LTE", "BSE", "LBSE", "BSLE", NULL};

static bool fail(const MoeArrays *arrays, const MoeItem *item, GError **error, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);

/* "PATH: array NAME [SHAPE]: MESSAGE" */
static bool
fail(const MoeArrays *arrays, const MoeItem *item, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *shape = moe__item_shape(item);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: array \"%s%s%s\" %s: %s",
                moe__arrays_path(arrays), item->parent, *item->parent ? "/" : "", item->name, shape,
                message);
    return false;
}

/* --- Which axes -------------------------------------------------------------------------------*/

/* The length along an axis; 1 where there is none of that letter. */
static int64_t
length_of(const MoeItem *item, const char *axes, char letter)
{
    const char *at = strchr(axes, letter);
    return at ? item->shape[at - axes] : 1;
}

/* The product of the first two of n lengths. */
static int64_t
count(const int64_t *shape, int n)
{
    int64_t product = n > 0 ? shape[0] : 1;
    return n > 1 && __builtin_mul_overflow(product, shape[1], &product) ? INT64_MAX : product;
}

/* Whether the tokens beside an array are as many, row by row, as these axes say. */
static bool
agrees(const MoeItem *item, const char *axes, const MoeLogitBeside *beside)
{
    int64_t shape[MOE_VALUES_AXES];
    int n = moe__logit_beside_axes(beside, shape);
    int64_t rows = length_of(item, axes, 'B'), length = length_of(item, axes, 'S');
    if (strchr(axes, 'T'))
        return length_of(item, axes, 'T') == count(shape, n);
    return n == 2 && shape[0] == rows && shape[1] == length;
}

/* What the values beside an array leave possible: one of moe__logit_axes, or NULL. */
static const char *
deduce(const MoeLogitPass *pass, const MoeItem *item)
{
    const MoeLogitBeside *beside = pass->mask.item ? &pass->mask : &pass->ids;
    const char *found = NULL;
    if (!beside->item) /* nnterp saves [tokens, layers, experts] with topk */
        return pass->k > 0 && item->ndim == 3 ? "TLE" : NULL;
    for (int i = 0; moe__logit_axes[i]; i++) {
        const char *axes = moe__logit_axes[i];
        if ((int)strlen(axes) != item->ndim || !agrees(item, axes, beside))
            continue;
        if (found)
            return NULL;
        found = axes;
    }
    return found;
}

static bool
is_known(const char *axes)
{
    for (int i = 0; moe__logit_axes[i]; i++)
        if (g_str_equal(axes, moe__logit_axes[i]))
            return true;
    return false;
}

/* Of an array that may hold all layers. */
static const char *
choose(const MoeArrays *arrays, const MoeLogitPass *pass, const MoeItem *item, const char *told,
       GError **error)
{
    const char *axes = told ? told : deduce(pass, item);
    if (axes && is_known(axes) && (int)strlen(axes) == item->ndim)
        return axes;
    if (axes)
        fail(arrays, item, error, "--axes %s doesn't fit %d axes", axes, item->ndim);
    else
        fail(arrays, item, error,
             "nothing says what its axes are: give --axes %s (T token, L layer, E expert, B "
             "sequence, S token in the sequence)",
             item->ndim == 4 ? "LBSE or BSLE" : "LTE, TLE or BSE");
    return NULL;
}

/* Whether an array by itself is one layer: a list has it, or its name numbers it. */
static bool
is_one_layer(const MoeItem *item)
{
    bool numbered = moe__item_number(item->name) >= 0 && !g_str_has_prefix(item->name, "arr_");
    return item->siblings > 0 || numbered;
}

/* --- Laying out -------------------------------------------------------------------------------*/

/* Makes a layer of each place along L. */
static void
spread(MoeLogitPass *pass, const char *axes)
{
    MoeLogitLayer layer = g_array_index(pass->layers, MoeLogitLayer, 0);
    int64_t n = length_of(layer.logits, axes, 'L'), E = pass->experts;
    bool first = axes[0] == 'L';
    if (!strchr(axes, 'L'))
        return;
    g_array_set_size(pass->layers, 0);
    for (int64_t i = 0; i < n; i++) {
        layer.layer = (int)i;
        layer.by_place = true;
        layer.base = first ? i * pass->rows * pass->length * E : i * E;
        layer.stride = first ? E : n * E;
        layer.expert_base = layer.base / E * pass->k;
        layer.expert_stride = layer.stride / E * pass->k;
        g_array_append_val(pass->layers, layer);
    }
}

/* Picks beside one array of all layers, which have its axes but the last. */
static bool
settle_picks(const MoeArrays *arrays, MoeLogitPass *pass, const MoeItem *item, GError **error)
{
    MoeLogitLayer *layer = &g_array_index(pass->layers, MoeLogitLayer, 0);
    if (!pass->picks || pass->layers->len > 1)
        return true;
    bool same = pass->picks->ndim == item->ndim;
    for (int i = 0; same && i < item->ndim - 1; i++)
        same = pass->picks->shape[i] == item->shape[i];
    if (!same)
        return fail(arrays, pass->picks, error,
                    "expected picks in the shape of the logits, but for the last axis");
    layer->expert = pass->picks;
    layer->expert_stride = pass->k;
    return true;
}

static bool
check_alike(const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    const MoeLogitLayer *layers = (const MoeLogitLayer *)pass->layers->data;
    int64_t tokens = pass->rows * pass->length;
    for (guint i = 0; i < pass->layers->len; i++) {
        const MoeItem *item = layers[i].logits;
        if (item->ndim != layers->logits->ndim ||
            memcmp(item->shape, layers->logits->shape, sizeof item->shape) != 0)
            return fail(arrays, item, error, "expected the shape of layer %d", layers->layer);
        if ((layers[i].expert != NULL) != (layers->expert != NULL))
            return fail(arrays, item, error, "some layers say which expert was picked, others not");
        if (layers[i].expert && layers[i].expert != pass->picks &&
            moe__item_count(layers[i].expert, MOE_VALUES_AXES) != tokens)
            return fail(arrays, layers[i].expert, error,
                        "expected an expert for each of %" G_GINT64_FORMAT " tokens", tokens);
    }
    return true;
}

/* Rows and their length of what stands beside, where the logits have them flat. */
static bool
settle_beside(const MoeArrays *arrays, MoeLogitPass *pass, GError **error)
{
    const MoeLogitBeside *beside[] = {&pass->mask, &pass->ids};
    int64_t tokens = pass->rows * pass->length;
    for (size_t i = 0; i < G_N_ELEMENTS(beside); i++) {
        int64_t shape[MOE_VALUES_AXES];
        if (!beside[i]->item)
            continue;
        int n = moe__logit_beside_axes(beside[i], shape);
        if (n < 1 || n > 2 || count(shape, n) != tokens)
            return fail(arrays, beside[i]->item, error,
                        "expected a value for each of %" G_GINT64_FORMAT " tokens", tokens);
        if (n == 2 && pass->rows == 1) {
            pass->rows = shape[0];
            pass->length = shape[1];
        }
    }
    return true;
}

static bool
check_size(const MoeArrays *arrays, MoeLogitPass *pass, const MoeItem *item, int64_t layers,
           GError **error)
{
    int64_t E = item->shape[item->ndim - 1], tokens;
    if (E < 1 || E > UINT16_MAX || layers < 1 || layers > UINT16_MAX)
        return fail(arrays, item, error, "expected 1 … %d experts and layers", UINT16_MAX);
    if (moe__item_count(item, MOE_VALUES_AXES) == INT64_MAX || pass->rows < 0 || pass->length < 0 ||
        __builtin_mul_overflow(pass->rows, pass->length, &tokens) || tokens > INT32_MAX)
        return fail(arrays, item, error, "expected at most %d tokens", INT32_MAX);
    pass->rows = tokens > 0 ? pass->rows : 0;
    return true;
}

bool
moe__logit_settle_axes(const MoeArrays *arrays, MoeLogitPass *pass, const char *axes,
                       GError **error)
{
    MoeLogitLayer *layers = (MoeLogitLayer *)pass->layers->data;
    const MoeItem *item = layers->logits;
    bool by_layer = pass->layers->len > 1 || is_one_layer(item) || item->ndim == 2;
    const char *known = item->ndim == 2 ? "TE" : "BSE";
    if (!by_layer)
        known = choose(arrays, pass, item, axes, error);
    else if (axes)
        return fail(arrays, item, error, "--axes %s is for one array of all layers", axes);
    if (!known)
        return false;
    if ((int)strlen(known) != item->ndim)
        return fail(arrays, item, error, "expected two or three axes of a layer");
    pass->experts = (int)CLAMP(item->shape[item->ndim - 1], 0, INT32_MAX);
    pass->rows = length_of(item, known, 'B');
    pass->length = strchr(known, 'T') ? length_of(item, known, 'T') : length_of(item, known, 'S');
    if (!check_size(arrays, pass, item, length_of(item, known, 'L'), error) ||
        !settle_picks(arrays, pass, item, error) || !check_alike(arrays, pass, error))
        return false;
    for (guint i = 0; i < pass->layers->len; i++)
        layers[i].stride = pass->experts;
    spread(pass, known);
    return settle_beside(arrays, pass, error);
}

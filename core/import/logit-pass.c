/* SPDX-License-Identifier: MIT
 *
 * Of a file's arrays of floats those are logits whose path says "router_logits"; where none does,
 * those that say "router" or "gate"; else all of two axes or more. The last number of a name is the
 * layer; in a list or tuple its place. A pair of logits and integers is a layer of Switch
 * Transformers with the experts that were picked. Hooks gather lists of passes, one a layer.
 */
#include "import/logit-pass.h"

#include "import/logit-axes.h"
#include "import/logit-beside.h"

#include <string.h>

/* --- Which arrays -----------------------------------------------------------------------------*/

enum { NAMED, RELATED, ANY, NOT };
enum { EXPERTS_USUAL = 1024, PICKS_MOST = 64 };

static bool
says(const MoeItem *item, const char *word)
{
    return strstr(item->name, word) || strstr(item->parent, word);
}

static int64_t
last_axis(const MoeItem *item)
{
    return item->shape[item->ndim - 1];
}

/* How much its path says for it. */
static int
rank_of(const MoeItem *item)
{
    if (!moe__item_is_float(item) || item->ndim < 2 ||
        g_strv_contains(moe__logit_masks, item->name))
        return NOT;
    if (says(item, "router_logits"))
        return NAMED;
    return says(item, "router") || says(item, "gate") ? RELATED : ANY;
}

static int
best_rank(const MoeArrays *arrays)
{
    int best = NOT;
    for (int i = 0; i < moe__arrays_count(arrays); i++)
        best = MIN(best, rank_of(moe__arrays_item(arrays, i)));
    return best;
}

/* Those that are logits. (transfer container) */
static GPtrArray *
choose_logits(const MoeArrays *arrays)
{
    GPtrArray *chosen = g_ptr_array_new();
    int rank = best_rank(arrays);
    for (int i = 0; rank < NOT && i < moe__arrays_count(arrays); i++)
        if (rank_of(moe__arrays_item(arrays, i)) == rank)
            g_ptr_array_add(chosen, (void *)moe__arrays_item(arrays, i));
    return chosen;
}

/* Those that may be the ids of a layer's picks, [tokens, k]. (transfer container) */
static GPtrArray *
choose_ids(const MoeArrays *arrays)
{
    static const char *const others[] = {"input_ids",      "token_ids", "tokens",
                                         "attention_mask", "mask",      "position_ids",
                                         "labels",         "positions", NULL};
    GPtrArray *chosen = g_ptr_array_new();
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        if (moe__item_is_integer(item) && item->type != MOE_STORED_BOOL && item->ndim == 2 &&
            item->shape[1] >= 1 && item->shape[1] <= PICKS_MOST &&
            !g_strv_contains(others, item->name))
            g_ptr_array_add(chosen, (void *)item);
    }
    return chosen;
}

/* The part of a path before its last "/". (transfer full) */
static char *
parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? g_strndup(path, (gsize)(slash - path)) : g_strdup("");
}

static const char *
last_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The experts beside an array of logits that is the first of a pair. */
static const MoeItem *
find_expert(const MoeArrays *arrays, const MoeItem *item)
{
    if (!moe__item_is_float(item) || item->siblings != 2 || !g_str_equal(item->name, "0"))
        return NULL;
    const MoeItem *other = moe__arrays_find(arrays, item->parent, "1");
    return other && moe__item_is_integer(other) ? other : NULL;
}

static bool
is_number(const char *name)
{
    return *name && strspn(name, G_CSET_DIGITS) == strlen(name);
}

/* Whether what holds an array is a layer by itself: "layer_3" in "layer_3/logits", and the key 3
 * where the array has tokens and experts alone. */
static bool
is_layer(const MoeItem *item)
{
    const char *name = last_of(item->parent);
    bool number = is_number(name) && item->keyed && item->ndim == 2;
    return number || (moe__item_number(name) >= 0 && !g_ascii_isdigit(name[0]));
}

/* Whether nothing but its place numbers an array: in a list, or "arr_3" of numpy.savez(). */
static bool
is_place(const MoeItem *item, const char *name)
{
    const char *number = g_str_has_prefix(name, "arr_") ? name + strlen("arr_") : name;
    return is_number(number) && (number > name || item->siblings > 0);
}

/* --- Lists under keys -------------------------------------------------------------------------*/

/* What a list under a key is: the layers of a pass, or the passes of a layer. */
typedef enum { OF_PASS, OF_LAYER, AMBIGUOUS } ListKind;

static bool
in_list(const MoeItem *item)
{
    return item->siblings > 0 && item->keyed;
}

static bool
same_shape(const MoeItem *a, const MoeItem *b)
{
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

/* Lists under keys that are mere numbers: layers of a pass have the same shape, passes of a layer
 * needn't. */
static ListKind
numbered_kind(const GPtrArray *items)
{
    const MoeItem *before = NULL;
    bool several = false, within = false, across = false; /* shapes differ */
    for (guint i = 0; i < items->len; i++) {
        const MoeItem *item = items->pdata[i];
        if (!in_list(item) || !is_number(last_of(item->parent)))
            continue;
        bool same_list = before && g_str_equal(before->parent, item->parent);
        bool differs = before && !same_shape(before, item);
        several = several || item->siblings > 1;
        within = within || (same_list && differs);
        across = across || (!same_list && differs);
        before = item;
    }
    return !several || within ? OF_LAYER : across ? OF_PASS : AMBIGUOUS;
}

static ListKind
kind_of_list(const MoeItem *item, ListKind numbered)
{
    static const char *const words[] = {"layer", "block", "blk", "gate",        "router",
                                        "mlp",   "moe",   "ffn", "feed_forward"};
    const char *name = last_of(item->parent);
    if (!in_list(item) || moe__item_number(name) < 0)
        return OF_PASS;
    if (is_number(name))
        return numbered;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(name, words[i]))
            return OF_LAYER;
    return OF_PASS;
}

/* --- Passes -----------------------------------------------------------------------------------*/

static void
pass_clear(void *data)
{
    MoeLogitPass *pass = data;
    g_free(pass->parent);
    g_array_unref(pass->layers);
}

static MoeLogitPass *
find_pass(GArray *passes, const char *parent)
{
    for (guint i = passes->len; i-- > 0;) {
        MoeLogitPass *pass = &g_array_index(passes, MoeLogitPass, i);
        if (g_str_equal(pass->parent, parent))
            return pass;
    }
    const MoeLogitPass pass = {
        .parent = g_strdup(parent),
        .layers = g_array_new(FALSE, FALSE, sizeof(MoeLogitLayer)),
    };
    g_array_append_val(passes, pass);
    return &g_array_index(passes, MoeLogitPass, passes->len - 1);
}

/* The weights of picks: floats of their shape beside them, as pairs, in a dict of both, or under a
 * name with the same number. */
static bool
are_weights_of(const MoeItem *weights, const MoeItem *ids)
{
    return moe__item_is_float(weights) && moe__item_is_integer(ids) && same_shape(ids, weights) &&
           (ids->siblings == 0 || ids->siblings == 2) &&
           g_str_equal(ids->parent, weights->parent) &&
           (ids->siblings == 2 || moe__item_number(ids->name) == moe__item_number(weights->name));
}

static const MoeItem *
find_weights(const MoeArrays *arrays, const MoeItem *item)
{
    for (int i = 0; i < moe__arrays_count(arrays); i++)
        if (are_weights_of(moe__arrays_item(arrays, i), item))
            return moe__arrays_item(arrays, i);
    return NULL;
}

/* Whether floats are the gates of picks [tokens, k], and so no logits. */
static bool
are_gates(const MoeArrays *arrays, const MoeItem *item)
{
    for (int i = 0; i < moe__arrays_count(arrays); i++)
        if (are_weights_of(item, moe__arrays_item(arrays, i)))
            return last_axis(item) <= PICKS_MOST;
    return false;
}

/* Whether an array and the one beside it are a layer: logits and picks, or weights and picks. */
static bool
is_pair(const MoeArrays *arrays, const MoeItem *item)
{
    return item->siblings == 2 && (find_expert(arrays, item) || find_weights(arrays, item));
}

/* The n-th of a list of passes of a layer: all layers' n-th are a pass. */
static void
add_of_layer(GArray *passes, const MoeItem *item)
{
    const char *name = last_of(item->parent);
    g_autofree char *above = parent_of(item->parent);
    g_autofree char *place = g_strdup_printf("%s%s%s", above, *above ? "/" : "", item->name);
    const MoeLogitLayer layer = {.logits = item, .layer = moe__item_number(name)};
    g_array_append_val(find_pass(passes, place)->layers, layer);
}

static void
add_item(const MoeArrays *arrays, GArray *passes, const MoeItem *item, ListKind numbered)
{
    MoeLogitLayer layer = {.logits = item, .expert = find_expert(arrays, item), .expert_stride = 1};
    layer.weights = find_weights(arrays, item);
    bool pair = is_pair(arrays, item);
    if (!pair && kind_of_list(item, numbered) == OF_LAYER) {
        add_of_layer(passes, item);
        return;
    }
    bool nested =
        pair || (moe__item_number(item->name) < 0 && item->siblings == 0 && is_layer(item));
    g_autofree char *above = nested ? parent_of(item->parent) : NULL;
    const char *name = nested ? last_of(item->parent) : item->name;
    layer.layer = moe__item_number(name);
    layer.by_place = is_place(item, name);
    MoeLogitPass *pass = find_pass(passes, nested ? above : item->parent);
    g_array_append_val(pass->layers, layer);
}

/* Whether lists under numbers leave open what they are, and some are there. */
static bool
check_lists(const MoeArrays *arrays, const GPtrArray *items, ListKind numbered, GError **error)
{
    for (guint i = 0; numbered == AMBIGUOUS && i < items->len; i++) {
        const MoeItem *item = items->pdata[i];
        if (is_pair(arrays, item) || kind_of_list(item, numbered) != AMBIGUOUS)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: found a list of arrays under the key %s: nothing says whether such keys "
                    "are layers or passes: name the layers (\"layer_%s\")",
                    moe__arrays_path(arrays), last_of(item->parent), last_of(item->parent));
        return false;
    }
    return true;
}

static gint
compare_layers(gconstpointer a, gconstpointer b)
{
    return ((const MoeLogitLayer *)a)->layer - ((const MoeLogitLayer *)b)->layer;
}

/* Whether every layer has a number of its own; one by itself needs none. */
static bool
settle_numbers(const MoeArrays *arrays, MoeLogitPass *pass, GError **error)
{
    MoeLogitLayer *layers = (MoeLogitLayer *)pass->layers->data;
    guint n = pass->layers->len;
    if (n == 1)
        layers->layer = MAX(layers->layer, 0);
    g_array_sort(pass->layers, compare_layers);
    for (guint i = 0; i < n; i++) {
        const char *name = layers[i].logits->name;
        if (layers[i].layer >= 0 && layers[i].layer <= UINT16_MAX &&
            (i == 0 || layers[i - 1].layer != layers[i].layer))
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: %s \"%s\", expected a number in each name that says the layer",
                    moe__arrays_path(arrays),
                    i > 0 && layers[i].layer >= 0 ? "found a layer twice, the second time in array"
                                                  : "can't tell the layer of array",
                    name);
        return false;
    }
    return true;
}

/* Whether two paths are the same but for numbers. */
static bool
same_but_numbers(const char *a, const char *b)
{
    while (*a && *b) {
        bool digits = g_ascii_isdigit(*a) && g_ascii_isdigit(*b);
        if (!digits && *a != *b)
            return false;
        while (digits && g_ascii_isdigit(a[1]))
            a++;
        while (digits && g_ascii_isdigit(b[1]))
            b++;
        a++;
        b++;
    }
    return *a == *b;
}

/* Encoder and decoder aren't passes of the same layers. */
static bool
check_kin(const MoeArrays *arrays, const GArray *passes, GError **error)
{
    const char *first = g_array_index(passes, MoeLogitPass, 0).parent;
    for (guint i = 1; i < passes->len; i++) {
        const char *other = g_array_index(passes, MoeLogitPass, i).parent;
        if (same_but_numbers(first, other))
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: found logits in \"%s\" and in \"%s\", which aren't the same routers: "
                    "save them apart",
                    moe__arrays_path(arrays), first, other);
        return false;
    }
    return true;
}

static bool
settle(const MoeArrays *arrays, GArray *passes, const char *axes, GError **error)
{
    for (guint i = 0; i < passes->len; i++) {
        MoeLogitPass *pass = &g_array_index(passes, MoeLogitPass, i);
        if (!moe__logit_look_beside(arrays, passes, i, error) ||
            !settle_numbers(arrays, pass, error) ||
            !moe__logit_settle_axes(arrays, pass, axes, error))
            return false;
    }
    return moe__logit_check_masks(arrays, passes, error);
}

/* The passes of these items. */
static GArray *
group(const MoeArrays *arrays, const GPtrArray *items, const char *axes, GError **error)
{
    g_autoptr(GArray) passes = g_array_new(FALSE, FALSE, sizeof(MoeLogitPass));
    g_array_set_clear_func(passes, pass_clear);
    ListKind numbered = numbered_kind(items);
    if (!check_lists(arrays, items, numbered, error))
        return NULL;
    for (guint i = 0; i < items->len; i++)
        add_item(arrays, passes, items->pdata[i], numbered);
    return check_kin(arrays, passes, error) && settle(arrays, passes, axes, error)
               ? g_steal_pointer(&passes)
               : NULL;
}

/* Layers that can't be read aren't layers without experts. */
static bool
check_read(const MoeArrays *arrays, const GPtrArray *items, GError **error)
{
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        bool meant = item->kind == MOE_ITEM_UNREAD && says(item, "router_logits");
        for (guint j = 0; j < items->len && item->kind == MOE_ITEM_UNREAD && !meant; j++) {
            const MoeItem *other = items->pdata[j];
            meant = item->siblings > 0 && g_str_equal(item->parent, other->parent);
        }
        g_auto(MoeValues) unused = {0};
        if (meant && !moe__arrays_values(arrays, item, &unused, error))
            return false;
    }
    return true;
}

GArray *
moe__logit_passes(const MoeArrays *arrays, const char *axes, GError **error)
{
    g_autoptr(GPtrArray) items = choose_logits(arrays);
    if (!check_read(arrays, items, error))
        return NULL;
    if (items->len > 0)
        return group(arrays, items, axes, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: found no array of floats [tokens, experts]", moe__arrays_path(arrays));
    return NULL;
}

GArray *
moe__id_passes(const MoeArrays *arrays, GError **error)
{
    g_autoptr(GPtrArray) items = choose_ids(arrays);
    if (!check_read(arrays, items, error))
        return NULL;
    if (items->len > 0)
        return group(arrays, items, NULL, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: found no array of integers [tokens, k] a layer", moe__arrays_path(arrays));
    return NULL;
}

/* Arrays without a telling name could be anything: they have to be alike, and no weights of a model
 * columns of a trace, or gates of picks beside them. */
int
moe__logit_score_arrays(const MoeArrays *arrays)
{
    int rank = best_rank(arrays);
    const MoeItem *first = NULL;
    if (rank == NAMED || rank == NOT)
        return rank == NAMED ? 93 : 0;
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        if (rank_of(item) != rank)
            continue;
        first = first ? first : item;
        if (item->ndim != first->ndim || last_axis(item) != last_axis(first) ||
            last_axis(item) > EXPERTS_USUAL || says(item, "weight") || says(item, "bias") ||
            says(item, "picks/") || says(item, "hidden") || are_gates(arrays, item))
            return 0;
    }
    return rank == RELATED ? 50 : 20;
}

/* Two layers at least, all alike, and floats only as their weights. */
int
moe__id_score_arrays(const MoeArrays *arrays)
{
    g_autoptr(GPtrArray) items = choose_ids(arrays);
    guint weights = 0, floats = 0;
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        floats += moe__item_is_float(item) && item->ndim > 1;
    }
    for (guint i = 0; i < items->len; i++) {
        const MoeItem *item = items->pdata[i];
        bool numbered = moe__item_number(item->name) >= 0 || is_layer(item);
        if (!numbered || last_axis(item) != last_axis(items->pdata[0]))
            return 0;
        weights += floats > 0 && find_weights(arrays, item);
    }
    return items->len > 1 && floats == weights ? 35 : 0;
}

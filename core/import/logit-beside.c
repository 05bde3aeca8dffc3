/* SPDX-License-Identifier: MIT */
#include "import/logit-beside.h"

#include <string.h>

const char *const moe__logit_masks[] = {"attention_mask", "mask", NULL};
static const char *const ids[] = {"input_ids", "token_ids", "tokens", NULL};

/* --- Finding ----------------------------------------------------------------------------------*/

/* What a place in a path says of a pass: "a/b/3/c" is the third of "a/b". */
typedef struct Place {
    char *holder; /* path of what holds the passes: "a/b" */
    char *above;  /* path of what holds that: "a"; NULL: it is the top */
    char *key;    /* "3" */
} Place;

/* The path `name` of what is at `path`. (transfer full) */
static char *
join(const char *path, const char *name)
{
    return *path ? g_strconcat(path, "/", name, NULL) : g_strdup(name);
}

/* Of the components of a path the n-th. */
static Place
place_at(char **parts, int n)
{
    Place place = {.key = g_strdup(parts[n])};
    g_autoptr(GString) path = g_string_new(NULL);
    for (int i = 0; i < n; i++) {
        if (i == n - 1)
            place.above = g_strdup(path->str);
        g_string_append_printf(path, "%s%s", i ? "/" : "", parts[i]);
    }
    place.holder = g_strdup(path->str);
    return place;
}

static void
place_clear(Place *place)
{
    g_free(place->holder);
    g_free(place->above);
    g_free(place->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static bool
is_there(const MoeItem *item)
{
    return item && item->kind != MOE_ITEM_NONE;
}

/* Places along the first axis of an array, or lists of texts. */
static int64_t
length_of(const MoeItem *item)
{
    bool array = item->kind == MOE_ITEM_ARRAY && item->ndim > 1;
    return array ? item->shape[0] : item->kind == MOE_ITEM_TEXTS ? item->node->count : -1;
}

/* `name` below `path`: of the pass's key or place, or the pass's part of what all passes have. */
static MoeLogitBeside
find_part(const MoeArrays *arrays, const GArray *passes, guint i, const char *path, const char *key,
          const char *name)
{
    g_autofree char *below = join(path, name), *number = g_strdup_printf("%u", i);
    const MoeItem *item = moe__arrays_find(arrays, below, key);
    if (is_there(item))
        return (MoeLogitBeside){item, -1};
    item = moe__arrays_find(arrays, path, name);
    bool part = g_str_equal(number, key) && is_there(item) && length_of(item) == passes->len;
    if (is_there(item) && (part || passes->len == 1))
        return (MoeLogitBeside){item, passes->len > 1 ? (int64_t)i : -1};
    return (MoeLogitBeside){NULL, -1};
}

/* Beside what holds the passes, or in it, at each place of the pass's path, the deepest first. */
static MoeLogitBeside
find_parallel(const MoeArrays *arrays, const GArray *passes, guint i, const char *name)
{
    const char *parent = g_array_index(passes, MoeLogitPass, i).parent;
    g_auto(GStrv) parts = g_strsplit(parent, "/", -1);
    for (int n = (int)g_strv_length(parts); n-- > 0;) {
        g_auto(Place) place = place_at(parts, n);
        MoeLogitBeside found = find_part(arrays, passes, i, place.holder, place.key, name);
        if (!found.item && place.above)
            found = find_part(arrays, passes, i, place.above, place.key, name);
        if (found.item)
            return found;
    }
    return (MoeLogitBeside){NULL, -1};
}

/* A value that stands beside the layers of a pass, or beside what holds them. */
static const MoeItem *
find_beside(const MoeArrays *arrays, const MoeLogitPass *pass, const char *const *names)
{
    const char *slash = strrchr(pass->parent, '/');
    g_autofree char *above = g_strndup(pass->parent, slash ? (gsize)(slash - pass->parent) : 0);
    for (int i = 0; names[i]; i++) {
        const MoeItem *item = moe__arrays_find(arrays, pass->parent, names[i]);
        item = is_there(item) ? item : moe__arrays_find(arrays, above, names[i]);
        if (is_there(item))
            return item;
    }
    return NULL;
}

/* Tokens of a pass whose layers are arrays of their own; -1: one array holds the layers too. */
static int64_t
tokens_of(const MoeLogitPass *pass)
{
    const MoeItem *item = g_array_index(pass->layers, MoeLogitLayer, 0).logits;
    bool one = pass->layers->len == 1 && item->ndim > 2;
    return one || item->ndim < 2 ? -1 : moe__item_count(item, item->ndim - 1);
}

/* What is beside all passes may be of each, or hold a part for each: then the tokens tell. */
static MoeLogitBeside
find_side(const MoeArrays *arrays, const GArray *passes, guint i, const char *const *names)
{
    const MoeLogitPass *pass = &g_array_index(passes, MoeLogitPass, i);
    MoeLogitBeside whole = {find_beside(arrays, pass, names), -1};
    int64_t tokens = tokens_of(pass);
    if (whole.item && (whole.item->kind != MOE_ITEM_ARRAY || tokens < 0 ||
                       moe__item_count(whole.item, MOE_VALUES_AXES) == tokens))
        return whole;
    for (int n = 0; names[n]; n++) {
        MoeLogitBeside part = find_parallel(arrays, passes, i, names[n]);
        if (part.item)
            return part;
    }
    return whole;
}

static bool
look_for_mask(const MoeArrays *arrays, const GArray *passes, guint i, MoeLogitBeside *mask,
              GError **error)
{
    *mask = find_side(arrays, passes, i, moe__logit_masks);
    if (!mask->item || moe__item_is_integer(mask->item))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: array \"%s\": expected integers or booleans, 0 where there is padding",
                moe__arrays_path(arrays), mask->item->name);
    return false;
}

static void
look_for_k(const MoeArrays *arrays, MoeLogitPass *pass)
{
    static const char *const ks[] = {"topk", "top_k", "num_experts_per_tok", NULL};
    static const char *const picks[] = {"topk", "topk_ids", "topk_indices", "selected_experts",
                                        NULL};
    const MoeItem *found = find_beside(arrays, pass, ks);
    if (found && found->kind == MOE_ITEM_NUMBER && found->number >= 1 && found->number <= 1024)
        pass->k = (int)found->number;
    found = find_beside(arrays, pass, picks);
    if (found && moe__item_is_integer(found) && found->ndim > 1 &&
        found->shape[found->ndim - 1] >= 1 && found->shape[found->ndim - 1] <= 1024) {
        pass->picks = found;
        pass->k = (int)found->shape[found->ndim - 1];
    }
}

bool
moe__logit_look_beside(const MoeArrays *arrays, GArray *passes, guint i, GError **error)
{
    static const char *const texts[] = {"tokens", "token_strings", NULL};
    MoeLogitPass *pass = &g_array_index(passes, MoeLogitPass, i);
    if (!look_for_mask(arrays, passes, i, &pass->mask, error))
        return false;
    pass->ids = find_side(arrays, passes, i, ids);
    if (pass->ids.item && !moe__item_is_integer(pass->ids.item))
        pass->ids.item = NULL;
    pass->texts = find_side(arrays, passes, i, texts);
    if (pass->texts.item && pass->texts.item->kind != MOE_ITEM_TEXTS)
        pass->texts.item = NULL;
    look_for_k(arrays, pass);
    return true;
}

/* --- What is left over ------------------------------------------------------------------------*/

/* Whether an array, or the list that holds it, bears one of these names. */
static bool
is_named(const MoeItem *item, const char *const *names)
{
    const char *slash = strrchr(item->parent, '/');
    return g_strv_contains(names, item->name) ||
           (item->siblings > 0 && g_strv_contains(names, slash ? slash + 1 : item->parent));
}

/* Whether some pass has its mask, ids or texts of it. */
static bool
is_used(const GArray *passes, const MoeItem *item)
{
    for (guint i = 0; i < passes->len; i++) {
        const MoeLogitPass *pass = &g_array_index(passes, MoeLogitPass, i);
        if (pass->mask.item == item || pass->ids.item == item || pass->texts.item == item)
            return true;
    }
    return false;
}

static bool
marks_padding(const MoeArrays *arrays, const MoeItem *mask)
{
    g_auto(MoeValues) values = {0};
    bool marks = false;
    if (!moe__arrays_values(arrays, mask, &values, NULL))
        return true;
    for (int64_t i = 0; i < values.count && !marks; i++)
        marks = moe__values_number(&values, i) == 0;
    return marks;
}

bool
moe__logit_check_masks(const MoeArrays *arrays, const GArray *passes, GError **error)
{
    static const char *const names[] = {"attention_mask", NULL};
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        if (!is_named(item, names) || !moe__item_is_integer(item) || is_used(passes, item) ||
            !marks_padding(arrays, item))
            continue;
        g_autofree char *shape = moe__item_shape(item);
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: array \"%s%s%s\" %s marks padding, but can't be told to belong to any of "
                    "the %u passes: save it beside the logits that it is of",
                    moe__arrays_path(arrays), item->parent, *item->parent ? "/" : "", item->name,
                    shape, passes->len);
        return false;
    }
    return true;
}

bool
moe__logit_ids_unused(const MoeArrays *arrays, const GArray *passes)
{
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        if (is_named(item, ids) && item->kind != MOE_ITEM_NONE && !is_used(passes, item))
            return true;
    }
    return false;
}

/* --- Values -----------------------------------------------------------------------------------*/

int
moe__logit_beside_axes(const MoeLogitBeside *beside, int64_t shape[MOE_VALUES_AXES])
{
    int skip = beside->part >= 0, n = beside->item->ndim - skip;
    memcpy(shape, beside->item->shape + skip, sizeof *shape * (gsize)n);
    return n;
}

bool
moe__logit_beside_values(const MoeArrays *arrays, const MoeLogitBeside *beside, MoeValues *out,
                         GError **error)
{
    return !beside->item || moe__arrays_part(arrays, beside->item, beside->part, out, error);
}

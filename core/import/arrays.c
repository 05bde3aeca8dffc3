/* SPDX-License-Identifier: MIT */
#include "import/arrays.h"

#include "import/numpy.h"
#include "import/pt.h"

#include <string.h>

enum { ITEMS_MAX = 1 << 20 };

struct MoeArrays {
    char *path;
    MoeNumpy *numpy;
    MoeSafetensors *safetensors;
    GPtrArray *docs; /* of torch and pickle, and of arrays of objects */
    GArray *items;
    GHashTable *by_path; /* place + 1 of an item by "PARENT/NAME" */
};

static void
item_clear(void *data)
{
    MoeItem *item = data;
    g_free(item->parent);
    g_free(item->name);
}

static void
doc_free(void *doc)
{
    moe__py_doc_free(doc);
}

void
moe__arrays_free(MoeArrays *arrays)
{
    if (!arrays)
        return;
    g_clear_pointer(&arrays->by_path, g_hash_table_unref);
    g_array_unref(arrays->items);
    g_ptr_array_unref(arrays->docs);
    moe__numpy_free(arrays->numpy);
    moe_safetensors_free(arrays->safetensors);
    g_free(arrays->path);
    g_free(arrays);
}

/* --- Trees ------------------------------------------------------------------------------------*/

/* A place in a tree while it is walked. */
typedef struct Place {
    MoeArrays *arrays;
    const MoePyDoc *doc;
    const char *parent;
    int siblings;
    bool dict, keyed; /* it is a dict; it stands in one */
} Place;

static bool
all_of(const MoePy *list, MoePyKind kind)
{
    bool is_list = list->kind == MOE_PY_LIST || list->kind == MOE_PY_TUPLE;
    for (int64_t i = 0; is_list && i < list->count; i++)
        if (list->items[i]->kind != kind)
            return false;
    return is_list && list->count > 0;
}

/* Whether a list has numbers alone; sets *floats if some aren't integers. */
static bool
all_numbers(const MoePy *list, bool *floats)
{
    bool is_list = list->kind == MOE_PY_LIST || list->kind == MOE_PY_TUPLE;
    for (int64_t i = 0; is_list && i < list->count; i++) {
        bool real = list->items[i]->kind == MOE_PY_FLOAT;
        if (!real && list->items[i]->kind != MOE_PY_INT)
            return false;
        *floats = *floats || real;
    }
    return is_list && list->count > 0;
}

/* The shape of a list of numbers, or of equally long lists of them; 0 axes: it is none. */
static int
number_axes(const MoePy *list, int64_t shape[2], bool *floats)
{
    shape[0] = list->count;
    *floats = false;
    if (all_numbers(list, floats))
        return 1;
    bool lists = all_of(list, MOE_PY_LIST) || all_of(list, MOE_PY_TUPLE);
    for (int64_t i = 0; lists && i < list->count; i++)
        lists =
            all_numbers(list->items[i], floats) && list->items[i]->count == list->items[0]->count;
    if (!lists)
        return 0;
    shape[1] = list->items[0]->count;
    return 2;
}

static bool
is_texts(const MoePy *list)
{
    if (all_of(list, MOE_PY_STRING))
        return true;
    bool lists = all_of(list, MOE_PY_LIST);
    for (int64_t i = 0; lists && i < list->count; i++)
        lists = list->items[i]->count == 0 || all_of(list->items[i], MOE_PY_STRING);
    return lists;
}

/* What a node is as an item; false: it is none, but may hold some. */
static bool
describe(const MoePy *node, MoeItem *item)
{
    double number;
    item->kind = MOE_ITEM_ARRAY;
    if (node->kind == MOE_PY_ARRAY) {
        const MoeLayout *layout = &node->array->layout;
        item->type = layout->type;
        item->ndim = layout->ndim;
        memcpy(item->shape, layout->shape, sizeof item->shape);
        return true;
    }
    if (node->kind == MOE_PY_LIST || node->kind == MOE_PY_TUPLE) {
        bool floats;
        item->ndim = number_axes(node, item->shape, &floats);
        item->type = floats ? MOE_STORED_F64 : MOE_STORED_I64;
        if (item->ndim > 0)
            return true;
        item->kind = MOE_ITEM_TEXTS;
        return is_texts(node);
    }
    item->kind = MOE_ITEM_NUMBER;
    if (moe__py_number(node, &number)) {
        item->number = number;
        return true;
    }
    item->kind = node->kind == MOE_PY_UNREAD ? MOE_ITEM_UNREAD : MOE_ITEM_NONE;
    return node->kind == MOE_PY_NONE || node->kind == MOE_PY_UNREAD;
}

static bool walk(const Place *place, const char *name, const MoePy *node, GError **error);

static bool
walk_below(const Place *place, const char *path, const MoePy *node, GError **error)
{
    bool dict = node->kind == MOE_PY_DICT;
    int siblings = dict ? 0 : (int)MIN(node->count, INT_MAX);
    Place below = {place->arrays, place->doc, path, siblings, dict, place->dict};
    for (int64_t i = 0; i < node->count; i++) {
        int64_t number = i;
        g_autofree char *name = dict ? moe__py_string(node->items[2 * i]) : NULL;
        if (!name && dict && !moe__py_integer(node->items[2 * i], &number))
            continue;
        if (!name)
            name = g_strdup_printf("%" G_GINT64_FORMAT, number);
        if (!walk(&below, name, node->items[dict ? 2 * i + 1 : i], error))
            return false;
    }
    return true;
}

static bool
walk(const Place *place, const char *name, const MoePy *node, GError **error)
{
    MoeItem item = {
        .siblings = place->siblings, .keyed = place->keyed, .node = node, .doc = place->doc};
    bool holds =
        node->kind == MOE_PY_DICT || node->kind == MOE_PY_LIST || node->kind == MOE_PY_TUPLE;
    if (describe(node, &item)) {
        /* Numbers are looked up by key, and a list may have millions. */
        if (item.kind == MOE_ITEM_NUMBER && item.siblings > 0)
            return true;
        item.parent = g_strdup(place->parent);
        item.name = g_strdup(name);
        g_array_append_val(place->arrays->items, item);
        if (place->arrays->items->len <= ITEMS_MAX)
            return true;
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "%s: found more than %d arrays",
                    place->arrays->path, ITEMS_MAX);
        return false;
    }
    if (!holds)
        return true;
    g_autofree char *path =
        *place->parent ? g_strconcat(place->parent, "/", name, NULL) : g_strdup(name);
    return walk_below(place, path, node, error);
}

static bool
list_tree(MoeArrays *arrays, const char *parent, MoePyDoc *doc, GError **error)
{
    if (!doc)
        return false;
    g_ptr_array_add(arrays->docs, doc);
    const Place place = {arrays, doc, parent, 0, false, false};
    const MoePy *root = moe__py_root(doc);
    bool holds =
        root->kind == MOE_PY_DICT || root->kind == MOE_PY_LIST || root->kind == MOE_PY_TUPLE;
    return holds ? walk_below(&place, parent, root, error) : walk(&place, "", root, error);
}

/* A list of texts under the name of its array; of anything else what it holds. */
static bool
list_named(MoeArrays *arrays, const char *name, MoePyDoc *doc, GError **error)
{
    const Place place = {arrays, doc, "", 0, false, false};
    if (!doc || !is_texts(moe__py_root(doc)))
        return list_tree(arrays, name, doc, error);
    g_ptr_array_add(arrays->docs, doc);
    return walk(&place, name, moe__py_root(doc), error);
}

/* --- Archives and safetensors -----------------------------------------------------------------*/

/* Lists what numpy.save() wrote as an array of numbers; of another type, that it is there. */
static bool
list_numbers(MoeArrays *arrays, int i, const char *name, GError **error)
{
    g_autoptr(GError) reason = NULL;
    MoeLayout layout;
    bool read = moe__numpy_layout(arrays->numpy, i, &layout, &reason);
    if (!read && (moe__numpy_count(arrays->numpy) == 1 ||
                  !g_error_matches(reason, MOE_ERROR, MOE_ERROR_UNSUPPORTED))) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return false;
    }
    MoeItem item = {.kind = read ? MOE_ITEM_ARRAY : MOE_ITEM_UNREAD,
                    .parent = g_strdup(""),
                    .name = g_strdup(name),
                    .type = layout.type,
                    .ndim = read ? layout.ndim : 0,
                    .index = i};
    memcpy(item.shape, layout.shape, sizeof item.shape);
    g_array_append_val(arrays->items, item);
    return true;
}

static bool
list_numpy(MoeArrays *arrays, GError **error)
{
    for (int i = 0; i < moe__numpy_count(arrays->numpy); i++) {
        g_autofree char *name = moe__numpy_name(arrays->numpy, i);
        bool objects = moe__numpy_is_objects(arrays->numpy, i);
        bool texts = moe__numpy_is_texts(arrays->numpy, i);
        MoePyDoc *doc = objects ? moe__numpy_objects(arrays->numpy, i, error)
                        : texts ? moe__numpy_texts(arrays->numpy, i, error)
                                : NULL;
        if (!(objects || texts ? list_named(arrays, name, doc, error)
                               : list_numbers(arrays, i, name, error)))
            return false;
    }
    return true;
}

static bool
list_safetensors(MoeArrays *arrays, GError **error)
{
    for (int i = 0; i < moe_safetensors_count(arrays->safetensors); i++) {
        const MoeStored *stored = moe_safetensors_get(arrays->safetensors, i);
        if (stored->ndim > MOE_VALUES_AXES) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                        "%s: array \"%s\" has %d axes; at most %d are expected", arrays->path,
                        stored->name, stored->ndim, MOE_VALUES_AXES);
            return false;
        }
        MoeItem item = {.kind = MOE_ITEM_ARRAY,
                        .parent = g_strdup(""),
                        .name = g_strdup(stored->name),
                        .type = stored->type,
                        .ndim = stored->ndim,
                        .index = i};
        memcpy(item.shape, stored->shape, sizeof *stored->shape * (gsize)stored->ndim);
        g_array_append_val(arrays->items, item);
    }
    return true;
}

/* --- Opening ----------------------------------------------------------------------------------*/

typedef enum { OTHER, ARCHIVE, NPY, PICKLE, SAFETENSORS } Kind;

/* safetensors: u64 length of the header, then "{". Pickles: protocol 2 and later. */
static Kind
kind_of(const uint8_t *head, size_t length)
{
    uint64_t header;
    if (length < 10)
        return OTHER;
    memcpy(&header, head, sizeof header);
    if (memcmp(head, "PK\x03\x04", 4) == 0)
        return ARCHIVE;
    if (memcmp(head, "\x93NUMPY", 6) == 0)
        return NPY;
    if (head[8] == '{' && header > 0 && header < (uint64_t)1 << 32)
        return SAFETENSORS;
    return head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 ? PICKLE : OTHER;
}

bool
moe__arrays_may_be(const uint8_t *head, size_t length)
{
    return kind_of(head, length) != OTHER;
}

static Kind
look(const char *path, GError **error)
{
    g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, error);
    if (!map)
        return OTHER;
    Kind kind =
        kind_of((const uint8_t *)g_mapped_file_get_contents(map), g_mapped_file_get_length(map));
    g_autofree char *name = g_filename_display_name(path);
    if (kind == OTHER)
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: neither .npy, .npz, safetensors nor what torch.save() or pickle.dump() "
                    "write (packed files have to be unpacked)",
                    name);
    return kind;
}

/* An archive is one of arrays, else torch's. */
static bool
open_kind(MoeArrays *arrays, const char *path, Kind kind, GError **error)
{
    if (kind == SAFETENSORS) {
        arrays->safetensors = moe_safetensors_open(path, error);
        return arrays->safetensors && list_safetensors(arrays, error);
    }
    if (kind == PICKLE)
        return list_tree(arrays, "", moe__pt_open(path, error), error);
    g_autoptr(GError) reason = NULL;
    arrays->numpy = moe__numpy_open(path, &reason);
    if (arrays->numpy)
        return list_numpy(arrays, error);
    if (kind == ARCHIVE && g_error_matches(reason, MOE_ERROR, MOE_ERROR_UNSUPPORTED))
        return list_tree(arrays, "", moe__pt_open(path, error), error);
    g_propagate_error(error, g_steal_pointer(&reason));
    return false;
}

/* Of items of the same path the first is found. */
static void
index_items(MoeArrays *arrays)
{
    arrays->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = (int)arrays->items->len; i-- > 0;) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        g_hash_table_insert(arrays->by_path, g_strconcat(item->parent, "/", item->name, NULL),
                            GINT_TO_POINTER(i + 1));
    }
}

MoeArrays *
moe__arrays_open(const char *path, GError **error)
{
    g_autoptr(MoeArrays) arrays = g_new0(MoeArrays, 1);
    arrays->path = g_filename_display_name(path);
    arrays->docs = g_ptr_array_new_with_free_func(doc_free);
    arrays->items = g_array_new(FALSE, FALSE, sizeof(MoeItem));
    g_array_set_clear_func(arrays->items, item_clear);
    Kind kind = look(path, error);
    bool good = kind != OTHER && open_kind(arrays, path, kind, error);
    if (!good)
        return NULL;
    index_items(arrays);
    return g_steal_pointer(&arrays);
}

/* --- Items ------------------------------------------------------------------------------------*/

const char *
moe__arrays_path(const MoeArrays *arrays)
{
    return arrays->path;
}

int
moe__arrays_count(const MoeArrays *arrays)
{
    return (int)arrays->items->len;
}

const MoeItem *
moe__arrays_item(const MoeArrays *arrays, int i)
{
    return &g_array_index(arrays->items, MoeItem, i);
}

const MoeItem *
moe__arrays_find(const MoeArrays *arrays, const char *parent, const char *name)
{
    g_autofree char *path = g_strconcat(parent, "/", name, NULL);
    int place = GPOINTER_TO_INT(g_hash_table_lookup(arrays->by_path, path));
    return place > 0 ? moe__arrays_item(arrays, place - 1) : NULL;
}

/* A list of numbers, or of lists of them. */
static void
list_values(const MoeItem *item, MoeValues *out)
{
    int64_t columns = item->ndim == 2 ? item->shape[1] : 1;
    *out = (MoeValues){.type = item->type, .ndim = item->ndim, .count = moe__item_count(item, 2)};
    memcpy(out->shape, item->shape, sizeof out->shape);
    int64_t *integers = g_new(int64_t, (gsize)MAX(out->count, 1));
    double *reals = (double *)integers; /* as wide */
    for (int64_t i = 0; i < out->count; i++) {
        const MoePy *row = item->node->items[i / columns];
        const MoePy *value = item->ndim == 2 ? row->items[i % columns] : row;
        if (item->type == MOE_STORED_I64)
            integers[i] = value->integer;
        else
            moe__py_number(value, &reals[i]);
    }
    out->data = integers;
}

bool
moe__arrays_values(const MoeArrays *arrays, const MoeItem *item, MoeValues *out, GError **error)
{
    if (item->node && item->kind != MOE_ITEM_ARRAY) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: \"%s%s%s\" is of a kind that isn't read (complex numbers, dates, records, "
                    "a view that negates: x.resolve_neg() makes a tensor of that), expected "
                    "numbers",
                    arrays->path, item->parent, *item->parent ? "/" : "", item->name);
        return false;
    }
    if (item->node && item->node->kind != MOE_PY_ARRAY) {
        list_values(item, out);
        return true;
    }
    if (item->node)
        return moe__py_values(item->doc, item->node, out, error);
    if (arrays->numpy)
        return moe__numpy_values(arrays->numpy, item->index, out, error);
    const MoeStored *stored = moe_safetensors_get(arrays->safetensors, item->index);
    MoeLayout layout = {.type = stored->type, .ndim = stored->ndim};
    memcpy(layout.shape, stored->shape, sizeof *stored->shape * (gsize)stored->ndim);
    moe__layout_pack(&layout, false);
    return moe__layout_gather(&layout, stored->data,
                              (uint64_t)stored->count * moe_stored_type_size(stored->type), out,
                              error);
}

/* Of a tensor or array in a pickle: the rest of its storage isn't touched. */
static bool
node_part(const MoeItem *item, int64_t part, MoeValues *out, GError **error)
{
    MoePyArray cut = *item->node->array;
    MoePy node = *item->node;
    MoeLayout *layout = &cut.layout;
    node.array = &cut;
    layout->offset += part * layout->strides[0];
    layout->ndim--;
    memmove(layout->shape, layout->shape + 1, sizeof *layout->shape * (gsize)layout->ndim);
    memmove(layout->strides, layout->strides + 1, sizeof *layout->strides * (gsize)layout->ndim);
    return moe__py_values(item->doc, &node, out, error);
}

bool
moe__arrays_part(const MoeArrays *arrays, const MoeItem *item, int64_t part, MoeValues *out,
                 GError **error)
{
    if (part >= 0 && item->node && item->node->kind == MOE_PY_ARRAY)
        return node_part(item, part, out, error);
    if (!moe__arrays_values(arrays, item, out, error))
        return false;
    if (part < 0)
        return true;
    out->count /= out->shape[0];
    gsize size = (gsize)out->count * moe_stored_type_size(out->type);
    memmove(out->data, (const char *)out->data + (gsize)part * size, size);
    out->ndim--;
    memmove(out->shape, out->shape + 1, sizeof *out->shape * (gsize)out->ndim);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * python-doc.c: builds a tree within a budget of memory, and checks it once it is whole.
 */
#include "import/python-doc.h"

enum { CHUNK = 512 }; /* nodes */

/* What a tree may take: an empty list is one byte of a file and a node here, and the smallest
 * files hold a few hundred of other things. */
#define BUDGET_FREE     ((uint64_t)1 << 20)
#define BUDGET_PER_BYTE ((uint64_t)64)

/* Nodes of the tree written out in full; more is a "billion laughs". */
#define NODES_FREE     ((double)(1 << 16))
#define NODES_PER_BYTE 64.0

enum { WHITE, GREY, BLACK };

MoePyDoc *
moe__py_doc_new(GBytes *bytes, const char *name)
{
    MoePyDoc *doc = g_new0(MoePyDoc, 1);
    doc->bytes = g_bytes_ref(bytes);
    doc->name = g_strdup(name);
    doc->chunks = g_ptr_array_new_with_free_func(g_free);
    doc->used = CHUNK;
    doc->blocks = g_ptr_array_new_with_free_func(g_free);
    doc->storages = g_hash_table_new(g_str_hash, g_str_equal);
    doc->budget = BUDGET_FREE + BUDGET_PER_BYTE * g_bytes_get_size(bytes);
    return doc;
}

static bool
has_items(const MoePy *value)
{
    return value->kind == MOE_PY_TUPLE || value->kind == MOE_PY_LIST ||
           value->kind == MOE_PY_DICT || value->kind == MOE_PY_SET;
}

void
moe__py_doc_free(MoePyDoc *doc)
{
    if (!doc)
        return;
    for (guint i = 0; i < doc->chunks->len; i++) {
        MoePy *nodes = doc->chunks->pdata[i];
        guint n = i + 1 < doc->chunks->len ? CHUNK : doc->used;
        for (guint j = 0; j < n; j++)
            if (has_items(&nodes[j]))
                g_free(nodes[j].items);
    }
    if (doc->release)
        doc->release(doc->user);
    g_hash_table_unref(doc->storages);
    g_ptr_array_unref(doc->blocks);
    g_ptr_array_unref(doc->chunks);
    g_bytes_unref(doc->bytes);
    g_free(doc->name);
    g_free(doc);
}

bool
moe__py_charge(MoePyDoc *doc, uint64_t size)
{
    if (size > doc->budget)
        return false;
    doc->budget -= size;
    return true;
}

void *
moe__py_allocate(MoePyDoc *doc, uint64_t size)
{
    void *block = moe__py_charge(doc, size) ? g_try_malloc0(MAX(size, 1)) : NULL;
    if (block)
        g_ptr_array_add(doc->blocks, block);
    return block;
}

MoePy *
moe__py_new(MoePyDoc *doc, MoePyKind kind)
{
    if (!moe__py_charge(doc, sizeof(MoePy)))
        return NULL;
    if (doc->used == CHUNK) {
        g_ptr_array_add(doc->chunks, g_new0(MoePy, CHUNK));
        doc->used = 0;
    }
    MoePy *nodes = doc->chunks->pdata[doc->chunks->len - 1];
    MoePy *value = &nodes[doc->used++];
    value->kind = (uint8_t)kind;
    return value;
}

MoePy *
moe__py_new_bytes(MoePyDoc *doc, MoePyKind kind, const uint8_t *bytes, uint64_t count)
{
    MoePy *value = moe__py_new(doc, kind);
    if (value) {
        value->bytes = bytes;
        value->count = (int64_t)count;
    }
    return value;
}

MoePy *
moe__py_new_array(MoePyDoc *doc)
{
    MoePyArray *array = moe__py_allocate(doc, sizeof(MoePyArray));
    MoePy *value = array ? moe__py_new(doc, MOE_PY_ARRAY) : NULL;
    if (value)
        value->array = array;
    return value;
}

/* Room for one more pointer behind `n`: capacities are powers of two, so that none is stored. */
static bool
grow(MoePyDoc *doc, MoePy *container, int64_t n, int64_t more)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return true;
    int64_t capacity = MAX(2 * n, more);
    if (!moe__py_charge(doc, (uint64_t)(capacity - n) * sizeof(MoePy *)))
        return false;
    MoePy **items = g_try_renew(MoePy *, container->items, capacity);
    if (!items)
        return false;
    container->items = items;
    return true;
}

bool
moe__py_append(MoePyDoc *doc, MoePy *container, MoePy *item)
{
    if (!grow(doc, container, container->count, 1))
        return false;
    container->items[container->count++] = item;
    return true;
}

bool
moe__py_insert(MoePyDoc *doc, MoePy *dict, MoePy *key, MoePy *value)
{
    if (!grow(doc, dict, 2 * dict->count, 2))
        return false;
    dict->items[2 * dict->count] = key;
    dict->items[2 * dict->count + 1] = value;
    dict->count++;
    return true;
}

/* Post-order; the recursion is as deep as a tree may be. Shared nodes are walked once. */
static const char *
walk(MoePy *value, int depth)
{
    if (value->colour == GREY)
        return "a container that holds itself";
    if (depth + value->height > MOE_PY_DEPTH_MAX)
        return "containers nest over 64 deep";
    if (value->colour == BLACK)
        return NULL;
    if (value->kind == MOE_PY_ARRAY && !value->array->storage)
        return "an array was never given its values";
    value->colour = GREY;
    value->weight = 1;
    int64_t n = has_items(value) ? value->count * (value->kind == MOE_PY_DICT ? 2 : 1) : 0;
    for (int64_t i = 0; i < n; i++) {
        const char *problem = walk(value->items[i], depth + 1);
        if (problem)
            return problem;
        value->height = (uint16_t)MAX(value->height, value->items[i]->height + 1);
        value->weight += value->items[i]->weight;
    }
    value->colour = BLACK;
    return NULL;
}

const char *
moe__py_check(MoePyDoc *doc, MoePy *root)
{
    G_STATIC_ASSERT(MOE_PY_DEPTH_MAX == 64); /* as walk() says */
    const char *problem = walk(root, 0);
    double limit = NODES_FREE + NODES_PER_BYTE * (double)g_bytes_get_size(doc->bytes);
    if (!problem && root->weight > limit)
        return "shared containers would unfold to far more than the file holds";
    return problem;
}

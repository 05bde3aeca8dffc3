/* SPDX-License-Identifier: MIT
 *
 * python.c: reads nodes of a tree.
 */
#include "import/python-doc.h"

#include <string.h>

const MoePy *
moe__py_root(const MoePyDoc *doc)
{
    return doc->root;
}

const char *
moe__py_kind_name(MoePyKind kind)
{
    static const char *const names[] = {
        [MOE_PY_NONE] = "None",
        [MOE_PY_BOOL] = "a bool",
        [MOE_PY_INT] = "an int",
        [MOE_PY_BIG] = "an int",
        [MOE_PY_FLOAT] = "a float",
        [MOE_PY_STRING] = "a str",
        [MOE_PY_BYTES] = "bytes",
        [MOE_PY_TUPLE] = "a tuple",
        [MOE_PY_LIST] = "a list",
        [MOE_PY_DICT] = "a dict",
        [MOE_PY_SET] = "a set",
        [MOE_PY_ARRAY] = "an array",
        [MOE_PY_UNREAD] = "an array of a type that isn't read",
        [MOE_PY_DTYPE] = "a dtype",
        [MOE_PY_GLOBAL] = "a global",
        [MOE_PY_STORAGE] = "a storage",
    };
    return names[kind];
}

bool
moe__py_is(const MoePy *value, const char *text)
{
    size_t n = strlen(text);
    return value && value->kind == MOE_PY_STRING && value->count == (int64_t)n &&
           memcmp(value->bytes, text, n) == 0;
}

const MoePy *
moe__py_get(const MoePy *dict, const char *key)
{
    if (!dict || dict->kind != MOE_PY_DICT)
        return NULL;
    /* The last of equal keys counts, as in Python. */
    for (int64_t i = dict->count; i-- > 0;)
        if (moe__py_is(dict->items[2 * i], key))
            return dict->items[2 * i + 1];
    return NULL;
}

char *
moe__py_string(const MoePy *value)
{
    if (!value || value->kind != MOE_PY_STRING)
        return NULL;
    g_autofree char *text = g_strndup((const char *)value->bytes, (gsize)value->count);
    return g_utf8_make_valid(text, -1);
}

bool
moe__py_integer(const MoePy *value, int64_t *out)
{
    if (!value || (value->kind != MOE_PY_INT && value->kind != MOE_PY_BOOL))
        return false;
    *out = value->kind == MOE_PY_BOOL ? value->truth : value->integer;
    return true;
}

bool
moe__py_number(const MoePy *value, double *out)
{
    int64_t integer;
    if (value && value->kind == MOE_PY_FLOAT) {
        *out = value->number;
        return true;
    }
    if (!moe__py_integer(value, &integer))
        return false;
    *out = (double)integer;
    return true;
}

bool
moe__py_values(const MoePyDoc *doc, const MoePy *array, MoeValues *out, GError **error)
{
    *out = (MoeValues){0};
    if (array->kind != MOE_PY_ARRAY) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: %s is there, an array is expected",
                    doc->name, moe__py_kind_name(array->kind));
        return false;
    }
    const MoePyStorage *storage = array->array->storage;
    const uint8_t *data = storage->data;
    if (!data && storage->size > 0 && !doc->fetch) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: the values of storage %s aren't in this file", doc->name, storage->key);
        return false;
    }
    if (!data && storage->size > 0) {
        data = doc->fetch(storage, doc->user, error);
        if (!data)
            return false;
    }
    if (moe__layout_gather(&array->array->layout, data, storage->size, out, error))
        return true;
    g_prefix_error(error, "%s: ", doc->name);
    return false;
}

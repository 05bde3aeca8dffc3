/* SPDX-License-Identifier: MIT */
#include "import/sglang-map.h"

#define NAME "last_physical_to_logical_map"

static bool
fail(const char *path, const char *expected, GError **error)
{
    g_autofree char *name = g_filename_display_name(path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: " NAME ": expected %s", name, expected);
    return false;
}

void
moe__sglang_map_clear(MoeSglangMap *map)
{
    moe__values_clear(&map->values);
    *map = (MoeSglangMap){0};
}

bool
moe__sglang_map_read(const MoePyDoc *doc, const char *path, MoeSglangMap *map, GError **error)
{
    const MoePy *node = moe__py_get(moe__py_root(doc), NAME);
    *map = (MoeSglangMap){0};
    if (!node || node->kind == MOE_PY_NONE)
        return true;
    if (!moe__py_values(doc, node, &map->values, error))
        return false;
    const MoeValues *values = &map->values;
    if (values->ndim != 2 || values->shape[1] < 1)
        return fail(path, "two axes", error);
    for (int64_t i = 0; i < values->count; i++) {
        int64_t expert;
        if (!moe__values_integer(values, i, &expert) || expert < 0 || expert > UINT16_MAX)
            return fail(path, "experts from 0", error);
        map->experts = MAX(map->experts, expert + 1);
        map->moved = map->moved || expert != i % values->shape[1];
    }
    return true;
}

int64_t
moe__sglang_map_expert(const MoeSglangMap *map, int64_t layer, int64_t copy)
{
    int64_t expert = copy;
    if (map->values.data && copy >= 0)
        moe__values_integer(&map->values, layer * map->values.shape[1] + copy, &expert);
    return expert;
}

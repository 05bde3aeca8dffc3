/* SPDX-License-Identifier: MIT */
#include "import/count-arrays.h"

#define I64 G_GINT64_FORMAT

void
moe__count_arrays_clear(MoeCountArrays *arrays)
{
    g_free(arrays->used);
    g_free(arrays->router);
}

/* [blocks] × rows × experts. */
static bool
check_shape(MoeCountArrays *arrays, const char *name, const MoeValues *values, GError **error)
{
    const int64_t *shape = values->shape + MAX(values->ndim - 2, 0);
    bool good = (values->ndim == 2 || values->ndim == 3) && shape[0] > 0 && shape[0] < UINT16_MAX &&
                shape[1] > 0 && shape[1] <= UINT16_MAX;
    if (!good) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found an array of %d axes, expected counts [steps, layers, experts]", name,
                    values->ndim);
        return false;
    }
    if (!arrays->used) {
        arrays->rows = (int)shape[0];
        arrays->experts = (int)shape[1];
        arrays->used = g_new0(bool, (gsize)arrays->rows);
    }
    if (shape[0] == arrays->rows && shape[1] == arrays->experts)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: found %" I64 " layers of %" I64 " experts, in the files before %d of %d", name,
                shape[0], shape[1], arrays->rows, arrays->experts);
    return false;
}

/* A row of one block. */
static bool
take_row(MoeCountArrays *arrays, int file, const char *name, const MoeValues *values, int64_t block,
         int row, GError **error)
{
    int domain = moe_import_domain(arrays->import, file);
    for (int e = 0; e < arrays->experts; e++) {
        int64_t count, i = (block * arrays->rows + row) * arrays->experts + e;
        if (!moe__count_value(values, i, &count)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: block %" I64 ", layer %d, expert %d: found %g, expected a count", name,
                        block, row, e, moe__values_number(values, i));
            return false;
        }
        arrays->used[row] = arrays->used[row] || count > 0;
        if (!arrays->begun || count == 0)
            continue;
        if (arrays->router[row] < 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: changed while it was read", name);
            return false;
        }
        if (!moe_import_picks(arrays->import, arrays->router[row], domain, arrays->blocks + block,
                              e, count, error))
            return false;
    }
    return true;
}

bool
moe__count_arrays_take(MoeCountArrays *arrays, int file, const char *name, const MoeValues *values,
                       GError **error)
{
    if (!check_shape(arrays, name, values, error))
        return false;
    int64_t blocks = values->ndim == 3 ? values->shape[0] : 1;
    for (int64_t block = 0; block < blocks; block++)
        for (int row = 0; row < arrays->rows; row++)
            if (!take_row(arrays, file, name, values, block, row, error))
                return false;
    arrays->blocks += blocks;
    return true;
}

bool
moe__count_arrays_begin(MoeCountArrays *arrays, GError **error)
{
    int n = 0;
    g_autofree int *rows = moe__count_layers(arrays->import, arrays->rows, error);
    g_autofree int *layers = g_new(int, (gsize)arrays->rows + 1);
    if (!rows)
        return false;
    arrays->router = g_new(int, (gsize)arrays->rows + 1);
    for (int row = 0; row < arrays->rows; row++) {
        arrays->router[row] = arrays->used[row] ? n : -1;
        if (arrays->used[row])
            layers[n++] = rows[row];
    }
    const MoeImportShape shape = {.layers = layers, .n_layers = n, .experts = arrays->experts};
    arrays->begun = true;
    arrays->blocks = 0;
    return moe_import_begin_summary(arrays->import, &shape, 0, error) != NULL;
}

static bool
read_all(MoeCountArrays *arrays, MoeCountArraysRead read, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(arrays->import, &n);
    for (int i = 0; i < n; i++)
        if (!read(arrays, i, files[i].path, error) ||
            !moe__count_progress(arrays->import, i, error))
            return false;
    return true;
}

bool
moe__count_arrays_read(MoeImport *import, MoeCountArraysRead read, GError **error)
{
    g_auto(MoeCountArrays) arrays = {.import = import};
    return read_all(&arrays, read, error) && moe__count_arrays_begin(&arrays, error) &&
           read_all(&arrays, read, error);
}

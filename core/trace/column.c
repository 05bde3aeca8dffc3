/* SPDX-License-Identifier: MIT
 *
 * column.c: a growing column, and its bytes as .npy.
 */
#include "trace/column.h"
#include "trace/half.h"
#include "trace/npy.h"

#include <string.h>

static int64_t
row_values(const MoeColumn *column)
{
    int64_t values = 1;
    for (int i = 0; i < column->axes; i++)
        values *= column->shape[i];
    return values;
}

static void *
grow(MoeColumn *column, int64_t rows)
{
    size_t row = moe_type_size(column->type) * (size_t)row_values(column);
    size_t used = row * (size_t)column->rows, needed = used + row * (size_t)rows;
    if (needed > column->capacity) {
        column->capacity = MAX(needed, 2 * column->capacity);
        column->bytes = g_realloc(column->bytes, column->capacity);
    }
    column->rows += rows;
    return column->bytes + used;
}

static void
experts_to_u8(uint8_t *restrict out, const int32_t *restrict expert, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (uint8_t)expert[i]; /* -1 becomes 255 */
}

static void
experts_to_u16(uint16_t *restrict out, const int32_t *restrict expert, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (uint16_t)expert[i];
}

static void
floats_to_type(MoeType type, void *restrict out, const float *restrict x, int64_t n)
{
    if (type == MOE_F16)
        for (int64_t i = 0; i < n; i++)
            ((uint16_t *)out)[i] = moe__half_from_float(x[i]);
    else if (type == MOE_F32)
        memcpy(out, x, sizeof *x * (size_t)n);
    else
        for (int64_t i = 0; i < n; i++)
            ((double *)out)[i] = (double)x[i];
}

static void
doubles_to_type(MoeType type, void *restrict out, const double *restrict x, int64_t n)
{
    if (type == MOE_F16)
        for (int64_t i = 0; i < n; i++)
            ((uint16_t *)out)[i] = moe__half_from_double(x[i]);
    else if (type == MOE_F32)
        for (int64_t i = 0; i < n; i++)
            ((float *)out)[i] = (float)x[i];
    else
        memcpy(out, x, sizeof *x * (size_t)n);
}

void
moe__column_append(MoeColumn *column, const void *values, int64_t first, int64_t n)
{
    int64_t item = row_values(column) * column->rows_per_item;
    size_t size = moe_type_size(column->type);
    void *out = grow(column, n * column->rows_per_item);
    if (!values)
        memset(out, 0, size * (size_t)(n * item));
    else if (column->source == MOE_FROM_SAME)
        memcpy(out, (const uint8_t *)values + size * (size_t)(first * item),
               size * (size_t)(n * item));
    else if (column->source == MOE_FROM_FLOAT)
        floats_to_type(column->type, out, (const float *)values + first * item, n * item);
    else if (column->source == MOE_FROM_DOUBLE)
        doubles_to_type(column->type, out, (const double *)values + first * item, n * item);
    else if (column->type == MOE_U8)
        experts_to_u8(out, (const int32_t *)values + first * item, n * item);
    else
        experts_to_u16(out, (const int32_t *)values + first * item, n * item);
}

void
moe__column_reset(MoeColumn *column)
{
    column->rows = 0;
    column->given = false;
}

void
moe__column_clear(MoeColumn *column)
{
    g_free(column->name);
    g_free(column->bytes);
}

bool
moe__column_counts(const MoeColumn *column)
{
    if (!column->given || column->rows == 0)
        return false;
    size_t n = moe_type_size(column->type) * (size_t)(column->rows * row_values(column));
    /* All zeros: the first byte is 0 and every byte equals its neighbour. */
    return !column->sparse || column->bytes[0] != 0 ||
           memcmp(column->bytes, column->bytes + 1, n - 1) != 0;
}

int
moe__column_used_slots(const MoeColumn *column)
{
    int used = 1;
    const uint8_t *narrow = column->bytes;
    const uint16_t *wide = (const uint16_t *)column->bytes;
    int64_t width = row_values(column);
    for (int64_t row = 0; row < column->rows; row++)
        for (int slot = (int)width - 1; slot >= used; slot--) {
            int64_t i = row * width + slot;
            if (column->type == MOE_U8 ? narrow[i] != UINT8_MAX : wide[i] != UINT16_MAX) {
                used = slot + 1;
                break;
            }
        }
    return used;
}

static void
transpose8(uint8_t *restrict out, const uint8_t *restrict in, int64_t rows, int64_t width,
           int slots)
{
    for (int slot = 0; slot < slots; slot++)
        for (int64_t row = 0; row < rows; row++)
            out[slot * rows + row] = in[row * width + slot];
}

static void
transpose16(uint16_t *restrict out, const uint16_t *restrict in, int64_t rows, int64_t width,
            int slots)
{
    for (int slot = 0; slot < slots; slot++)
        for (int64_t row = 0; row < rows; row++)
            out[slot * rows + row] = in[row * width + slot];
}

static void
transpose32(uint32_t *restrict out, const uint32_t *restrict in, int64_t rows, int64_t width,
            int slots)
{
    for (int slot = 0; slot < slots; slot++)
        for (int64_t row = 0; row < rows; row++)
            out[slot * rows + row] = in[row * width + slot];
}

static void
transpose64(uint64_t *restrict out, const uint64_t *restrict in, int64_t rows, int64_t width,
            int slots)
{
    for (int slot = 0; slot < slots; slot++)
        for (int64_t row = 0; row < rows; row++)
            out[slot * rows + row] = in[row * width + slot];
}

static void
transpose(const MoeColumn *column, void *out, int slots)
{
    int64_t rows = column->rows, width = row_values(column);
    const void *in = column->bytes;
    switch (moe_type_size(column->type)) {
    case 1:
        transpose8(out, in, rows, width, slots);
        return;
    case 2:
        transpose16(out, in, rows, width, slots);
        return;
    case 4:
        transpose32(out, in, rows, width, slots);
        return;
    default:
        transpose64(out, in, rows, width, slots);
    }
}

static MoeArray
describe(const MoeColumn *column, int slots)
{
    MoeArray array = {.type = column->type, .ndim = 1 + column->axes, .shape = {column->rows}};
    for (int i = 0; i < column->axes; i++)
        array.shape[1 + i] = column->shape[i];
    if (column->slot_major) {
        array.shape[0] = slots;
        array.shape[1] = column->rows;
    }
    return array;
}

uint8_t *
moe__column_encode(const MoeColumn *column, int slots, uint64_t *length)
{
    MoeArray array = describe(column, slots);
    char header[MOE_NPY_HEADER_MAX];
    size_t header_length = moe__npy_header(&array, header);
    size_t data_length = moe_type_size(array.type) * (size_t)moe_array_count(&array);
    *length = header_length + data_length;
    uint8_t *bytes = g_try_malloc(*length);
    if (!bytes)
        return NULL;
    memcpy(bytes, header, header_length);
    uint8_t *data = bytes + header_length;
    if (column->slot_major)
        transpose(column, data, slots);
    else
        memcpy(data, column->bytes, data_length);
    return bytes;
}

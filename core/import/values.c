/* SPDX-License-Identifier: MIT
 *
 * values.c: brings arrays of any layout into C order, and reads their elements.
 */
#include "import/values.h"

#include "trace/half.h"

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN); /* values are copied as they lie in the file */

#define I64 G_GINT64_FORMAT

/* What an array may take that repeats its block: expand() of a small tensor is common, a tensor of
 * one element that claims to be 2^40 of them is not. */
#define REPEATS_MAX  ((uint64_t)64)
#define REPEATS_FREE ((uint64_t)256 << 20)

void
moe__values_clear(MoeValues *values)
{
    g_clear_pointer(&values->data, g_free);
}

void
moe__layout_pack(MoeLayout *layout, bool fortran)
{
    int64_t stride = 1;
    for (int i = 0; i < layout->ndim; i++) {
        int axis = fortran ? i : layout->ndim - 1 - i;
        layout->strides[axis] = stride;
        /* Wraps only where moe__layout_count() refuses the shape. */
        stride = (int64_t)((uint64_t)stride * (uint64_t)layout->shape[axis]);
    }
}

bool
moe__layout_count(const MoeLayout *layout, int64_t *count)
{
    int64_t bytes;
    bool empty = false;
    *count = 1;
    for (int i = 0; i < layout->ndim; i++) {
        if (layout->shape[i] < 0)
            return false;
        empty |= layout->shape[i] == 0;
    }
    for (int i = 0; i < layout->ndim && !empty; i++)
        if (__builtin_mul_overflow(*count, layout->shape[i], count))
            return false;
    if (empty)
        *count = 0;
    return !__builtin_mul_overflow(*count, (int64_t)moe_stored_type_size(layout->type), &bytes);
}

bool
moe__layout_fits(const MoeLayout *layout, uint64_t size)
{
    int64_t count, last = layout->offset;
    uint64_t elements = size / moe_stored_type_size(layout->type);
    if (!moe__layout_count(layout, &count) || layout->offset < 0)
        return false;
    if (count == 0)
        return true;
    for (int i = 0; i < layout->ndim; i++) {
        int64_t step;
        if (layout->strides[i] < 0 ||
            __builtin_mul_overflow(layout->strides[i], layout->shape[i] - 1, &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    }
    return (uint64_t)last < elements;
}

static bool
is_packed(const MoeLayout *layout)
{
    MoeLayout packed = *layout;
    moe__layout_pack(&packed, false);
    for (int i = 0; i < layout->ndim; i++)
        if (layout->shape[i] != 1 && layout->strides[i] != packed.strides[i])
            return false;
    return true;
}

/* Walks the elements in C order, the last axis in the inner loop. */
static void
copy_strided(const MoeLayout *layout, const uint8_t *block, int64_t count, uint8_t *out)
{
    size_t size = moe_stored_type_size(layout->type);
    int last = layout->ndim - 1;
    int64_t index[MOE_VALUES_AXES] = {0}, at = layout->offset;
    for (int64_t done = 0; done < count; done += layout->shape[last]) {
        for (int64_t i = 0; i < layout->shape[last]; i++, out += size)
            memcpy(out, block + (size_t)(at + i * layout->strides[last]) * size, size);
        for (int axis = last - 1; axis >= 0; axis--) {
            at += layout->strides[axis];
            if (++index[axis] < layout->shape[axis])
                break;
            at -= layout->strides[axis] * layout->shape[axis];
            index[axis] = 0;
        }
    }
}

/* Room for `count` elements, unless that is absurd beside the block's `size` bytes. */
static void *
allocate(int64_t count, size_t element, uint64_t size, GError **error)
{
    uint64_t bytes = (uint64_t)count * element;
    void *data = NULL;
    if (bytes <= REPEATS_FREE || bytes / REPEATS_MAX <= size)
        data = g_try_malloc0(MAX(bytes, 1));
    if (!data)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "an array of %" G_GUINT64_FORMAT
                    " bytes can't be made of the %" G_GUINT64_FORMAT " bytes that are stored",
                    bytes, size);
    return data;
}

bool
moe__layout_gather(const MoeLayout *layout, const uint8_t *block, uint64_t size, MoeValues *out,
                   GError **error)
{
    *out = (MoeValues){.type = layout->type, .ndim = layout->ndim};
    size_t element = moe_stored_type_size(layout->type);
    if (!moe__layout_fits(layout, size)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "an array of type %s with %d axes from element %" I64
                    " on doesn't lie within the %" G_GUINT64_FORMAT " bytes that are stored",
                    moe_stored_type_name(layout->type), layout->ndim, layout->offset, size);
        return false;
    }
    moe__layout_count(layout, &out->count);
    memcpy(out->shape, layout->shape, sizeof out->shape);
    out->data = allocate(out->count, element, size, error);
    if (!out->data)
        return false;
    if (out->count > 0 && is_packed(layout))
        memcpy(out->data, block + (size_t)layout->offset * element, (size_t)out->count * element);
    else if (out->count > 0)
        copy_strided(layout, block, out->count, out->data);
    return true;
}

static float
bfloat16_to_float(uint16_t bits)
{
    return float_from_bits((uint32_t)bits << 16);
}

/* The 8-bit floats of "FP8 Formats for Deep Learning" (Micikevicius et al., 2022): E5M2 is the
 * upper half of a binary16, E4M3 (bias 7) has no infinities and one NaN. */
static float
float8_to_float(uint8_t bits, bool e5m2)
{
    if (e5m2)
        return moe__half_to_float((uint16_t)(bits << 8));
    if ((bits & 0x7f) == 0x7f)
        return float_from_bits(0x7fc00000);
    /* Moved to binary16's place, the exponent is 8 too small there, denormals included. */
    uint16_t half = (uint16_t)((bits & 0x80) << 8 | (bits & 0x7f) << 7);
    return moe__half_to_float(half) * 256;
}

bool
moe__values_integer(const MoeValues *values, int64_t i, int64_t *out)
{
    switch (values->type) {
    case MOE_STORED_BOOL:
    case MOE_STORED_U8:
        *out = ((const uint8_t *)values->data)[i];
        return true;
    case MOE_STORED_I8:
        *out = ((const int8_t *)values->data)[i];
        return true;
    case MOE_STORED_I16:
        *out = ((const int16_t *)values->data)[i];
        return true;
    case MOE_STORED_U16:
        *out = ((const uint16_t *)values->data)[i];
        return true;
    case MOE_STORED_I32:
        *out = ((const int32_t *)values->data)[i];
        return true;
    case MOE_STORED_U32:
        *out = ((const uint32_t *)values->data)[i];
        return true;
    case MOE_STORED_I64:
    case MOE_STORED_U64:
        *out = ((const int64_t *)values->data)[i];
        return values->type == MOE_STORED_I64 || *out >= 0;
    default:
        return false;
    }
}

double
moe__values_number(const MoeValues *values, int64_t i)
{
    int64_t integer = 0;
    switch (values->type) {
    case MOE_STORED_F64:
        return ((const double *)values->data)[i];
    case MOE_STORED_F32:
        return ((const float *)values->data)[i];
    case MOE_STORED_F16:
        return moe__half_to_float(((const uint16_t *)values->data)[i]);
    case MOE_STORED_BF16:
        return bfloat16_to_float(((const uint16_t *)values->data)[i]);
    case MOE_STORED_F8_E5M2:
    case MOE_STORED_F8_E4M3:
        return float8_to_float(((const uint8_t *)values->data)[i],
                               values->type == MOE_STORED_F8_E5M2);
    case MOE_STORED_U64:
        return (double)((const uint64_t *)values->data)[i];
    default:
        moe__values_integer(values, i, &integer);
        return (double)integer;
    }
}

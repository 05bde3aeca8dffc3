/* SPDX-License-Identifier: MIT
 *
 * array.c: the element types of a trace.
 */
#include "trace/half.h"

#include <moescope/trace.h>

size_t
moe_type_size(MoeType type)
{
    static const uint8_t sizes[] = {
        [MOE_U8] = 1,  [MOE_U16] = 2, [MOE_I32] = 4, [MOE_I64] = 8,
        [MOE_F16] = 2, [MOE_F32] = 4, [MOE_F64] = 8,
    };
    return sizes[type];
}

int64_t
moe_array_count(const MoeArray *array)
{
    int64_t count = 1;
    for (int i = 0; i < array->ndim; i++)
        count *= array->shape[i];
    return count;
}

double
moe_array_value(const MoeArray *array, int64_t i)
{
    switch (array->type) {
    case MOE_U8:
        return ((const uint8_t *)array->data)[i];
    case MOE_U16:
        return ((const uint16_t *)array->data)[i];
    case MOE_I32:
        return ((const int32_t *)array->data)[i];
    case MOE_I64:
        return (double)((const int64_t *)array->data)[i];
    case MOE_F16:
        return moe__half_to_float(((const uint16_t *)array->data)[i]);
    case MOE_F32:
        return ((const float *)array->data)[i];
    case MOE_F64:
        return ((const double *)array->data)[i];
    }
    g_return_val_if_reached(0);
}

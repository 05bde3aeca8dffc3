/* SPDX-License-Identifier: MIT
 *
 * The types of stored values, and their conversion to float.
 */
#include <moescope/safetensors.h>

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[MOE_N_STORED] = {
    [MOE_STORED_BOOL] = {"BOOL", 1},       [MOE_STORED_U8] = {"U8", 1},
    [MOE_STORED_I8] = {"I8", 1},           [MOE_STORED_F8_E4M3] = {"F8_E4M3", 1},
    [MOE_STORED_F8_E5M2] = {"F8_E5M2", 1}, [MOE_STORED_I16] = {"I16", 2},
    [MOE_STORED_U16] = {"U16", 2},         [MOE_STORED_F16] = {"F16", 2},
    [MOE_STORED_BF16] = {"BF16", 2},       [MOE_STORED_I32] = {"I32", 4},
    [MOE_STORED_U32] = {"U32", 4},         [MOE_STORED_F32] = {"F32", 4},
    [MOE_STORED_I64] = {"I64", 8},         [MOE_STORED_U64] = {"U64", 8},
    [MOE_STORED_F64] = {"F64", 8},
};

size_t
moe_stored_type_size(MoeStoredType type)
{
    g_return_val_if_fail(type < MOE_N_STORED, 0);
    return types[type].size;
}

const char *
moe_stored_type_name(MoeStoredType type)
{
    g_return_val_if_fail(type < MOE_N_STORED, NULL);
    return types[type].name;
}

char *
moe_stored_shape_string(const MoeStored *stored)
{
    GString *s = g_string_new("[");
    for (int i = 0; i < stored->ndim; i++)
        g_string_append_printf(s, "%s%" G_GINT64_FORMAT, i ? ", " : "", stored->shape[i]);
    g_string_append_c(s, ']');
    return g_string_free(s, FALSE);
}

static float
float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float
float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31;
    uint32_t fraction = half & 0x3FF;
    if (exponent == 31)
        return float_of_bits(sign | 0x7F800000u | fraction << 13);
    if (exponent == 0) { /* zero and subnormals: fraction · 2^-24, exact */
        float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static float
float_at(const char *p, MoeStoredType type)
{
    double wide;
    uint16_t half;
    if (type == MOE_STORED_F64) {
        memcpy(&wide, p, sizeof wide);
        return (float)wide;
    }
    memcpy(&half, p, sizeof half);
    return type == MOE_STORED_F16 ? float_of_half(half) : float_of_bits((uint32_t)half << 16);
}

bool
moe_stored_read_floats(const MoeStored *stored, float *out, GError **error)
{
    const char *p = stored->data;
    size_t size = types[stored->type].size;
    switch (stored->type) {
    case MOE_STORED_F32:
        if (stored->count > 0)
            memcpy(out, p, (size_t)stored->count * sizeof(float));
        return true;
    case MOE_STORED_F64:
    case MOE_STORED_F16:
    case MOE_STORED_BF16:
        for (int64_t i = 0; i < stored->count; i++, p += size)
            out[i] = float_at(p, stored->type);
        return true;
    default:
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "\"%s\" has dtype %s, expected F64, F32, F16 or BF16", stored->name,
                    types[stored->type].name);
        return false;
    }
}

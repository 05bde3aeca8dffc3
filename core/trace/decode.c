/* SPDX-License-Identifier: MIT
 *
 * decode.c: loops that compilers vectorise, built for several instruction sets.
 */
#include "trace/decode.h"

#include "tensor/cpu.h"
#include "trace/half.h"

/* The top value plus one is 0, so that what is highest tells whether all ids are in range. */
MOE_CLONES static unsigned
worst_id8(const uint8_t *id, int64_t n)
{
    uint8_t worst = 0;
    for (int64_t i = 0; i < n; i++) {
        uint8_t next = (uint8_t)(id[i] + 1);
        worst = next > worst ? next : worst;
    }
    return worst;
}

MOE_CLONES static unsigned
worst_id16(const uint16_t *id, int64_t n)
{
    uint16_t worst = 0;
    for (int64_t i = 0; i < n; i++) {
        uint16_t next = (uint16_t)(id[i] + 1);
        worst = next > worst ? next : worst;
    }
    return worst;
}

bool
moe__decode_experts_fit(const MoeArray *column, int64_t n, int experts)
{
    unsigned worst =
        column->type == MOE_U8 ? worst_id8(column->data, n) : worst_id16(column->data, n);
    return worst <= (unsigned)experts;
}

MOE_CLONES static void
decode_ids8(const uint8_t *restrict id, int64_t n, int32_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = id[i] == UINT8_MAX ? -1 : id[i];
}

MOE_CLONES static void
decode_ids16(const uint16_t *restrict id, int64_t n, int32_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = id[i] == UINT16_MAX ? -1 : id[i];
}

void
moe__decode_experts(const MoeArray *column, int64_t n, int32_t *out)
{
    if (column->type == MOE_U8)
        decode_ids8(column->data, n, out);
    else
        decode_ids16(column->data, n, out);
}

MOE_CLONES static void
decode_halves(const uint16_t *restrict in, int64_t n, float *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = moe__half_to_float(in[i]);
}

void
moe__decode_halves(const uint16_t *in, int64_t n, float *out)
{
    decode_halves(in, n, out);
}

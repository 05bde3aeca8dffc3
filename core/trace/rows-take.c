/* SPDX-License-Identifier: MIT
 *
 * rows-take.c: gathers rows of a chunk, unit by unit, from columns that lie slot by slot, and
 * brings them to the types in which they are recorded.
 */
#include "trace/half.h"
#include "trace/rows.h"

#include <string.h>

static const void *
take_tokens(MoeBuffer *out, const MoeArray *array, const int64_t *index, int64_t n)
{
    if (!array->data)
        return NULL;
    const uint32_t *from = array->data; /* every column of the tokens has four bytes */
    uint32_t *to = g_realloc_n(out->bytes, (gsize)n, sizeof *to);
    out->bytes = to;
    for (int64_t i = 0; i < n; i++)
        to[i] = from[index[i]];
    return to;
}

/* --- Gathering --------------------------------------------------------------------------------*/

/* Which values go where: those of token index[i] are sub × slots, and come to lie in rows of
 * `row`. */
typedef struct Gather {
    const int64_t *index;
    int64_t n, slots, row;
    int sub;
    int64_t unit_stride, slot_stride; /* in the column */
} Gather;

#define GATHER(name, From, To, value)                                    \
    static void name(const Gather *g, const void *from, void *to)        \
    {                                                                    \
        for (int64_t i = 0; i < g->n * g->sub; i++) {                    \
            int64_t unit = g->index[i / g->sub] * g->sub + i % g->sub;   \
            const From *in = (const From *)from + unit * g->unit_stride; \
            To *out = (To *)to + i * g->row;                             \
            for (int64_t j = 0; j < g->slots; j++) {                     \
                From x = in[j * g->slot_stride];                         \
                out[j] = (value);                                        \
            }                                                            \
        }                                                                \
    }
GATHER(gather_ids8, uint8_t, int32_t, x == UINT8_MAX ? -1 : x)
GATHER(gather_ids16, uint16_t, int32_t, x == UINT16_MAX ? -1 : x)
GATHER(gather_i32, int32_t, int32_t, x)
GATHER(gather_u8, uint8_t, uint8_t, x)
GATHER(gather_f16, uint16_t, float, moe__half_to_float(x))
GATHER(gather_f32, float, float, x)
GATHER(gather_f64, double, float, (float)x)
GATHER(gather_f32_wide, float, double, (double)x)
GATHER(gather_f64_wide, double, double, x)

typedef void (*GatherFunc)(const Gather *gather, const void *from, void *to);

static GatherFunc
find_gather(MoeType type, int column)
{
    switch (type) {
    case MOE_U8:
        return column == PICK_EXPERT ? gather_ids8 : gather_u8;
    case MOE_U16:
        return gather_ids16;
    case MOE_I32:
        return gather_i32;
    case MOE_F16:
        return gather_f16;
    case MOE_F32:
        return gather_f32;
    default:
        return gather_f64;
    }
}

/* What stands in slots that the chunk hasn't got, where k varies. */
static void
fill(int column, void *to, size_t bytes)
{
    bool none = column == PICK_EXPERT || column == PICK_SLOT;
    memset(to, none ? 0xff : 0, bytes);
}

static void *
take_picks(const MoeRouterRows *router, int c, GatherFunc gather, size_t size, MoeBuffer *out,
           const int64_t *index, int64_t n)
{
    const MoeArray *array = &router->columns[c].array;
    const MoeRouterInfo *info = router->info;
    bool slot_major = c <= PICK_SLOT;
    Gather plan = {.index = index, .n = n, .sub = info->units_per_token};
    plan.row = slot_major ? moe__trace_slots(info) : c == PICK_LOGITS ? info->experts : 1;
    plan.slots = slot_major ? array->shape[0] : plan.row;
    plan.unit_stride = slot_major ? 1 : plan.row;
    plan.slot_stride = slot_major ? array->shape[1] : 1;
    gsize cells = (gsize)(n * plan.sub * plan.row);
    out->bytes = g_realloc_n(out->bytes, MAX(cells, 1), size);
    if (plan.slots < plan.row)
        fill(c, out->bytes, cells * size);
    gather(&plan, array->data, out->bytes);
    return out->bytes;
}

/* All that a router picked for these tokens. */
static MoeTracePicks
take_router(MoeRouterRows *router, const int64_t *index, int64_t n)
{
    void *values[PICK_COLUMNS] = {NULL}, *gate64 = NULL;
    for (int c = 0; c < PICK_COLUMNS; c++) {
        const MoeArray *array = &router->columns[c].array;
        if (array->data)
            values[c] = take_picks(router, c, find_gather(array->type, c),
                                   c == PICK_DROPPED ? 1 : 4, &router->taken[c], index, n);
    }
    const MoeArray *gate = &router->columns[PICK_GATE].array;
    if (gate->data && gate->type != MOE_F16)
        gate64 =
            take_picks(router, PICK_GATE, gate->type == MOE_F32 ? gather_f32_wide : gather_f64_wide,
                       sizeof(double), &router->gate64, index, n);
    return (MoeTracePicks){.expert = values[PICK_EXPERT],
                           .gate = values[PICK_GATE],
                           .dropped = values[PICK_DROPPED],
                           .entropy = values[PICK_ENTROPY],
                           .margin = values[PICK_MARGIN],
                           .logits = values[PICK_LOGITS],
                           .slot = values[PICK_SLOT],
                           .gate64 = gate64};
}

void
moe_trace_rows_take(MoeTraceRows *rows, const int64_t *index, int64_t n, MoeTraceTokens *tokens,
                    MoeTracePicks *picks)
{
    const void *column[TOKEN_COLUMNS];
    for (int c = 0; c < TOKEN_COLUMNS; c++)
        column[c] = take_tokens(&rows->taken[c], &rows->columns[c].array, index, n);
    *tokens = (MoeTraceTokens){n,
                               column[TOKEN_ID],
                               column[TOKEN_DOC],
                               column[TOKEN_POS],
                               column[TOKEN_DOMAIN],
                               column[TOKEN_STEP],
                               column[TOKEN_LOSS]};
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < rows->n_routers; r++)
        picks[r] = take_router(&rows->routers[r], index, n);
}

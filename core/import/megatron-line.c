/* SPDX-License-Identifier: MIT */
#include "import/megatron-line.h"

static bool
read_picks(MoeJson *json, MoeMegatronLine *line)
{
    if (!moe__json_expect(json, MOE_JSON_ARRAY, "top_indices"))
        return false;
    while (moe__json_next(json) == MOE_JSON_ARRAY) {
        guint before = line->ids->len;
        if (!moe__json_rest_ints(json, "top_indices", line->ids))
            return false;
        int64_t k = line->ids->len - before;
        line->k = line->tokens++ == 0 ? k : line->k;
        if (k == 0 || k != line->k)
            return moe__json_fail(json, "top_indices: found a token with %d experts, expected %d",
                                  (int)k, (int)line->k);
    }
    return json->event == MOE_JSON_ARRAY_END ||
           moe__json_fail(json, "top_indices: expected lists in a list");
}

static bool
read_block(MoeJson *json, MoeMegatronLine *line)
{
    const char *block = moe__json_take_text(json, "block");
    line->decoder = block && g_str_equal(block, "decoder");
    return block != NULL;
}

/* [tokens, experts] */
static bool
read_logit_shape(MoeJson *json, MoeMegatronLine *line)
{
    g_autoptr(GArray) shape = g_array_new(FALSE, FALSE, sizeof(int32_t));
    if (!moe__json_take_ints(json, "logit_shape", shape))
        return false;
    line->logit_rows = shape->len == 2 ? g_array_index(shape, int32_t, 0) : 0;
    line->experts = shape->len == 2 ? g_array_index(shape, int32_t, 1) : 0;
    return line->experts > 0 || moe__json_fail(json, "logit_shape: expected tokens and experts");
}

static bool
read_member(MoeJson *json, MoeMegatronLine *line)
{
    if (moe__json_is(json, "step") || moe__json_is(json, "iter"))
        return moe__json_take_int(json, "step", 0, INT64_MAX, &line->step);
    if (moe__json_is(json, "layer"))
        return moe__json_take_int(json, "layer", 0, UINT16_MAX, &line->layer);
    if (moe__json_is(json, "rank"))
        return moe__json_take_int(json, "rank", 0, INT32_MAX, &line->rank);
    if (moe__json_is(json, "logit_offset"))
        return moe__json_take_int(json, "logit_offset", 0, INT64_MAX, &line->logit_offset);
    if (moe__json_is(json, "logit_bytes"))
        return moe__json_take_int(json, "logit_bytes", 0, INT64_MAX, &line->logit_bytes);
    if (moe__json_is(json, "logit_shape"))
        return read_logit_shape(json, line);
    if (moe__json_is(json, "block"))
        return read_block(json, line);
    return moe__json_is(json, "top_indices") ? read_picks(json, line) : moe__json_skip(json);
}

bool
moe__megatron_line(MoeJson *json, MoeMegatronLine *line)
{
    *line = (MoeMegatronLine){.step = -1,
                              .layer = -1,
                              .logit_offset = -1,
                              .logit_bytes = -1,
                              .decoder = true,
                              .ids = line->ids};
    g_array_set_size(line->ids, 0);
    MoeJsonEvent event = moe__json_next(json);
    if (event == MOE_JSON_END)
        return false;
    if (event != MOE_JSON_OBJECT)
        return moe__json_fail(json, "expected an object a line");
    while (moe__json_next(json) == MOE_JSON_KEY) {
        if (!read_member(json, line))
            return false;
    }
    if (json->error)
        return false;
    return (line->step >= 0 && line->layer >= 0) ||
           moe__json_fail(json, "found a line without step or layer");
}

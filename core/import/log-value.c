/* SPDX-License-Identifier: MIT
 *
 * Values of a line of JSON as the many loggers write them: experts one by one, in lists, or in
 * lists of lists of several tokens; layers by number or by name.
 */
#include "import/log-row.h"

#include <math.h>

enum { NESTED_MOST = 3 }; /* [batch][tokens][k] */

/* Lists of the same length; what is read goes behind what is there. */
typedef struct Lists {
    const char *what;
    bool (*rest)(MoeJson *json, const char *what, GArray *out); /* of an innermost list */
    void (*add)(const MoeJson *json, GArray *out);              /* the number at hand */
    GArray *out;
    int n;      /* innermost lists so far */
    guint each; /* values of the first */
} Lists;

static void
add_int(const MoeJson *json, GArray *out)
{
    int32_t value = (int32_t)CLAMP(json->integer, INT32_MIN, INT32_MAX);
    g_array_append_val(out, value);
}

static void
add_real(const MoeJson *json, GArray *out)
{
    g_array_append_val(out, json->real);
}

static bool
is_number(const MoeJson *json)
{
    return json->event == MOE_JSON_INT || json->event == MOE_JSON_REAL;
}

/* The rest of an innermost list whose first value was read already. */
static bool
end_list(MoeJson *json, Lists *lists, guint before)
{
    guint found = lists->out->len - before;
    if (lists->n++ == 0)
        lists->each = found;
    return found == lists->each || moe__json_fail(json, "%s: found a list of %u, %u before",
                                                  lists->what, found, lists->each);
}

/* A list is open. */
static bool
read_list(MoeJson *json, Lists *lists, int depth)
{
    guint before = lists->out->len;
    MoeJsonEvent event = moe__json_next(json);
    if (event != MOE_JSON_ARRAY) {
        if (event == MOE_JSON_ARRAY_END)
            return depth > 1 || end_list(json, lists, before);
        if (!is_number(json) || (event == MOE_JSON_REAL && lists->add == add_int))
            return moe__json_fail(json, "%s: expected numbers%s", lists->what,
                                  lists->add == add_int ? " that are whole" : "");
        lists->add(json, lists->out);
        return lists->rest(json, lists->what, lists->out) && end_list(json, lists, before);
    }
    for (; event == MOE_JSON_ARRAY; event = moe__json_next(json))
        if (depth == NESTED_MOST || !read_list(json, lists, depth + 1))
            return moe__json_fail(json, "%s: expected lists of numbers", lists->what);
    return event == MOE_JSON_ARRAY_END ||
           moe__json_fail(json, "%s: expected a list, as before", lists->what);
}

/* Whether the list that is open begins with a number, as nearly all do. */
static bool
begins_flat(const MoeJson *json)
{
    uint8_t byte = json->stream->bytes[json->stream->at];
    return g_ascii_isdigit(byte) || byte == '-';
}

/* A number, null, or lists of numbers. */
static bool
read_lists(MoeJson *json, Lists *lists, bool *single)
{
    MoeJsonEvent event = moe__json_next(json);
    if (event == MOE_JSON_NULL)
        return true;
    if (event == MOE_JSON_ARRAY && begins_flat(json))
        return lists->rest(json, lists->what, lists->out) && end_list(json, lists, 0);
    if (event == MOE_JSON_ARRAY)
        return read_list(json, lists, 1);
    if (event != MOE_JSON_INT && (event != MOE_JSON_REAL || lists->add == add_int))
        return moe__json_fail(json, "%s: expected a list of numbers", lists->what);
    *single = true;
    lists->add(json, lists->out);
    return true;
}

bool
moe__log_read_experts(MoeJson *json, MoeLogRow *row)
{
    Lists lists = {"experts", moe__json_rest_ints, add_int, row->experts, 0, 0};
    if (row->experts->len > 0)
        return moe__json_fail(json, "experts: found them a second time, under another name");
    if (!read_lists(json, &lists, &row->single))
        return false;
    row->tokens = MAX(lists.n, 1);
    row->told = row->experts->len > 0 || lists.n == 1;
    return true;
}

bool
moe__log_read_gates(MoeJson *json, MoeLogRow *row)
{
    Lists lists = {"gates", moe__json_rest_reals, add_real, row->gates, 0, 0};
    bool single;
    if (row->gates->len > 0)
        return moe__json_fail(json, "gates: found them a second time, under another name");
    return read_lists(json, &lists, &single);
}

/* Python makes 3.0 of 3 where numbers are missing elsewhere. */
static bool
take_whole(MoeJson *json, const char *what, int64_t low, int64_t high, int64_t *out)
{
    if (json->event == MOE_JSON_REAL && json->real == floor(json->real) &&
        fabs(json->real) <= (double)INT32_MAX) {
        json->event = MOE_JSON_INT;
        json->integer = (int64_t)json->real;
    }
    if (!moe__json_check_int(json, what, low, high))
        return false;
    *out = json->integer;
    return true;
}

bool
moe__log_read_layer(MoeJson *json, MoeLogRow *row)
{
    if (!moe__json_quick_int(json) && moe__json_next(json) == MOE_JSON_STRING) {
        const char *name = moe__json_text(json);
        row->layer = name ? moe__log_layer(name) : -1;
        return row->layer >= 0 ||
               moe__json_fail(json, "layer: found \"%.60s\", expected a name that numbers it",
                              name ? name : "");
    }
    return json->event == MOE_JSON_NULL || take_whole(json, "layer", 0, UINT16_MAX, &row->layer);
}

bool
moe__log_read_place(MoeJson *json, const char *what, int64_t low, int64_t *one, GArray *list)
{
    if (!moe__json_quick_int(json))
        moe__json_next(json);
    if (json->event == MOE_JSON_NULL)
        return true;
    if (json->event != MOE_JSON_ARRAY)
        return take_whole(json, what, low, INT32_MAX, one);
    if (!moe__json_rest_ints(json, what, list))
        return false;
    for (guint i = 0; i < list->len; i++)
        if (g_array_index(list, int32_t, i) < low)
            return moe__json_fail(json, "%s: found %d, expected %d or more", what,
                                  g_array_index(list, int32_t, i), (int)low);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * Summaries: as files, and, behind the checksums that keep changed bytes from getting far, as a
 * meta.json and arrays that stand in a JSON text: {"meta": {…}, "arrays": {NAME: {"type", "shape",
 * "data"}}}. What is taken has to serve for adding and for every metric.
 */
#include "fuzz.h"
#include "stats/disk.h"
#include "stats/metrics.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

/* --- Arrays in a JSON text --------------------------------------------------------------------*/

enum { ELEMENTS_MAX = 1 << 16 };
static const char *const types[] = {"u1", "u2", "i4", "i8", "f2", "f4", "f8"};

static JsonObject *
find_array(const void *source, const char *name)
{
    JsonNode *node = json_object_get_member((JsonObject *)source, name);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static bool
has_array(const void *source, const char *name)
{
    return find_array(source, name) != NULL;
}

static JsonArray *
find_list(JsonObject *object, const char *key)
{
    JsonNode *node = json_object_get_member(object, key);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static double
number_at(JsonArray *list, guint i)
{
    JsonNode *node =
        list && i < json_array_get_length(list) ? json_array_get_element(list, i) : NULL;
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : 0;
}

static void
put(MoeType type, void *data, int64_t i, double value)
{
    int64_t whole = value > -0x1p62 && value < 0x1p62 ? (int64_t)value : -1;
    if (type == MOE_U8)
        ((uint8_t *)data)[i] = (uint8_t)whole;
    else if (type == MOE_U16)
        ((uint16_t *)data)[i] = (uint16_t)whole;
    else if (type == MOE_I32)
        ((int32_t *)data)[i] = (int32_t)whole;
    else if (type == MOE_I64)
        ((int64_t *)data)[i] = whole;
    else if (type == MOE_F64)
        ((double *)data)[i] = value;
}

static bool
read_array(const void *source, const char *name, MoeArray *out, GError **error)
{
    JsonObject *object = find_array(source, name);
    JsonArray *shape = object ? find_list(object, "shape") : NULL;
    *out = (MoeArray){.type = MOE_F64};
    if (!shape || json_array_get_length(shape) > 4) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "there is no %s", name);
        return false;
    }
    JsonNode *type = json_object_get_member(object, "type");
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (type && JSON_NODE_HOLDS_VALUE(type) &&
            g_strcmp0(json_node_get_string(type), types[i]) == 0)
            out->type = (MoeType)i;
    int64_t n = 1;
    for (; out->ndim < (int)json_array_get_length(shape); out->ndim++) {
        double extent = number_at(shape, (guint)out->ndim);
        out->shape[out->ndim] =
            extent >= 0 && extent <= ELEMENTS_MAX / (double)n ? (int64_t)extent : 0;
        n *= MAX(out->shape[out->ndim], 1);
    }
    char *data = g_malloc0((gsize)n * moe_type_size(out->type));
    for (int64_t i = 0; i < n; i++)
        put(out->type, data, i, number_at(find_list(object, "data"), (guint)i));
    out->data = data;
    return true;
}

/* --- What is done with a summary --------------------------------------------------------------*/

static void
measure(const MoeSummary *summary)
{
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    g_autofree const MoeSummaryCell **domains =
        g_new(const MoeSummaryCell *, (gsize)moe_summary_domains(summary));
    for (int r = 0; r < moe_summary_routers(summary); r++)
        for (int d = MOE_DOMAIN_ALL; d < moe_summary_domains(summary); d++) {
            MoeMetricCell cell = moe_metric_cell(summary, NULL, r, d, domains);
            for (int m = 0; m < n; m++) {
                moe_metric_value(metrics[m], &cell);
                moe_metric_uniform(metrics[m], &cell);
                moe_metric_shuffled(metrics[m], &cell);
            }
        }
}

static void
use(MoeSummary *summary, bool read, const GError *error)
{
    g_assert_true((summary == NULL) == (error != NULL));
    g_assert_true(read || !summary);
    if (!summary)
        return;
    measure(summary);
    g_autoptr(MoeSummary) sum = moe_summary_new(summary->routers, summary->n_routers, NULL, 0,
                                                moe_summary_tallies(summary));
    g_assert_true(moe_summary_add(sum, summary, NULL));
    g_assert_cmpint(moe_summary_tokens_counted(sum), ==, moe_summary_tokens_counted(summary));
}

static void
read_json(const char *text)
{
    g_autoptr(JsonNode) root = strlen(text) < ELEMENTS_MAX ? json_from_string(text, NULL) : NULL;
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    JsonNode *described = object ? json_object_get_member(object, "meta") : NULL;
    JsonNode *arrays = object ? json_object_get_member(object, "arrays") : NULL;
    if (!described || !arrays || !JSON_NODE_HOLDS_OBJECT(arrays))
        return;
    g_autoptr(GError) error = NULL;
    g_auto(MoeSummaryMeta) meta = {0};
    g_autofree char *json = json_to_string(described, FALSE);
    const MoeMemberSource source = {has_array, read_array, json_node_get_object(arrays)};
    bool parsed = moe__summary_meta_parse(json, &meta, &error);
    g_autoptr(MoeSummary) summary =
        parsed ? moe__summary_read(&meta, &source, meta.tallies, &error) : NULL;
    use(summary, parsed, error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool registered = false;
    if (!registered)
        moe__metrics_register(); /* without the other rooms, which moe_init() needs */
    registered = true;
    char path[32];
    int fd = fuzz_file(data, size, path);
    g_autoptr(GError) error = NULL;
    bool is = moe_summary_is(path);
    g_autoptr(MoeSummary) summary = moe_summary_open(path, &error);
    use(summary, is, error);
    close(fd);
    g_autofree char *text = g_strndup((const char *)data, size);
    if (size > 0 && text[0] == '{')
        read_json(text);
    return 0;
}

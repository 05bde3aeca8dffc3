/* SPDX-License-Identifier: MIT
 *
 * measure.c: named state of routers, sparse in steps: two columns a name, the values and the steps
 * that they belong to.
 */
#include "trace/reader.h"
#include "trace/writer.h"

#include <string.h>

#define STEP_SUFFIX ".step"

enum { MEASURE_VALUES_MAX = 1 << 24 };

/* --- Writing ----------------------------------------------------------------------------------*/

void
moe__trace_measure_free(void *data)
{
    MoeTraceMeasure *measure = data;
    moe__column_clear(&measure->value);
    moe__column_clear(&measure->step);
    g_free(measure);
}

static bool
check_name(const char *name, GError **error)
{
    if (!moe__trace_check_name("measure", name, error))
        return false;
    if (!g_str_has_suffix(name, STEP_SUFFIX))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "measure name \"%s\": the ending \"" STEP_SUFFIX "\" is that of a measure's steps",
                name);
    return false;
}

static bool
check_shape(const char *name, int ndim, const int64_t *shape, GError **error)
{
    int64_t count = 1;
    bool ok = ndim >= 0 && ndim <= MOE_ROW_AXES;
    for (int i = 0; i < ndim && ok; i++) {
        ok = shape[i] > 0 && shape[i] <= MEASURE_VALUES_MAX / count;
        count *= ok ? shape[i] : 1;
    }
    if (ok)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "measure \"%s\": up to %d axes of at least one and together at most %d values are "
                "expected",
                name, MOE_ROW_AXES, MEASURE_VALUES_MAX);
    return false;
}

static int
by_router_and_name(const void *a, const void *b)
{
    const MoeTraceMeasure *x = *(const MoeTraceMeasure *const *)a;
    const MoeTraceMeasure *y = *(const MoeTraceMeasure *const *)b;
    return x->router != y->router ? x->router - y->router : strcmp(x->value.name, y->value.name);
}

static MoeTraceMeasure *
add_measure(MoeTraceWriter *writer, int router, const char *full, int ndim, const int64_t *shape)
{
    MoeTraceMeasure *measure = g_new0(MoeTraceMeasure, 1);
    measure->router = router;
    measure->value = (MoeColumn){.folder = "measures",
                                 .name = g_strdup(full),
                                 .type = MOE_F32,
                                 .axes = ndim,
                                 .rows_per_item = 1};
    for (int i = 0; i < ndim; i++)
        measure->value.shape[i] = shape[i];
    measure->step = (MoeColumn){.folder = "measures",
                                .name = g_strconcat(full, STEP_SUFFIX, NULL),
                                .type = MOE_I64,
                                .rows_per_item = 1};
    /* Sorted like series, and for the same reason. */
    g_ptr_array_add(writer->measures, measure);
    g_ptr_array_sort(writer->measures, by_router_and_name);
    g_hash_table_insert(writer->measures_by_name, measure->value.name, measure);
    return measure;
}

static bool
same_shape(const MoeColumn *column, int ndim, const int64_t *shape)
{
    bool same = column->axes == ndim;
    for (int i = 0; i < ndim && same; i++)
        same = column->shape[i] == shape[i];
    return same;
}

bool
moe_trace_writer_measure(MoeTraceWriter *writer, int router, const char *name, int64_t step,
                         int ndim, const int64_t *shape, const float *values, GError **error)
{
    if (!moe__trace_writer_check(writer, error) || !check_name(name, error) ||
        !check_shape(name, ndim, shape, error))
        return false;
    if (router < 0 || router >= writer->n_routers) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "measure \"%s\": router %d; 0 … %d is expected", name, router,
                    writer->n_routers - 1);
        return false;
    }
    g_autofree char *full = g_strdup_printf("r%03d.%s", router, name);
    MoeTraceMeasure *measure = g_hash_table_lookup(writer->measures_by_name, full);
    if (!measure)
        measure = add_measure(writer, router, full, ndim, shape);
    if (!same_shape(&measure->value, ndim, shape)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "measure \"%s\" of router %d, step %" G_GINT64_FORMAT
                    ": another shape than the times before",
                    name, router, step);
        return false;
    }
    measure->value.given = measure->step.given = true;
    int64_t count = 1;
    for (int i = 0; i < ndim; i++)
        count *= shape[i];
    moe__column_append(&measure->value, values, 0, 1);
    moe__column_append(&measure->step, &step, 0, 1);
    return moe__trace_count_values(writer, count, error);
}

/* --- Reading ----------------------------------------------------------------------------------*/

char *
moe__trace_measure_name(const char *member, int routers, int *router)
{
    const char *dot = strchr(member, '.'), *end = member + strlen(member) - strlen(".npy");
    if (!g_str_has_prefix(member, "measures/") || !g_str_has_suffix(member, ".npy") || dot >= end)
        return NULL;
    g_autofree char *full = g_strndup(dot + 1, (gsize)(end - dot - 1));
    char *after = full;
    uint64_t index = full[0] == 'r' ? g_ascii_strtoull(full + 1, &after, 10) : 0;
    if (after == full || after[0] != '.' || after[1] == 0 || index >= (uint64_t)routers ||
        g_str_has_suffix(after, STEP_SUFFIX))
        return NULL;
    /* Names are asked for as the writer writes them. */
    g_autofree char *prefix = g_strdup_printf("r%03d.", (int)index);
    if (!g_str_has_prefix(full, prefix))
        return NULL;
    *router = (int)index;
    return g_strdup(after + 1);
}

static bool
read_pair(const MoeTrace *trace, const char *name, MoeArray *value, MoeArray *step, GError **error)
{
    g_autofree char *steps = g_strconcat(name, STEP_SUFFIX, NULL);
    g_autofree uint8_t *a = moe__trace_read(trace, name, value, error);
    g_autofree uint8_t *b = a ? moe__trace_read(trace, steps, step, error) : NULL;
    return b != NULL;
}

bool
moe__trace_check_measure(const MoeTrace *trace, const char *member, GError **error)
{
    MoeArray value, step;
    g_autofree char *name = g_strdup(member);
    if (g_str_has_suffix(name, STEP_SUFFIX))
        name[strlen(name) - strlen(STEP_SUFFIX)] = 0;
    if (!read_pair(trace, name, &value, &step, error))
        return false;
    if (value.type == MOE_F32 && step.type == MOE_I64 && value.ndim >= 1 && step.ndim == 1 &&
        value.shape[0] == step.shape[0])
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: %s: f4 of as many rows as i8 in %s" STEP_SUFFIX " was expected",
                trace->zip->path, name, name);
    return false;
}

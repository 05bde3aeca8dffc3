/* SPDX-License-Identifier: MIT */
#include "measures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One measure over all the routers that have it. */
typedef struct {
    int routers, scalars;
    int64_t n, first_step, last_step; /* of the router with the most steps */
    double first, last;               /* of numbers: sums over routers */
    MoeArray shape;                   /* of the last router, without its data */
} Line;

static void
add_values(Line *line, const MoeArray *value, const MoeArray *step)
{
    int64_t n = value->shape[0];
    line->routers++;
    line->shape = *value;
    if (n > line->n) {
        line->n = n;
        line->first_step = (int64_t)moe_array_value(step, 0);
        line->last_step = (int64_t)moe_array_value(step, n - 1);
    }
    if (value->ndim > 1 || n == 0)
        return;
    line->scalars++;
    line->first += moe_array_value(value, 0);
    line->last += moe_array_value(value, n - 1);
}

static bool
add_router(const MoeTrace *trace, int router, const char *name, Line *line, GError **error)
{
    MoeArray value, step;
    g_autofree char *values = g_strdup_printf("measures/r%03d.%s", router, name);
    g_autofree char *steps = g_strconcat(values, ".step", NULL);
    if (!moe_trace_join(trace, values, &value, error))
        return false;
    bool read = moe_trace_join(trace, steps, &step, error);
    if (read) {
        add_values(line, &value, &step);
        g_free((gpointer)step.data);
    }
    g_free((gpointer)value.data);
    return read;
}

static bool
has(const MoeTrace *trace, int router, const char *name)
{
    int n;
    const char *const *names = moe_trace_measure_names(trace, router, &n);
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void
print_line(const char *name, const Line *line)
{
    printf("    %-28s %7d %6" G_GINT64_FORMAT " %8" G_GINT64_FORMAT " %8" G_GINT64_FORMAT "   ",
           name, line->routers, line->n, line->first_step, line->last_step);
    int axes = line->shape.ndim - 1;
    for (int i = 1; i <= axes; i++)
        printf("%s%" G_GINT64_FORMAT, i > 1 ? " × " : "", line->shape.shape[i]);
    if (axes == 0)
        printf("%.4g → %.4g", line->first / line->scalars, line->last / line->scalars);
    printf("\n");
}

static bool
print_measure(const MoeTrace *trace, const char *name, GError **error)
{
    Line line = {0};
    for (int r = 0; r < moe_trace_routers(trace); r++)
        if (has(trace, r, name) && !add_router(trace, r, name, &line, error))
            return false;
    print_line(name, &line);
    return true;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all routers' measures, each once. */
static GPtrArray *
all_names(const MoeTrace *trace)
{
    GPtrArray *all = g_ptr_array_new();
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        int n;
        const char *const *names = moe_trace_measure_names(trace, r, &n);
        for (int i = 0; i < n; i++)
            if (!g_ptr_array_find_with_equal_func(all, names[i], g_str_equal, NULL))
                g_ptr_array_add(all, (gpointer)names[i]);
    }
    g_ptr_array_sort(all, by_name);
    return all;
}

bool
cmd_measures_print(const MoeTrace *trace, GError **error)
{
    g_autoptr(GPtrArray) names = all_names(trace);
    if (names->len == 0)
        return true;
    printf(
        "\n  measures: how many routers have it, how often, from which step to which, and its "
        "shape; of a\n  number the first and the last value (mean over routers). train.…: of the "
        "batch of a training\n  step, the others: of the recorded text\n");
    printf("    %-28s %7s %6s %8s %8s\n", "", "routers", "times", "from", "to");
    for (guint i = 0; i < names->len; i++)
        if (!print_measure(trace, g_ptr_array_index(names, i), error))
            return false;
    return true;
}

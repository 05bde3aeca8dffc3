/* SPDX-License-Identifier: MIT
 *
 * Measures from the outside: moescope train and record as child processes, their traces read with
 * the library and with NumPy.
 */
#include "place.h"
#include "run.h"

#include <math.h>
#include <moescope/trace.h>

enum { ROUTERS = 2, EXPERTS = 4, STEPS = 12 };

static MoeTrace *
open_trace(const char *path)
{
    g_autoptr(GError) error = NULL;
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

/* Reads a router's measure and its steps; both are the caller's. */
static void
read_measure(const MoeTrace *trace, int router, const char *name, MoeArray *value, MoeArray *step)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *values = g_strdup_printf("measures/r%03d.%s", router, name);
    g_autofree char *steps = g_strconcat(values, ".step", NULL);
    moe_trace_join(trace, values, value, &error);
    g_assert_no_error(error);
    moe_trace_join(trace, steps, step, &error);
    g_assert_no_error(error);
    g_assert_cmpint(step->shape[0], ==, value->shape[0]);
}

/* The spread of the logits before training, then at every step. */
static void
expect_spread(const MoeTrace *trace, int router)
{
    MoeArray value, step;
    read_measure(trace, router, "logit_std", &value, &step);
    g_assert_cmpfloat(moe_array_value(&step, 0), ==, 0);
    g_assert_cmpfloat(moe_array_value(&value, 0), >, 0);
    g_free((gpointer)value.data);
    g_free((gpointer)step.data);
    read_measure(trace, router, "train.logit_std", &value, &step);
    g_assert_cmpint(value.shape[0], ==, STEPS);
    for (int i = 0; i < STEPS; i++) {
        g_assert_cmpfloat(moe_array_value(&step, i), ==, i + 1);
        g_assert_cmpfloat(moe_array_value(&value, i), >, 0);
    }
    g_free((gpointer)value.data);
    g_free((gpointer)step.data);
}

/* Symmetric, with a diagonal of ones. */
static void
expect_likeness(const MoeTrace *trace, int router, const char *name, int64_t times)
{
    MoeArray value, step;
    read_measure(trace, router, name, &value, &step);
    g_assert_cmpint(value.ndim, ==, 3);
    g_assert_cmpint(value.shape[0], ==, times);
    g_assert_cmpint(value.shape[1], ==, EXPERTS);
    g_assert_cmpint(value.shape[2], ==, EXPERTS);
    for (int64_t t = 0; t < times; t++)
        for (int a = 0; a < EXPERTS; a++)
            for (int b = 0; b < EXPERTS; b++) {
                int64_t at = t * EXPERTS * EXPERTS;
                double x = moe_array_value(&value, at + a * EXPERTS + b);
                g_assert_cmpfloat(x, ==, moe_array_value(&value, at + b * EXPERTS + a));
                g_assert_cmpfloat(fabs(x), <=, 1 + 1e-6);
                g_assert_true(a != b || fabs(x - 1) < 1e-6);
            }
    g_free((gpointer)value.data);
    g_free((gpointer)step.data);
}

static void
test_train(void)
{
    g_autoptr(MoeTrace) trace = open_trace("run/trace.npz");
    g_assert_cmpint(moe_trace_routers(trace), ==, ROUTERS);
    for (int r = 0; r < ROUTERS; r++) {
        expect_spread(trace, r);
        expect_likeness(trace, r, "expert_cosine", 3);
        expect_likeness(trace, r, "expert_output_cka", 3);
        expect_likeness(trace, r, "router_cosine", 3);
    }
}

static void
test_record(void)
{
    g_auto(Run) record = run_moescope("record", "run", "-o", "a.npz", "--slots", NULL);
    run_expect(&record, 0, "a.npz: ", "");
    g_autoptr(MoeTrace) trace = open_trace("a.npz");
    for (int r = 0; r < ROUTERS; r++) {
        expect_likeness(trace, r, "expert_output_cka", 1);
        MoeArray value, step;
        read_measure(trace, r, "representation_collapse", &value, &step);
        g_assert_cmpfloat(moe_array_value(&step, 0), ==, STEPS);
        g_free((gpointer)value.data);
        g_free((gpointer)step.data);
    }
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_true(moe_trace_view(trace, 0, 1, view, NULL));
    g_assert_nonnull(view->slot);
    g_assert_cmpint(view->slot[0], >=, 0);
}

/* The first Python that has numpy; Debian's own has it where the one on PATH may not. */
static const char *
python_with_numpy(void)
{
    static const char *const interpreters[] = {"python3", "/usr/bin/python3"};
    for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
        const char *argv[] = {interpreters[i], "-c", "import numpy", NULL};
        int status = 1;
        bool ran = g_spawn_sync(NULL, (char **)argv, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                                NULL, &status, NULL);
        if (ran && status == 0)
            return interpreters[i];
    }
    return NULL;
}

static void
test_numpy(void)
{
    static const char script[] =
        "import numpy\n"
        "trace = numpy.load('run/trace.npz', allow_pickle=False)\n"
        "names = [n for n in trace.files if n.startswith('measures/')]\n"
        "steps = [n for n in names if n.endswith('.step')]\n"
        "assert len(names) == 2 * len(steps) > 0\n"
        "for name in steps:\n"
        "    step, value = trace[name], trace[name[:-5]]\n"
        "    assert step.dtype == numpy.int64 and value.dtype == numpy.float32, name\n"
        "    assert step.shape == value.shape[:1] and (numpy.diff(step) > 0).all(), name\n"
        "chunks = [trace[n] for n in names if n.endswith('r001.router_norm')]\n"
        "assert numpy.concatenate(chunks).shape == (3, 4)\n";
    const char *python = python_with_numpy();
    if (!python) {
        g_test_skip("no python3 here imports numpy");
        return;
    }
    const char *argv[] = {python, "-c", script, NULL};
    g_autofree char *err = NULL;
    int status = 1;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               &err, &status, NULL));
    if (status != 0)
        g_error("%s", err);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    g_auto(Run) run = run_moescope("train", "tiny.ini", "-o", "run", "-s", "train.steps=12", "-s",
                                   "moe.variant=gshard", NULL);
    run_expect(&run, 0, "run: 12 steps", "");
    g_test_add_func("/cli/measures/train", test_train);
    g_test_add_func("/cli/measures/record", test_record);
    g_test_add_func("/cli/measures/numpy", test_numpy);
    int status = g_test_run();
    place_leave();
    return status;
}

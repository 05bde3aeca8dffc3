/* SPDX-License-Identifier: MIT
 *
 * From a run to pictures: moescope train, record, info, plot, and what they say of mistakes.
 */
#include "place.h"
#include "run.h"
#include "tool.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* One sentence on stderr, nothing on stdout, and no file `left`. */
static void
expect_refused(const Run *run, int status, const char *part, const char *left)
{
    run_expect(run, status, "", part);
    g_assert_true(g_str_has_prefix(run->err, "moescope: "));
    g_assert_cmpint(strchr(run->err, '\n') - run->err + 1, ==, strlen(run->err));
    if (left)
        g_assert_false(place_has(left));
}

/* What the tests look at: a sparse and a dense run, and a trace. */
static void
prepare(void)
{
    g_auto(Run) sparse =
        run_moescope("train", "tiny.ini", "-o", "run", "-s", "train.steps=20", NULL);
    g_auto(Run) dense = run_moescope("train", "tiny.ini", "-o", "dense", "-s", "moe.variant=dense",
                                     "-s", "train.steps=2", NULL);
    g_auto(Run) trace = run_moescope("record", "run", "--out", "a.npz", "--stats", NULL);
    run_expect(&sparse, 0, "run: 20 steps", "");
    run_expect(&dense, 0, "dense: 2 steps", "");
    run_expect(&trace, 0, "a.npz: ", "");
    run_expect(&trace, 0, " tokens predicted, 2 routers recorded, ", "");
}

static void
test_record(void)
{
    g_auto(Run) some =
        run_moescope("record", "run/checkpoints/00000020", "-d", "text/ants.txt", "-o", "b.npz",
                     "--max-tokens", "500", "--logits", "--no-gates", "--compression=0", NULL);
    run_expect(&some, 0, "b.npz: ", "");
    g_auto(Run) one = run_moescope("record", "run", "-o", "k.npz", "--k", "1", NULL);
    g_auto(Run) info_one = run_moescope("info", "k.npz", NULL);
    run_expect(&one, 0, "k.npz: ", "");
    run_expect(&info_one, 0, "\n      0       4    1 ", "");
    g_auto(Run) train_split =
        run_moescope("record", "run", "--split", "train", "-o", "c.npz", NULL);
    run_expect(&train_split, 0, "c.npz: ", "");
    g_auto(Run) info = run_moescope("info", "b.npz", NULL);
    run_expect(&info, 0, " in 1 chunks, 2 routers\ndomains           ants\n", "");
}

static void
test_record_refused(void)
{
    g_auto(Run) none = run_moescope("record", "dense", "-o", "x.npz", NULL);
    expect_refused(&none, 1,
                   "the model has no router (moe.every = 0), so there is nothing to "
                   "record\n",
                   "x.npz");
    static const struct {
        const char *argument[5];
        int status;
        const char *part;
    } cases[] = {
        {{"run"}, 2, "found no --out"},
        {{"run", "--out=x.png"}, 2, "found --out x.png, expected a name that ends with .npz"},
        {{"run", "--out=x.npz", "--split=al"}, 2, "found --split al, expected train, validation"},
        {{"run", "--out=x.npz", "--max-tokens=-1"}, 2, "found --max-tokens -1, expected 0"},
        {{"run", "--out=x.npz", "--k=-1"}, 2, "found --k -1, expected 0 or more"},
        {{"run", "--out=x.npz", "--k=99"}, 1, "found k = 99, expected 1 … "},
        {{"run", "--out=x.npz", "--compression=10"}, 2, "found --compression 10, expected 0 … 9"},
        {{"run", "--out=x.npz", "--data=nowhere"}, 1, "nowhere: can't open"},
        {{"run", "--out=nowhere/x.npz"}, 1, "nowhere/x.npz: cannot create"},
        {{"nowhere", "--out=x.npz"}, 1, "nowhere: no such file or folder\n"},
        {{"tiny.ini", "--out=x.npz"}, 1, "tiny.ini: neither a checkpoint "},
        {{"text", "--out=x.npz"}, 1, "text: neither a checkpoint "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const *a = cases[i].argument;
        g_auto(Run) run = run_moescope("record", a[0], a[1], a[2], NULL);
        expect_refused(&run, cases[i].status, cases[i].part, "x.npz");
    }
}

/* Ctrl-C leaves a whole trace of what was recorded. The text would take some seconds. */
static void
test_record_interrupted(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 4 << 20)
        g_string_append(text, "all work and no play makes a long text\n");
    g_assert_true(g_file_set_contents("long.txt", text->str, (gssize)text->len, NULL));
    RunChild child = run_start("record", "run", "-d", "long.txt", "-o", "part.npz", NULL);
    place_wait_for("part.npz");
    g_auto(Run) run = run_signal(&child, SIGINT);
    run_expect(&run, 130, "",
               "moescope: recording was stopped; part.npz has what was recorded until then\n");
    g_auto(Run) info = run_moescope("info", "part.npz", NULL);
    run_expect(&info, 0, "trace             part.npz\ntokens            ", "");
}

static void
test_info(void)
{
    g_auto(Run) run = run_moescope("info", "run", NULL);
    run_expect(&run, 0, "checkpoint        run/checkpoints/00000020, step 20 of 20\n", "");
    run_expect(&run, 0, "variant           smoe\n", "");
    run_expect(&run, 0, "domains           ants, boats\n", "");
    run_expect(&run, 0,
               "  router 1        block 1: 4 experts, k 2, score linear, select topk, gate "
               "softmax-selected, balance switch\n",
               "");
    run_expect(&run, 0, "trace             run/trace.npz\n", "");
    run_expect(&run, 0, "    train.logit_std                    2     20        1       20   0.",
               "");
    run_expect(&run, 0, "    logit_std                          2      3        0       20   0.",
               "");
    run_expect(&run, 0,
               "    expert_cosine                      2      3        0       20   4 × 4\n", "");
    run_expect(&run, 0, "    router_norm                        2      3        0       20   4\n",
               "");
    g_auto(Run) trace = run_moescope("info", "a.npz", NULL);
    run_expect(&trace, 0, "trace             a.npz\n", "");
    run_expect(&trace, 0, "    logit_std                          2      1       20       20   0.",
               "");
    g_auto(Run) checkpoint = run_moescope("info", "dense/checkpoints/00000002", NULL);
    run_expect(&checkpoint, 0, "variant           dense\n", "");
    g_auto(Run) nowhere = run_moescope("info", "./nowhere", NULL);
    expect_refused(&nowhere, 1, "./nowhere: cannot read: No such file", NULL);
    g_auto(Run) other = run_moescope("info", "text/ants.txt", NULL);
    expect_refused(&other, 1, "text/ants.txt is not a trace: ", NULL);
    g_auto(Run) folder = run_moescope("info", "text", NULL);
    expect_refused(&folder, 1, "text: neither a checkpoint ", NULL);
    g_auto(Run) none = run_moescope("info", NULL);
    expect_refused(
        &none, 2, "found 0 arguments, expected PATH|RECIPE (see \"moescope info --help\")\n", NULL);
}

static void
test_plot(void)
{
    static const struct {
        const char *file, *begins;
    } endings[] = {{"x.png", "\x89PNG"},
                   {"x.svg", "<?xml"},
                   {"x.pdf", "%PDF"},
                   {"x.eps", "%!PS-Adobe-3.0 EPSF"}};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_auto(Run) run = run_moescope("plot", "load", "a.npz", "-o", endings[i].file, NULL);
        run_expect(&run, 0, "", "");
        place_expect_begins(endings[i].file, endings[i].begins);
    }
    g_auto(Run) of_run = run_moescope("plot", "load-over-training", "run/trace.npz", "-o", "y.svg",
                                      "--theme", "dark", NULL);
    run_expect(&of_run, 0, "", "");
    place_expect_begins("y.svg", "<?xml");
    g_auto(Run) measures = run_moescope("plot", "measures", "run/trace.npz", "-o", "m.svg", "-s",
                                        "name=representation_collapse", NULL);
    run_expect(&measures, 0, "", "");
    place_expect_begins("m.svg", "<?xml");
}

/* Figures over training, and of two inputs: of the sparse run's 20 steps, and its trace twice. */
static void
test_plot_runs(void)
{
    static const char *const figures[][3] = {
        {"collapse", "run", NULL},       {"saturation", "run", NULL},
        {"fluctuation", "run", NULL},    {"matching", "a.npz", "a.npz"},
        {"losses", "run", NULL},         {"load-difference", "a.npz", "a.npz"},
        {"agreement", "a.npz", "a.npz"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++) {
        const char *const *a = figures[i];
        g_auto(Run) run = run_moescope("plot", "-o", "r.svg", a[0], a[1], a[2], NULL);
        run_expect(&run, 0, "", "");
        place_expect_begins("r.svg", "<?xml");
    }
    g_auto(Run) named =
        run_moescope("plot", "losses", "run", "run/trace.npz", "--data", "l.csv", NULL);
    run_expect(&named, 0, "", "");
    place_expect_holds("l.csv", ",line,run (1),");
    place_expect_holds("l.csv", ",line,run (2),");
    g_auto(Run) dense = run_moescope("plot", "losses", "run", "dense", "-o", "z.svg", NULL);
    expect_refused(&dense, 1, "dense: found a folder without trace.npz, which runs of models with",
                   "z.svg");
    g_auto(Run) chosen = run_moescope("plot", "agreement", "a.npz", "a.npz", "--where", "pos=0-9",
                                      "-o", "z.svg", NULL);
    expect_refused(&chosen, 1, "figure agreement: found a choice of tokens, expected none",
                   "z.svg");
}

/* Flags of common options are --set by another name; a model's weights are an input as well. */
static void
test_plot_flags(void)
{
    g_auto(Run) flags = run_moescope("plot", "load", "a.npz", "--layers", "0", "--sort", "load",
                                     "--norm", "relative", "--data", "f.csv", NULL);
    run_expect(&flags, 0, "", "");
    g_auto(Run) set = run_moescope("plot", "load", "a.npz", "-s", "layers=0", "-s", "sort=load",
                                   "-s", "norm=relative", "--data", "s.csv", NULL);
    run_expect(&set, 0, "", "");
    place_expect_same("f.csv", "s.csv");
    g_auto(Run) other =
        run_moescope("plot", "series", "run", "--experts", "1", "-o", "z.svg", NULL);
    expect_refused(&other, 1, "figure series: no option \"experts\"; it has:", "z.svg");
    g_auto(Run) weights = run_moescope("plot", "similarity", "run/checkpoints/00000020", "a.npz",
                                       "--sort", "load", "-o", "w.svg", NULL);
    run_expect(&weights, 0, "", "");
    place_expect_begins("w.svg", "<?xml");
}

static void
test_plot_refused(void)
{
    static const struct {
        const char *argument[5];
        int status;
        const char *part;
    } cases[] = {
        {{NULL}, 2, "found no FIGURE; \"moescope figures\" lists them"},
        {{"load"}, 2, "found FIGURE but no TRACE"},
        {{"load", "a.npz", "--out=z.png", "--size=x"}, 2, "found --size x, expected mm as 140"},
        {{"load", "a.npz", "--out=z.png", "--size=9000"}, 2, "found --size 9000, expected mm"},
        {{"load", "a.npz", "--out=z.png", "--size=9px"}, 2, "found --size 9px without --dpi"},
        {{"load", "a.npz"}, 2, "found no --out"},
        {{"laod", "a.npz", "--out=z.png"}, 1, "figure \"laod\": there is no such figure; known: "},
        {{"load", "nowhere.npz", "--out=z.png"}, 1, "nowhere.npz: cannot read"},
        {{"load", "tiny.ini", "--out=z.png"}, 1, "tiny.ini is not a trace"},
        {{"load", "a.npz", "--out=z.gif"},
         1,
         "z.gif: the ending must be .png, .svg, .pdf or .eps\n"},
        {{"load", "a.npz", "--out=nowhere/z.png"}, 1, "nowhere/z.png"},
        {{"load", "a.npz", "--out=z.png", "--theme=drak"}, 1, "theme \"drak\": "},
        {{"load", "a.npz", "--out=z.png", "--set=nrom=x"}, 1, "no option \"nrom\""},
        {{"measures", "a.npz", "--out=z.png", "--set=name=logit"}, 1, "; the trace has: logit_std"},
        {{"load", "a.npz", "--out=z.png", "--dpi=-5"}, 2, "found --dpi -5, expected "},
        {{"load", "a.npz", "--out=z.png", "--bogus"}, 2, "Unknown option --bogus"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const *a = cases[i].argument;
        g_auto(Run) run = run_moescope("plot", a[0], a[1], a[2], a[3], NULL);
        expect_refused(&run, cases[i].status, cases[i].part, "z.png");
        g_assert_false(place_has("z.gif"));
    }
}

/* One sentence on stderr, whatever else was said before. */
static void
expect_full(const Run *run)
{
    g_assert_cmpint(run->status, ==, 1);
    g_assert_true(g_str_has_prefix(run->err, "moescope: "));
    g_assert_true(g_str_has_suffix(run->err, "No space left on device\n"));
    g_assert_cmpint(strchr(run->err, '\n') - run->err + 1, ==, strlen(run->err));
}

/* A full disk is said; a device is written to, not replaced. */
static void
test_full_disk(void)
{
    static const char *const lines[] = {
        "plot --help",    "--help", "figures", "info a.npz", "metrics a.npz --no-intervals",
        "recipe keys moe"};
    if (g_access("/dev/full", W_OK) != 0) {
        g_test_skip("no /dev/full");
        return;
    }
    g_assert_cmpint(symlink("/dev/full", "full"), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *line = g_strdup_printf("\"$MOESCOPE_PROGRAM\" %s >/dev/full", lines[i]);
        g_auto(Run) run = tool_run("sh", "-c", line, NULL);
        expect_full(&run);
    }
    g_auto(Run) data = run_moescope("plot", "load", "a.npz", "--data", "full", NULL);
    expect_full(&data);
    g_auto(Run) csv = run_moescope("export", "a.npz", "--as", "csv", "--out", "full", NULL);
    expect_full(&csv);
    g_assert_true(g_file_test("full", G_FILE_TEST_IS_SYMLINK));
    g_auto(Run) pipe = run_moescope("plot", "load", "a.npz", "--data", "/dev/stdout", NULL);
    run_expect(&pipe, 0, "panel,", "");
}

/* Cut within its first chunk: nothing to read. Cut within meta.json: no trace. */
static void
test_truncated(void)
{
    place_cut("a.npz", "cut.npz", 9000);
    g_auto(Run) info = run_moescope("info", "cut.npz", NULL);
    run_expect(&info, 1, "", "cut.npz ends before its first whole chunk");
    g_auto(Run) plot = run_moescope("plot", "load", "cut.npz", "-o", "z.png", NULL);
    expect_refused(&plot, 1, "the trace has no tokens\n", "z.png");
    place_cut("a.npz", "cut.npz", 100);
    g_auto(Run) stump = run_moescope("info", "cut.npz", NULL);
    expect_refused(&stump, 1, "cut.npz was cut off after 100 bytes", NULL);
    g_auto(Run) plot_stump = run_moescope("plot", "load", "cut.npz", "-o", "z.png", NULL);
    expect_refused(&plot_stump, 1, "cut.npz was cut off after 100 bytes", "z.png");
}

/* An interpreter that has the official reader, or NULL. (transfer full) */
static const char *
python_with_safetensors(void)
{
    static const char *const interpreters[] = {"python3", "/usr/bin/python3"};
    for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
        const char *argv[] = {interpreters[i], "-c", "import numpy, safetensors", NULL};
        int status = 1;
        bool ran = g_spawn_sync(NULL, (char **)argv, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                                NULL, &status, NULL);
        if (ran && status == 0)
            return interpreters[i];
    }
    return NULL;
}

/* The weights and the optimiser's state, read by the official reader. */
static void
test_official_reader(void)
{
    static const char script[] =
        "import sys, numpy, safetensors\n"
        "for name in sys.argv[1:]:\n"
        "    with safetensors.safe_open(name, framework='np') as f:\n"
        "        for key in f.keys():\n"
        "            x = f.get_tensor(key)\n"
        "            assert x.dtype == numpy.float32 and numpy.isfinite(x).all(), key\n"
        "            print(key, *x.shape)\n";
    const char *python = python_with_safetensors();
    if (!python) {
        g_test_skip("no python3 here imports numpy and safetensors");
        return;
    }
    const char *argv[] = {python,
                          "-c",
                          script,
                          "run/checkpoints/00000020/model.safetensors",
                          "run/checkpoints/00000020/optimizer.safetensors",
                          NULL};
    g_autofree char *out = NULL, *err = NULL;
    int status = 1;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                               &err, &status, NULL));
    if (status != 0)
        g_error("%s", err);
    static const char *const lines[] = {"embed.weight 256 16\n", "norm.weight 16\n",
                                        "blocks.1.moe.experts.w1 4 16 16\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_nonnull(strstr(out, lines[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    prepare();
    g_test_add_func("/cli/record", test_record);
    g_test_add_func("/cli/record-refused", test_record_refused);
    g_test_add_func("/cli/record-interrupted", test_record_interrupted);
    g_test_add_func("/cli/info", test_info);
    g_test_add_func("/cli/plot", test_plot);
    g_test_add_func("/cli/plot-runs", test_plot_runs);
    g_test_add_func("/cli/plot-flags", test_plot_flags);
    g_test_add_func("/cli/plot-refused", test_plot_refused);
    g_test_add_func("/cli/full-disk", test_full_disk);
    g_test_add_func("/cli/truncated", test_truncated);
    g_test_add_func("/cli/safetensors", test_official_reader);
    int status = g_test_run();
    place_leave();
    return status;
}

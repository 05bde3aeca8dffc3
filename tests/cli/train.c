/* SPDX-License-Identifier: MIT
 *
 * moescope train: whole, killed, interrupted, resumed, and what it says of mistakes.
 */
#include "place.h"
#include "run.h"

#include <signal.h>
#include <string.h>

/* A run that nothing interrupts, which the others are compared with. */
static Run whole;

static void
test_whole(void)
{
    run_expect(&whole, 0, "whole: 400 steps, loss ", "");
    run_expect(&whole, 0, " nats a token, validation ", "");
    g_assert_cmpint(strchr(whole.out, '\n') - whole.out + 1, ==, strlen(whole.out));
    static const char *const files[] = {"recipe.ini", "tokenizer.json", "metrics.jsonl",
                                        "sessions.jsonl", "trace.npz"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename("whole", files[i], NULL);
        g_assert_true(place_has(path));
    }
    g_auto(Run) again = run_moescope("train", "tiny.ini", "-o", "whole", NULL);
    run_expect(&again, 1, "",
               "moescope: whole: holds a run already; resume it, or choose another folder\n");
    g_auto(Run) resumed = run_moescope("train", "--resume", "whole", NULL);
    run_expect(&resumed, 0, "whole: nothing left to do\n", "");
}

/* Killed at random moments, also while it resumes. */
static void
test_killed(void)
{
    RunChild child = run_start("train", "tiny.ini", "--out", "killed", NULL);
    place_wait_for("killed/recipe.ini");
    for (int i = 0; i < 3; i++) {
        g_usleep((gulong)g_test_rand_int_range(1000, 150000));
        g_auto(Run) run = run_signal(&child, SIGKILL);
        g_assert_true(run.status == 128 + SIGKILL || run.status == 0);
        child = run_start("train", "--resume", "killed", NULL);
    }
    g_auto(Run) last = run_signal(&child, 0);
    run_expect(&last, 0, "killed: ", "");
    place_expect_same_end("whole", "killed");
    place_expect_same("whole/trace.npz", "killed/trace.npz");
}

/* Ctrl-C, and kill without a number, save and say how to go on. */
static void
test_interrupted(void)
{
    RunChild child = run_start("train", "tiny.ini", "--out", "stopped", NULL);
    place_wait_for("stopped/recipe.ini");
    g_auto(Run) run = run_signal(&child, SIGINT);
    run_expect(&run, 130, "", "moescope: stopped after step ");
    run_expect(&run, 130, "",
               " of 400, which is saved; \"moescope train --resume stopped\" goes on\n");
    child = run_start("train", "--resume", "stopped", NULL);
    g_usleep(20000);
    g_auto(Run) ended = run_signal(&child, SIGTERM);
    g_assert_true(ended.status == 130 || ended.status == 128 + SIGTERM || ended.status == 0);
    child = run_start("train", "tiny.ini", "--out", "left", NULL);
    place_wait_for("left/recipe.ini");
    g_auto(Run) left = run_signal(&child, SIGHUP); /* its terminal was closed */
    run_expect(&left, 130, "", " of 400, which is saved");
    g_auto(Run) resumed = run_moescope("train", "--resume", "stopped", NULL);
    run_expect(&resumed, 0, "stopped: ", "");
    place_expect_same_end("whole", "stopped");
}

static void
test_resume_misuse(void)
{
    g_auto(Run) bare = run_moescope("train", "--resume", NULL);
    g_auto(Run) recipe = run_moescope("train", "tiny.ini", "--resume", "whole", NULL);
    g_auto(Run) set = run_moescope("train", "--resume", "whole", "--set", "train.steps=9", NULL);
    g_auto(Run) nowhere = run_moescope("train", "--resume", "nowhere", NULL);
    g_auto(Run) text = run_moescope("train", "--resume", "text", NULL);
    run_expect(&bare, 2, "", "Missing argument for --resume");
    run_expect(&recipe, 2, "", "expected --resume alone: the run has its recipe");
    run_expect(&set, 2, "", "expected --resume alone: the run has its recipe");
    run_expect(&nowhere, 1, "", "moescope: nowhere: there is no checkpoint to go on from\n");
    run_expect(&text, 1, "", "moescope: text: there is no checkpoint to go on from\n");
}

static void
test_recipes(void)
{
    g_auto(Run) none = run_moescope("train", NULL);
    g_auto(Run) sample = run_moescope("train", "smoe-tniy", NULL);
    g_auto(Run) preset = run_moescope("train", "swithc", NULL);
    g_auto(Run) part = run_moescope("train", "topk", NULL);
    g_auto(Run) key = run_moescope("train", "tiny.ini", "--set", "train.stps=3", NULL);
    g_auto(Run) rule = run_moescope("train", "tiny.ini", "--set", "moe.k=5", NULL);
    g_auto(Run) flag = run_moescope("train", "tiny.ini", "--otu", "x", NULL);
    g_auto(Run) two = run_moescope("train", "tiny.ini", "smoe", "-o", "x", NULL);
    g_auto(Run) threads = run_moescope("train", "tiny.ini", "--threads=-1", NULL);
    run_expect(&none, 2, "", "found no recipe, expected a file, a sample or a preset (see ");
    run_expect(&sample, 1, "", "did you mean \"smoe-tiny\"?\n");
    run_expect(&preset, 1, "", "did you mean \"switch\"?\n");
    run_expect(&part, 1, "", "\"topk\" is neither a file nor a sample nor a preset");
    run_expect(&key, 1, "", "--set: train.stps: unknown key; did you mean train.steps?\n");
    run_expect(&rule, 1, "", "tiny.ini: moe.k: 5 experts a unit, but only 4 in moe.experts\n");
    run_expect(&flag, 2, "", "Unknown option --otu (see \"moescope train --help\")\n");
    run_expect(&two, 2, "", "found 2 arguments, expected [RECIPE]");
    run_expect(&threads, 2, "", "found --threads -1, expected 1 to 1024, or 0 for all");
    g_assert_false(place_has("runs"));
}

/* Each is one sentence, and leaves no folder behind. */
static void
test_text(void)
{
    static const struct {
        const char *data, *part;
    } cases[] = {
        {"nowhere", "nowhere: can't open: No such file or directory\n"},
        {"a,b", "a,b: a recipe can't hold a path with a comma"},
        {"tiny.ini", "\"tiny\" has 1 document(s), expected at least 3"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Run) run = run_moescope("train", "tiny.ini", "-o", "x", "-d", cases[i].data, NULL);
        run_expect(&run, 1, "", cases[i].part);
        g_assert_cmpint(strchr(run.err, '\n') - run.err + 1, ==, strlen(run.err));
        g_assert_false(place_has("x"));
    }
    g_auto(Run) file = run_moescope("train", "tiny.ini", "-o", "tiny.ini", NULL);
    g_auto(Run) below = run_moescope("train", "tiny.ini", "-o", "tiny.ini/x", NULL);
    run_expect(&file, 1, "", "moescope: tiny.ini: can't make the folder: ");
    run_expect(&below, 1, "", "moescope: tiny.ini/x: can't make the folder: ");
}

static void
test_non_finite(void)
{
    g_auto(Run) run = run_moescope("train", "tiny.ini", "-o", "wild", "-s", "optim.lr=10", "-s",
                                   "optim.decay=10", "-s", "optim.warmup=0", NULL);
    run_expect(&run, 1, "", "became non-finite at step ");
    run_expect(&run, 1, "", "; the last good checkpoint is wild/checkpoints/00000000\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    whole = run_moescope("train", "tiny.ini", "--out", "whole", NULL);
    g_test_add_func("/cli/train/whole", test_whole);
    g_test_add_func("/cli/train/killed", test_killed);
    g_test_add_func("/cli/train/interrupted", test_interrupted);
    g_test_add_func("/cli/train/resume-misuse", test_resume_misuse);
    g_test_add_func("/cli/train/recipes", test_recipes);
    g_test_add_func("/cli/train/text", test_text);
    g_test_add_func("/cli/train/non-finite", test_non_finite);
    int status = g_test_run();
    run_clear(&whole);
    place_leave();
    return status;
}

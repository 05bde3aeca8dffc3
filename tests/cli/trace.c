/* SPDX-License-Identifier: MIT
 *
 * moescope trace from the outside: every command on a made-up trace, what it says and returns.
 */
#include "place.h"
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* 3000 tokens in chunks of 1000, 2 routers, 3 of 8 experts, 30 documents, 2 domains. */
static void
make_trace(void)
{
    g_auto(Run) synth = run_moescope(
        "trace", "synth", "-o", "a.npz", "--tokens", "3000", "--routers", "2", "--experts", "8",
        "-k", "3", "--domains", "2", "--document-tokens", "100", "--chunk-tokens", "1000", NULL);
    run_expect(&synth, 0, "a.npz: 3000 tokens, 2 routers, 18000 decisions\n", "");
}

/* The picks of a trace as CSV, but for the number of the token. (transfer full) */
static char *
csv(const char *trace)
{
    g_auto(Run) cat = run_moescope("trace", "cat", trace, "--csv", NULL);
    run_expect(&cat, 0, NULL, "");
    return g_steal_pointer(&cat.out);
}

static void
expect_sound(const char *trace)
{
    g_auto(Run) verify = run_moescope("trace", "verify", trace, NULL);
    run_expect(&verify, 0, ": sound, ", "");
}

static void
test_help(void)
{
    static const char *const commands[] = {"info",   "verify", "repair",     "cat",  "slice",
                                           "sample", "merge",  "recompress", "synth"};
    g_auto(Run) list = run_moescope("trace", "--help", NULL);
    run_expect(&list, 0, "moescope trace COMMAND", "");
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(Run) help = run_moescope("trace", commands[i], "--help", NULL);
        run_expect(&help, 0, "Usage:", "");
        run_expect(&list, 0, commands[i], "");
    }
    g_auto(Run) unknown = run_moescope("trace", "vrify", NULL);
    run_expect(&unknown, 2, "", "did you mean \"verify\"?");
}

/* Follows a file that is cut off until the rest has come, and one that stays so until Ctrl-C. */
static void
test_follow(void)
{
    g_autofree char *bytes = NULL, *whole = csv("a.npz");
    gsize length;
    g_assert_true(g_file_get_contents("a.npz", &bytes, &length, NULL));
    place_cut("a.npz", "slow.npz", 20); /* a recording that has only just begun */
    RunChild child = run_start("trace", "cat", "--follow", "--csv", "slow.npz", NULL);
    g_usleep(G_USEC_PER_SEC / 2);
    FILE *file = fopen("slow.npz", "ab");
    g_assert_cmpuint(fwrite(bytes + 20, 1, length / 2, file), ==, length / 2);
    fflush(file);
    g_usleep(G_USEC_PER_SEC / 2);
    gsize rest = length - length / 2 - 20;
    g_assert_cmpuint(fwrite(bytes + length - rest, 1, rest, file), ==, rest);
    fclose(file);
    g_auto(Run) run = run_signal(&child, 0);
    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.out, ==, whole);

    place_cut("a.npz", "slow.npz", length / 2);
    child = run_start("trace", "cat", "-f", "--tokens", "0-9", "slow.npz", NULL);
    g_auto(Run) enough = run_signal(&child, 0); /* these have come already */
    run_expect(&enough, 0, "token 9 id ", "");
    child = run_start("trace", "cat", "-f", "--csv", "slow.npz", NULL);
    g_usleep(G_USEC_PER_SEC / 2);
    g_auto(Run) stopped = run_signal(&child, SIGINT);
    run_expect(&stopped, 0, "\n999,", "");
    g_assert_true(g_str_has_prefix(whole, stopped.out));
}

static void
test_info(void)
{
    g_auto(Run) info = run_moescope("trace", "info", "a.npz", NULL);
    run_expect(&info, 0, "3000 in 3 chunks, 2 routers, 2 domains", "");
    run_expect(&info, 0, "picks/expert            6          18768          18768", "");
    run_expect(&info, 0, "decisions         18000: 3.", "");
    g_auto(Run) json = run_moescope("trace", "info", "a.npz", "--json", NULL);
    run_expect(&json, 0, "\"decisions\": 18000", "");
    g_auto(Run) entropy = run_moescope("trace", "info", "a.npz", "--entropy", NULL);
    run_expect(&entropy, 0, "entropy           2.", "");
    place_spoil("a.npz", "bad.npz", "picks/00001.r001.expert.npy", 200);
    g_auto(Run) bad = run_moescope("trace", "info", "bad.npz", "--entropy", NULL);
    run_expect(&bad, 1, "", "member picks/00001.r001.expert.npy");
    g_auto(Run) many = run_moescope("summary", "a.npz", "-o", "s.npz", "--threads", "99999", NULL);
    run_expect(&many, 2, "", "found --threads 99999, expected 1 to 1024, or 0 for all");
    g_auto(Run) both = run_moescope("trace", "info", "a.npz", "--entropy", "--json", NULL);
    run_expect(&both, 0, "\"entropy_bits\": {\"picks\": 18000, \"id\": 2.", "");
}

static void
test_cat(void)
{
    g_auto(Run) text = run_moescope("trace", "cat", "a.npz", "-t", "1050-1051", "-r", "1", NULL);
    run_expect(&text, 0, "token 1050 id ", "");
    run_expect(&text, 0, " doc 10 pos 51 domain-0\n  router 1: ", "");
    g_assert_null(strstr(text.out, "token 1052"));
    g_assert_null(strstr(text.out, "router 0"));
    g_autofree char *whole = csv("a.npz");
    g_auto(GStrv) lines = g_strsplit(whole, "\n", -1);
    g_assert_cmpint(g_strv_length(lines), ==, 1 + 18000 + 1);
    for (char **line = lines; (*line)[0]; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, ",", -1);
        g_assert_cmpint(g_strv_length(cells), ==, 17);
    }
    g_auto(Run) bad = run_moescope("trace", "cat", "a.npz", "-r", "0,2", NULL);
    run_expect(&bad, 2, "", "found --routers 0,2, expected numbers or ranges of 0 … 1");
    g_auto(Run) range = run_moescope("trace", "cat", "a.npz", "-t", "9-3", NULL);
    run_expect(&range, 2, "", "found --tokens 9-3, expected FIRST-LAST");
    g_auto(Run) beyond = run_moescope("trace", "cat", "a.npz", "-t", "3000", NULL);
    run_expect(&beyond, 1, "", "a.npz: found --tokens 3000, expected some of its 3000 tokens");
    g_auto(Run) twice = run_moescope("trace", "cat", "a.npz", "-t", "0", "-t", "5", NULL);
    run_expect(&twice, 2, "", "found --tokens 2 times, expected it once");
}

/* A file that messages of the library name already is named once. */
static void
test_named_once(void)
{
    g_autofree char *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents("a.npz", &bytes, &length, NULL));
    bytes[length / 2] ^= 0x55;
    g_assert_true(g_file_set_contents("bent.npz", bytes, (gssize)length, NULL));
    g_auto(Run) metrics = run_moescope("metrics", "bent.npz", NULL);
    run_expect(&metrics, 1, "", "moescope: bent.npz: ");
    g_assert_null(strstr(metrics.err, "bent.npz: bent.npz: "));
}

static void
test_slice_merge(void)
{
    g_autofree char *whole = csv("a.npz");
    g_auto(Run) a = run_moescope("trace", "slice", "a.npz", "-o", "b.npz", "-t", "-1499", NULL);
    run_expect(&a, 0, "b.npz: 1500 of 3000 tokens\n", "");
    g_auto(Run) b = run_moescope("trace", "slice", "a.npz", "-o", "c.npz", "-t", "1500-", NULL);
    run_expect(&b, 0, "c.npz: 1500 of 3000 tokens\n", "");
    g_auto(Run) sum = run_moescope("trace", "merge", "b.npz", "c.npz", "-o", "d.npz", NULL);
    run_expect(&sum, 0, "d.npz: 3000 tokens of 2 traces\n", "");
    g_autofree char *joined = csv("d.npz");
    g_assert_cmpstr(joined, ==, whole);
    expect_sound("d.npz");

    g_auto(Run) twice = run_moescope("trace", "merge", "b.npz", "d.npz", "-o", "e.npz", NULL);
    run_expect(&twice, 1, "", "b.npz and d.npz both have documents between 0 and 14");
    g_assert_false(place_has("e.npz"));
    g_auto(Run) part = run_moescope("trace", "slice", "a.npz", "-o", "f.npz", "-r", "1", "-d",
                                    "domain-1", "--compression", "6", NULL);
    run_expect(&part, 0, "f.npz: 1500 of 3000 tokens\n", "");
    g_auto(Run) ranges =
        run_moescope("trace", "slice", "a.npz", "-o", "g.npz", "-t", "0-10", "-t", "20-30", NULL);
    run_expect(&ranges, 2, "", "found --tokens 2 times, expected it once");
    g_auto(Run) misfit = run_moescope("trace", "merge", "a.npz", "f.npz", "-o", "g.npz", NULL);
    run_expect(&misfit, 1, "", "f.npz can't be joined to a.npz: found 1 routers, expected 2");
    g_auto(Run) steps = run_moescope("trace", "slice", "a.npz", "-o", "g.npz", "-s", "3", NULL);
    run_expect(&steps, 1, "", "a.npz: its tokens have no steps to choose from");
    g_assert_false(place_has("g.npz"));
}

static void
test_sample(void)
{
    g_auto(Run) every = run_moescope("trace", "sample", "a.npz", "-o", "s.npz", "-n", "10", NULL);
    run_expect(&every, 0, "s.npz: 300 of 3000 tokens\n", "");
    g_auto(Run) share = run_moescope("trace", "sample", "a.npz", "-o", "t.npz", "--share", "0.5",
                                     "--seed", "3", NULL);
    run_expect(&share, 0, "00 of 3000 tokens\n", "");
    expect_sound("t.npz");
    g_auto(Run) none = run_moescope("trace", "sample", "a.npz", "-o", "t.npz", NULL);
    run_expect(&none, 2, "", "found none of --every and --share, expected one");
}

static void
test_recompress(void)
{
    g_autofree char *whole = csv("a.npz");
    g_auto(Run) run =
        run_moescope("trace", "recompress", "a.npz", "-o", "r.npz", "--chunk-tokens", "777", NULL);
    run_expect(&run, 0, "r.npz: 3000 of 3000 tokens\n", "");
    g_auto(Run) wide =
        run_moescope("trace", "recompress", "a.npz", "-o", "wide.npz", "--gates", "f8", NULL);
    run_expect(&wide, 0, "wide.npz: 3000 of 3000 tokens\n", "");
    g_auto(Run) sizes = run_moescope("trace", "info", "wide.npz", NULL);
    run_expect(&sizes, 0, "picks/gate              2         144256 ", "");
    g_auto(Run) wrong =
        run_moescope("trace", "recompress", "a.npz", "-o", "wide.npz", "--gates", "f16", NULL);
    run_expect(&wrong, 2, "", "found --gates f16, expected f2, f4 or f8");
    g_auto(Run) again = run_moescope("trace", "recompress", "r.npz", "--compression", "0", NULL);
    run_expect(&again, 0, "r.npz: 3000 of 3000 tokens\n", "");
    g_auto(Run) info = run_moescope("trace", "info", "r.npz", NULL);
    run_expect(&info, 0, "3000 in 1 chunks", "");
    g_autofree char *same = csv("r.npz");
    g_assert_cmpstr(same, ==, whole);
}

static void
test_repair(void)
{
    place_cut("a.npz", "cut.npz", 80000); /* in the third chunk */
    g_auto(Run) bad = run_moescope("trace", "verify", "a.npz", "cut.npz", NULL);
    run_expect(&bad, 1, "a.npz: sound, 3000 tokens in 3 chunks\n",
               "cut.npz: was cut off or isn't finished");
    g_auto(Run) mend = run_moescope("trace", "repair", "cut.npz", "-o", "mended.npz", NULL);
    run_expect(&mend, 0, "mended.npz: closed after 2 chunks with 2000 tokens; left out: ", "");
    expect_sound("mended.npz");
    g_auto(Run) place = run_moescope("trace", "repair", "cut.npz", NULL);
    run_expect(&place, 0, "cut.npz: closed after 2 chunks", "");
    expect_sound("cut.npz");
    g_auto(Run) again = run_moescope("trace", "repair", "cut.npz", NULL);
    run_expect(&again, 0, "cut.npz: nothing to repair, 2000 tokens in 2 chunks\n", "");
    g_auto(Run) none = run_moescope("trace", "repair", "tiny.ini", NULL);
    run_expect(&none, 1, "", "tiny.ini is not a trace");
}

/* A file that ends before its first whole chunk holds nothing: whoever reads it says so. */
static void
test_nothing_whole(void)
{
    place_cut("a.npz", "stub.npz", 20000);
    static const char *const commands[][6] = {
        {"check", "stub.npz"},
        {"info", "stub.npz"},
        {"metrics", "stub.npz"},
        {"summary", "stub.npz", "-o", "none.npz"},
        {"tokens", "stub.npz", "--layer", "0", "--expert", "1"},
        {"export", "stub.npz", "--as", "csv", "-o", "none.npz"},
        {"compare", "stub.npz", "a.npz"},
        {"trace", "info", "stub.npz"},
        {"trace", "cat", "stub.npz"},
        {"trace", "slice", "stub.npz", "-o", "none.npz"},
        {"trace", "merge", "stub.npz", "-o", "none.npz"},
        {"trace", "recompress", "stub.npz", "-o", "none.npz"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        const char *const *c = commands[i];
        g_auto(Run) run = run_moescope(c[0], c[1], c[2], c[3], c[4], c[5], NULL);
        run_expect(&run, 1, "", "stub.npz ends before its first whole chunk: it was cut off there");
        g_assert_false(place_has("none.npz"));
    }
    g_auto(Run) repair = run_moescope("trace", "repair", "stub.npz", NULL);
    run_expect(&repair, 1, "", "stub.npz has no chunk that is whole: there is nothing to keep");
}

/* One that has whole chunks is read up to the last, and told how it can be closed. */
static void
test_some_whole(void)
{
    place_cut("a.npz", "part.npz", 80000);
    g_auto(Run) info = run_moescope("trace", "info", "part.npz", NULL);
    run_expect(&info, 0, "moescope trace repair closes it", "");
    g_auto(Run) check = run_moescope("check", "part.npz", "--only", "readable", NULL);
    run_expect(&check, 0, "moescope trace repair keeps what is whole", "");
    g_auto(Run) cat = run_moescope("trace", "cat", "part.npz", "--tokens", "0", NULL);
    run_expect(&cat, 0, "token 0 ", "");
}

/* Renames a member in the file, wherever its name stands. */
static void
rename_member(const char *from, const char *to, const char *name, const char *other)
{
    g_autofree char *bytes = NULL;
    gsize length, n = strlen(name);
    g_assert_cmpuint(n, ==, strlen(other));
    g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
    for (gsize i = 0; i + n <= length; i++)
        if (memcmp(bytes + i, name, n) == 0)
            memcpy(bytes + i, other, n);
    g_assert_true(g_file_set_contents(to, bytes, (gssize)length, NULL));
}

/* Of three chunks, the second lost the member that closes it. */
static void
test_gap(void)
{
    rename_member("a.npz", "gap.npz", "chunks/00001.json", "stray_/00001.json");
    const char *said = "gap.npz: 17 members belong to no chunk that was closed: there is no "
                       "chunks/00001.json, so that its chunk and all behind it aren't read";
    g_auto(Run) info = run_moescope("trace", "info", "gap.npz", NULL);
    run_expect(&info, 0, "gap.npz", said);
    g_auto(Run) check = run_moescope("check", "gap.npz", NULL);
    run_expect(&check, 1, "1 error (readable", said);
    g_auto(Run) again = run_moescope("trace", "recompress", "gap.npz", NULL);
    run_expect(&again, 1, "", "; repair it first");
    g_auto(Run) repair = run_moescope("trace", "repair", "gap.npz", NULL);
    run_expect(&repair, 0, "closed after 2 chunks with 2000 tokens; ", "");
    run_expect(&repair, 0, ", 1 damaged chunk (1 without the member that closes it); the chunks ",
               "");
    expect_sound("gap.npz");
    g_auto(Run) after = run_moescope("check", "gap.npz", NULL);
    run_expect(&after, 0, "it was closed by moescope trace repair, which left out 1 damaged", "");
}

/* A copy of a trace that was cut off doesn't pass for a whole one. */
static void
test_copy_of_cut(void)
{
    g_autofree char *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents("a.npz", &bytes, &length, NULL));
    g_assert_true(g_file_set_contents("part.npz", bytes, (gssize)(length * 3 / 4), NULL));
    g_auto(Run) again = run_moescope("trace", "recompress", "part.npz", NULL);
    run_expect(&again, 0, "part.npz: 2000 of 2000 tokens\n",
               "part.npz isn't finished or was cut off: its 2 whole chunks are taken");
    g_auto(Run) check = run_moescope("check", "part.npz", NULL);
    run_expect(&check, 0,
               "it was made (recompress) of part.npz, which wasn't finished or had been "
               "cut off",
               "");
}

static void
test_synth(void)
{
    g_auto(Run) one = run_moescope("trace", "synth", "-o", "x.npz", "-t", "5000", "--seed", "5",
                                   "--threads", "1", NULL);
    run_expect(&one, 0, "x.npz: 5000 tokens", "");
    g_auto(Run) two = run_moescope("trace", "synth", "-o", "y.npz", "-t", "5000", "--seed", "5",
                                   "--threads", "2", NULL);
    run_expect(&two, 0, "y.npz: 5000 tokens", "");
    place_expect_same("x.npz", "y.npz");
    g_auto(Run) bad = run_moescope("trace", "synth", "-o", "z.npz", "-k", "65", NULL);
    run_expect(&bad, 1, "", "a made-up trace needs k: 1 … the number of experts");
    g_assert_false(place_has("z.npz"));
    g_auto(Run) name = run_moescope("trace", "synth", NULL);
    run_expect(&name, 2, "", "found no --out");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    make_trace();
    g_test_add_func("/cli/trace/help", test_help);
    g_test_add_func("/cli/trace/info", test_info);
    g_test_add_func("/cli/trace/follow", test_follow);
    g_test_add_func("/cli/trace/cat", test_cat);
    g_test_add_func("/cli/trace/named-once", test_named_once);
    g_test_add_func("/cli/trace/slice-merge", test_slice_merge);
    g_test_add_func("/cli/trace/sample", test_sample);
    g_test_add_func("/cli/trace/recompress", test_recompress);
    g_test_add_func("/cli/trace/repair", test_repair);
    g_test_add_func("/cli/trace/nothing-whole", test_nothing_whole);
    g_test_add_func("/cli/trace/some-whole", test_some_whole);
    g_test_add_func("/cli/trace/gap", test_gap);
    g_test_add_func("/cli/trace/copy-of-cut", test_copy_of_cut);
    g_test_add_func("/cli/trace/synth", test_synth);
    int status = g_test_run();
    place_leave();
    return status;
}

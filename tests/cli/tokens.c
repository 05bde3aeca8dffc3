/* SPDX-License-Identifier: MIT
 *
 * moescope tokens: an expert's tokens and a search, of a small recording; and what is refused.
 */
#include "place.h"
#include "run.h"

#include <string.h>

static void
prepare(void)
{
    g_auto(Run) run = run_moescope("train", "tiny.ini", "-o", "run", "-s", "train.steps=2", NULL);
    g_auto(Run) trace = run_moescope("record", "run", "--out", "a.npz", NULL);
    run_expect(&run, 0, "run: 2 steps", "");
    run_expect(&trace, 0, "a.npz: ", "");
}

static int
lines(const char *text)
{
    int n = 0;
    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

static void
test_contexts(void)
{
    g_auto(Run) gates =
        run_moescope("tokens", "a.npz", "--layer=1", "--expert=2", "-n", "3", "-c", "4", NULL);
    run_expect(&gates, 0, "a.npz, layer 1, expert 2: 3 of ", "");
    run_expect(&gates, 0, " units that pick it, by gate\n    gate      token ", "");
    g_assert_cmpint(lines(gates.out), ==, 5);
    g_auto(Run) csv = run_moescope("tokens", "a.npz", "--layer=1", "--expert=2", "--by=lift",
                                   "--each=1", "--where=domain=ants", "--csv", "-n", "2", NULL);
    run_expect(&csv, 0, "token,id,doc,pos,domain,step,head,slot,gate,lift,before,text,after\n", "");
    run_expect(&csv, 0, ",ants,", "");
    g_assert_cmpint(lines(csv.out), ==, 3);
    g_auto(Run) json =
        run_moescope("tokens", "a.npz", "--layer=1", "--expert=2", "--json", "-n", "1", NULL);
    run_expect(&json, 0, "{\"trace\": \"a.npz\", \"layer\": 1, \"expert\": 2, \"by\": \"gate\", ",
               "");
}

/* A model of bytes: the text is found though no token has it. */
static void
test_search(void)
{
    g_auto(Run) text = run_moescope("tokens", "a.npz", "--find", "ANTS", "-n", "2", NULL);
    run_expect(&text, 0,
               "a.npz: the first 2 tokens in which \xe2\x80\x9c"
               "ANTS\xe2\x80\x9d begins\n",
               "");
    run_expect(&text, 0, " [a] nts", "");
    g_auto(Run) none = run_moescope("tokens", "a.npz", "--find", "zebra", NULL);
    run_expect(&none, 0, "a.npz: the first 0 tokens in which", "");
    g_auto(Run) id = run_moescope("tokens", "a.npz", "--id=97", "--csv", "-n", "1", NULL);
    run_expect(&id, 0, ",97,", "");
    g_auto(Run) chosen =
        run_moescope("tokens", "a.npz", "--id=97", "--where=domain=ants", "--csv", "-n", "5", NULL);
    run_expect(&chosen, 0, ",ants,", "");
    g_assert_cmpint(lines(chosen.out), ==, 6);
    g_auto(Run) first = run_moescope("tokens", "a.npz", "--find=ants", "--where=pos=1-3", NULL);
    run_expect(&first, 0, "a.npz: the first 0 tokens in which", "");
    g_auto(Run) step = run_moescope("tokens", "a.npz", "--id=97", "--steps=77", NULL);
    run_expect(&step, 1, "", "a.npz: ");
}

static void
test_refused(void)
{
    static const struct {
        const char *argument[5];
        int status;
        const char *part;
    } cases[] = {
        {{"a.npz"}, 2, "found neither --expert nor --find nor --id"},
        {{"a.npz", "--expert=1"},
         1,
         "a.npz: found no --layer, expected one of the MoE layers 0, 1"},
        {{"a.npz", "--expert=1", "--layer=7"}, 1, "found --layer 7, expected one of "},
        {{"a.npz", "--expert=44", "--layer=1"}, 1, "a.npz: found expert 44, expected 0 … 3"},
        {{"a.npz", "--expert=1", "--layer=1", "--by=size"}, 2, "found --by size, expected gate or"},
        {{"a.npz", "--find=a", "--where=domain=cats"}, 1, "cats"},
        {{"a.npz", "--find=a", "--steps=x"}, 1, "found --steps x, expected last"},
        {{"a.npz", "--find=a", "--by=gate"}, 2, "expected them with --expert alone"},
        {{"a.npz", "--expert=1", "--slot=0"}, 2, "found --slot without --find or --id"},
        {{"a.npz", "--expert=1", "--layer=1", "--top=0"}, 2, "found --top 0, expected 1 … 1000"},
        {{"a.npz", "--expert=1", "--layer=1", "--where=domain=cats"}, 1, "cats"},
        {{"a.npz", "--expert=1", "--layer=1", "--steps=x"}, 1, "found --steps x, expected last"},
        {{"a.npz", "--find=a", "--json", "--csv"}, 2, "found --json with --csv"},
        {{"nowhere.npz", "--find=a"}, 1, "nowhere.npz: cannot read"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const *a = cases[i].argument;
        g_auto(Run) run = run_moescope("tokens", a[0], a[1], a[2], a[3], NULL);
        run_expect(&run, cases[i].status, "", cases[i].part);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    prepare();
    g_test_add_func("/cli/tokens/contexts", test_contexts);
    g_test_add_func("/cli/tokens/search", test_search);
    g_test_add_func("/cli/tokens/refused", test_refused);
    int status = g_test_run();
    place_leave();
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * The manual page and the completions that moescope makes of its tables, judged by those who'd read
 * them: mandoc, groff, bash, zsh.
 */
#include "place.h"
#include "run.h"
#include "tool.h"

#include <string.h>

static void
write_page(const char *kind, const char *file)
{
    g_auto(Run) run = run_moescope("--describe", kind, NULL);
    run_expect(&run, 0, "moescope", "");
    g_assert_true(g_file_set_contents(file, run.out, -1, NULL));
}

static void
test_manual(void)
{
    static const char *const parts[] = {".SH NAME\n",
                                        ".SS \"moescope trace cat\"\n",
                                        "\\fB\\-\\-max\\-tokens\\fR=\\fIN\\fR\n",
                                        ".SH \"EXIT STATUS\"",
                                        "\nmoescope plot load first.npz",
                                        ".SH FIGURES\n",
                                        ".TP\n\\fBMOESCOPE_PLUGIN_PATH\\fR\n"};
    g_auto(Run) run = run_moescope("--describe", "man", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!strstr(run.out, parts[i]))
            g_error("the manual page lacks %s", parts[i]);
    for (const char *c = run.out; *c; c++)
        g_assert_cmpint((guchar)*c, <, 128); /* roff has names for other letters */
    g_auto(Run) wrong = run_moescope("--describe", "fish", NULL);
    run_expect(&wrong, 2, "", "found --describe fish, expected man, bash or zsh");
}

static void
test_mandoc(void)
{
    if (!tool_there("mandoc"))
        return;
    g_auto(Run) run = tool_run("mandoc", "-T", "lint", "-W", "error", "moescope.1", NULL);
    run_expect(&run, 0, "", "");
}

static void
test_groff(void)
{
    if (!tool_there("groff"))
        return;
    g_auto(Run) run = tool_run("groff", "-man", "-Tutf8", "-ww", "-z", "moescope.1", NULL);
    run_expect(&run, 0, "", "");
}

/* What bash would offer behind words, the last of which is unfinished. */
static const char bash_script[] = "source ./moescope.bash || exit 1\n"
                                  "offer() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                                  "_moescope; echo \"$*: ${COMPREPLY[*]}\"; }\n"
                                  "offer moescope pl\n"
                                  "offer moescope trace c\n"
                                  "offer moescope plot load-d\n"
                                  "offer moescope plot load x --theme = dar\n"
                                  "offer moescope plot load x --theme dar\n"
                                  "offer moescope trace cat --fo\n"
                                  "offer moescope train smoe-d\n"
                                  "offer moescope record run --split v\n"
                                  "offer moescope plot load x --out f\n"
                                  "offer moescope plot load x\n"
                                  "offer moescope nothing x\n"
                                  "complete -p moescope\n";
static const char bash_offers[] = "moescope pl: plot plugins\n"
                                  "moescope trace c: cat\n"
                                  "moescope plot load-d: load-difference\n"
                                  "moescope plot load x --theme = dar: dark\n"
                                  "moescope plot load x --theme dar: dark\n"
                                  "moescope trace cat --fo: --follow\n"
                                  "moescope train smoe-d: smoe-dropout\n"
                                  "moescope record run --split v: validation\n"
                                  "moescope plot load x --out f: \n"
                                  "moescope plot load x: \n"
                                  "moescope nothing x: \n"
                                  "complete -o default -F _moescope moescope\n";

static void
test_bash(void)
{
    g_auto(Run) run = tool_run("bash", "--norc", "-u", "-c", bash_script, NULL);
    run_expect(&run, 0, NULL, "");
    g_assert_cmpstr(run.out, ==, bash_offers);
}

/* Its own functions only say what they are asked for. */
static const char zsh_script[] = "_arguments() { print -r -- \"arguments: $@\" }\n"
                                 "_describe() { print -r -- \"commands: ${commands[@]}\" }\n"
                                 "words=(moescope ''); CURRENT=2\n"
                                 "source ./_moescope\n"
                                 "words=(moescope trace c); CURRENT=3; _moescope\n"
                                 "words=(moescope trace cat --); CURRENT=4; _moescope\n";

static void
test_zsh(void)
{
    if (!tool_there("zsh"))
        return;
    g_auto(Run) syntax = tool_run("zsh", "-n", "./_moescope", NULL);
    run_expect(&syntax, 0, "", "");
    g_auto(Run) run = tool_run("zsh", "-f", "-c", zsh_script, NULL);
    run_expect(&run, 0, "commands: demo:train two small models", "");
    run_expect(&run, 0, "commands: info:members, sizes", "");
    run_expect(&run, 0, "--tokens=[tokens in file order, from 0]:FIRST-LAST:", "");
    run_expect(&run, 0, "-f[wait for what is still being recorded]", "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    write_page("man", "moescope.1");
    write_page("bash", "moescope.bash");
    write_page("zsh", "_moescope");
    g_test_add_func("/pages/manual", test_manual);
    g_test_add_func("/pages/mandoc", test_mandoc);
    g_test_add_func("/pages/groff", test_groff);
    g_test_add_func("/pages/bash", test_bash);
    g_test_add_func("/pages/zsh", test_zsh);
    int status = g_test_run();
    place_leave();
    return status;
}

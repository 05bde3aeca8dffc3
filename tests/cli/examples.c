/* SPDX-License-Identifier: MIT
 *
 * Every command's --help has an example, and all of them work as written, in a folder that has what
 * they speak of.
 */
#include "place.h"
#include "run.h"

#include <glib/gstdio.h>
#include <string.h>

/* Runs a line as a shell would; nothing in it but words and quotes. */
static Run
run_line(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = NULL;
    Run run = {0};
    int wait = 0;
    g_shell_parse_argv(line, NULL, &words, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(words[0], ==, "moescope");
    g_free(words[0]);
    words[0] = g_strdup(g_getenv("MOESCOPE_PROGRAM"));
    g_spawn_sync(NULL, words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &run.out, &run.err, &wait, &error);
    g_assert_no_error(error);
    run.status = g_spawn_check_wait_status(wait, NULL) ? 0 : wait >> 8;
    return run;
}

static void
must(const char *line)
{
    g_auto(Run) run = run_line(line);
    if (run.status != 0)
        g_error("%s: exit status %d: %s", line, run.status, run.err);
}

static void
write_log(void)
{
    g_autoptr(GString) log =
        g_string_new("{\"type\": \"meta\", \"model_id\": \"m\", \"top_k\": 2}\n");
    for (int token = 0; token < 8; token++)
        for (int layer = 0; layer < 2; layer++)
            g_string_append_printf(log,
                                   "{\"type\": \"route\", \"req_id\": \"r\", \"token_idx\": %d, "
                                   "\"layer\": %d, \"topk_ids\": [%d, %d], "
                                   "\"topk_weights\": [0.75, 0.25]}\n",
                                   token, layer, 5 + token, 40 + token);
    g_assert_true(g_file_set_contents("log.jsonl", log->str, (gssize)log->len, NULL));
}

static void
write_text(const char *file, const char *line)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; text->len < 40000; i++)
        g_string_append_printf(text, "%s, %d\n%s", line, i, i % 20 == 19 ? "\n" : "");
    g_assert_true(g_file_set_contents(file, text->str, (gssize)text->len, NULL));
}

static void
prepare(void)
{
    must("moescope train smoe-tiny --set train.steps=20 --set train.snapshots=10 --out runs/first");
    must("moescope train smoe-tiny --set train.steps=30 --out runs/second");
    must("moescope record runs/first --max-tokens 4000 --out first.npz");
    must("moescope record runs/second --max-tokens 4000 --out second.npz");
    must("moescope summary first.npz --out a.sum.npz --tokens");
    must("moescope summary second.npz --out b.sum.npz --tokens");
    g_assert_cmpint(g_mkdir("my-texts", 0700), ==, 0);
    write_text("my-texts/tales.txt", "the king had a daughter who slept for years");
    write_text("my-texts/code.txt", "for (int i = 0; i < n; i++) sum += x[i];");
    g_assert_cmpint(g_rename("tiny.ini", "my.ini"), ==, 0);
    place_cut("first.npz", "cut.npz", 60000);
    write_log();
}

/* The names in a list of commands. (transfer full) */
static GPtrArray *
commands_of(const char *program)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *line = g_strdup_printf("%s --help", program);
    g_auto(Run) run = run_line(line);
    const char *start = strstr(run.out, "\nCommands:\n");
    if (!start)
        return names;
    g_auto(GStrv) lines = g_strsplit(start + strlen("\nCommands:\n"), "\n", -1);
    for (char **each = lines; g_str_has_prefix(*each, "  "); each++)
        g_ptr_array_add(names, g_strndup(*each + 2, strcspn(*each + 2, " ")));
    return names;
}

/* Runs the examples of a command, or of all commands of a table. Returns how many. */
static int
try_command(const char *program)
{
    g_autoptr(GPtrArray) commands = commands_of(program);
    int n = 0;
    for (guint i = 0; i < commands->len; i++) {
        g_autofree char *command = g_strdup_printf("%s %s", program, (char *)commands->pdata[i]);
        n += try_command(command);
    }
    if (commands->len > 0)
        return n;
    g_autofree char *line = g_strdup_printf("%s --help", program);
    g_auto(Run) help = run_line(line);
    const char *examples = strstr(help.out, "\nExamples:\n");
    if (!examples)
        g_error("%s has no examples", line);
    g_auto(GStrv) lines = g_strsplit(examples + strlen("\nExamples:\n"), "\n", -1);
    for (char **each = lines; g_str_has_prefix(*each, "  "); each++, n++) {
        g_assert_true(g_str_has_prefix(*each + 2, program));
        if (!g_str_has_prefix(*each + 2, "moescope gui ")) /* opens a window, and stays */
            must(*each + 2);
    }
    g_assert_cmpint(n, >, 0);
    return n;
}

static void
test_all(void)
{
    g_assert_cmpint(try_command("moescope"), >=, 39);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    prepare();
    g_test_add_func("/examples/all", test_all);
    int status = g_test_run();
    place_leave();
    return status;
}

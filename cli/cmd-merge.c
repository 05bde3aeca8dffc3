/* SPDX-License-Identifier: MIT
 *
 * moescope merge: summaries of parts, added to that of the whole.
 */
#include "cmd.h"
#include "summaries.h"
#include "util.h"

/* The first path that stands there twice; it would count twice. NULL: none does. */
static const char *
find_twice(int n, char **paths)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < n; i++)
        if (!g_hash_table_add(seen, g_canonicalize_filename(paths[i], NULL)))
            return paths[i];
    return NULL;
}

static int
merge(const char *out, int n, char **paths)
{
    g_autoptr(GError) error = NULL;
    g_auto(CmdSum) sum = cmd_sum();
    for (int i = 0; i < n; i++) {
        g_auto(CmdSource) source = {0};
        if (g_file_test(paths[i], G_FILE_TEST_EXISTS) && !moe_summary_is(paths[i])) {
            cmd_say("%s: found no summary (moescope summary makes one of a trace)", paths[i]);
            return CMD_FAILED;
        }
        if (!cmd_source_open(&source, paths[i], &(CmdSourceOptions){0}, &error) ||
            !cmd_sum_add(&sum, &source, &error))
            return cmd_source_fail(error);
    }
    return cmd_sum_write(&sum, out);
}

int
cmd_merge(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "SUMMARY…",
        .about =
            "Adds summaries of parts: of shards, of domains, of ranks. The sum has the same "
            "counts as the summary of the whole. Their routers have to agree; domains are "
            "matched by name; what only some of them hold is left out, and said. Of tokens only "
            "the tables add up that moescope summary --tokens keeps.",
        .examples = "moescope merge a.sum.npz b.sum.npz --out whole.sum.npz\n",
        .least = 1,
        .most = -1,
    };
    g_autofree char *out = NULL;
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the sum (a .npz file)", "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (!out)
        return cmd_usage("found no --out, expected the name of the summary to write");
    if (!g_str_has_suffix(out, ".npz"))
        return cmd_usage("found --out %s, expected a name that ends with .npz", out);
    const char *twice = find_twice(argc - 1, argv + 1);
    if (twice)
        return cmd_usage("found %s twice, expected each part once", twice);
    return merge(out, argc - 1, argv + 1);
}

/* SPDX-License-Identifier: MIT
 *
 * Samples are where the moescope program finds them.
 */
#include "scope-samples.h"

#include "scope-program.h"

static char *
if_there(char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return path;
    g_free(path);
    return NULL;
}

char *
scope_samples_recipe(const char *name)
{
    static const char *const beside[] = {"../share/moescope", "../../samples", "../../../samples"};
    const char *given = g_getenv("MOESCOPE_SAMPLES");
    g_autofree char *file = g_strconcat(name, ".ini", NULL);
    g_autofree char *program = scope_program_find(NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;
    if (given)
        return if_there(g_build_filename(given, "recipes", file, NULL));
    for (gsize i = 0; folder && i < G_N_ELEMENTS(beside); i++) {
        char *path = if_there(g_build_filename(folder, beside[i], "recipes", file, NULL));
        if (path)
            return path;
    }
    return NULL;
}

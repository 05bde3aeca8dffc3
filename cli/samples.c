/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include <glib.h>

char *
cmd_sample(const char *name)
{
    /* The build folder may be anywhere below the source tree: build/cli/moescope, b/gcc/cli/…. */
    static const char *const beside[] = {"../share/moescope", "../../samples", "../../../samples"};
    const char *given = g_getenv("MOESCOPE_SAMPLES");
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;
    if (given)
        return g_build_filename(given, name, NULL);
    for (size_t i = 0; folder && i < G_N_ELEMENTS(beside); i++) {
        g_autofree char *path = g_build_filename(folder, beside[i], name, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_canonicalize_filename(path, NULL);
    }
    return NULL;
}

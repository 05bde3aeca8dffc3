/* SPDX-License-Identifier: MIT
 *
 * Files of other tools on their way into a trace, by whichever importer takes them for its own and
 * by those that read arrays.
 */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <moescope/import.h>
#include <unistd.h>

static const char *
target(void)
{
    static char *path;
    if (!path)
        path = g_strdup_printf("%s/moescope-fuzz-%ld.npz", g_get_tmp_dir(), (long)getpid());
    return path;
}

static void
import_by(const char *source, const char *importer, int experts, const char *axes)
{
    const MoeImportOptions options = {
        .importer = importer,
        .experts = experts,
        .k = experts ? 0 : 2,
        .score = "softmax",
        .select = "top-k",
        .gates = MOE_IMPORT_GATES_SUM_TO_ONE,
        .logits = experts == 0,
        .axes = axes,
    };
    g_autoptr(GError) error = NULL;
    MoeImportReport report = {0};
    bool done = moe_import(&source, 1, target(), &options, NULL, &report, &error);
    g_assert_true(done == (error == NULL));
    g_assert_true(done == g_file_test(target(), G_FILE_TEST_EXISTS));
    g_free(report.notes);
    g_remove(target());
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = fuzz_file(data, size, path);
    import_by(path, NULL, 8, NULL);
    import_by(path, "router-logits", 0, NULL);
    import_by(path, "router-logits", 0, "LTE");
    import_by(path, "id-arrays", 8, NULL);
    import_by(path, "sglang", 0, NULL);
    close(fd);
    return 0;
}

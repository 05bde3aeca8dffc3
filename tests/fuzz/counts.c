/* SPDX-License-Identifier: MIT
 *
 * Importers of counts: by content, or, where that tells nothing, one by the size of the input.
 */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <moescope/import.h>
#include <unistd.h>

static const char *const importers[] = {
    "counts-csv",     "counts-jsonl",  "olmoe-counts",    "ddmoe",
    "gpt-oss-counts", "imatrix",       "megatron-counts", "moe-infinity",
    "sglang-counts",  "sglang-passes", "trtllm",
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int layers[] = {0, 7, 15};
    char path[32];
    int fd = fuzz_file(data, size, path);
    g_autofree char *out =
        g_strdup_printf("%s/moescope-fuzz-%ld.npz", g_get_tmp_dir(), (long)getpid());
    g_autoptr(GError) error = NULL;
    moe_init();
    const MoeImporter *known = moe_importer_detect(path, NULL);
    const MoeImportOptions options = {
        .importer = known ? known->name : importers[size % G_N_ELEMENTS(importers)],
        .experts = 4,
        .k = 2,
        .model = "one",
        .layers = size % 2 ? layers : NULL,
        .n_layers = size % 2 ? 3 : 0,
    };
    const char *const source = path;
    MoeImportReport report = {0};
    bool good = moe_import(&source, 1, out, &options, NULL, &report, &error);
    g_assert_true(good == !error);
    g_assert_true(good == g_file_test(out, G_FILE_TEST_EXISTS));
    if (good && report.summary) {
        g_autoptr(MoeSummary) summary G_GNUC_UNUSED = moe_summary_open(out, &error);
        g_assert_no_error(error);
    }
    g_free(report.notes);
    g_remove(out);
    close(fd);
    return 0;
}

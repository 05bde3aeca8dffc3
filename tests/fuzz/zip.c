/* SPDX-License-Identifier: MIT
 *
 * Archives, by their directory and by walking, and the arrays in them.
 */
#include "fuzz.h"

#include "import/numpy.h"
#include "trace/zip.h"

#include <unistd.h>

static void
read_members(const char *path, uint64_t limit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, limit, &error);
    g_assert_true((zip == NULL) == (error != NULL));
    for (guint i = 0; zip && i < zip->entries->len; i++) {
        g_autoptr(GError) reason = NULL;
        g_autofree uint8_t *bytes =
            moe__zip_reader_read(zip, &g_array_index(zip->entries, MoeZipEntry, i), &reason);
        g_assert_true((bytes == NULL) == (reason != NULL));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = fuzz_file(data, size, path);
    read_members(path, UINT64_MAX);
    read_members(path, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeNumpy) numpy = moe__numpy_open(path, &error);
    g_assert_true((numpy == NULL) == (error != NULL));
    for (int i = 0; numpy && i < moe__numpy_count(numpy); i++) {
        g_autoptr(GError) reason = NULL;
        g_auto(MoeValues) values = {0};
        g_assert_true(moe__numpy_values(numpy, i, &values, &reason) == !reason);
    }
    close(fd);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * GGUF files.
 */
#include "fuzz.h"

#include "import/gguf.h"

#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = fuzz_file(data, size, path);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeGguf) gguf = moe__gguf_open(path, &error);
    g_assert_true((gguf == NULL) == (error != NULL));
    for (int i = 0; gguf && i < moe__gguf_count(gguf); i++) {
        g_autoptr(GError) reason = NULL;
        g_auto(MoeValues) values = {0};
        g_assert_cmpint(moe__gguf_find(gguf, moe__gguf_name(gguf, i)), ==, i);
        g_assert_true(moe__gguf_values(gguf, i, &values, &reason) == !reason);
    }
    close(fd);
    return 0;
}

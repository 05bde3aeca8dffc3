/* SPDX-License-Identifier: MIT
 *
 * safetensors files: the header, and the arrays where it says they are.
 */
#include "fuzz.h"

#include <moescope/safetensors.h>

#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = fuzz_file(data, size, path);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
    g_assert_true((file == NULL) == (error != NULL));
    for (int i = 0; file && i < moe_safetensors_count(file); i++) {
        const MoeStored *stored = moe_safetensors_get(file, i);
        g_autoptr(GError) reason = NULL;
        g_autofree float *values = g_new(float, stored->count + 1);
        g_assert_true(moe_stored_read_floats(stored, values, &reason) == !reason);
        g_assert_true(moe_safetensors_find(file, stored->name) == stored);
    }
    close(fd);
    return 0;
}

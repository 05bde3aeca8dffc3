/* SPDX-License-Identifier: MIT
 *
 * Pickles and legacy torch streams.
 */
#include "fuzz.h"

#include "../unit/python-tree.h"
#include "import/pt.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(MoePyDoc) doc = moe__pt_read(bytes, "input", &error);
    g_assert_true((doc == NULL) == (error != NULL));
    if (doc)
        read_all_arrays(doc, moe__py_root(doc));
    return 0;
}

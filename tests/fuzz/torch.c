/* SPDX-License-Identifier: MIT
 *
 * Archives of torch.save().
 */
#include "fuzz.h"

#include "../unit/python-tree.h"
#include "import/pt.h"

#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = fuzz_file(data, size, path);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoePyDoc) doc = moe__pt_open(path, &error);
    g_assert_true((doc == NULL) == (error != NULL));
    if (doc)
        read_all_arrays(doc, moe__py_root(doc));
    close(fd);
    return 0;
}

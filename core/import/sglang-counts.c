/* SPDX-License-Identifier: MIT
 *
 * What SGLang's expert distribution recorder dumps in mode stat: a dict with logical_count,
 * int32 [steps, layers, logical experts], summed over ranks. Steps are a ring of the last forward
 * passes in no particular order, and those that weren't used are zeros; layers without experts are
 * zeros too, and left out.
 */
#include "import/count-arrays.h"
#include "import/importers.h"

#include <string.h>

static bool
read_dump(MoeCountArrays *arrays, int file, const char *path, GError **error)
{
    g_autofree char *name = g_filename_display_basename(path);
    g_auto(MoeValues) values = {0};
    g_autoptr(MoePyDoc) doc = moe__count_open(path, error);
    if (!doc)
        return false;
    const MoePy *counts = moe__py_get(moe__py_root(doc), "logical_count");
    if (!counts) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found no logical_count, expected a dump of mode stat", name);
        return false;
    }
    return moe__py_values(doc, counts, &values, error) &&
           moe__count_arrays_take(arrays, file, name, &values, error);
}

static bool
read_sglang(MoeImport *import, GError **error)
{
    return moe__count_arrays_read(import, read_dump, error);
}

/* A torch archive begins with its pickle, which isn't packed. */
static int
score_sglang(const MoeImportHead *head)
{
    static const char key[] = "logical_count";
    bool torch = head->length > 4 &&
                 (memcmp(head->text, "PK\003\004", 4) == 0 || (uint8_t)head->text[0] == 0x80);
    return torch && memmem(head->text, head->length, key, strlen(key)) ? 90 : 0;
}

const MoeImporter moe__import_sglang_counts = {
    .struct_size = sizeof(MoeImporter),
    .name = "sglang-counts",
    .help = ".pt of SGLang's expert distribution recorder, mode stat: logical_count",
    .cite = "github.com/sgl-project/sglang, expert_distribution.py",
    .score = score_sglang,
    .read = read_sglang,
};

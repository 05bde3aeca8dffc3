/* SPDX-License-Identifier: MIT
 *
 * import-npz.h: archives of arrays for the tests of importers, as numpy.savez() writes them.
 */
#ifndef MOESCOPE_TESTS_IMPORT_NPZ_H
#define MOESCOPE_TESTS_IMPORT_NPZ_H

#include "import-file.h"

#include "trace/zip.h"

#include <string.h>

typedef struct ImportArray {
    const char *name, *type, *shape; /* "tokens", "<i4", "(2, 3)" */
    const void *data;
    gsize size;
} ImportArray;

static inline GString *
import_npy_bytes(const ImportArray *array)
{
    GString *text = g_string_new("\x93NUMPY\x01");
    g_string_append_c(text, 0);
    g_string_append_len(text, "\x76", 2); /* 118 and 0: the header's length */
    g_string_append_printf(text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                           array->type, array->shape);
    while (text->len < 127)
        g_string_append_c(text, ' ');
    g_string_append_c(text, '\n');
    return g_string_append_len(text, array->data, (gssize)array->size);
}

/* (transfer full) */
static inline char *
import_npz(const char *name, const ImportArray *arrays, int n)
{
    g_autoptr(GError) error = NULL;
    char *path = import_file(name, "", 0);
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
    g_assert_no_error(error);
    for (int i = 0; i < n; i++) {
        GString *text = import_npy_bytes(&arrays[i]);
        gsize size = text->len;
        MoeZipPacked packed;
        g_autofree char *member = g_strconcat(arrays[i].name, ".npy", NULL);
        g_assert_true(moe__zip_pack((uint8_t *)g_string_free(text, FALSE), size, 0, &packed));
        g_assert_true(moe__zip_writer_add(writer, member, &packed, &error));
        moe__zip_packed_clear(&packed);
    }
    g_assert_true(moe__zip_writer_finish(writer, &error));
    return path;
}

#endif

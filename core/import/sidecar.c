/* SPDX-License-Identifier: MIT */
#include "import/sidecar.h"

#include "trace/half.h"

MoeSidecar *
moe__sidecar_open(const char *path, int64_t rank, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_strdup_printf("logits_rank%" G_GINT64_FORMAT ".bin", rank);
    g_autofree char *beside = g_build_filename(folder, name, NULL);
    if (!g_file_test(beside, G_FILE_TEST_EXISTS))
        return NULL;
    GMappedFile *map = g_mapped_file_new(beside, FALSE, error);
    if (!map)
        return NULL;
    MoeSidecar *sidecar = g_new0(MoeSidecar, 1);
    sidecar->path = g_filename_display_name(beside);
    sidecar->map = map;
    return sidecar;
}

void
moe__sidecar_free(MoeSidecar *sidecar)
{
    if (!sidecar)
        return;
    g_mapped_file_unref(sidecar->map);
    g_free(sidecar->path);
    g_free(sidecar);
}

uint64_t
moe__sidecar_length(const MoeSidecar *sidecar)
{
    return g_mapped_file_get_length(sidecar->map);
}

void
moe__sidecar_row(const MoeSidecar *sidecar, int64_t offset, int64_t token, int experts, float *out)
{
    const char *row =
        g_mapped_file_get_contents(sidecar->map) + offset + token * experts * (int64_t)2;
    for (int e = 0; e < experts; e++) {
        uint16_t bits;
        memcpy(&bits, row + 2 * e, sizeof bits);
        out[e] = float_from_bits((uint32_t)bits << 16);
    }
}

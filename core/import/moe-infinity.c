/* SPDX-License-Identifier: MIT
 *
 * MoE-Infinity's collection of expert traces: .npy of float32 [capacity, MoE layers, experts], the
 * picks of a sequence in each entry. Entries that weren't used are zeros.
 */
#include "import/count-arrays.h"
#include "import/importers.h"
#include "import/numpy.h"

#include <math.h>
#include <string.h>

static bool
read_collection(MoeCountArrays *arrays, int file, const char *path, GError **error)
{
    g_autofree char *name = g_filename_display_basename(path);
    g_auto(MoeValues) values = {0};
    g_autoptr(MoeNumpy) numpy = moe__numpy_open(path, error);
    if (!numpy)
        return false;
    if (moe__numpy_count(numpy) != 1) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: found %d arrays, expected one", name,
                    moe__numpy_count(numpy));
        return false;
    }
    return moe__numpy_values(numpy, 0, &values, error) &&
           moe__count_arrays_take(arrays, file, name, &values, error);
}

static bool
read_infinity(MoeImport *import, GError **error)
{
    return moe__count_arrays_read(import, read_collection, error);
}

/* Whether the float32 values that stand in the head are counts: whole, and not all zero. */
static bool
are_counts(const char *at, const char *end)
{
    bool some = false;
    for (; end - at >= (ptrdiff_t)sizeof(float); at += sizeof(float)) {
        float value;
        memcpy(&value, at, sizeof value);
        if (!(value >= 0) || value != floorf(value) || value > 0x1p24f)
            return false;
        some = some || value > 0;
    }
    return some;
}

/* Any other array of three axes has fractions. */
static int
score_infinity(const MoeImportHead *head)
{
    if (head->length < 64 || memcmp(head->text, "\x93NUMPY\x01", 7) != 0)
        return 0;
    size_t length = 10 + (uint8_t)head->text[8] + 256 * (size_t)(uint8_t)head->text[9];
    if (length > head->length)
        return 0;
    g_autofree char *header = g_strndup(head->text + 10, length - 10);
    const char *shape = strstr(header, "'shape': (");
    int commas = 0;
    for (const char *at = shape; at && *at && *at != ')'; at++)
        commas += *at == ',';
    bool fits = commas == 2 && strstr(header, "'<f4'") && strstr(header, "False");
    return fits && are_counts(head->text + length, head->text + head->length) ? 60 : 0;
}

const MoeImporter moe__import_moe_infinity = {
    .struct_size = sizeof(MoeImporter),
    .name = "moe-infinity",
    .help = ".npy of MoE-Infinity's expert traces: counts [sequences, MoE layers, experts]",
    .cite = "Xue et al. 2024, arXiv 2401.14361; github.com/EfficientMoE/MoE-Infinity",
    .score = score_infinity,
    .read = read_infinity,
};

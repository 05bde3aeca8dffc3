/* SPDX-License-Identifier: MIT
 *
 * npy.h: NumPy's array format (numpy.lib.format). A trace's columns are of version 1.0,
 * little-endian and in C order; headers of other arrays are read for the room import.
 */
#ifndef MOESCOPE_TRACE_NPY_H
#define MOESCOPE_TRACE_NPY_H

#include <moescope/trace.h>

enum {
    MOE_NPY_HEADER_MAX = 192, /* that we write */
    MOE_NPY_AXES = 8,         /* that we read */
    MOE_NPY_PREFIX = 10,      /* bytes before the header's text: magic, version, length */
};

/* Writes the header of `array` (its data aren't looked at) and returns its length, a multiple of
 * 64 so that data which follow are aligned. */
size_t moe__npy_header(const MoeArray *array, char out[MOE_NPY_HEADER_MAX]);
/* Takes `bytes` apart; out->data points into them. The data must be exactly as long as type and
 * shape say. Fails with MOE_ERROR_FORMAT or MOE_ERROR_UNSUPPORTED. */
bool moe__npy_parse(const uint8_t *bytes, size_t length, MoeArray *out, GError **error);
/* The same in two steps, for arrays whose data go elsewhere: the length of the header of an array
 * of `length` bytes (0: an error), from its first MOE_NPY_PREFIX (or fewer, if it has fewer) bytes;
 * then what the header says. out->data is left NULL. */
size_t moe__npy_header_length(const uint8_t prefix[MOE_NPY_PREFIX], size_t length, GError **error);
bool moe__npy_parse_header(const uint8_t *bytes, size_t header, size_t length, MoeArray *out,
                           GError **error);

/* The header of any array. */
typedef struct MoeNpyHeader {
    char descr[8]; /* "<f4" */
    bool fortran;
    int ndim;
    int64_t shape[MOE_NPY_AXES];
    size_t data; /* where the values begin */
} MoeNpyHeader;

/* Reads a header of version 1, 2 or 3; whether the data are as long as it says isn't checked.
 * Fails with MOE_ERROR_FORMAT, _TRUNCATED or (a type that isn't one text) _UNSUPPORTED. */
bool moe__npy_any_header(const uint8_t *bytes, size_t length, MoeNpyHeader *out, GError **error);

#endif

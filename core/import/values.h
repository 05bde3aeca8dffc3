/* SPDX-License-Identifier: MIT
 *
 * values.h: an array as the readers of this room hand it over, whatever file it came from: in C
 * order, little-endian, its values owned.
 */
#ifndef MOESCOPE_IMPORT_VALUES_H
#define MOESCOPE_IMPORT_VALUES_H

#include <moescope/safetensors.h>

enum { MOE_VALUES_AXES = 8 };

typedef struct MoeValues {
    MoeStoredType type;
    int ndim;
    int64_t shape[MOE_VALUES_AXES];
    int64_t count; /* product of shape; 1 for a scalar */
    void *data;    /* [count], aligned for its type; owned */
} MoeValues;

void moe__values_clear(MoeValues *values);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeValues, moe__values_clear)

/* Where an array lies in a block of bytes: element [i, j, …] is element
 * offset + i · strides[0] + j · strides[1] + … of the block. */
typedef struct MoeLayout {
    MoeStoredType type;
    int ndim;
    int64_t shape[MOE_VALUES_AXES], strides[MOE_VALUES_AXES];
    int64_t offset;
} MoeLayout;

/* Sets the strides of an array without gaps: C order, or Fortran's (first axis fastest). */
void moe__layout_pack(MoeLayout *layout, bool fortran);
/* The product of the shape. False if a length is negative or the array has more bytes than can be
 * addressed. */
bool moe__layout_count(const MoeLayout *layout, int64_t *count);
/* Whether every element lies within `size` bytes. */
bool moe__layout_fits(const MoeLayout *layout, uint64_t size);
/* Copies the elements of `block` (`size` bytes of any alignment) into C order. Fails with
 * MOE_ERROR_FORMAT if they aren't all within the block, or if repeating a few bytes (strides of 0)
 * would make an array out of all proportion to them. */
bool moe__layout_gather(const MoeLayout *layout, const uint8_t *block, uint64_t size,
                        MoeValues *out, GError **error);

/* Element `i` in C order as a double; 64-bit integers are rounded. */
double moe__values_number(const MoeValues *values, int64_t i);
/* Element `i` of a boolean or integer array; false if it isn't one, or not within int64_t. */
bool moe__values_integer(const MoeValues *values, int64_t i, int64_t *out);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Arrays of expert ids [tokens, layers, k], as servers return them. They number layers without
 * experts as well and fill their rows with zeros, which can't be picks where k is above 1: such
 * layers are left out. Where k is 1 they are if --layers names the others. A token of which no
 * route was captured has -1 instead, or 255 or 65535 in all slots where ids are unsigned, and is
 * left out too.
 */
#ifndef MOE_IMPORT_ROUTED_H
#define MOE_IMPORT_ROUTED_H

#include <moescope/import.h>

typedef struct MoeRoutedArray {
    int64_t tokens, layers, k;
    int64_t none; /* the highest number of an unsigned type; 0: the type is signed */
    const void *of;
    int64_t (*at)(const void *of, int64_t i); /* the id at place i in C order */
    const void *weights;                      /* likewise the gates; NULL: there are none */
    double (*weight_at)(const void *weights, int64_t i);
    bool narrow;        /* they are binary32 or less */
    const int32_t *ids; /* [tokens]: of the tokens; NULL: unknown */
} MoeRoutedArray;

/* What is known of all of them. */
typedef struct MoeRouted {
    MoeImport *import;
    int64_t layers, k; /* 0: not yet known */
    int64_t max_expert;
    bool *used;   /* [layers]: has ids other than 0, or any where k is 1 */
    bool *zeros;  /* [layers]: has none but 0 */
    GArray *kept; /* int: layers that are */
    bool has_gates, narrow;
    int32_t *expert; /* [kept × k] */
    double *gate;
} MoeRouted;

void moe__routed_init(MoeRouted *routed, MoeImport *import);
void moe__routed_clear(MoeRouted *routed);
/* What is wrong with an array, or NULL. (transfer full) */
char *moe__routed_learn(MoeRouted *routed, const MoeRoutedArray *array);
bool moe__routed_begin(MoeRouted *routed, GError **error);
/* Rows first … first + n - 1 of an array, as tokens from position `pos` of a document. Fails with
 * MOE_ERROR_DATA, also if the array isn't of the shape that was learnt. */
bool moe__routed_bring(MoeRouted *routed, const MoeRoutedArray *array, int64_t first, int64_t n,
                       int32_t doc, int32_t pos, int32_t domain, GError **error);

#endif

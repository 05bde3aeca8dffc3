/* SPDX-License-Identifier: MIT
 *
 * offers.h: lists of what formats can be read and written, to which plugins add their own. Each is
 * a struct that begins with its size and its name.
 */
#ifndef MOE_BASE_OFFERS_H
#define MOE_BASE_OFFERS_H

#include <moescope/base.h>

/* How such a struct begins. */
typedef struct MoeOffer {
    size_t struct_size;
    const char *name; /* small letters, digits, "-" */
} MoeOffer;

/* One of these by name, or NULL. */
const void *moe__offer_find(const GPtrArray *offers, const char *name);
/* Adds one that lives for ever. `size`: what it should have; `kind`: what it is called in messages;
 * `lacks`: what is missing of it, NULL where nothing is. Fails with MOE_ERROR_UNSUPPORTED. */
bool moe__offer_add(GPtrArray *offers, const char *kind, const MoeOffer *offer, size_t size,
                    const char *lacks, GError **error);

#endif

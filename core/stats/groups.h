/* SPDX-License-Identifier: MIT
 *
 * groups.h: which documents are drawn together.
 */
#ifndef MOESCOPE_STATS_GROUPS_H
#define MOESCOPE_STATS_GROUPS_H

#include <moescope/summary.h>

/* The group of a document, 0 … MOE_SUMMARY_GROUPS - 1. Documents below that have one each; others
 * are scattered, so that whatever comes round in their numbers (domains in turn, every n-th one) or
 * stays the same for a while (domain after domain) is in no group more than chance puts there:
 * groups then stray as so many documents do. Fewer groups, a power of two, go by
 * the low bits of this. (The mixing is the finaliser of MurmurHash3.) */
static inline int
moe__document_group(int32_t document)
{
    uint32_t mixed = (uint32_t)document;
    if (mixed < MOE_SUMMARY_GROUPS)
        return document;
    mixed = (mixed ^ mixed >> 16) * 0x85ebca6bU;
    mixed = (mixed ^ mixed >> 13) * 0xc2b2ae35U;
    mixed ^= mixed >> 16;
    return (int)(mixed & (MOE_SUMMARY_GROUPS - 1));
}

#endif

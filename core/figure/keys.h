/* SPDX-License-Identifier: MIT
 *
 * keys.h: what the pieces of marks stand for.
 */
#ifndef FIGURE_KEYS_H
#define FIGURE_KEYS_H

#include "figure/mark.h"

/* A key, and how far a number may be off and still mean the same: half a band. */
typedef struct ReachKey {
    MoeKey key;
    double reach;
} ReachKey;

/* Of the panel, the ink, both axes, and the piece itself. */
#define MOST_KEYS (PANEL_KEYS + 3 + PIECE_KEYS)
typedef struct KeyList {
    int n;
    ReachKey key[MOST_KEYS];
} KeyList;

/* What a piece stands for. */
void moe__keys_of(const Panel *panel, const Mark *mark, int piece, const Place *place,
                  KeyList *keys);
/* What an axis stands for, or NULL; which of these a band, or a place as marks are given, does. */
const char *moe__axis_key_name(const MoeAxis *axis);
ReachKey moe__band_key(const MoeAxis *axis, const char *name, int band);
ReachKey moe__axis_key(const MoeAxis *axis, double place);
/* A title like "layer 3" is a key; another has no name. */
MoeKey moe__title_key(const char *title);

/* Whether any of the wanted keys has that name; whether all that it has are among `wanted`, or it
 * has none. */
bool moe__key_wanted(const char *name, const MoeKey *wanted, int n);
bool moe__key_is(const ReachKey *key, const MoeKey *wanted, int n);

#endif

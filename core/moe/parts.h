/* SPDX-License-Identifier: MIT
 *
 * What registering parts is made of, for those who register several at once or none.
 */
#ifndef MOE_MOE_PARTS_H
#define MOE_MOE_PARTS_H

#include <moescope/moe.h>

#include "base/fields.h"

/* Whether the part by itself is what its place requires: size, name, slots. Fails with
 * MOE_ERROR_UNSUPPORTED. */
bool moe__part_check(const MoePart *part, GError **error);
/* The choice that its name becomes, a preset that sets nothing, of the key of its place. */
MoePreset moe__part_choice(const MoePart *part);
/* Takes in a part that has been checked, its keys and its choice. */
void moe__part_register(const MoePart *part);

#endif

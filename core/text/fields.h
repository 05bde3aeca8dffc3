/* SPDX-License-Identifier: MIT
 *
 * fields.h: the recipe keys of this room.
 */
#ifndef MOE_TEXT_FIELDS_H
#define MOE_TEXT_FIELDS_H

/* Registers [data] and its rule. Called once, by moe_init(). */
void moe__text_register(void);

#endif

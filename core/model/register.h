/* SPDX-License-Identifier: MIT */
#ifndef MOE_MODEL_REGISTER_H
#define MOE_MODEL_REGISTER_H

#include <moescope/recipe.h>

/* Registers the keys and rules of [model] and [train]. */
void moe__model_register(void);

#endif

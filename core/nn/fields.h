/* SPDX-License-Identifier: MIT */
#ifndef MOE_NN_FIELDS_H
#define MOE_NN_FIELDS_H

/* Registers the keys of [init] and [optim]. */
void moe__nn_register(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * costs.h: what a model costs, for moescope info.
 */
#ifndef CMD_COSTS_H
#define CMD_COSTS_H

#include <moescope/model.h>

/* A table: the model, what stands outside its routed layers, each of those, each of their places.
 */
void cmd_costs_print(const MoeModel *model);
/* The same, as pairs of an object that is open. */
void cmd_costs_json(GString *json, const MoeModel *model);

#endif

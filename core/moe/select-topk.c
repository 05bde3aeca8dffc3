/* SPDX-License-Identifier: MIT
 *
 * select = topk: the k experts with the largest scores; equal scores go to the lower index.
 */
#include "moe/builtin.h"

static void
select_topk(MoeRouting *routing, void *state)
{
    MoePicks *picks = &routing->picks;
    moe_topk(routing->selection, picks->units, picks->experts, picks->k, picks->expert);
}

const MoePart moe__select_topk = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SELECT,
    .name = "topk",
    .help = "the k experts with the largest scores",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538, eq. 5",
    .select = select_topk,
};

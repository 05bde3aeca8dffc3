/* SPDX-License-Identifier: MIT
 *
 * Parts of a layer that only fixtures need.
 *   select = given    picks that don't follow from scores: for codes that break ties in their own
 *                     way, and to send chosen rows through chosen experts
 *   score = watched   score = linear, with the gradient that comes back to the logits kept: the
 *                     tape hands the memory of such gradients on
 */
#include "parity.h"

#include <string.h>

static const int32_t *given;

void
parity_give(const int32_t *picks)
{
    given = picks;
}

static void
select_given(MoeRouting *routing, void *state)
{
    MoePicks *picks = &routing->picks;
    memcpy(picks->expert, given, (size_t)(picks->units * picks->k) * sizeof *given);
}

static const MoePart given_part = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SELECT,
    .name = "given",
    .help = "what a test has set",
    .cite = "none",
    .select = select_given,
};

/* What came back to the logits of the last pass: [U, E] in the tape's arena; NULL: nothing did. */
static const float *watched_gradient;
static MoePart linear_part, watched_part;

static void
watch_forward(MoeNode *node)
{
    memcpy(node->out->data, node->in[0]->data, (size_t)moe_tensor_count(node->out) * sizeof(float));
}

static void
watch_backward(MoeNode *node)
{
    int64_t n = moe_tensor_count(node->out);
    float *kept = moe_node_alloc(node, (size_t)n * sizeof *kept), *grad = moe_node_grad(node, 0);
    for (int64_t i = 0; i < n; i++) {
        kept[i] = node->out->grad[i];
        grad[i] += kept[i];
    }
    watched_gradient = kept;
}

static MoeTensor *
watched_score(MoeRouting *routing, void *state)
{
    static const MoeOp watch = {"watch", watch_forward, watch_backward, NULL};
    MoeTensor *logits = linear_part.score(routing, state);
    watched_gradient = NULL;
    return moe_tape_run(routing->context->tape, &watch, 1, &logits, logits->ndim, logits->shape,
                        NULL, 0);
}

void
parity_compare_logits_gradient(Parity *p, const char *name)
{
    parity_compare(p, name, watched_gradient, moe_tensor_count(p->routing.logits), PARITY_GRADIENT);
}

bool
parity_parts_register(GError **error)
{
    static const char *const watched_reads[] = {"moe.router_bias", NULL};
    linear_part = *moe_part_find(MOE_PLACE_SCORE, "linear");
    watched_part = linear_part;
    watched_part.name = "watched";
    watched_part.fields = NULL; /* registered with the part that it wraps */
    watched_part.n_fields = 0;
    watched_part.reads = watched_reads;
    watched_part.score = watched_score;
    return moe_part_add(&given_part, error) && moe_part_add(&watched_part, error);
}

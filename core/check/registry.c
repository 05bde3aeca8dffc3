/* SPDX-License-Identifier: MIT
 *
 * The checks there are.
 */
#include "check/check.h"

/* Filled by moe_init() and plugins at the start, only read afterwards. */
static GPtrArray *checks;

void
moe_checks_add(const MoeCheck *check)
{
    g_return_if_fail(check->struct_size >= sizeof(MoeCheck));
    g_return_if_fail(check->name && check->help && check->why && check->remedy);
    for (guint i = 0; checks && i < checks->len; i++)
        if (g_str_equal(((const MoeCheck *)g_ptr_array_index(checks, i))->name, check->name)) {
            g_warning("check \"%s\": there is one of that name already", check->name);
            return;
        }
    if (!checks)
        checks = g_ptr_array_new();
    g_ptr_array_add(checks, (gpointer)check);
}

const MoeCheck *const *
moe_checks_list(int *n)
{
    *n = checks ? (int)checks->len : 0;
    return checks ? (const MoeCheck *const *)checks->pdata : NULL;
}

void
moe__check_register(void)
{
    static const MoeCheck *const builtin[] = {
        &moe__check_readable,     &moe__check_dummy_rows,    &moe__check_frozen,
        &moe__check_pads,         &moe__check_duplicates,    &moe__check_rankings,
        &moe__check_finite,       &moe__check_flat_logits,   &moe__check_gate_sums,
        &moe__check_gate_values,  &moe__check_score_rule,    &moe__check_pick_rule,
        &moe__check_id_order,     &moe__check_copied_router, &moe__check_physical_ids,
        &moe__check_token_counts, &moe__check_few_tokens,    &moe__check_domains,
        &moe__check_pieces,       &moe__check_even_load,     &moe__check_flat_scores,
        &moe__check_import_notes,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(builtin); i++)
        moe_checks_add(builtin[i]);
}

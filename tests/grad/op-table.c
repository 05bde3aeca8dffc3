/* SPDX-License-Identifier: MIT
 *
 * Walks moe_op_table(): every operation must have a case, and every case must hold.
 */
#include "grad.h"

#include <string.h>

static const GradCase *const tables[] = {
    grad_cases_products,  grad_cases_rows,        grad_cases_elementwise,
    grad_cases_last_axis, grad_cases_transformer,
};

static void
test_all_have_cases(void)
{
    for (const MoeOp *const *op = moe_op_table(); *op; op++) {
        bool found = false;
        for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
            for (const GradCase *c = tables[t]; c->op; c++)
                found = found || strcmp(c->op, (*op)->name) == 0;
        if (!found)
            g_error("operation %s has no case in tests/grad", (*op)->name);
    }
}

static void
test_names_are_unique(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (const MoeOp *const *op = moe_op_table(); *op; op++)
        g_assert_true(g_hash_table_add(seen, (void *)(*op)->name));
    g_assert_cmpuint(g_hash_table_size(seen), >, 0);
}

static void
test_case(const void *c)
{
    grad_check_case(c);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/grad/all-have-cases", test_all_have_cases);
    g_test_add_func("/grad/names-are-unique", test_names_are_unique);
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const GradCase *c = tables[t]; c->op; c++) {
            g_autofree char *path =
                g_strdup_printf("/grad/%s/%s%s%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                                "x%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT,
                                c->op, c->what ? c->what : "", c->what ? "-" : "", c->n[0], c->n[1],
                                c->n[2], c->n[3]);
            g_test_add_data_func(path, c, test_case);
        }
    return g_test_run();
}

/* SPDX-License-Identifier: MIT
 *
 * Recorded values against computed ones.
 */
#include "parity.h"

#include <math.h>

#define MOST_NAMED 8 /* arrays in one problem */

static void
note(Parity *p, const char *name, int64_t at, double share)
{
    if (p->where && share <= p->worst)
        return;
    p->worst = share;
    g_free(p->where);
    p->where = g_strdup_printf("%s[%" G_GINT64_FORMAT "]", name, at);
}

void
parity_compare_within(Parity *p, const char *name, const float *values, int64_t count,
                      double tolerance, double least)
{
    if (!moe_safetensors_find(p->file, name))
        return;
    g_autofree float *recorded = parity_read(p, name, count);
    if (!recorded)
        return;
    double largest = 0, worst = -1;
    int64_t at = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)recorded[i]));
    for (int64_t i = 0; i < count; i++) {
        double error = fabs((double)recorded[i] - (values ? (double)values[i] : 0));
        error = isnan(error) ? INFINITY : error;
        if (error <= worst)
            continue;
        worst = error;
        at = i;
    }
    double allowed = tolerance * largest + least;
    p->compared++;
    note(p, name, at, worst / allowed);
    if (worst > allowed)
        parity_problem(p, "%s[%" G_GINT64_FORMAT "]: found %.9g, expected %.9g within %.2g", name,
                       at, values ? (double)values[at] : 0, (double)recorded[at], allowed);
}

void
parity_compare(Parity *p, const char *name, const float *values, int64_t count, double tolerance)
{
    parity_compare_within(p, name, values, count, tolerance, p->least);
}

void
parity_compare_exactly(Parity *p, const char *name, const int64_t *values, int64_t count)
{
    if (!moe_safetensors_find(p->file, name))
        return;
    g_autofree int64_t *recorded = parity_read_integers(p, name, count);
    if (!recorded)
        return;
    p->compared++;
    for (int64_t i = 0; i < count; i++) {
        if (recorded[i] == values[i])
            continue;
        parity_problem(
            p, "%s[%" G_GINT64_FORMAT "]: found %" G_GINT64_FORMAT ", expected %" G_GINT64_FORMAT,
            name, i, values[i], recorded[i]);
        return;
    }
}

void
parity_compare_gradients(Parity *p, const char *prefix, const ParityName *names)
{
    g_autofree char *x = g_strconcat(prefix, "x", NULL);
    parity_compare(p, x, p->x->has_grad ? p->x->grad : NULL, moe_tensor_count(p->x),
                   PARITY_GRADIENT);
    for (const ParityName *name = names; name->fixture; name++)
        parity_compare_name(p, prefix, name);
}

void
parity_compare_tensor(Parity *p, const char *name, const MoeTensor *x)
{
    parity_compare(p, name, x->data, moe_tensor_count(x), PARITY_FORWARD);
}

void
parity_backward(Parity *p, MoeTensor *from, const char *cotangent, const char *prefix,
                const ParityName *names)
{
    g_autofree float *r = parity_read(p, cotangent, moe_tensor_count(from));
    if (!r)
        return;
    moe_tape_backward_from(p->tape, from, r);
    parity_compare_gradients(p, prefix, names);
}

void
parity_balance(Parity *p, const char *name, const char *prefix, const ParityName *names)
{
    parity_forward(p);
    MoeTensor *loss = moe_layer_balance_loss(&p->routing, NULL);
    if (!loss)
        return;
    parity_compare_tensor(p, name, loss);
    /* All experts for every unit: the load is even and the loss constant. */
    const MoePicks *picks = &p->routing.picks;
    if (picks->k == picks->experts && moe_recipe_has(p->recipe, "moe.balance", "switch"))
        p->least = PARITY_ROUNDING;
    moe_tape_backward(p->tape, loss, 1);
    parity_compare_gradients(p, prefix, names);
    p->least = PARITY_LEAST;
}

char *
parity_unseen(const Parity *p)
{
    GString *text = g_string_new(NULL);
    int unseen = 0;
    for (int i = 0; i < moe_safetensors_count(p->file); i++) {
        const char *name = moe_safetensors_get(p->file, i)->name;
        if (!g_hash_table_contains(p->seen, name) && unseen++ < MOST_NAMED)
            g_string_append_printf(text, " %s", name);
    }
    if (unseen > MOST_NAMED)
        g_string_append_printf(text, " and %d more", unseen - MOST_NAMED);
    return g_string_free(text, FALSE);
}

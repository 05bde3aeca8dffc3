/* SPDX-License-Identifier: MIT */
#include "import/logit-load.h"

#include "import/logit-beside.h"

bool
moe__logit_texts(const MoeLogitPass *pass, GPtrArray *strings, GArray *begins)
{
    const MoePy *node = pass->texts.item->node;
    if (pass->texts.part >= 0)
        node = node->items[pass->texts.part];
    int64_t end = 0;
    g_array_append_val(begins, end);
    for (int64_t i = 0; i < node->count; i++) {
        const MoePy *list = node->items[i];
        if (list->kind == MOE_PY_STRING)
            g_ptr_array_add(strings, (void *)list);
        for (int64_t j = 0; list->kind != MOE_PY_STRING && j < list->count; j++)
            g_ptr_array_add(strings, list->items[j]);
        end = strings->len;
        if (list->kind != MOE_PY_STRING)
            g_array_append_val(begins, end);
    }
    if (begins->len == 1)
        g_array_append_val(begins, end);
    return end == pass->rows * pass->length;
}

void
moe__logit_loaded_clear(MoeLogitLoaded *loaded)
{
    for (int i = 0; i < loaded->n; i++) {
        moe__values_clear(&loaded->logits[i]);
        moe__values_clear(&loaded->expert[i]);
    }
    g_free(loaded->logits);
    g_free(loaded->expert);
    g_free(loaded->of);
    g_free(loaded->expert_of);
    moe__values_clear(&loaded->mask);
    moe__values_clear(&loaded->ids);
    g_clear_pointer(&loaded->strings, g_ptr_array_unref);
    g_clear_pointer(&loaded->begins, g_array_unref);
}

/* The values of a layer, which shares them with the layer before or has them for itself. */
static bool
load_item(const MoeArrays *arrays, const MoeItem *item, const MoeItem *before, MoeValues *own,
          const MoeValues **of, GError **error)
{
    *of = item == before ? of[-1] : own;
    return !item || item == before || moe__arrays_values(arrays, item, own, error);
}

static bool
load_layers(MoeLogitLoaded *loaded, const MoeArrays *arrays, GError **error)
{
    const MoeLogitLayer *layers = (const MoeLogitLayer *)loaded->pass->layers->data;
    loaded->n = (int)loaded->pass->layers->len;
    loaded->logits = g_new0(MoeValues, (gsize)loaded->n);
    loaded->expert = g_new0(MoeValues, (gsize)loaded->n);
    loaded->of = g_new0(const MoeValues *, (gsize)loaded->n);
    loaded->expert_of = g_new0(const MoeValues *, (gsize)loaded->n);
    for (int i = 0; i < loaded->n; i++) {
        const MoeItem *logits = i > 0 ? layers[i - 1].logits : NULL;
        const MoeItem *expert = i > 0 ? layers[i - 1].expert : NULL;
        if (!load_item(arrays, layers[i].logits, logits, &loaded->logits[i], &loaded->of[i],
                       error) ||
            (layers[i].expert && !load_item(arrays, layers[i].expert, expert, &loaded->expert[i],
                                            &loaded->expert_of[i], error)))
            return false;
    }
    return true;
}

/* Where sequences begin: lists of strings say it where nothing else does. */
static void
find_sequences(MoeLogitLoaded *loaded)
{
    const MoeLogitPass *pass = loaded->pass;
    loaded->begins = g_array_new(FALSE, FALSE, sizeof(int64_t));
    loaded->strings = g_ptr_array_new();
    if (pass->texts.item && !pass->ids.item &&
        !moe__logit_texts(pass, loaded->strings, loaded->begins))
        g_ptr_array_set_size(loaded->strings, 0);
    if (loaded->strings->len > 0 && pass->rows == 1)
        return;
    g_array_set_size(loaded->begins, 0);
    for (int64_t i = 0; i <= pass->rows; i++) {
        int64_t at = i * pass->length;
        g_array_append_val(loaded->begins, at);
    }
}

bool
moe__logit_load(MoeLogitLoaded *loaded, const MoeArrays *arrays, GError **error)
{
    const MoeLogitPass *pass = loaded->pass;
    if (!load_layers(loaded, arrays, error) ||
        !moe__logit_beside_values(arrays, &pass->mask, &loaded->mask, error) ||
        !moe__logit_beside_values(arrays, &pass->ids, &loaded->ids, error))
        return false;
    find_sequences(loaded);
    return true;
}

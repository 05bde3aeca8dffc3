/* SPDX-License-Identifier: MIT
 *
 * shaped.c: layouts of texts, by text, size and weight.
 */
#include "figure/shaped.h"

#include "figure/ruler.h"

/* Layouts kept; then all are forgotten. One takes some kilobytes. */
#define MOST 1000

typedef struct Key {
    const char *text;
    double size;
    bool bold;
} Key;

struct ShapedTexts {
    PangoContext *context;
    const char *family;
    GHashTable *layouts; /* Key to PangoLayout */
};

static guint
key_hash(gconstpointer data)
{
    const Key *key = data;
    return g_str_hash(key->text) ^ g_double_hash(&key->size) ^ key->bold;
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const Key *one = a, *other = b;
    return one->size == other->size && one->bold == other->bold &&
           g_str_equal(one->text, other->text);
}

ShapedTexts *
moe__shaped_new(cairo_t *cr, const char *family)
{
    ShapedTexts *texts = g_new(ShapedTexts, 1);
    *texts = (ShapedTexts){pango_cairo_create_context(cr), family,
                           g_hash_table_new_full(key_hash, key_equal, g_free, g_object_unref)};
    moe__ruler_unhint(texts->context);
    return texts;
}

void
moe__shaped_free(ShapedTexts *texts)
{
    if (!texts)
        return;
    g_hash_table_unref(texts->layouts);
    g_object_unref(texts->context);
    g_free(texts);
}

PangoLayout *
moe__shaped_find(ShapedTexts *texts, const char *text, double size, bool bold)
{
    const Key key = {text, size, bold};
    PangoLayout *layout = g_hash_table_lookup(texts->layouts, &key);
    if (layout)
        return layout;
    if (g_hash_table_size(texts->layouts) >= MOST)
        g_hash_table_remove_all(texts->layouts);
    layout = pango_layout_new(texts->context);
    moe__ruler_set(layout, texts->family, text, size, bold);
    g_hash_table_insert(texts->layouts, g_memdup2(&key, sizeof key), layout);
    return layout;
}

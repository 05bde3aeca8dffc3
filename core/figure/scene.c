/* SPDX-License-Identifier: MIT
 *
 * Building a scene: everything given is copied into it.
 */
#include "figure/cell-image.h"
#include "figure/keys.h"

#include <math.h>

static void
panel_forget_images(Panel *panel)
{
    for (guint i = 0; i < panel->marks->len; i++)
        g_clear_pointer(&g_array_index(panel->marks, Mark, i).images, moe__cell_images_free);
}

static void
panel_free(gpointer data)
{
    Panel *panel = data;
    panel_forget_images(panel);
    g_array_unref(panel->marks);
    g_free(panel);
}

void
moe__scene_changed(MoeScene *scene)
{
    g_clear_pointer(&scene->layout, moe__layout_free);
}

const void *
moe__scene_own(MoeScene *scene, const void *data, size_t size)
{
    if (!data)
        return NULL;
    void *copy = g_memdup2(data, size);
    g_ptr_array_add(scene->owned, copy);
    return copy;
}

/* Names come from files: what isn't text, or breaks a line, would upset Pango and XML. */
const char *
moe__scene_own_text(MoeScene *scene, const char *text)
{
    if (!text)
        return NULL;
    char *copy = g_utf8_make_valid(text, -1);
    for (char *c = copy; *c; c++) {
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    }
    g_ptr_array_add(scene->owned, copy);
    return copy;
}

/* Pieces of running text keep the ends of their lines. */
const char *const *
moe__scene_own_pieces(MoeScene *scene, const char *const *pieces, size_t n)
{
    g_autofree const char **copies = g_new0(const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        char *copy = g_utf8_make_valid(pieces[i], -1);
        for (char *c = copy; *c; c++)
            if (g_ascii_iscntrl(*c) && *c != '\n')
                *c = ' ';
        g_ptr_array_add(scene->owned, copy);
        copies[i] = copy;
    }
    return moe__scene_own(scene, copies, sizeof(*copies) * (n + 1));
}

/* Cells share their few texts, so most are found without a table. */
enum { NEAR = 256 };
typedef struct Copied {
    const char *text, *copy;
} Copied;

static const char *
copy_of(MoeScene *scene, GHashTable *known, Copied near[NEAR], const char *text)
{
    Copied *place = &near[((uintptr_t)text >> 4) % NEAR];
    if (place->text == text)
        return place->copy;
    const char *copy = g_hash_table_lookup(known, text);
    if (!copy) {
        copy = moe__scene_own_text(scene, text);
        g_hash_table_insert(known, (gpointer)text, (gpointer)copy);
    }
    *place = (Copied){text, copy};
    return copy;
}

const char *const *
moe__scene_own_texts(MoeScene *scene, const char *const *texts, size_t n)
{
    if (!texts)
        return NULL;
    const char **copies = g_new(const char *, n + 1);
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    Copied near[NEAR] = {0};
    for (size_t i = 0; i < n; i++)
        copies[i] = texts[i] ? copy_of(scene, known, near, texts[i]) : NULL;
    copies[n] = NULL;
    g_ptr_array_add(scene->owned, copies);
    return copies;
}

MoeScene *
moe_scene_new(const char *title)
{
    MoeScene *scene = g_new0(MoeScene, 1);
    scene->panels = g_ptr_array_new_with_free_func(panel_free);
    scene->owned = g_ptr_array_new_with_free_func(g_free);
    scene->theme = moe__theme_find("paper-full");
    scene->title = moe__scene_own_text(scene, title ? title : "");
    scene->caption = "";
    return scene;
}

void
moe_scene_free(MoeScene *scene)
{
    if (!scene)
        return;
    moe__layout_free(scene->layout);
    g_ptr_array_unref(scene->panels);
    g_ptr_array_unref(scene->owned);
    g_free(scene);
}

void
moe_scene_set_caption(MoeScene *scene, const char *caption)
{
    moe__scene_changed(scene);
    scene->caption = moe__scene_own_text(scene, caption ? caption : "");
}

const char *
moe_scene_caption(const MoeScene *scene)
{
    return scene->caption;
}

void
moe_scene_set_size(MoeScene *scene, double width_mm, double height_mm)
{
    g_return_if_fail(width_mm >= 0 && height_mm >= 0);
    scene->width_mm = width_mm;
    scene->height_mm = height_mm;
    moe__scene_changed(scene);
}

bool
moe_scene_set_theme(MoeScene *scene, const char *name, GError **error)
{
    const Theme *theme = moe__theme_find(name);
    if (!theme) {
        g_autofree char *known = g_strjoinv(", ", (char **)moe_themes());
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "theme \"%s\": there is no such theme; known: %s", name, known);
        return false;
    }
    moe__scene_changed(scene);
    scene->theme = theme;
    return true;
}

void
moe_scene_set_colour_scale(MoeScene *scene, const MoeColourScale *scale)
{
    g_return_if_fail(isfinite(scale->min) && isfinite(scale->max) && scale->min < scale->max);
    moe__scene_changed(scene);
    for (guint i = 0; i < scene->panels->len; i++)
        panel_forget_images(g_ptr_array_index(scene->panels, i));
    scene->has_colours = true;
    scene->colours = *scale;
    scene->colours.label = moe__scene_own_text(scene, scale->label);
    g_autofree MoeReference *references = g_new0(MoeReference, scale->n_references + 1);
    for (int i = 0; i < scale->n_references; i++) {
        references[i] = scale->references[i];
        references[i].label = moe__scene_own_text(scene, references[i].label);
    }
    scene->colours.references =
        moe__scene_own(scene, references, sizeof(*references) * (scale->n_references + 1));
}

static MoeAxis
own_axis(MoeScene *scene, const MoeAxis *axis)
{
    MoeAxis copy = *axis;
    copy.label = moe__scene_own_text(scene, axis->label);
    if (copy.step == 0)
        copy.step = 1;
    copy.key = moe__scene_own_text(scene, axis->key);
    if (axis->type == MOE_AXIS_BAND) {
        copy.names = moe__scene_own_texts(scene, axis->names, (size_t)axis->bands);
        copy.numbers = moe__scene_own(scene, axis->numbers, sizeof(double) * (size_t)axis->bands);
    }
    return copy;
}

MoeKey
moe__scene_own_key(MoeScene *scene, MoeKey key)
{
    return (MoeKey){moe__scene_own_text(scene, key.name), key.number,
                    moe__scene_own_text(scene, key.text)};
}

/* The first panel whose axis at `offset` is the same as that of `panel`, the one to come. */
static int
first_like(const MoeScene *scene, const Panel *panel, size_t offset)
{
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *other = g_ptr_array_index(scene->panels, i);
        if (moe__axis_equal(&G_STRUCT_MEMBER(MoeAxis, other, offset),
                            &G_STRUCT_MEMBER(MoeAxis, panel, offset)))
            return i;
    }
    return (int)scene->panels->len;
}

static bool
axis_valid(const MoeAxis *axis)
{
    if (axis->type == MOE_AXIS_BAND)
        return axis->bands >= 1 && axis->step >= 0;
    if (axis->type == MOE_AXIS_LOG && !(axis->min > 0))
        return false;
    return isfinite(axis->min) && isfinite(axis->max) && axis->min < axis->max;
}

int
moe_scene_add_panel(MoeScene *scene, const char *title, const char *note, const MoeAxis *x,
                    const MoeAxis *y)
{
    g_return_val_if_fail(axis_valid(x) && axis_valid(y), -1);
    moe__scene_changed(scene);
    Panel *panel = g_new0(Panel, 1);
    panel->title = moe__scene_own_text(scene, title);
    panel->note = moe__scene_own_text(scene, note);
    panel->x = own_axis(scene, x);
    panel->y = own_axis(scene, y);
    panel->like_x = first_like(scene, panel, G_STRUCT_OFFSET(Panel, x));
    panel->like_y = first_like(scene, panel, G_STRUCT_OFFSET(Panel, y));
    panel->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
    panel->view = MOE_SCENE_WHOLE;
    MoeKey key = moe__title_key(panel->title);
    if (key.name)
        panel->keys[panel->n_keys++] = key;
    g_ptr_array_add(scene->panels, panel);
    return (int)scene->panels->len - 1;
}

void
moe_scene_add_panel_key(MoeScene *scene, int number, MoeKey key)
{
    Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && panel->n_keys < PANEL_KEYS);
    panel->keys[panel->n_keys++] = moe__scene_own_key(scene, key);
}

Panel *
moe__scene_panel(const MoeScene *scene, int panel)
{
    g_return_val_if_fail(panel >= 0 && panel < (int)scene->panels->len, NULL);
    return g_ptr_array_index(scene->panels, panel);
}

/* SPDX-License-Identifier: MIT
 *
 * What lies under a point, and what there is to tell about a piece of a mark.
 */
#include "figure/keys.h"
#include "figure/mark.h"

void
moe__piece_tell(const View *view, int panel, int number, int piece, MoeDatum *datum)
{
    const Mark *mark = &g_array_index(view->panel->marks, Mark, number);
    const MarkClass *kind = moe__mark_class(mark->type);
    Place place = {0};
    kind->place(mark, view, piece, &place);
    *datum = (MoeDatum){.panel = panel,
                        .x = place.box.x,
                        .y = place.box.y,
                        .width = place.box.width,
                        .height = place.box.height,
                        .mark = number,
                        .piece = piece};
    kind->tell(mark, view, piece, datum);
    KeyList keys;
    moe__keys_of(view->panel, mark, piece, &place, &keys);
    for (int i = 0; i < keys.n && datum->n_keys < MOE_DATUM_KEYS; i++) {
        MoeKey key = keys.key[i].key;
        key.name = g_intern_string(key.name);
        key.text = g_strdup(key.text);
        datum->keys[datum->n_keys++] = key;
    }
}

/* The mark on top, which was drawn last, wins. */
static bool
pick_in_panel(const View *view, int panel, double x, double y, MoeDatum *datum)
{
    for (guint i = view->panel->marks->len; i-- > 0;) {
        const Mark *mark = &g_array_index(view->panel->marks, Mark, i);
        const MarkClass *kind = moe__mark_class(mark->type);
        int piece = kind->hit ? kind->hit(mark, view, x, y) : -1;
        if (piece >= 0) {
            moe__piece_tell(view, panel, (int)i, piece, datum);
            return true;
        }
    }
    return false;
}

bool
moe_scene_pick(MoeScene *scene, double width, double height, double x, double y, MoeDatum *datum)
{
    const Layout *layout = moe__layout(scene, width, height);
    for (int i = 0; i < layout->n_frames; i++) {
        const Box *box = &layout->frames[i].box;
        if (x < box->x || x >= box->x + box->width || y < box->y || y >= box->y + box->height)
            continue;
        View view = moe__view_of(scene, i, &layout->frames[i], layout->ruler);
        return pick_in_panel(&view, i, x, y, datum);
    }
    return false;
}

void
moe_scene_locate(MoeScene *scene, double width, double height, MoeDatum *datum)
{
    const Panel *panel = moe__scene_panel(scene, datum->panel);
    g_return_if_fail(panel && datum->mark < (int)panel->marks->len);
    const Layout *layout = moe__layout(scene, width, height);
    View view = moe__view_of(scene, datum->panel, &layout->frames[datum->panel], layout->ruler);
    const Mark *mark = &g_array_index(panel->marks, Mark, datum->mark);
    Place place = {0};
    moe__mark_class(mark->type)->place(mark, &view, datum->piece, &place);
    datum->x = place.box.x;
    datum->y = place.box.y;
    datum->width = place.box.width;
    datum->height = place.box.height;
}

void
moe_datum_clear(MoeDatum *datum)
{
    g_clear_pointer(&datum->words, g_free);
    for (int i = 0; i < datum->n_keys; i++)
        g_free((char *)datum->keys[i].text);
    datum->n_keys = 0;
}

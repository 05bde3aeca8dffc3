/* SPDX-License-Identifier: MIT
 *
 * Where marks are that stand for something.
 */
#include "figure/keys.h"

#include <math.h>

#define MOST_FOUND 4096

typedef struct Search {
    const View *view;
    const MoeKey *wanted;
    int n;
    GArray *found; /* of MoeRect */
} Search;

/* What of the rectangle lies in the panel, if any does. */
static void
add(const Search *search, Box box)
{
    Box panel = search->view->frame->box;
    double left = MAX(box.x, panel.x), right = MIN(box.x + box.width, panel.x + panel.width);
    double top = MAX(box.y, panel.y), bottom = MIN(box.y + box.height, panel.y + panel.height);
    MoeRect rect = {left, top, right - left, bottom - top};
    if (rect.width >= 0 && rect.height >= 0 && search->found->len < MOST_FOUND)
        g_array_append_val(search->found, rect);
}

static bool
is_wanted(const Search *search, const ReachKey *key)
{
    return moe__key_is(key, search->wanted, search->n);
}

/* --- Cells ------------------------------------------------------------------------------------*/

/* Bands first … end - 1 of an axis that are seen, and which of them are meant. */
typedef struct Bands {
    int first, end;
    bool asked; /* the axis has a key that is wanted; otherwise all are meant */
    bool *meant;
} Bands;

static Bands
bands_of(const Search *search, const Scale *scale, double from, double to, int n)
{
    double first = moe__scale_invert(scale, from), end = moe__scale_invert(scale, to);
    Bands bands = {(int)CLAMP(floor(first + 1e-9), 0, n), (int)CLAMP(ceil(end - 1e-9), 0, n), false,
                   NULL};
    const char *name = moe__axis_key_name(scale->axis);
    bands.asked = moe__key_wanted(name, search->wanted, search->n);
    bands.meant = g_new(bool, MAX(bands.end - bands.first, 1));
    for (int i = bands.first; i < bands.end; i++) {
        ReachKey key = moe__band_key(scale->axis, name, i);
        bands.meant[i - bands.first] = !bands.asked || is_wanted(search, &key);
    }
    return bands;
}

/* The next run of bands that are meant, from `*end` on. */
static bool
next_run(const Bands *bands, int *begin, int *end)
{
    for (*begin = *end; *begin < bands->end && !bands->meant[*begin - bands->first]; (*begin)++)
        ;
    for (*end = *begin; *end < bands->end && bands->meant[*end - bands->first]; (*end)++)
        ;
    return *begin < bands->end;
}

static void
add_cells(const Search *search, int row, int row_end, int column, int column_end)
{
    const View *view = search->view;
    double x = moe__scale_at(&view->x, column), y = moe__scale_at(&view->y, row);
    add(search,
        (Box){x, y, moe__scale_at(&view->x, column_end) - x, moe__scale_at(&view->y, row_end) - y});
}

static void
add_runs(const Search *search, const Bands *rows, const Bands *columns)
{
    int row, row_end = rows->first;
    while (next_run(rows, &row, &row_end)) {
        int column, column_end = columns->first;
        while (next_run(columns, &column, &column_end))
            add_cells(search, row, row_end, column, column_end);
    }
}

/* Cells whose own keys are wanted, those below each other in one rectangle. */
static void
add_values(const Search *search, const MoeCells *cells, const Bands *rows, const Bands *columns)
{
    for (int column = columns->first; column < columns->end; column++) {
        int begin = -1;
        for (int row = rows->first; row <= rows->end; row++) {
            bool in = row < rows->end && rows->meant[row - rows->first] &&
                      columns->meant[column - columns->first];
            ReachKey key = {{cells->keys.name, NAN, NULL}, 0};
            if (in)
                key.key.number = cells->keys.number[(gsize)row * cells->columns + column];
            in = in && is_wanted(search, &key);
            if (in && begin < 0)
                begin = row;
            if (!in && begin >= 0) {
                add_cells(search, begin, row, column, column + 1);
                begin = -1;
            }
        }
    }
}

static void
find_cells(const Search *search, const MoeCells *cells)
{
    const View *view = search->view;
    Box box = view->frame->box;
    Bands rows = bands_of(search, &view->y, box.y, box.y + box.height, cells->rows);
    Bands columns = bands_of(search, &view->x, box.x, box.x + box.width, cells->columns);
    const char *of_rows = moe__axis_key_name(&view->panel->y);
    bool same =
        rows.asked && columns.asked && g_strcmp0(of_rows, moe__axis_key_name(&view->panel->x)) == 0;
    if (moe__key_wanted(cells->keys.name, search->wanted, search->n)) {
        add_values(search, cells, &rows, &columns);
    } else if (same) { /* experts by experts: a row and a column */
        Bands all_rows = {0, cells->rows, false, g_new(bool, cells->rows)};
        Bands all_columns = {0, cells->columns, false, g_new(bool, cells->columns)};
        memset(all_rows.meant, true, sizeof(bool) * (gsize)cells->rows);
        memset(all_columns.meant, true, sizeof(bool) * (gsize)cells->columns);
        add_runs(search, &rows, &all_columns);
        add_runs(search, &all_rows, &columns);
        g_free(all_rows.meant);
        g_free(all_columns.meant);
    } else if (rows.asked || columns.asked) {
        add_runs(search, &rows, &columns);
    }
    g_free(rows.meant);
    g_free(columns.meant);
}

/* --- Other marks ------------------------------------------------------------------------------*/

/* Whether a list holds what is wanted, wherever it says anything of that name, and says so by more
 * than the keys of the panel. */
static bool
list_is_wanted(const Search *search, const KeyList *keys, int of_panel)
{
    bool any = false;
    for (int i = 0; i < keys->n; i++) {
        const char *name = keys->key[i].key.name;
        bool good = is_wanted(search, &keys->key[i]);
        any |= good && i >= of_panel;
        for (int j = 0; !good && j < keys->n; j++)
            good = g_strcmp0(keys->key[j].key.name, name) == 0 && is_wanted(search, &keys->key[j]);
        if (!good && moe__key_wanted(name, search->wanted, search->n))
            return false;
    }
    return any;
}

static void
find_pieces(const Search *search, const Mark *mark)
{
    const MarkClass *kind = moe__mark_class(mark->type);
    int n = kind->count ? kind->count(mark) : 0;
    for (int i = 0; i < n; i++) {
        Place place;
        KeyList keys;
        if (!kind->place(mark, search->view, i, &place))
            continue;
        moe__keys_of(search->view->panel, mark, i, &place, &keys);
        if (list_is_wanted(search, &keys, search->view->panel->n_keys))
            add(search, place.box);
    }
}

/* A value on an axis without bands: a line across the panel. */
static void
find_values(const Search *search, const Scale *scale, bool upright)
{
    Box box = search->view->frame->box;
    const char *name = moe__axis_key_name(scale->axis);
    for (int i = 0; scale->axis->type != MOE_AXIS_BAND && i < search->n; i++) {
        if (g_strcmp0(search->wanted[i].name, name) != 0 || !isfinite(search->wanted[i].number))
            continue;
        double at = moe__scale_at(scale, search->wanted[i].number);
        add(search, upright ? (Box){at, box.y, 0, box.height} : (Box){box.x, at, box.width, 0});
    }
}

static void
find_in_panel(const Search *search)
{
    const Panel *panel = search->view->panel;
    for (int i = 0; i < panel->n_keys; i++) {
        ReachKey key = {panel->keys[i], 0};
        if (moe__key_wanted(key.key.name, search->wanted, search->n) && !is_wanted(search, &key))
            return;
    }
    find_values(search, &search->view->x, true);
    find_values(search, &search->view->y, false);
    for (guint i = 0; i < panel->marks->len; i++) {
        const Mark *mark = &g_array_index(panel->marks, Mark, i);
        if (mark->type == MARK_CELLS)
            find_cells(search, &mark->cells);
        else
            find_pieces(search, mark);
    }
}

MoeRect *
moe_scene_find(MoeScene *scene, double width, double height, const MoeKey *keys, int n,
               int *n_found)
{
    const Layout *layout = moe__layout(scene, width, height);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(MoeRect));
    for (int i = 0; i < layout->n_frames; i++) {
        View view = moe__view_of(scene, i, &layout->frames[i], layout->ruler);
        Search search = {&view, keys, n, found};
        find_in_panel(&search);
    }
    *n_found = (int)found->len;
    return (MoeRect *)(gpointer)g_array_free(g_steal_pointer(&found), FALSE);
}

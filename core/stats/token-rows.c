/* SPDX-License-Identifier: MIT
 *
 * token-rows.c: rows of counts, found by id. Slabs let the table grow without copying it.
 */
#include "stats/token-rows.h"

#include <string.h>

enum { SLAB_BYTES = 256 << 10, FIRST_SIZE = 1024 };

static MoeTokenSlot *
new_map(uint32_t size)
{
    MoeTokenSlot *map = g_new(MoeTokenSlot, size);
    memset(map, 0xff, size * sizeof *map);
    return map;
}

static size_t
row_bytes(const MoeTokenRows *rows)
{
    return 2 * (size_t)rows->width;
}

static void
free_slab(void *slab)
{
    g_aligned_free(slab);
}

void
moe__token_rows_init(MoeTokenRows *rows, int experts)
{
    rows->width = (experts + 63) / 64 * 64;
    rows->per_slab = 1;
    while (2 * (size_t)rows->per_slab * row_bytes(rows) <= SLAB_BYTES)
        rows->per_slab *= 2;
    rows->slabs = g_ptr_array_new_with_free_func(free_slab);
    rows->ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    rows->wide_of = g_array_new(FALSE, FALSE, sizeof(int32_t));
    rows->wide = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    rows->size = FIRST_SIZE;
    rows->map = new_map(rows->size);
}

void
moe__token_rows_clear(MoeTokenRows *rows)
{
    g_ptr_array_unref(rows->slabs);
    g_array_unref(rows->ids);
    g_array_unref(rows->wide_of);
    g_array_unref(rows->wide);
    g_free(rows->map);
}

void
moe__token_rows_reset(MoeTokenRows *rows)
{
    g_ptr_array_set_size(rows->slabs, 0);
    g_array_set_size(rows->ids, 0);
    g_array_set_size(rows->wide_of, 0);
    g_array_set_size(rows->wide, 0);
    g_free(rows->map);
    rows->size = FIRST_SIZE;
    rows->map = new_map(rows->size);
}

size_t
moe__token_rows_size(const MoeTokenRows *rows)
{
    return rows->slabs->len * (size_t)rows->per_slab * row_bytes(rows) +
           rows->ids->len * 2 * sizeof(int32_t) + rows->wide->len * sizeof(uint32_t) +
           rows->size * sizeof(MoeTokenSlot);
}

/* --- Finding ----------------------------------------------------------------------------------*/

/* Ids of a vocabulary are dense: each then has a place of its own. Those above the map's size are
 * strewn by a multiplication (Knuth, volume 3, section 6.4). */
static uint32_t
place_of(uint32_t size, int32_t id)
{
    uint32_t high = (uint32_t)id / size;
    return ((uint32_t)id ^ high * 0x9e3779b1U) & (size - 1);
}

static MoeTokenSlot *
find_slot(MoeTokenSlot *map, uint32_t size, int32_t id)
{
    uint32_t place = place_of(size, id);
    while (map[place].id != id && map[place].id >= 0)
        place = (place + 1) & (size - 1);
    return &map[place];
}

/* Makes the map anew from the rows' ids. */
static void
map_again(MoeTokenRows *rows, uint32_t size)
{
    g_free(rows->map);
    rows->map = new_map(size);
    rows->size = size;
    for (guint i = 0; i < rows->ids->len; i++) {
        int32_t id = g_array_index(rows->ids, int32_t, i);
        *find_slot(rows->map, size, id) = (MoeTokenSlot){id, (int32_t)i};
    }
}

static int32_t
add_row(MoeTokenRows *rows, int32_t id)
{
    const int32_t none = -1;
    guint row = rows->ids->len, slab = row / (guint)rows->per_slab;
    if (slab == rows->slabs->len)
        g_ptr_array_add(rows->slabs, g_aligned_alloc0((gsize)rows->per_slab, row_bytes(rows), 64));
    g_array_append_val(rows->ids, id);
    g_array_append_val(rows->wide_of, none);
    if (2 * rows->ids->len > rows->size)
        map_again(rows, 2 * rows->size);
    else
        *find_slot(rows->map, rows->size, id) = (MoeTokenSlot){id, (int32_t)row};
    return (int32_t)row;
}

int32_t
moe__token_rows_find(MoeTokenRows *rows, int32_t id)
{
    const MoeTokenSlot *slot = find_slot(rows->map, rows->size, id);
    return slot->id == id ? slot->row : add_row(rows, id);
}

/* --- Counts -----------------------------------------------------------------------------------*/

void
moe__token_rows_carry(MoeTokenRows *rows, int32_t row, int at)
{
    int32_t *wide = &g_array_index(rows->wide_of, int32_t, row);
    guint length = 2 * (guint)rows->width;
    if (*wide < 0) {
        *wide = (int32_t)(rows->wide->len / length);
        g_array_set_size(rows->wide, rows->wide->len + length);
    }
    g_array_index(rows->wide, uint32_t, (guint)*wide * length + (guint)at)++;
}

int64_t
moe__token_rows_count(const MoeTokenRows *rows, int32_t row, int at)
{
    int32_t wide = g_array_index(rows->wide_of, int32_t, row);
    int64_t carried = 0;
    if (wide >= 0)
        carried =
            g_array_index(rows->wide, uint32_t, (guint)wide * 2 * (guint)rows->width + (guint)at);
    return 256 * carried + moe__token_rows_at(rows, row)[at];
}

/* --- Order ------------------------------------------------------------------------------------*/

/* Sorts by one byte of the ids, keeping the order of equals; false if it is the same in all. */
static bool
sort_by_byte(const int32_t *ids, int shift, const int32_t *in, int32_t *out, guint n)
{
    guint start[257] = {0};
    for (guint i = 0; i < n; i++)
        start[((uint32_t)ids[in[i]] >> shift & 255) + 1]++;
    for (int b = 0; b < 256; b++) {
        if (start[b + 1] == n)
            return false;
        start[b + 1] += start[b];
    }
    for (guint i = 0; i < n; i++)
        out[start[(uint32_t)ids[in[i]] >> shift & 255]++] = in[i];
    return true;
}

int32_t *
moe__token_rows_sorted(const MoeTokenRows *rows)
{
    guint n = rows->ids->len;
    const int32_t *ids = (const int32_t *)(const void *)rows->ids->data;
    int32_t *order = g_new(int32_t, n), *other = g_new(int32_t, n);
    for (guint i = 0; i < n; i++)
        order[i] = (int32_t)i;
    for (int shift = 0; shift < 32; shift += 8)
        if (sort_by_byte(ids, shift, order, other, n)) {
            int32_t *sorted = other;
            other = order;
            order = sorted;
        }
    g_free(other);
    return order;
}

/* Moves a row to another's place, at or before its own, and its carries from `wide` to the end of
 * rows->wide. */
static void
move_row(MoeTokenRows *rows, int32_t from, int32_t to, const GArray *wide)
{
    guint length = 2 * (guint)rows->width;
    int32_t own = g_array_index(rows->wide_of, int32_t, from);
    memmove(moe__token_rows_at(rows, to), moe__token_rows_at(rows, from), row_bytes(rows));
    g_array_index(rows->ids, int32_t, to) = g_array_index(rows->ids, int32_t, from);
    g_array_index(rows->wide_of, int32_t, to) = own < 0 ? -1 : (int32_t)(rows->wide->len / length);
    if (own >= 0)
        g_array_append_vals(rows->wide, &g_array_index(wide, uint32_t, (guint)own * length),
                            length);
}

int32_t
moe__token_rows_halve(MoeTokenRows *rows)
{
    g_autofree int32_t *order = moe__token_rows_sorted(rows);
    guint n = rows->ids->len;
    int32_t high = g_array_index(rows->ids, int32_t, order[n / 2]), kept = 0;
    g_autoptr(GArray) wide = g_steal_pointer(&rows->wide);
    rows->wide = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    for (guint row = 0; row < n; row++)
        if (g_array_index(rows->ids, int32_t, row) < high)
            move_row(rows, (int32_t)row, kept++, wide);
    g_array_set_size(rows->ids, (guint)kept);
    g_array_set_size(rows->wide_of, (guint)kept);
    g_ptr_array_set_size(rows->slabs, (kept + rows->per_slab - 1) / rows->per_slab);
    /* Rows that are made next begin at 0. */
    for (int32_t row = kept; row < (int32_t)rows->slabs->len * rows->per_slab; row++)
        memset(moe__token_rows_at(rows, row), 0, row_bytes(rows));
    map_again(rows, rows->size);
    return high;
}

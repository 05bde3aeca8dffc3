/* SPDX-License-Identifier: MIT
 *
 * token-rows.c: rows of counts, found by id. Slabs let the table grow without copying it.
 */
#include "stats/token-rows.h"

#include <string.h>

enum { SLAB_BYTES = 256 << 10, FIRST_SIZE = 1024, LINES = 128 };

static MoeTokenSlot *
new_far(uint32_t size)
{
    MoeTokenSlot *far = g_new(MoeTokenSlot, size);
    memset(far, 0xff, size * sizeof *far);
    return far;
}

static size_t
row_bytes(const MoeTokenRows *rows)
{
    return 2 * (size_t)rows->width;
}

static void *
new_slab(size_t bytes)
{
    void *slab = g_aligned_alloc(1, bytes, LINES);
    memset(slab, 0, bytes);
    return slab;
}

static void
free_slab(void *slab)
{
    g_aligned_free(slab);
}

void
moe__token_rows_init(MoeTokenRows *rows, int experts)
{
    *rows = (MoeTokenRows){.width = (experts + 63) / 64 * 64};
    while (row_bytes(rows) << (rows->slab_bits + 1) <= SLAB_BYTES)
        rows->slab_bits++;
    rows->slabs = g_ptr_array_new_with_free_func(free_slab);
    rows->ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    rows->wide_of = g_array_new(FALSE, FALSE, sizeof(int32_t));
    rows->wide = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    rows->far_size = FIRST_SIZE;
    rows->far = new_far(rows->far_size);
}

void
moe__token_rows_clear(MoeTokenRows *rows)
{
    g_ptr_array_unref(rows->slabs);
    g_array_unref(rows->ids);
    g_array_unref(rows->wide_of);
    g_array_unref(rows->wide);
    g_free(rows->order);
    g_free(rows->near);
    g_free(rows->far);
}

static void map_again(MoeTokenRows *rows, uint32_t far_size);

void
moe__token_rows_reset(MoeTokenRows *rows)
{
    g_ptr_array_set_size(rows->slabs, 0);
    g_array_set_size(rows->ids, 0);
    g_array_set_size(rows->wide_of, 0);
    g_array_set_size(rows->wide, 0);
    rows->n_ordered = 0;
    map_again(rows, FIRST_SIZE);
}

size_t
moe__token_rows_size(const MoeTokenRows *rows)
{
    return (rows->slabs->len * row_bytes(rows) << rows->slab_bits) +
           rows->ids->len * 3 * sizeof(int32_t) + rows->wide->len * sizeof(uint32_t) +
           rows->far_size * sizeof(MoeTokenSlot) + (size_t)rows->n_near * sizeof(int32_t);
}

/* --- Finding ----------------------------------------------------------------------------------*/

/* Far ids are strewn by a multiplication (Knuth, volume 3, section 6.4). */
static MoeTokenSlot *
find_far(MoeTokenSlot *far, uint32_t size, int32_t id)
{
    uint32_t place = (uint32_t)((uint32_t)id * 0x9e3779b97f4a7c15U >> 32) & (size - 1);
    while (far[place].id != id && far[place].id >= 0)
        place = (place + 1) & (size - 1);
    return &far[place];
}

static void
map_row(MoeTokenRows *rows, int32_t id, int32_t row)
{
    if (id < MOE_TOKENS_NEAR)
        rows->near[id] = row;
    else
        *find_far(rows->far, rows->far_size, id) = (MoeTokenSlot){id, row};
}

/* Maps all rows anew. */
static void
map_again(MoeTokenRows *rows, uint32_t far_size)
{
    if (rows->n_near > 0)
        memset(rows->near, 0xff, (size_t)rows->n_near * sizeof *rows->near);
    g_free(rows->far);
    rows->far = new_far(far_size);
    rows->far_size = far_size;
    rows->n_far = 0;
    for (guint i = 0; i < rows->ids->len; i++) {
        int32_t id = g_array_index(rows->ids, int32_t, i);
        map_row(rows, id, (int32_t)i);
        rows->n_far += id >= MOE_TOKENS_NEAR;
    }
}

/* Makes room for one more id. */
static void
reserve(MoeTokenRows *rows, int32_t id)
{
    if (id >= MOE_TOKENS_NEAR) {
        if (2 * ++rows->n_far > rows->far_size)
            map_again(rows, 2 * rows->far_size);
    } else if (id >= rows->n_near) {
        int32_t before = rows->n_near, n = MAX(before, FIRST_SIZE);
        while (n <= id)
            n *= 2;
        rows->near = g_renew(int32_t, rows->near, (gsize)n);
        memset(rows->near + before, 0xff, (size_t)(n - before) * sizeof *rows->near);
        rows->n_near = n;
    }
}

int32_t
moe__token_rows_find_slowly(MoeTokenRows *rows, int32_t id)
{
    const int32_t none = -1;
    if (id >= MOE_TOKENS_NEAR) {
        const MoeTokenSlot *slot = find_far(rows->far, rows->far_size, id);
        if (slot->id == id)
            return slot->row;
    }
    reserve(rows, id);
    guint row = rows->ids->len;
    if (row >> rows->slab_bits == rows->slabs->len)
        g_ptr_array_add(rows->slabs, new_slab(row_bytes(rows) << rows->slab_bits));
    g_array_append_val(rows->ids, id);
    g_array_append_val(rows->wide_of, none);
    map_row(rows, id, (int32_t)row);
    return (int32_t)row;
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

void
moe__token_rows_zero(MoeTokenRows *rows)
{
    for (guint slab = 0; slab < rows->slabs->len; slab++)
        memset(rows->slabs->pdata[slab], 0, row_bytes(rows) << rows->slab_bits);
    for (guint row = 0; row < rows->wide_of->len; row++)
        g_array_index(rows->wide_of, int32_t, row) = -1;
    g_array_set_size(rows->wide, 0);
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

static int32_t *
sort(const MoeTokenRows *rows)
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

/* One router after the other has the same ids, as a rule. */
const int32_t *
moe__token_rows_sorted(MoeTokenRows *rows)
{
    if (rows->n_ordered != rows->ids->len || !rows->order) {
        g_free(rows->order);
        rows->order = sort(rows);
        rows->n_ordered = rows->ids->len;
    }
    return rows->order;
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
    const int32_t *order = moe__token_rows_sorted(rows);
    guint n = rows->ids->len;
    int32_t high = g_array_index(rows->ids, int32_t, order[n / 2]), kept = 0;
    g_autoptr(GArray) wide = g_steal_pointer(&rows->wide);
    rows->wide = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    for (guint row = 0; row < n; row++)
        if (g_array_index(rows->ids, int32_t, row) < high)
            move_row(rows, (int32_t)row, kept++, wide);
    rows->n_ordered = 0;
    g_array_set_size(rows->ids, (guint)kept);
    g_array_set_size(rows->wide_of, (guint)kept);
    int per_slab = 1 << rows->slab_bits;
    g_ptr_array_set_size(rows->slabs, (kept + per_slab - 1) / per_slab);
    /* Rows that are made next begin at 0. */
    for (int32_t row = kept; row < (int32_t)rows->slabs->len * per_slab; row++)
        memset(moe__token_rows_at(rows, row), 0, row_bytes(rows));
    uint32_t far = FIRST_SIZE;
    while (far < 2 * (uint32_t)kept && far < rows->far_size)
        far *= 2;
    map_again(rows, far);
    return high;
}

/* SPDX-License-Identifier: MIT
 *
 * A row's hash for each token id.
 */
#include "check/row-ids.h"

enum { IDS = 1 << 20 }; /* that are remembered; those beyond may have any rows */

/* What is kept beside the hash of a row, in its place: it came once, or more often. */
enum { SEVERAL = 1, ONCE = 2, AGAIN = 3, STATE = 3 };

void
moe__row_ids_add(MoeRowIds *ids, int32_t id, uint64_t row)
{
    if (id < 0 || id >= IDS)
        return;
    if (id >= ids->n) {
        int64_t n = MAX(id + 1, MIN(2 * ids->n, IDS));
        ids->rows = g_renew(uint64_t, ids->rows, (gsize)n);
        for (int64_t i = ids->n; i < n; i++)
            ids->rows[i] = 0;
        ids->n = n;
    }
    uint64_t *own = &ids->rows[id], hash = row & ~(uint64_t)STATE;
    int state = (int)(*own & STATE);
    if (state == SEVERAL)
        return;
    if (state == 0) {
        *own = hash | ONCE;
    } else if ((*own & ~(uint64_t)STATE) == hash) {
        ids->same += state == ONCE;
        *own = hash | AGAIN;
    } else {
        ids->same -= state == AGAIN;
        ids->several++;
        *own = SEVERAL;
    }
}

bool
moe__row_ids_same(const MoeRowIds *ids, int32_t id)
{
    bool known = id >= 0 && id < ids->n;
    return known && (ids->rows[id] & STATE) == AGAIN && ids->several > ids->same;
}

void
moe__row_ids_clear(MoeRowIds *ids)
{
    g_free(ids->rows);
}

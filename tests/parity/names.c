/* SPDX-License-Identifier: MIT
 *
 * Weights as official code keeps them and as the layer does: one tensor an expert or all in one,
 * matrices side by side in one or apart, transposed or not.
 */
#include "parity.h"

#include <string.h>

static bool
is_split(const ParityName *name)
{
    return strstr(name->fixture, "%d") != NULL;
}

int
parity_name_tensors(const ParityName *name, const MoeTensor *x)
{
    return is_split(name) ? (int)x->shape[0] : 1;
}

char *
parity_name_of(const ParityName *name, int i)
{
    const char *number = strstr(name->fixture, "%d");
    if (!number)
        return g_strdup(name->fixture);
    return g_strdup_printf("%.*s%d%s", (int)(number - name->fixture), name->fixture, i, number + 2);
}

/* What one tensor of the fixture covers: `matrices` of them from the layer's `first` on, of each
 * the rows from … from + rows - 1. */
typedef struct {
    int64_t first, matrices, all_rows, from, rows, columns;
} Block;

static Block
block_of(const ParityName *name, const MoeTensor *x, int i)
{
    int axis = is_split(name) ? 1 : 0; /* where the axes of one fixture tensor begin */
    int left = x->ndim - axis;
    Block block = {.matrices = 1, .all_rows = 1, .columns = 1};
    if (left > 0)
        block.all_rows = x->shape[left > 1 ? x->ndim - 2 : x->ndim - 1];
    if (left > 1)
        block.columns = x->shape[x->ndim - 1];
    for (; axis < x->ndim - 2; axis++)
        block.matrices *= x->shape[axis];
    block.first = i * block.matrices;
    block.rows = block.all_rows / MAX(name->parts, 1);
    block.from = name->part * block.rows;
    return block;
}

int64_t
parity_name_count(const ParityName *name, const MoeTensor *x)
{
    Block block = block_of(name, x, 0);
    return block.matrices * block.rows * block.columns;
}

/* Where number `at` of the fixture's tensor stands in the layer's. */
static int64_t
place_of(const ParityName *name, const Block *block, int64_t at)
{
    int64_t size = block->rows * block->columns, matrix = block->first + at / size;
    int64_t row = at % size / block->columns, column = at % block->columns;
    if (name->transposed) {
        row = at % block->rows;
        column = at % size / block->rows;
    }
    return (matrix * block->all_rows + block->from + row) * block->columns + column;
}

void
parity_name_take(const ParityName *name, const MoeTensor *x, int i, const float *layer,
                 float *fixture)
{
    Block block = block_of(name, x, i);
    for (int64_t at = 0; at < parity_name_count(name, x); at++)
        fixture[at] = layer[place_of(name, &block, at)];
}

void
parity_name_put(const ParityName *name, const MoeTensor *x, int i, float *layer,
                const float *fixture)
{
    Block block = block_of(name, x, i);
    for (int64_t at = 0; at < parity_name_count(name, x); at++)
        layer[place_of(name, &block, at)] = fixture[at];
}

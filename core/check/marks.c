/* SPDX-License-Identifier: MIT
 *
 * Tokens of a chunk that a check marks, router by router, and then names to be dropped.
 */
#include "check/check.h"

#include <string.h>

void
moe__marks_begin(MoeMarks *marks, const MoeCheckRows *rows)
{
    bool same = marks->routers > 0 && marks->chunk == rows->chunk;
    if (same) {
        marks->routers++;
        return;
    }
    marks->chunk = rows->chunk;
    marks->routers = 1;
    marks->first = rows->first;
    marks->tokens = rows->view->tokens;
    if (marks->tokens > marks->max) {
        marks->max = marks->tokens;
        marks->mark = g_renew(int32_t, marks->mark, (gsize)marks->max);
    }
    memset(marks->mark, 0, sizeof *marks->mark * (size_t)marks->tokens);
}

void
moe__marks_list(const MoeMarks *marks, int least, GArray *list)
{
    for (int64_t t = 0, n; t < marks->tokens; t += MAX(n, 1)) {
        for (n = 0; t + n < marks->tokens && marks->mark[t + n] >= least; n++)
            ;
        MoeTraceRange range = {marks->first + t, n};
        if (n > 0)
            g_array_append_val(list, range);
    }
}

void
moe__ranges_drop(MoeCheckRun *run, const GArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const MoeTraceRange *range = &g_array_index(list, MoeTraceRange, i);
        moe_check_run_drop(run, range->first, range->n);
    }
}

void
moe__marks_drop(MoeCheckRun *run, const MoeMarks *marks, int least)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    moe__marks_list(marks, least, list);
    moe__ranges_drop(run, list);
}

void
moe__marks_clear(MoeMarks *marks)
{
    g_free(marks->mark);
}

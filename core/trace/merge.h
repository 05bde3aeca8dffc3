/* SPDX-License-Identifier: MIT
 *
 * merge.h: parts of moe_trace_merge().
 */
#ifndef MOE_TRACE_MERGE_H
#define MOE_TRACE_MERGE_H

#include <moescope/trace.h>

/* meta.json of a merged trace, begun as that of traces[0]: its `import` has the notes, warnings and
 * files of all n of them, and the sums of the tokens that they kept and left out. (transfer full)
 */
char *moe__trace_merge_imports(const char *meta_json, const MoeTrace *const *traces, int n);

#endif

/* SPDX-License-Identifier: MIT
 *
 * kinds.h: kinds of experts of one router that don't all do the same: feed-forwards beside experts
 * that return nothing, their input or a constant (MoE++, arXiv 2410.07348), narrow ones beside wide
 * ones. meta.json says them in the order of the ids, as MoeRouterInfo.kinds does:
 * "ffn:8,zero:1,copy:1,constant:2" are experts 0 to 7, 8, 9, and 10 and 11; a kind may come again.
 * Experts that every unit passes (MoeRouterInfo.shared) are no kind of these: nobody picks them.
 */
#ifndef MOESCOPE_KINDS_H
#define MOESCOPE_KINDS_H

#include <moescope/trace.h>

G_BEGIN_DECLS

typedef struct MoeKinds {
    int n;        /* kinds, in the order in which they come */
    char **name;  /* [n] */
    int *experts; /* [n] how many experts are of it */
    int n_of;     /* experts of the router */
    int *of;      /* [n_of] the kind of each */
} MoeKinds;

/* Reads kinds of `experts` experts. Names have letters, digits, "_" and "-", at most 32. Fails with
 * MOE_ERROR_FORMAT, saying what was found. (transfer full) */
MOE_API MoeKinds *moe_kinds_parse(const char *text, int experts, GError **error);
/* Those of a router; NULL where it doesn't say. (transfer full) */
MOE_API MoeKinds *moe_kinds_of(const MoeRouterInfo *router);
MOE_API void moe_kinds_free(MoeKinds *kinds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeKinds, moe_kinds_free)
/* The kind of a name; -1: there is none. */
MOE_API int moe_kinds_find(const MoeKinds *kinds, const char *name);

G_END_DECLS

#endif

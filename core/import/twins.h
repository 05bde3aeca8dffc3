/* SPDX-License-Identifier: MIT
 *
 * Ranks of a server or a training that share their tokens write the same into a file each: read
 * together, every token would count several times.
 */
#ifndef MOE_IMPORT_TWINS_H
#define MOE_IMPORT_TWINS_H

#include <moescope/base.h>

/* What is said of two such files. */
#define MOE_TWINS_RANKS "expected ranks with tokens of their own: of ranks that share tokens, one"

typedef struct MoeTwins MoeTwins;

MoeTwins *moe__twins_new(void);
void moe__twins_free(MoeTwins *twins);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTwins, moe__twins_free)
/* Takes in what the file under way has, in its order. */
void moe__twins_add(MoeTwins *twins, const void *data, gsize size);
/* Ends the file, whose name may be shown. Returns the name of one before that had the same, or
 * NULL; files to which nothing was added are none's twin. (transfer none) */
const char *moe__twins_end(MoeTwins *twins, const char *name);

#endif

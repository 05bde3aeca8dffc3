/* SPDX-License-Identifier: MIT
 *
 * Ranks of a server or a training that share their tokens write the same into a file each: read
 * together, every token would count several times.
 */
#ifndef MOE_IMPORT_TWINS_H
#define MOE_IMPORT_TWINS_H

#include <glib.h>
#include <stdint.h>

/* What is said of two such files. */
#define MOE_TWINS_RANKS "expected ranks with tokens of their own: of ranks that share tokens, one"

/* Of what a file has, in its order; 0: nothing was added. */
typedef uint64_t MoeTwinSum;

void moe__twin_add(MoeTwinSum *sum, const void *data, gsize size);

/* The files that were read. */
typedef GHashTable MoeTwins;

MoeTwins *moe__twins_new(void);
/* Enters a file, whose name may be shown. Returns the name of one before that had the same, or
 * NULL; files that have nothing are none's twin. (transfer none) */
const char *moe__twins_enter(MoeTwins *twins, MoeTwinSum sum, const char *name);

#endif

/* SPDX-License-Identifier: MIT
 *
 * log-pipe.h: the rows of a log, read ahead by a thread of its own while others are made use of.
 */
#ifndef MOE_IMPORT_LOG_PIPE_H
#define MOE_IMPORT_LOG_PIPE_H

#include "import/log-row.h"

typedef struct MoeLogPipe MoeLogPipe;

/* The errors of moe__log_open(). With one thread (moe_threads()) rows are read when they are asked
 * for. */
MoeLogPipe *moe__log_pipe_open(const char *path, bool csv, GError **error);
/* What is left is read no further. */
void moe__log_pipe_free(MoeLogPipe *pipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeLogPipe, moe__log_pipe_free)
/* The file's name, as it is shown. (transfer none) */
const char *moe__log_pipe_path(const MoeLogPipe *pipe);
/* Of the file's bytes as it is, about how many were read for the last row. */
int64_t moe__log_pipe_done(const MoeLogPipe *pipe);
/* The next row, valid until the next call; NULL at the end (error unset) and with an error. */
const MoeLogRow *moe__log_pipe_next(MoeLogPipe *pipe, GError **error);

/* Behind the last row: what was wrong with a line behind it that was cut off, and left out; NULL:
 * there was none. (transfer none) */
const char *moe__log_pipe_cut(const MoeLogPipe *pipe);

#endif

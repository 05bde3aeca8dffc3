/* SPDX-License-Identifier: MIT
 *
 * lock.c: who may put another file in a trace's place. A recording holds a lock on its file, of the
 * advisory kind that ends with the process; tools that write in place look for it. Where the file
 * system has no locks, zip-write.c still notices that its file is gone.
 */
#include "trace/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

bool
moe__trace_check_free(const char *path, GError **error)
{
    int fd = g_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    if (held)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s is being written at this moment: a new file in its place would lose what "
                    "is still to come; wait until that is finished, or write elsewhere (--out)",
                    path);
    return !held;
}

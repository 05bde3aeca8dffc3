/* SPDX-License-Identifier: MIT
 *
 * Threads without work spin before they sleep: libgomp's for milliseconds, libomp's for a fifth of
 * a second. On a machine that has other work to do, spinning threads keep from the cores those that
 * they wait for, and a small model trains ten times slower.
 */
#include <moescope/base.h>

#include <unistd.h>

void
moe_bound_spinning(char **argv)
{
    if (g_getenv("OMP_WAIT_POLICY") || g_getenv("GOMP_SPINCOUNT") || g_getenv("KMP_BLOCKTIME"))
        return;
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_setenv("GOMP_SPINCOUNT", "2000", TRUE);
    g_setenv("KMP_BLOCKTIME", "0", TRUE);
    if (program)
        execv(program, argv);
    /* It goes on as it is: slower at worst. */
}

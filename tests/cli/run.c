/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

Run
run_moescope(const char *argument, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    const char *program = g_getenv("MOESCOPE_PROGRAM");
    Run run = {0};
    int wait_status;
    va_list rest;
    g_assert_nonnull(program);
    g_ptr_array_add(argv, (char *)program);
    va_start(rest, argument);
    for (; argument; argument = va_arg(rest, const char *))
        g_ptr_array_add(argv, (char *)argument);
    va_end(rest);
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &run.out, &run.err,
                 &wait_status, &error);
    g_assert_no_error(error);
    if (!WIFEXITED(wait_status))
        g_error("moescope was killed by signal %d:\n%s", WTERMSIG(wait_status), run.err);
    run.status = WEXITSTATUS(wait_status);
    return run;
}

void
run_clear(Run *run)
{
    g_clear_pointer(&run->out, g_free);
    g_clear_pointer(&run->err, g_free);
}

static void
expect_text(const char *stream, const char *found, const char *part)
{
    if (part && (*part ? !strstr(found, part) : *found != '\0'))
        g_error("%s: expected \"%s\" in:\n%s", stream, part, found);
}

void
run_expect(const Run *run, int status, const char *out, const char *err)
{
    if (run->status != status)
        g_error("exit status %d, expected %d:\n%s%s", run->status, status, run->out, run->err);
    expect_text("stdout", run->out, out);
    expect_text("stderr", run->err, err);
}

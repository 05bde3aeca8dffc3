/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program and its arguments, ended by NULL; the strings are borrowed. */
static GPtrArray *
command(const char *argument, va_list rest)
{
    GPtrArray *argv = g_ptr_array_new();
    const char *program = g_getenv("MOESCOPE_PROGRAM");
    g_assert_nonnull(program);
    g_ptr_array_add(argv, (char *)program);
    for (; argument; argument = va_arg(rest, const char *))
        g_ptr_array_add(argv, (char *)argument);
    g_ptr_array_add(argv, NULL);
    return argv;
}

Run
run_moescope(const char *argument, ...)
{
    g_autoptr(GError) error = NULL;
    Run run = {0};
    int wait_status;
    va_list rest;
    va_start(rest, argument);
    g_autoptr(GPtrArray) argv = command(argument, rest);
    va_end(rest);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &run.out, &run.err,
                 &wait_status, &error);
    g_assert_no_error(error);
    if (!WIFEXITED(wait_status))
        g_error("moescope was killed by signal %d:\n%s", WTERMSIG(wait_status), run.err);
    run.status = WEXITSTATUS(wait_status);
    return run;
}

RunChild
run_start(const char *argument, ...)
{
    g_autoptr(GError) error = NULL;
    RunChild child;
    va_list rest;
    va_start(rest, argument);
    g_autoptr(GPtrArray) argv = command(argument, rest);
    va_end(rest);
    g_spawn_async_with_pipes(NULL, (char **)argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                             NULL, &child.pid, NULL, &child.out, &child.err, &error);
    g_assert_no_error(error);
    return child;
}

/* What is left in a pipe, until the other end closes it. */
static char *
drain(int pipe)
{
    GString *text = g_string_new(NULL);
    char piece[4096];
    ssize_t got;
    while ((got = read(pipe, piece, sizeof piece)) > 0)
        g_string_append_len(text, piece, got);
    close(pipe);
    return g_string_free(text, FALSE);
}

Run
run_signal(RunChild *child, int number)
{
    int wait_status;
    kill(child->pid, number);
    Run run = {.out = drain(child->out), .err = drain(child->err)};
    g_assert_cmpint(waitpid(child->pid, &wait_status, 0), ==, child->pid);
    g_spawn_close_pid(child->pid);
    run.status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
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

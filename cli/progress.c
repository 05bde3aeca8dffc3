/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIPE     "\r\033[K"
#define INTERVAL (G_USEC_PER_SEC / 10)

static volatile sig_atomic_t interrupted;
static bool shown;
static gint64 last_time;

/* The action resets itself: the next signal finds the default one, which kills. */
static void
on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* A line longer than the terminal is wide would wrap, and couldn't be wiped. */
static glong
terminal_width(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1 : 79;
}

static void
show(int64_t done, int64_t total, const char *what)
{
    g_autoptr(GString) line = g_string_new(what);
    if (total > 0)
        g_string_append_printf(line, "  %" G_GINT64_FORMAT " / %" G_GINT64_FORMAT " (%d %%)", done,
                               total, (int)(100.0 * (double)done / (double)total));
    else
        g_string_append_printf(line, "  %" G_GINT64_FORMAT, done);
    g_autofree char *valid = g_utf8_make_valid(line->str, -1);
    glong length = MIN(g_utf8_strlen(valid, -1), terminal_width());
    g_autofree char *text = g_utf8_substring(valid, 0, length);
    fprintf(stderr, WIPE "%s", text);
    shown = true;
}

static bool
on_progress(int64_t done, int64_t total, const char *what, void *user)
{
    (void)user;
    gint64 now = g_get_monotonic_time();
    bool due = now - last_time >= INTERVAL || (total > 0 && done == total);
    if (due && isatty(STDERR_FILENO)) {
        show(done, total, what);
        last_time = now;
    }
    return !interrupted;
}

const MoeProgress *
cmd_progress_begin(void)
{
    static const MoeProgress progress = {.func = on_progress};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 &&
        hangup.sa_handler != SIG_IGN) /* as nohup sets it */
        sigaction(SIGHUP, &action, NULL);
    return &progress;
}

void
cmd_progress_end(void)
{
    if (shown)
        fputs(WIPE, stderr);
    shown = false;
}

/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <stdarg.h>

bool
tool_there(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (path)
        return true;
    g_autofree char *words = g_strdup_printf("no %s", program);
    g_test_skip(words);
    return false;
}

Run
tool_run(const char *program, ...)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Run run = {0};
    int wait = 0;
    va_list list;
    va_start(list, program);
    for (const char *word = program; word; word = va_arg(list, const char *))
        g_ptr_array_add(words, (gpointer)word);
    va_end(list);
    g_ptr_array_add(words, NULL);
    g_spawn_sync(NULL, (char **)words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &run.out,
                 &run.err, &wait, &error);
    g_assert_no_error(error);
    run.status = g_spawn_check_wait_status(wait, NULL) ? 0 : wait >> 8;
    return run;
}

/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <glib.h>

void
write_log(const char *path, int first)
{
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < LOG_TOKENS; i++)
        for (int layer = 0; layer < 2; layer++)
            g_string_append_printf(log,
                                   "{\"req_id\": \"r%d\", \"token_idx\": %d, \"layer\": %d, "
                                   "\"topk_ids\": [%d, %d], \"topk_weights\": [0.6, 0.4]}\n",
                                   first + i / 50, i % 50, layer, i % 7, (i + 1 + layer) % 7);
    g_assert_true(g_file_set_contents(path, log->str, -1, &error));
    g_assert_no_error(error);
}

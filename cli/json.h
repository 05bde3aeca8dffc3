/* SPDX-License-Identifier: MIT
 *
 * json.h: JSON for --json, put together in a GString: objects and arrays are opened and closed,
 * commas come by themselves.
 */
#ifndef CMD_JSON_H
#define CMD_JSON_H

#include <glib.h>

/* `key` NULL: within an array, or at the top. `bracket`: '{' or '['; close with '}' or ']'. */
void json_open(GString *json, const char *key, char bracket);
void json_close(GString *json, char bracket);
void json_text(GString *json, const char *key, const char *text);
void json_int(GString *json, const char *key, gint64 value);
/* Shortest text of up to 15 digits; NaN and infinities become null. */
void json_real(GString *json, const char *key, double value);
void json_bool(GString *json, const char *key, gboolean value);

/* Prints it with a line feed and frees it. */
void json_print(GString *json);

#endif

/* SPDX-License-Identifier: MIT
 *
 * JSON that goes out. json-glib builds trees and writes numbers as %.17g and NaN as it stands;
 * here numbers are the shortest texts that read back as the same number, NaN and infinities are
 * null, and a line is written as it comes. The locale plays no part.
 */
#ifndef MOE_BASE_JSON_OUT_H
#define MOE_BASE_JSON_OUT_H

#include <moescope/base.h>

void moe__json_append_string(GString *out, const char *text);
void moe__json_append_real(GString *out, double value);
void moe__json_append_float(GString *out, float value);

/* One object on a line (JSON Lines): begin, add pairs, end. */
GString *moe__json_line(void);
void moe__json_int(GString *line, const char *key, int64_t value);
void moe__json_real(GString *line, const char *key, double value);
void moe__json_float(GString *line, const char *key, float value);
void moe__json_bool(GString *line, const char *key, bool value);
/* `text` NULL gives null. */
void moe__json_string(GString *line, const char *key, const char *text);
/* The line with its line feed. (transfer full); takes `line`. */
char *moe__json_line_end(GString *line);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What was found, for a message: text of unknown length and content.
 */
#ifndef MOE_BASE_QUOTE_H
#define MOE_BASE_QUOTE_H

/* `text` between quotation marks, as valid UTF-8, shortened if it is long. (transfer full) */
char *moe__quote(const char *text);

#endif

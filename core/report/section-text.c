/* SPDX-License-Identifier: MIT
 *
 * Tokens of a document, one by one.
 */
#include "report/section.h"

static const char *const figures[] = {"text tokens=300", "token-map", NULL};

const PlainSection moe__section_text = {
    PLAIN("text", "Text by expert", "a document's tokens in the colours of their experts", 0),
    .figures = figures,
};

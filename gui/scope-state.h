/* SPDX-License-Identifier: MIT
 *
 * scope-state.h: what is remembered from one time to the next: sizes, views, choices, the files
 * that were opened last. A key file below the user's folder of settings; without it, or where it
 * can't be written, everything works as on the first day.
 */
#ifndef SCOPE_STATE_H
#define SCOPE_STATE_H

#include <glib.h>

G_BEGIN_DECLS

int scope_state_get_int(const char *name, int fallback);
void scope_state_set_int(const char *name, int value);
/* (transfer full) */
char *scope_state_get_text(const char *name, const char *fallback);
void scope_state_set_text(const char *name, const char *value);

/* Paths of the files that were opened last, the latest first, as far as they are still there; NULL
 * at the end. (transfer full) */
char **scope_state_recent(void);
void scope_state_add_recent(const char *path);

G_END_DECLS

#endif

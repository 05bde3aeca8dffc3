/* SPDX-License-Identifier: MIT
 *
 * scope-import.h: the library's import with what the user chose in a form, put as the import
 * command takes it.
 */
#ifndef SCOPE_IMPORT_H
#define SCOPE_IMPORT_H

#include <moescope/import.h>

G_BEGIN_DECLS

/* Imports `paths` (NULL at the end), as one, into `out`. `choices`: "--experts", "64", …, NULL at
 * the end; or NULL. `notes`: what a reader has to know, or NULL (transfer full). Fails with
 * SCOPE_ERROR_ASKS where something has to be chosen that isn't, else as moe_import(). */
bool scope_import(const char *const *paths, const char *out, const char *const *choices,
                  const MoeProgress *progress, char **notes, GError **error);

G_END_DECLS

#endif

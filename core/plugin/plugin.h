/* SPDX-License-Identifier: MIT
 *
 * The steps between a file and what it registers.
 */
#ifndef MOE_PLUGIN_PLUGIN_H
#define MOE_PLUGIN_PLUGIN_H

#include <moescope/plugin.h>

/* Whether the file is a shared object, of this machine and not cut off. Fails with
 * MOE_ERROR_UNSUPPORTED; messages of these functions don't name the file. */
bool moe__plugin_is_whole(const char *path, GError **error);
/* Opens the shared object and finds its constant. `handle`: to be closed with dlclose() if the
 * plugin isn't taken in. Fails with MOE_ERROR_UNSUPPORTED. */
const MoePlugin *moe__plugin_open(const char *path, void **handle, GError **error);
/* Whether the constant is of the size that is expected, and whole: the rest may then be read. */
bool moe__plugin_check_description(const MoePlugin *plugin, GError **error);
/* Whether everything in it can be taken in. */
bool moe__plugin_check(const MoePlugin *plugin, GError **error);
/* Takes in a plugin that has been checked. */
void moe__plugin_register(const MoePlugin *plugin);

#endif

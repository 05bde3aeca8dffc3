/* SPDX-License-Identifier: MIT
 *
 * scope-samples.h: the sample recipes that come with the program.
 */
#ifndef SCOPE_SAMPLES_H
#define SCOPE_SAMPLES_H

#include <glib.h>

G_BEGIN_DECLS

/* The file of a sample recipe such as "smoe-tiny", below $MOESCOPE_SAMPLES, beside the installed
 * program, or in the source tree that it was built in; NULL: there is none. (transfer full) */
char *scope_samples_recipe(const char *name);

G_END_DECLS

#endif

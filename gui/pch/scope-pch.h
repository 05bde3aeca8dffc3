/* SPDX-License-Identifier: MIT
 *
 * What nearly every file of the app includes, read once by the compiler.
 */
#ifndef SCOPE_PCH_H
#define SCOPE_PCH_H

#include <gtk/gtk.h>
#include <moescope/figure.h>

#endif

/* SPDX-License-Identifier: MIT
 *
 * What nearly every file of the library includes, read once a room by the compiler. Files include
 * what they use all the same: `meson setup -Db_pch=false` builds without.
 */
#ifndef MOE_BASE_PCH_H
#define MOE_BASE_PCH_H

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#endif

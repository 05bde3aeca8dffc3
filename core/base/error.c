/* SPDX-License-Identifier: MIT */
#include <moescope/base.h>

G_DEFINE_QUARK(moe - error - quark, moe_error)

/* SPDX-License-Identifier: MIT */
#ifndef CMD_SUMMARY_INFO_H
#define CMD_SUMMARY_INFO_H

#include <stdbool.h>

/* Says what is in the summary at `path`; returns what to exit with. */
int cmd_summary_info(const char *path, bool json);

#endif

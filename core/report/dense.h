/* SPDX-License-Identifier: MIT
 *
 * dense.h: the report of a run without routers, which other runs are compared with.
 */
#ifndef REPORT_DENSE_H
#define REPORT_DENSE_H

#include <moescope/report.h>

/* Whether the path is the folder of a run whose recipe has no routers. */
bool moe__report_is_dense(const char *path);
/* Its report: how it went, and what it is. Fails as moe_report_build(). (transfer full) */
MoeDocument *moe__report_dense(const char *path, const MoeReportOptions *options, GError **error);

#endif

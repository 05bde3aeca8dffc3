/* SPDX-License-Identifier: MIT
 *
 * reports.h: reports as files, for report, compare and demo.
 */
#ifndef CMD_REPORTS_H
#define CMD_REPORTS_H

#include <moescope/report.h>

/* --formats and --theme. */
typedef struct ReportLook {
    char *formats_text, *theme_text;
    unsigned formats; /* MoeReportFormats; 0: all */
    MoeReportTheme theme;
} ReportLook;

#define REPORT_LOOK_ENTRIES(look)                                                        \
    {"formats",                                                                          \
     0,                                                                                  \
     0,                                                                                  \
     G_OPTION_ARG_STRING,                                                                \
     &(look).formats_text,                                                               \
     "of html, pdf, md and json (default: all)",                                         \
     "NAME,…"},                                                                          \
    {                                                                                    \
        "theme", 0, 0, G_OPTION_ARG_STRING, &(look).theme_text,                          \
            "of HTML: auto | light | dark (auto: as the reader's system has it)", "NAME" \
    }

/* Understands them, or complains and sets the status. */
bool cmd_report_look_check(ReportLook *look, int *status);
void cmd_report_look_clear(ReportLook *look);

/* Writes a report of each input into folder `out`, and the index of several; with progress. What
 * fails is said, and the others are made. Returns the exit status. */
int cmd_reports_write(const char *out, const MoeReportOptions *options, const ReportLook *look,
                      int n, char *const *paths);

#endif

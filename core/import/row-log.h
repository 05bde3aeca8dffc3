/* SPDX-License-Identifier: MIT
 *
 * Logs with a line for each token and layer, whatever they are called (log-kind.c).
 */
#ifndef MOE_IMPORT_ROW_LOG_H
#define MOE_IMPORT_ROW_LOG_H

#include <moescope/import.h>

/* Reads the files of an import, as CSV or as JSON. */
bool moe__row_log_read(MoeImport *import, bool csv, GError **error);

#endif

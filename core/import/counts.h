/* SPDX-License-Identifier: MIT
 *
 * What importers of counts share.
 */
#ifndef MOE_IMPORT_COUNTS_H
#define MOE_IMPORT_COUNTS_H

#include "import/python.h"

#include <moescope/import.h>

/* Counts above this aren't whole numbers of a double any more. */
#define MOE_COUNT_MAX ((int64_t)1 << 53)

/* A number as a count: whole, 0 … MOE_COUNT_MAX. False if it isn't one. */
bool moe__count_real(double value, int64_t *count);
/* The same of element `i`. */
bool moe__count_value(const MoeValues *values, int64_t i, int64_t *count);

/* Whole numbers that add up to `total`, as near to exact[n] as can be and none above `most`: the
 * largest remainders are rounded up (Hamilton's apportionment), of equal ones the lower id. */
void moe__count_apportion(const double *exact, int n, int64_t total, int64_t most, int64_t *whole);

/* Layers of files whose rows stand for them: those of the options if there are any, else 0 … n - 1.
 * NULL with MOE_ERROR_DATA if the options name more or fewer. (transfer full) */
int *moe__count_layers(const MoeImport *import, int n, GError **error);

/* Whether it is known whose counts are whose. Where several files would be added up and no
 * --domain tells them apart, fails with MOE_ERROR_DATA and offers their names. */
bool moe__count_domains(const MoeImport *import, GError **error);

/* Opens what torch.save() and pickle.dump() write; a plain pickle may be gzip'd. Errors as those of
 * moe__pt_open() and moe__stream_more(). (transfer full) */
MoePyDoc *moe__count_open(const char *path, GError **error);

/* How far a file's reading is: all of it. */
bool moe__count_progress(MoeImport *import, int file, GError **error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * One line of a table of counts, CSV with a line of names or JSON Lines (or an array of objects):
 * the picks of an expert in a layer, or the tokens of a pair of experts in two layers.
 */
#ifndef MOE_IMPORT_COUNT_ROW_H
#define MOE_IMPORT_COUNT_ROW_H

#include "import/json-pull.h"

enum {
    MOE_COUNT_LAYER, /* of a pair: layer_a */
    MOE_COUNT_LAYER_B,
    MOE_COUNT_EXPERT, /* of a pair: expert_a */
    MOE_COUNT_EXPERT_B,
    MOE_COUNT_COUNT,
    MOE_COUNT_FIRST,
    MOE_COUNT_INTEGERS, /* so many of these */
    MOE_COUNT_GATE_SUM = MOE_COUNT_INTEGERS,
    MOE_COUNT_DOMAIN,
    MOE_COUNT_FIELDS,
};

typedef struct MoeCountRow {
    int64_t integers[MOE_COUNT_INTEGERS]; /* -1: not said */
    double gate_sum;                      /* NaN: not said */
    GString *domain;                      /* empty: not said */
} MoeCountRow;

/* The field that a name stands for; MOE_COUNT_FIELDS: none. */
int moe__count_field(const char *name, size_t length);

typedef struct MoeCountReader {
    MoeStream *stream;
    MoeJson *json;  /* NULL: it is CSV */
    char separator; /* of its cells */
    GString *whole; /* a row of several lines */
    MoeCountRow row;
    int n_columns, columns[32];
} MoeCountReader;

MoeCountReader *moe__count_reader_new(const char *path, GError **error);
void moe__count_reader_free(MoeCountReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeCountReader, moe__count_reader_free)
/* Reads the next row into reader->row. Returns false at the end (error unset) and with an error. */
bool moe__count_reader_next(MoeCountReader *reader, GError **error);
/* MOE_ERROR_FORMAT at the line of the last row. Returns false. */
bool moe__count_reader_fail(const MoeCountReader *reader, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif

/* SPDX-License-Identifier: MIT
 *
 * One line of a log: a token's picks in one layer, or what the log says of the model. Logs are JSON
 * Lines, or one array of what would be lines, or CSV with a line of names.
 */
#ifndef MOE_IMPORT_LOG_ROW_H
#define MOE_IMPORT_LOG_ROW_H

#include "import/json-pull.h"

/* What a key or a column means. Every logger has names of its own. */
typedef enum {
    MOE_LOG_UNKNOWN,
    MOE_LOG_TYPE,
    MOE_LOG_DOC,
    MOE_LOG_POS,
    MOE_LOG_TOKEN, /* its place, if it is a number */
    MOE_LOG_ID,
    MOE_LOG_LAYER,
    MOE_LOG_EXPERTS,
    MOE_LOG_GATES,
    MOE_LOG_DOMAIN,
    MOE_LOG_MODEL,
    MOE_LOG_META_EXPERTS,
    MOE_LOG_META_K,
    MOE_LOG_META_NORM,
} MoeLogField;
MoeLogField moe__log_field(const char *name, size_t length);
/* The same of a column, which may be one of several: "expert_0", "top1_expert". */
MoeLogField moe__log_column(const char *name, bool *numbered);
/* Whether both a key of the layer and one of experts stand in a text of JSON. */
bool moe__log_is_told(const char *text);
/* The layer in a text: what stands behind "layers.", "blk." and the like, or its only number; -1:
 * none can be told. */
int moe__log_layer(const char *name);

/* A key of a line, and what it was found to mean. */
enum { MOE_LOG_KEYS = 16 };
typedef struct MoeLogKey {
    MoeLogField field;
    size_t length; /* of `text`; 0: there was none */
    char text[32]; /* with its marks and the colon */
} MoeLogKey;

typedef struct MoeLogRow {
    bool meta;   /* "type" says other than "route", and there are no experts; perhaps the model */
    bool single; /* an expert by itself, not a list: lines of one token were joined */
    bool told;   /* experts were named, be it that there are none */
    int64_t meta_experts;  /* 0: not said; of one layer, if there is one */
    int64_t meta_k;        /* -1: not said; 0, of a layer: it varies */
    int meta_renormalised; /* -1: not said */
    GString *model;        /* empty: not said */

    GString *doc;            /* as text; empty: not said */
    GString *domain;         /* likewise */
    int64_t pos, id;         /* -1: not said */
    int64_t layer;           /* -1: not said */
    bool by_token;           /* the place is that of a key "token" */
    int tokens;              /* in lists of lists several, one after another; else 1 */
    GArray *experts, *gates; /* int32_t, double, [tokens × k]; gates may be empty */
    GArray *places, *ids;    /* int32_t, [tokens], in place of pos and id; empty: not said */

    uint64_t line, end, length; /* of the file; its bytes, unpacked, up to here; of the line */
} MoeLogRow;

void moe__log_row_init(MoeLogRow *row);
void moe__log_row_clear(MoeLogRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeLogRow, moe__log_row_clear)

enum { MOE_LOG_COLUMNS = 32 };

/* A log that is being read. */
typedef struct MoeLogReader {
    MoeStream *stream; /* its `line` is that of the last row */
    MoeJson *json;     /* NULL: it is CSV */
    char separator;    /* of the cells of CSV */
    GString *whole;    /* a row of CSV that has several lines */
    MoeLogField columns[MOE_LOG_COLUMNS];
    int n_columns;
    bool listed;                  /* experts have a column each */
    MoeLogKey keys[MOE_LOG_KEYS]; /* of JSON, in their order, as of the line before */
    MoeLogRow ahead;              /* read to see whether it goes on with the row before */
    bool has_ahead;
    uint64_t rows; /* that were read */
    char *cut;     /* why the last line, which has no end, was left out; NULL: it wasn't */
} MoeLogReader;

MoeLogReader *moe__log_open(const char *path, bool csv, GError **error);
void moe__log_free(MoeLogReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeLogReader, moe__log_free)
/* The next row. Returns false at the end (error unset) and with an error. */
bool moe__log_next(MoeLogReader *reader, MoeLogRow *row, GError **error);

/* The two kinds of line; as moe__log_next(), but json's error is in `json`. */
bool moe__log_row_json(MoeLogReader *reader, MoeLogRow *row);
bool moe__log_row_csv(MoeLogReader *reader, MoeLogRow *row, GError **error);
/* Takes the line of names. */
bool moe__log_columns(MoeLogReader *reader, GError **error);
/* Readers of values that can stand in either: lists of lists as well (log-value.c). */
bool moe__log_read_experts(MoeJson *json, MoeLogRow *row);
bool moe__log_read_gates(MoeJson *json, MoeLogRow *row);
bool moe__log_read_layer(MoeJson *json, MoeLogRow *row);
/* An integer, null, or a list of some. */
bool moe__log_read_place(MoeJson *json, const char *what, int64_t low, int64_t *one, GArray *list);

#endif

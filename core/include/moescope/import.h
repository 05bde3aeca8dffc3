/* SPDX-License-Identifier: MIT
 *
 * import.h: what other tools write about routing: tokens with their picks as traces, counts as
 * summaries (summary.h). An importer reads one format; it is found by what a file holds, not by
 * what it is called. core/import/README.md lists the formats.
 *
 * What a file doesn't say (how many experts there are, how the router scores, whether the gates
 * were renormalised, what the texts are) is asked for: nothing is guessed.
 */
#ifndef MOESCOPE_IMPORT_H
#define MOESCOPE_IMPORT_H

#include <moescope/summary.h>

G_BEGIN_DECLS

/* Whether the gates of a unit's picks sum to one. */
typedef enum MoeImportGates {
    MOE_IMPORT_GATES_UNTOLD,
    MOE_IMPORT_GATES_SUM_TO_ONE,
    MOE_IMPORT_GATES_AS_SCORED, /* not renormalised */
} MoeImportGates;

/* What the caller says. Zero or NULL: nothing. Begin from a zeroed struct. */
typedef struct MoeImportOptions {
    const char *importer;       /* insist on one; NULL: told by content */
    int experts;                /* routed experts a layer */
    int k;                      /* picks a unit */
    const char *score, *select; /* as MoeRouterInfo has them; "unknown" says so */
    MoeImportGates gates;
    /* [n_domains]: one for all sources, or one a source. "{file}" stands for the name of each file
     * without its endings. */
    const char *const *domains;
    int n_domains;
    const int *layers; /* [n_layers], ascending: of files that have layers without their numbers */
    int n_layers;
    const char *model;    /* which one, of files that hold several */
    int compression;      /* zlib level of the trace, 0 … 9 */
    int64_t chunk_tokens; /* a chunk of the trace; 0: 65536, fewer where tokens have many layers */
    bool logits;          /* record the logits too, where the files have any */
    /* Of one array of logits of all layers: "LTE", "TLE", "BSE", "LBSE" or "BSLE" (T token, L
     * layer, E expert, B sequence, S token in the sequence). NULL: what stands beside it tells. */
    const char *axes;
    const char *id_type; /* of bare arrays of expert ids: "int16", "uint8" …; NULL: int32 */
    const char *kinds;   /* of experts, as MoeRouterInfo.kinds has them (kinds.h) */
    int shared;          /* experts that every unit passes, which no file lists among its picks */
} MoeImportOptions;

/* What came of it. */
typedef struct MoeImportReport {
    const char *importer; /* its name */
    bool summary;         /* counts: a summary was made, not a trace */
    int domains;
    int64_t tokens, documents; /* of a summary: the most that a router counted; 0 documents */
    int64_t incomplete;        /* tokens that a layer had no picks for; they are left out */
    int64_t pads;              /* tokens that the files mark as padding; they are left out */
    /* Units of which the files have picks and logits both, under top-k; and how many of these have
     * an expert among the picks whose logit is below that of one that wasn't picked. */
    int64_t compared, disagreeing;
    int routers, experts;
    int k;       /* 0: layers differ, or it varies */
    char *notes; /* what a reader of the trace has to know, a line each; NULL: nothing. To be freed
                    with g_free() */
} MoeImportReport;

/* Reads `sources` (files, plain or gzip'd; a folder stands for the files in it, by name) into a
 * trace or a summary at `out`, which appears whole or not at all. All sources have to be of one
 * format. `report` may be NULL. Fails with MOE_ERROR_UNSUPPORTED if no importer knows the content,
 * MOE_ERROR_DATA if an option is missing (the message names each as the program spells it, a line
 * each) or says other than the file, MOE_ERROR_FORMAT and _TRUNCATED where the content is wrong
 * (file, line or byte), G_FILE_ERROR, MOE_ERROR_CANCELLED. Progress counts bytes. */
MOE_API bool moe_import(const char *const *sources, int n_sources, const char *out,
                        const MoeImportOptions *options, const MoeProgress *progress,
                        MoeImportReport *report, GError **error);

/* --- Importers --------------------------------------------------------------------------------*/

/* An import under way. */
typedef struct MoeImport MoeImport;

/* How a file begins, unpacked. */
typedef struct MoeImportHead {
    const char *path;
    const char *text; /* [length], at most 64 KiB; a NUL follows */
    size_t length;
} MoeImportHead;

typedef struct MoeImporter {
    size_t struct_size; /* sizeof(MoeImporter) */
    const char *name;   /* letters, digits, "-" */
    const char *help;   /* what it reads, one line */
    const char *cite;   /* who writes it */
    /* How sure it is that the content is its own: 0 (no) … 100. */
    int (*score)(const MoeImportHead *head);
    /* Reads all files of the import: moe_import_begin(), then moe_import_token() for each; or, if
     * it reads counts, moe_import_begin_summary(), then moe_import_picks(). */
    bool (*read)(MoeImport *import, GError **error);
} MoeImporter;

/* Takes in an importer, which has to live for ever. Fails with MOE_ERROR_UNSUPPORTED: a slot is
 * missing, the struct is another version's, the name is taken. */
MOE_API bool moe_importer_register(const MoeImporter *importer, GError **error);
/* All of them, in the order they came. (transfer none) */
MOE_API const MoeImporter *const *moe_importers(int *n);
/* By name; NULL if there is none. */
MOE_API const MoeImporter *moe_importer_find(const char *name);
/* The one that is surest of a file's content (the first of equals). Fails with G_FILE_ERROR, or
 * MOE_ERROR_UNSUPPORTED if none is. */
MOE_API const MoeImporter *moe_importer_detect(const char *path, GError **error);

/* --- For importers ----------------------------------------------------------------------------*/

/* A file to read: `source` is the argument that it came from. */
typedef struct MoeImportFile {
    const char *path;
    int source;
} MoeImportFile;
MOE_API const MoeImportFile *moe_import_files(const MoeImport *import, int *n);
MOE_API const MoeImportOptions *moe_import_options(const MoeImport *import);

/* What the files say themselves. Zero or NULL: nothing; then the options have to. All is copied. */
typedef struct MoeImportShape {
    const int *layers; /* [n_layers], ascending: a router each; NULL: the files number none */
    int n_layers;
    /* The numbers of layers are places in the files, which may leave out layers without experts:
     * --layers may call them otherwise. */
    bool by_place;
    /* A layer; the most of any, where they differ, and then `layer_experts` ([n_layers]) has those
     * of each. NULL: all have as many. */
    int experts;
    const int *layer_experts;
    int max_expert; /* the highest id that was seen, for the message; may stay 0 */
    /* Picks a unit; the most of any, where layers differ, and then `layer_k` ([n_layers]) has that
     * of each, 0 where it varies from unit to unit. NULL: all have k. */
    int k;
    const int *layer_k;
    bool shares; /* of the load, not counts of it: k isn't asked for */
    const char *score, *select;
    bool has_gates;
    MoeType gate_type; /* what the files give gates as; 0: decimals, kept as MOE_F64 */
    MoeImportGates gates;
    bool has_logits;            /* tokens have logits; `experts` has to be there */
    bool no_picks;              /* and no experts: these follow from the logits */
    const char *const *domains; /* [n_domains], used where the options have none */
    int n_domains;
    const char *const *tokens; /* [n_tokens]: the text of each token id */
    int n_tokens;
    const char *model; /* its name */
} MoeImportShape;
/* Joins `shape` with the options and starts the trace. Call it once. */
MOE_API bool moe_import_begin(MoeImport *import, const MoeImportShape *shape, GError **error);
/* Slots of a unit, after moe_import_begin(): its picks, or the most of any layer's. */
MOE_API int moe_import_k(const MoeImport *import);
/* The domain of a file's tokens as the options have it, -1 if they don't say. */
MOE_API int moe_import_domain(const MoeImport *import, int file);

/* One token with its picks in every layer. */
typedef struct MoeImportToken {
    int32_t id;            /* -1: unknown */
    int32_t doc, pos;      /* document, from 0, and place in it */
    int32_t domain;        /* -1: unknown */
    const int32_t *expert; /* [layers × moe_import_k()]; below 0: no pick */
    const double *gate;    /* the same, if the shape has gates */
    const float *logits;   /* [layers × experts], if the shape has logits; any numbers */
} MoeImportToken;
/* Appends it. Where there are gates, picks are put in order of them, as a trace has them: the
 * highest first, of equal ones the lower id. Of logits come what the shape lacks, picks (the k
 * highest, of equal ones the lower id) and gates, and entropy and margin. Logits that aren't finite
 * are taken: what follows from them isn't finite either, and a check finds it. Fails with
 * MOE_ERROR_DATA on an expert that the layer doesn't have. */
MOE_API bool moe_import_token(MoeImport *import, const MoeImportToken *token, GError **error);
/* Counts tokens that were left out, for the report and meta.json. */
MOE_API void moe_import_left_out(MoeImport *import, int64_t tokens);
/* Counts tokens that the file marks as padding, which are left out, likewise. */
MOE_API void moe_import_padding(MoeImport *import, int64_t tokens);
/* Adds a line to what a reader of the trace has to know. It is also kept with it, and
 * moescope check tells it again, as a note; of a summary as a warning. */
MOE_API void moe_import_note(MoeImport *import, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same of what makes numbers wrong, or may: told again as a warning. */
MOE_API void moe_import_warn(MoeImport *import, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Tells how many bytes of file `file` have been read. Fails with MOE_ERROR_CANCELLED. */
MOE_API bool moe_import_progress(MoeImport *import, int file, int64_t done, GError **error);

/* --- For importers of counts ------------------------------------------------------------------*/

/* Joins `shape` with the options and begins a summary with these tallies (MOE_TALLY_FLOW and
 * _TOKENS may be filled, beside the load). How the router scores and selects isn't asked for. Call
 * it once; NULL on error. (transfer none) */
MOE_API MoeSummary *moe_import_begin_summary(MoeImport *import, const MoeImportShape *shape,
                                             unsigned tallies, GError **error);
/* Adds picks of an expert to the load. `domain`: moe_import_domain(), or of the shape's. Blocks
 * are what may be resampled as a whole: a document, a batch, a step; 0 where files don't tell.
 * Units follow from k in the end. Fails with MOE_ERROR_DATA on an expert that the layer doesn't
 * have, picks below 0, more than 2^62 in all. */
MOE_API bool moe_import_picks(MoeImport *import, int router, int domain, int64_t block,
                              int64_t expert, int64_t picks, GError **error);
/* Keeps what a file says and no sum can: `json` becomes the member `name` of "import" in
 * meta.json. */
MOE_API void moe_import_keep(MoeImport *import, const char *name, const char *json);

G_END_DECLS

#endif

/* SPDX-License-Identifier: MIT
 *
 * An import under way: its files, what is known of the routers, and the batch that gathers tokens
 * for the trace's writer.
 */
#ifndef MOE_IMPORT_DOOR_H
#define MOE_IMPORT_DOOR_H

#include "import/rule.h"

#include <moescope/import.h>

/* Bytes by which meta.json of a trace may grow while files are read. */
#define MOE_IMPORT_ROOM 8192

struct MoeImport {
    const MoeImporter *importer;
    const MoeImportOptions *options; /* borrowed */
    const MoeProgress *progress;
    int n_sources;
    GArray *files;       /* of MoeImportFile */
    GArray *sizes;       /* of int64_t: bytes in all files before each, and behind them the total */
    int *domain;         /* [files]: of the options; -1: they don't say */
    GPtrArray *names;    /* of the domains, each once */
    GPtrArray *unpacked; /* paths of copies (unpack.h) */
    char *target;        /* what is written until it is whole */

    MoeRouterInfo *routers;
    int n_routers;
    int k;          /* slots of a unit as importers give it: the most of any router's picks */
    bool has_gates; /* the trace has; derive_gates: the files don't */
    bool has_logits, no_picks, derive_gates, compare;
    MoeLogitScore score;
    bool gates_to_one;
    int64_t documents, left_out, pads, tokens, compared, disagreeing;
    int64_t closed;  /* units whose picks by the logits have one of minus infinity */
    int64_t *lacked; /* [n_routers] of the tokens left out, those that it had no picks for; NULL:
                        nobody counted */
    GString *notes, *warnings;         /* a line each; notes: all of them */
    gsize early_notes, early_warnings; /* bytes that `meta` has */
    MoeTraceWriter *writer;
    char *meta; /* meta.json that it was begun with */

    MoeSummary *summary; /* in place of a trace */
    char *model;         /* for its meta.json, with `kept` */
    GString *kept;       /* members of "import" */
    int64_t counted;     /* picks in all */

    int rows, capacity; /* of the batch */
    int32_t *id, *doc, *pos, *in_domain;
    MoeTracePicks *picks; /* [n_routers], over the arrays below */
    int32_t **expert;     /* [n_routers][capacity × moe__import_width()] */
    double **gate;
    float **entropy, **margin, **logits; /* [n_routers][capacity], [capacity × experts] */
    double *weight;                      /* [experts], of a unit */
};

/* Fills `files` and `sizes`. */
bool moe__import_list_files(MoeImport *import, const char *const *sources, GError **error);
/* Sets `domain` and `names`. */
bool moe__import_set_domains(MoeImport *import, GError **error);
/* Forgets all since moe_import_begin(), which may then be called again. */
void moe__import_restart(MoeImport *import);
/* As moe_import_progress(), for files that aren't read from front to back: part `i` of `n` is done.
 */
bool moe__import_part(MoeImport *import, int file, int64_t i, int64_t n, GError **error);
/* Slots of a unit in a router's arrays: where k varies, as many as there are experts. */
int moe__import_width(const MoeImport *import, int router);
/* Makes the batch's arrays, and hands it to the writer. */
void moe__import_batch_make(MoeImport *import);
void moe__import_batch_free(MoeImport *import);
bool moe__import_batch_flush(MoeImport *import, GError **error);
/* Makes of a unit's logits what the files lack: `expert` and `gate` ([k]), entropy and margin. */
void moe__import_derive(MoeImport *import, int router, const float *logits, int32_t *expert,
                        double *gate);
/* Counts tokens that lack a layer, for the report; moe_import_left_out() has to be told too. */
void moe__import_lacked(MoeImport *import, int router, int64_t tokens);
/* A domain's name as a trace may have it: ends of lines and the like are blanks. (transfer full) */
char *moe__import_domain_name(const char *name);
/* Adds to the trace's meta.json what came up since it was begun. */
bool moe__import_tell_late(MoeImport *import, GError **error);
/* meta.json of the trace; of a summary what is added to it. (transfer full) */
char *moe__import_meta(const MoeImport *import, const MoeImportShape *shape);
char *moe__import_extra(const MoeImport *import, const MoeImportShape *shape);
/* Begins the trace with a meta.json that has an object "import" (transfer full); what comes up
 * later is added there. */
bool moe__import_open_trace(MoeImport *import, char *meta, MoeTraceOptions options, GError **error);
/* Joins shape and options: sets routers, k, domains. `counts`: for a summary. */
bool moe__import_describe(MoeImport *import, const MoeImportShape *shape, bool counts,
                          MoeRouterInfo *info, GError **error);
/* Makes the sums of a summary true, and saves it. */
bool moe__import_finish_summary(MoeImport *import, const char *out, GError **error);

#endif

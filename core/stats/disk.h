/* SPDX-License-Identifier: MIT
 *
 * disk.h: summaries as members of an archive, or of a trace: meta.json, and for every tally, router
 * and field an array TALLY/rNNN/FIELD of [slots, groups, axes…]. README.md lists them.
 */
#ifndef MOESCOPE_STATS_DISK_H
#define MOESCOPE_STATS_DISK_H

#include "stats/summary.h"
#include "trace/meta.h"

/* --- meta.json --------------------------------------------------------------------------------*/

/* What a summary that is attached to a trace says of it. */
typedef struct MoeSummaryOrigin {
    const char *trace;             /* its fingerprint */
    int32_t first_step, last_step; /* the lowest and highest there are */
} MoeSummaryOrigin;

/* The text of meta.json. extra_json and origin may be NULL. Fails with MOE_ERROR_DATA where
 * extra_json is no object. (transfer full) */
char *moe__summary_meta(const MoeSummary *summary, const char *extra_json,
                        const MoeSummaryOrigin *origin, GError **error);

/* What meta.json says. */
typedef struct MoeSummaryMeta {
    MoeTraceMeta routing;
    unsigned tallies; /* those of this library */
    struct {
        bool counted;
        MoeTablesPlan plan;
    } tables[MOE_N_TALLIES];
    bool token_tables; /* kept */
    char *trace;       /* NULL: no origin */
    int32_t first_step, last_step;
} MoeSummaryMeta;
bool moe__summary_meta_parse(const char *json, MoeSummaryMeta *out, GError **error);
/* Whether it says that it is of a summary, of any version. `json` may be NULL. */
bool moe__summary_meta_claims(const char *json);
void moe__summary_meta_clear(MoeSummaryMeta *meta);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeSummaryMeta, moe__summary_meta_clear)

/* More counts than this in one array aren't from a trace, and their sums could overflow. */
#define MOE_COUNTS_MAX (INT64_C(1) << 53)

/* --- Members ----------------------------------------------------------------------------------*/

/* One field of all parts of a router, or of one cell that belongs to no table. */
typedef struct MoeMember {
    const MoeTally *tally;
    const MoeTallyField *field;
    const MoeTallyShape *shape;
    int router, slots, groups;
    const MoeTables *tables; /* NULL: a cell, whose sums are NaN where they aren't defined */
    void *cell;
} MoeMember;
MoeMember moe__member_of_tables(const MoeTables *tables, int router, int field);
MoeMember moe__member_of_cell(const MoeTally *tally, const MoeTallyShape *shape, int router,
                              void *cell, int field);
/* "load/r003/count". (transfer full) */
char *moe__member_name(const MoeTally *tally, int router, const char *field);
/* Fills shape[4] with slots, groups and axes; returns how many those are. */
int moe__member_shape(const MoeMember *member, int64_t *shape);
/* The field's elements in one part. */
void *moe__member_data(const MoeMember *member, int slot, int group);

/* Hands every array of a summary to `func`, which may keep its data by setting it to NULL. Fails
 * with MOE_ERROR_DATA on sums that aren't finite, or if `func` does. */
typedef bool (*MoeMemberFunc)(const char *name, MoeArray *array, void *user, GError **error);
bool moe__summary_members(const MoeSummary *summary, MoeMemberFunc func, void *user,
                          GError **error);

/* Where arrays are read from. */
typedef struct MoeMemberSource {
    bool (*has)(const void *source, const char *name);
    bool (*read)(const void *source, const char *name, MoeArray *out, GError **error);
    const void *source;
} MoeMemberSource;
/* The summary of these tallies, of which the meta has to know. Nothing is trusted: fails with
 * MOE_ERROR_FORMAT. (transfer full) */
MoeSummary *moe__summary_read(const MoeSummaryMeta *meta, const MoeMemberSource *source,
                              unsigned tallies, GError **error);
/* Reads tables of tokens, or the cells that are there in their place. */
bool moe__summary_read_tokens(MoeSummary *summary, const MoeMemberSource *source, GError **error);
/* Reads one field into its place. */
bool moe__member_read(const MoeMember *member, const MoeMemberSource *source, GError **error);

/* What moe_summary_from_trace() would count, if the trace brings it along; NULL if not, or if it is
 * damaged: the trace itself still tells. (transfer full) */
MoeSummary *moe__summary_brought(const MoeTrace *trace, const MoeSummaryOptions *options);

/* "PLACE: …", MOE_ERROR_FORMAT. Returns false. */
bool moe__member_fail(GError **error, const char *place, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif

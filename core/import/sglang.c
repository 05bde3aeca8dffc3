/* SPDX-License-Identifier: MIT
 *
 * SGLang's expert distribution recorder (srt/eplb/expert_distribution.py), mode per_token: a file
 * of torch.save() with a record for each forward pass, whose topk_ids_of_layer [layers, tokens,
 * slots] has -1 where there is no pick: layers without experts, slots beyond k, padded rows. The
 * ids are those of the copies of experts that a server holds ("physical");
 * last_physical_to_logical_map [layers, copies] says which expert each of them was at the end.
 */
#include "import/door.h"
#include "import/importers.h"
#include "import/pt.h"
#include "import/sglang-map.h"
#include "import/sglang-record.h"
#include "import/twins.h"

#include <string.h>

enum { TARGET_VERIFY = 5 }; /* of SGLang's ForwardMode */

typedef struct Dump {
    MoeImport *import;
    int file;
    const char *path;
    bool bringing;
    MoePyDoc *doc;
    MoeSglangMap map; /* of the file */
    /* Of all files; 0: not yet known. */
    int64_t layers, k, experts, max_expert;
    int64_t drafts; /* passes that verify them */
    bool mapped;    /* some id isn't the expert's own */
    bool *used;     /* [layers]: has picks */
    GArray *kept;
    MoeSglang record;
    MoeSequences *sequences;
    MoeTwins *twins;
    MoeTwinSum sum;    /* of the file */
    GHashTable *ranks; /* that recorded tokens, + 1 */
    int32_t *expert;   /* [kept × k] */
} Dump;

static void
end_file(Dump *dump)
{
    moe__sglang_reset(&dump->record);
    moe__sglang_map_clear(&dump->map);
    g_clear_pointer(&dump->doc, moe__py_doc_free);
    moe__sequences_end(dump->sequences);
}

static void
dump_clear(Dump *dump)
{
    end_file(dump);
    moe__sequences_free(dump->sequences);
    g_hash_table_unref(dump->twins);
    g_hash_table_unref(dump->ranks);
    moe__sglang_clear(&dump->record);
    g_array_unref(dump->kept);
    g_free(dump->used);
    g_free(dump->expert);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Dump, dump_clear)

/* --- Looking ----------------------------------------------------------------------------------*/

static int64_t
highest_copy(const MoeSglangMap *map)
{
    return map->values.data ? map->values.shape[1] - 1 : UINT16_MAX;
}

/* Drafts of speculative decoding are passes of their own; what was rejected is among them. */
static void
count_drafts(Dump *dump, const MoePy *node)
{
    int64_t mode = 0;
    const MoePy *value = moe__py_get(node, "forward_mode");
    dump->drafts += value && moe__py_integer(value, &mode) && mode == TARGET_VERIFY;
}

/* Takes in what tells the tokens of one rank from those of another. */
static void
remember(Dump *dump, const MoePy *node)
{
    const MoeValues *all[] = {&dump->record.ids, &dump->record.positions, &dump->record.tokens};
    int64_t rank = -1, id = -1;
    const MoePy *number = moe__py_get(node, "rank"), *pass = moe__py_get(node, "forward_pass_id");
    if (pass && moe__py_integer(pass, &id)) /* the same texts may come again, in other passes */
        moe__twin_add(&dump->sum, &id, sizeof id);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        moe__twin_add(&dump->sum, all[i]->data,
                      (gsize)all[i]->count * moe_stored_type_size(all[i]->type));
    if (number && moe__py_integer(number, &rank) && rank >= 0 && rank < INT_MAX)
        g_hash_table_add(dump->ranks, GINT_TO_POINTER((int)rank + 1));
}

static bool
learn(Dump *dump, const MoePy *node, GError **error)
{
    remember(dump, node);
    count_drafts(dump, node);
    const MoeValues *ids = &dump->record.ids;
    int64_t T = ids->shape[1], slots = ids->shape[2];
    if (dump->layers > 0 && dump->layers != ids->shape[0])
        return moe__sglang_fail(&dump->record, error,
                                "found %" G_GINT64_FORMAT " layers, %" G_GINT64_FORMAT " before",
                                ids->shape[0], dump->layers);
    dump->layers = ids->shape[0];
    if (!dump->used)
        dump->used = g_new0(bool, (gsize)dump->layers);
    for (int64_t row = 0; row < dump->layers * T; row++) {
        int64_t picks = 0, id = -1, highest = highest_copy(&dump->map);
        for (int64_t i = 0; i < slots; i++) {
            moe__values_integer(ids, row * slots + i, &id);
            if (id > highest)
                return moe__sglang_fail(&dump->record, error,
                                        "layer %" G_GINT64_FORMAT ", token %" G_GINT64_FORMAT
                                        ": found id %" G_GINT64_FORMAT
                                        ", expected at most %" G_GINT64_FORMAT,
                                        row / T, row % T, id, highest);
            picks += id >= 0;
            dump->max_expert =
                MAX(dump->max_expert, moe__sglang_map_expert(&dump->map, row / T, id));
        }
        dump->k = MAX(dump->k, picks);
        dump->used[row / T] |= picks > 0;
    }
    return true;
}

/* --- Bringing ---------------------------------------------------------------------------------*/

/* The picks of a token; false if it has none. */
static bool
gather(Dump *dump, int64_t t)
{
    int64_t T = dump->record.ids.shape[1], slots = dump->record.ids.shape[2], k = dump->k;
    bool any = false;
    for (guint r = 0; r < dump->kept->len; r++) {
        int layer = g_array_index(dump->kept, int, r);
        int32_t *out = dump->expert + r * k;
        int64_t n = 0, id = -1;
        for (int64_t i = 0; i < slots; i++) {
            moe__values_integer(&dump->record.ids, (layer * T + t) * slots + i, &id);
            if (id >= 0)
                out[n++] = (int32_t)moe__sglang_map_expert(&dump->map, layer, id);
        }
        any = any || n > 0;
        while (n < k)
            out[n++] = -1;
    }
    return any;
}

static bool
bring_token(Dump *dump, const MoePiece *piece, int32_t i, GError **error)
{
    int64_t t = piece->at + i;
    int64_t id = -1;
    if (!gather(dump, t)) {
        moe_import_padding(dump->import, 1);
        return true;
    }
    if (dump->record.tokens.data)
        moe__values_integer(&dump->record.tokens, t, &id);
    const MoeImportToken token = {
        .id = (int32_t)CLAMP(id, -1, INT32_MAX),
        .doc = piece->doc,
        .pos = piece->first + i,
        .domain = moe_import_domain(dump->import, dump->file),
        .expert = dump->expert,
    };
    return moe_import_token(dump->import, &token, error);
}

static bool
bring(Dump *dump, const MoePy *node, GError **error)
{
    if (!moe__sglang_cut(&dump->record, node, error))
        return false;
    MoePiece *pieces = (MoePiece *)dump->record.pieces->data;
    int n = (int)dump->record.pieces->len;
    int64_t left = dump->record.ids.shape[1];
    moe__sequences_join(dump->sequences, pieces, n);
    for (int i = 0; i < n; left -= pieces[i++].n)
        for (int32_t j = 0; j < pieces[i].n; j++)
            if (!bring_token(dump, &pieces[i], j, error)) {
                g_prefix_error(error, "%s: record %" G_GINT64_FORMAT ": ", dump->path,
                               dump->record.number);
                return false;
            }
    moe_import_padding(dump->import, left);
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
take_record(Dump *dump, const MoePy *node, GError **error)
{
    const int64_t *shape = dump->record.ids.shape;
    if (!moe__sglang_read(&dump->record, node, error))
        return false;
    if (dump->map.values.data && dump->map.values.shape[0] != shape[0])
        return moe__sglang_fail(&dump->record, error,
                                "topk_ids_of_layer has %" G_GINT64_FORMAT
                                " layers, last_physical_to_logical_map %" G_GINT64_FORMAT,
                                shape[0], dump->map.values.shape[0]);
    if (shape[1] == 0) /* an idle server */
        return true;
    return dump->bringing ? bring(dump, node, error) : learn(dump, node, error);
}

/* Ranks of tensor parallelism all record the same tokens. */
static bool
check_twin(Dump *dump, GError **error)
{
    g_autofree char *name = g_filename_display_name(dump->path);
    const char *twin = dump->bringing ? NULL : moe__twins_enter(dump->twins, dump->sum, name);
    dump->sum = 0;
    dump->record.number = -1;
    return !twin ||
           moe__sglang_fail(&dump->record, error,
                            "found the same tokens and picks as in %s, " MOE_TWINS_RANKS, twin);
}

static bool
read_file(Dump *dump, GError **error)
{
    dump->record.path = dump->path;
    dump->record.number = -1;
    dump->record.doc = dump->doc = moe__pt_open(dump->path, error);
    if (!dump->doc)
        return false;
    const MoePy *records = moe__py_get(moe__py_root(dump->doc), "records");
    if (!records || records->kind != MOE_PY_LIST)
        return moe__sglang_fail(&dump->record, error, "found no list \"records\"");
    if (!moe__sglang_map_read(dump->doc, dump->path, &dump->map, error))
        return false;
    dump->experts = MAX(dump->experts, dump->map.experts);
    dump->mapped = dump->mapped || dump->map.moved;
    for (int64_t i = 0; i < records->count; i++) {
        dump->record.number = i;
        if (!take_record(dump, records->items[i], error) ||
            !moe__import_part(dump->import, dump->file, i, records->count, error))
            return false;
        moe__sglang_reset(&dump->record);
    }
    end_file(dump);
    return check_twin(dump, error);
}

static bool
read_all(Dump *dump, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(dump->import, &n);
    for (dump->file = 0; dump->file < n; dump->file++) {
        dump->path = files[dump->file].path;
        if (!read_file(dump, error))
            return false;
    }
    return true;
}

static bool
begin(Dump *dump, GError **error)
{
    for (int layer = 0; layer < dump->layers; layer++)
        if (dump->used[layer])
            g_array_append_val(dump->kept, layer);
    if (dump->layers == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no record of a pass with tokens in the files (was anything recorded "
                    "between start and dump?)");
        return false;
    }
    if (dump->mapped)
        moe_import_warn(dump->import, MOE_SGLANG_MOVED);
    if (dump->drafts > 0)
        moe_import_warn(dump->import,
                        "%" G_GINT64_FORMAT " passes verify drafts of speculative decoding: "
                        "drafts that were rejected are among the tokens, and each is a piece of "
                        "its own",
                        dump->drafts);
    if (g_hash_table_size(dump->ranks) > 1)
        moe_import_note(dump->import, "the files are of %u ranks, each with tokens of its own",
                        g_hash_table_size(dump->ranks));
    const MoeImportShape shape = {
        .layers = (const int *)dump->kept->data,
        .n_layers = (int)dump->kept->len,
        .experts = (int)dump->experts,
        .max_expert = (int)dump->max_expert,
        .k = (int)dump->k,
    };
    if (!moe_import_begin(dump->import, &shape, error))
        return false;
    dump->expert = g_new(int32_t, dump->kept->len * (gsize)dump->k);
    dump->bringing = true;
    return true;
}

static bool
read_sglang(MoeImport *import, GError **error)
{
    g_auto(Dump) dump = {
        .import = import,
        .kept = g_array_new(FALSE, FALSE, sizeof(int)),
        .sequences = moe__sequences_new(),
        .twins = moe__twins_new(),
        .ranks = g_hash_table_new(NULL, NULL),
    };
    moe__sglang_init(&dump.record);
    if (!read_all(&dump, error) || !begin(&dump, error) || !read_all(&dump, error))
        return false;
    int64_t lost = moe__sequences_lost(dump.sequences);
    if (lost > 0)
        moe_import_note(import,
                        "%" G_GINT64_FORMAT " pieces begin amid a text that can't be told: they "
                        "are documents of their own",
                        lost);
    return true;
}

static bool
has(const MoeImportHead *head, const char *name)
{
    return memmem(head->text, head->length, name, strlen(name)) != NULL;
}

/* The names stand in the archive's first member, the pickle; that of the picks behind a pass's
 * tokens, which may be many. */
static int
score_sglang(const MoeImportHead *head)
{
    if (has(head, "topk_ids_of_layer"))
        return 95;
    if (has(head, "gatherer_key") && has(head, "forward_pass_id"))
        return 60;
    return has(head, "last_physical_to_logical_map") && has(head, "records") ? 30 : 0;
}

const MoeImporter moe__import_sglang = {
    .struct_size = sizeof(MoeImporter),
    .name = "sglang",
    .help = "expert_distribution_recorder_*.pt of SGLang, recorded per_token",
    .cite = "github.com/sgl-project/sglang, srt/eplb/expert_distribution.py",
    .score = score_sglang,
    .read = read_sglang,
};

/* SPDX-License-Identifier: MIT
 *
 * What SGLang's expert distribution recorder dumps in mode per_pass: a list "records" with, for
 * each forward pass, forward_pass_id and global_physical_count, int32 [layers, copies]. Copies of
 * an expert (last_physical_to_logical_map) add up to its count. A rank writes a file of its own
 * tokens or its own copies, so that files of the same passes add up; but ranks that share their
 * tokens write the same counts, and then only one of them may be given.
 */
#include "import/count-arrays.h"
#include "import/door.h"
#include "import/importers.h"
#include "import/sglang-map.h"
#include "import/twins.h"

#include <string.h>

#define I64 G_GINT64_FORMAT

typedef struct Passes {
    MoeCountArrays arrays;
    MoeTwins *twins;
    bool moved; /* some map is more than the identity */
} Passes;

static void
passes_clear(Passes *passes)
{
    moe__count_arrays_clear(&passes->arrays);
    g_hash_table_unref(passes->twins);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Passes, passes_clear)

/* A file. */
typedef struct Dump {
    Passes *passes;
    int file;
    const char *path;
    MoePyDoc *doc;
    MoeSglangMap map;
    MoeTwinSum sum; /* of the passes that have counts */
    bool counted;   /* some counts of the pass are above 0 */
} Dump;

static void
dump_clear(Dump *dump)
{
    g_clear_pointer(&dump->doc, moe__py_doc_free);
    moe__sglang_map_clear(&dump->map);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Dump, dump_clear)

G_GNUC_PRINTF(3, 4)
static bool
fail(const Dump *dump, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = g_filename_display_name(dump->path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s", name, message);
    return false;
}

/* --- A pass -----------------------------------------------------------------------------------*/

/* The map has to be of these layers and copies. Every expert has a copy, so there aren't more of
 * them: what follows takes no more than the file warrants. */
static bool
check_shape(const Dump *dump, int64_t number, const MoeValues *copies, GError **error)
{
    const int64_t *map = dump->map.values.shape, *shape = copies->shape;
    if (copies->ndim != 2)
        return fail(dump, error, "record %" I64 ": expected global_physical_count [layers, copies]",
                    number);
    if (!dump->map.values.data)
        return true;
    if (shape[0] != map[0] || shape[1] != map[1])
        return fail(dump, error,
                    "record %" I64 ": found counts of %" I64 " layers and %" I64
                    " copies, last_physical_to_logical_map has %" I64 " and %" I64,
                    number, shape[0], shape[1], map[0], map[1]);
    if (dump->map.experts > shape[1])
        return fail(dump, error,
                    "last_physical_to_logical_map: found expert %" I64 " among %" I64
                    " copies, expected a copy of every expert",
                    dump->map.experts - 1, shape[1]);
    return true;
}

/* Adds up copies; `out` gets an array [layers, experts] of its own. */
static bool
add_up(Dump *dump, int64_t number, const MoeValues *copies, MoeValues *out, GError **error)
{
    int64_t layers = copies->shape[0], width = copies->shape[1];
    int64_t experts = dump->map.values.data ? dump->map.experts : width;
    int64_t *sums = g_new0(int64_t, (gsize)MAX(layers * experts, 1));
    *out = (MoeValues){.type = MOE_STORED_I64, .ndim = 2, .shape = {layers, experts}};
    out->count = layers * experts;
    out->data = sums;
    for (int64_t i = 0; i < copies->count; i++) {
        int64_t layer = i / width, count;
        int64_t expert = moe__sglang_map_expert(&dump->map, layer, i % width);
        if (!moe__count_value(copies, i, &count) ||
            count > MOE_COUNT_MAX - sums[layer * experts + expert])
            return fail(dump, error,
                        "record %" I64 ": layer %" I64 ", copy %" I64 ": found %g, expected a "
                        "count",
                        number, layer, i % width, moe__values_number(copies, i));
        sums[layer * experts + expert] += count;
        dump->counted = dump->counted || count > 0;
    }
    return true;
}

/* Passes of several ranks are one block if they bear one number. */
static int64_t
block_of(const MoePy *record, int64_t number)
{
    int64_t id;
    const MoePy *value = moe__py_get(record, "forward_pass_id");
    return value && moe__py_integer(value, &id) && id >= 0 && id < INT64_MAX ? id : number;
}

static bool
take_pass(Dump *dump, const MoePy *record, int64_t number, GError **error)
{
    g_auto(MoeValues) copies = {0}, experts = {0};
    g_autofree char *name = g_filename_display_name(dump->path);
    const MoePy *counts = moe__py_get(record, "global_physical_count");
    if (!counts)
        return fail(dump, error, "record %" I64 ": found no global_physical_count", number);
    dump->counted = false;
    if (!moe__py_values(dump->doc, counts, &copies, error) ||
        !check_shape(dump, number, &copies, error) ||
        !add_up(dump, number, &copies, &experts, error))
        return false;
    int64_t block = block_of(record, number);
    if (dump->counted) {
        moe__twin_add(&dump->sum, &block, sizeof block);
        moe__twin_add(&dump->sum, experts.data, (gsize)experts.count * sizeof(int64_t));
    }
    dump->passes->arrays.blocks = block;
    return moe__count_arrays_take(&dump->passes->arrays, dump->file, name, &experts, error);
}

/* --- Files ------------------------------------------------------------------------------------*/

/* Two ranks that counted the same would count every token twice. */
static bool
check_twin(const Dump *dump, GError **error)
{
    g_autofree char *name = g_filename_display_name(dump->path);
    const char *twin =
        dump->passes->arrays.begun ? NULL : moe__twins_enter(dump->passes->twins, dump->sum, name);
    return !twin || fail(dump, error, "found the same counts as in %s, " MOE_TWINS_RANKS, twin);
}

static bool
read_dump(Passes *passes, int file, const char *path, GError **error)
{
    MoeImport *import = passes->arrays.import;
    g_auto(Dump) dump = {.passes = passes, .file = file, .path = path};
    dump.doc = moe__count_open(path, error);
    if (!dump.doc)
        return false;
    const MoePy *records = moe__py_get(moe__py_root(dump.doc), "records");
    if (!records || records->kind != MOE_PY_LIST)
        return fail(&dump, error, "found no list \"records\", expected a dump of mode per_pass");
    if (!moe__sglang_map_read(dump.doc, path, &dump.map, error))
        return false;
    for (int64_t i = 0; i < records->count; i++)
        if (!take_pass(&dump, records->items[i], i, error) ||
            !moe__import_part(import, file, i, records->count, error))
            return false;
    passes->moved = passes->moved || dump.map.moved;
    return check_twin(&dump, error);
}

static bool
read_all(Passes *passes, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(passes->arrays.import, &n);
    for (int i = 0; i < n; i++)
        if (!read_dump(passes, i, files[i].path, error))
            return false;
    return true;
}

static bool
read_passes(MoeImport *import, GError **error)
{
    g_auto(Passes) passes = {
        .arrays = {.import = import},
        .twins = moe__twins_new(),
    };
    if (!read_all(&passes, error))
        return false;
    if (passes.moved)
        moe_import_note(import, MOE_SGLANG_MOVED);
    return moe__count_arrays_begin(&passes.arrays, error) && read_all(&passes, error);
}

static bool
has(const MoeImportHead *head, const char *name)
{
    return memmem(head->text, head->length, name, strlen(name)) != NULL;
}

/* The names stand in the archive's first member, the pickle. Records of mode per_token have these
 * counts as well, behind their picks. */
static int
score_passes(const MoeImportHead *head)
{
    return has(head, "forward_pass_id") && has(head, "global_physical_count") &&
                   !has(head, "topk_ids_of_layer")
               ? 90
               : 0;
}

const MoeImporter moe__import_sglang_passes = {
    .struct_size = sizeof(MoeImporter),
    .name = "sglang-passes",
    .help = ".pt of SGLang's expert distribution recorder, mode per_pass: counts of each pass",
    .cite = "github.com/sgl-project/sglang, srt/eplb/expert_distribution.py",
    .score = score_passes,
    .read = read_passes,
};

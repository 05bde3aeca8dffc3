/* SPDX-License-Identifier: MIT
 *
 * writer.c: begins, resumes and ends the recording of a trace. Memory and threads: rows gather in
 * memory for a chunk at a time; compressing a chunk uses all threads (chunk.c).
 */
#include "trace/writer.h"

#include "trace/meta.h"
#include "trace/tools.h"

#include <stdio.h>
#include <string.h>

/* A chunk by default: so many tokens, or as many as take so many bytes, where they have many layers
 * or logits: tools keep two or three chunks. */
enum { TOKENS_MOST = 65536, TOKENS_LEAST = 256, CHUNK_BYTES = 48 << 20 };
/* Picks of a unit where their number varies. */
enum { USUAL_PICKS = 8 };

/* --- Columns ----------------------------------------------------------------------------------*/

int
moe__trace_slots(const MoeRouterInfo *router)
{
    return router->k > 0 ? router->k : router->experts;
}

static void
add_token_columns(MoeColumn *columns)
{
    static const char *const names[] = {
        [TOKEN_ID] = "id",         [TOKEN_DOC] = "doc",   [TOKEN_POS] = "pos",
        [TOKEN_DOMAIN] = "domain", [TOKEN_STEP] = "step", [TOKEN_LOSS] = "loss",
    };
    for (int i = 0; i < TOKEN_COLUMNS; i++)
        columns[i] = (MoeColumn){.folder = "tokens",
                                 .name = g_strdup(names[i]),
                                 .type = i == TOKEN_LOSS ? MOE_F32 : MOE_I32,
                                 .rows_per_item = 1};
}

static void
add_pick_columns(MoeColumn *columns, int index, const MoeRouterInfo *router, MoeType gate)
{
    MoeType id = router->experts <= UINT8_MAX ? MOE_U8 : MOE_U16;
    int slots = moe__trace_slots(router);
    const MoeColumn kinds[] = {
        [PICK_EXPERT] =
            {.name = "expert", .type = id, .source = MOE_FROM_EXPERT, .axes = 1, .shape = {slots}},
        [PICK_GATE] =
            {.name = "gate", .type = gate, .source = MOE_FROM_FLOAT, .axes = 1, .shape = {slots}},
        [PICK_DROPPED] =
            {.name = "dropped", .type = MOE_U8, .axes = 1, .shape = {slots}, .sparse = true},
        [PICK_SLOT] = {.name = "slot", .type = MOE_I32, .axes = 1, .shape = {slots}},
        [PICK_ENTROPY] = {.name = "entropy", .type = MOE_F16, .source = MOE_FROM_FLOAT},
        [PICK_MARGIN] = {.name = "margin", .type = MOE_F16, .source = MOE_FROM_FLOAT},
        [PICK_LOGITS] = {.name = "logits",
                         .type = MOE_F16,
                         .source = MOE_FROM_FLOAT,
                         .axes = 1,
                         .shape = {router->experts}},
    };
    for (int i = 0; i < PICK_COLUMNS; i++) {
        columns[i] = kinds[i];
        columns[i].folder = "picks";
        columns[i].name = g_strdup_printf("r%03d.%s", index, kinds[i].name);
        columns[i].rows_per_item = router->units_per_token;
        columns[i].slot_major = i <= PICK_SLOT;
    }
}

static void
add_state_columns(MoeColumn *columns, int index, int experts)
{
    static const char *const names[] = {"load", "dropped", "prob"};
    for (int i = 0; i < STATE_COLUMNS; i++)
        columns[i] = (MoeColumn){.folder = "state",
                                 .name = g_strdup_printf("r%03d.%s", index, names[i]),
                                 .type = i == STATE_PROB ? MOE_F64 : MOE_I64,
                                 .axes = 1,
                                 .shape = {experts},
                                 .rows_per_item = 1};
}

static void
series_free(void *column)
{
    moe__column_clear(column);
    g_free(column);
}

static void
add_columns(MoeTraceWriter *writer)
{
    writer->n_batch = TOKEN_COLUMNS + writer->n_routers * PICK_COLUMNS;
    writer->batch = g_new0(MoeColumn, (gsize)writer->n_batch);
    writer->n_state = 1 + writer->n_routers * STATE_COLUMNS;
    writer->state = g_new0(MoeColumn, (gsize)writer->n_state);
    writer->series = g_ptr_array_new_with_free_func(series_free);
    writer->series_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    writer->measures = g_ptr_array_new_with_free_func(moe__trace_measure_free);
    writer->measures_by_name = g_hash_table_new(g_str_hash, g_str_equal);

    add_token_columns(writer->batch);
    writer->state[0] = (MoeColumn){
        .folder = "state", .name = g_strdup("step"), .type = MOE_I64, .rows_per_item = 1};
    for (int r = 0; r < writer->n_routers; r++) {
        add_pick_columns(writer->batch + TOKEN_COLUMNS + r * PICK_COLUMNS, r, &writer->routers[r],
                         writer->options.gate_type);
        add_state_columns(writer->state + 1 + r * STATE_COLUMNS, r, writer->routers[r].experts);
    }
}

/* --- Beginning --------------------------------------------------------------------------------*/

static bool
check_options(const MoeTraceOptions *options, GError **error)
{
    MoeType gate = options->gate_type;
    if (options->compression < 0 || options->compression > 9 || options->chunk_tokens < 0 ||
        options->meta_room < 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "compression level %d, %" G_GINT64_FORMAT " tokens a chunk, %d bytes of room "
                    "in meta.json; 0 … 9, 0 or more, 0 or more are expected",
                    options->compression, options->chunk_tokens, options->meta_room);
        return false;
    }
    if (gate == 0 || gate == MOE_F16 || gate == MOE_F32 || gate == MOE_F64)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "gates of type %d; MOE_F16, MOE_F32 or MOE_F64 is expected", (int)gate);
    return false;
}

int64_t
moe__trace_chunk_tokens(const MoeRouterInfo *routers, int n_routers, const MoeTraceOptions *options)
{
    double bytes = 0; /* a token */
    for (int r = 0; r < n_routers; r++) {
        int k = routers[r].k > 0 ? routers[r].k : MIN(USUAL_PICKS, routers[r].experts);
        size_t id = routers[r].experts > UINT8_MAX ? sizeof(uint16_t) : sizeof(uint8_t);
        size_t gate =
            options->gates ? moe_type_size(options->gate_type ? options->gate_type : MOE_F16) : 0;
        double unit = (double)k * (double)(id + gate);
        if (options->logits)
            unit += routers[r].experts * (double)sizeof(uint16_t);
        bytes += unit * routers[r].units_per_token;
    }
    return (int64_t)CLAMP(CHUNK_BYTES / MAX(bytes, 1), TOKENS_LEAST, TOKENS_MOST);
}

static MoeTraceWriter *
writer_alloc(const char *path, const MoeRouterInfo *routers, int n_routers,
             const MoeTraceOptions *options)
{
    MoeTraceWriter *writer = g_new0(MoeTraceWriter, 1);
    writer->path = g_strdup(path);
    writer->options = *options;
    if (writer->options.chunk_tokens == 0)
        writer->options.chunk_tokens = moe__trace_chunk_tokens(routers, n_routers, options);
    /* A chunk ends with the batch that fills it. */
    writer->options.chunk_tokens = MIN(writer->options.chunk_tokens, MOE_TRACE_CHUNK_MOST / 2);
    if (writer->options.gate_type == 0)
        writer->options.gate_type = MOE_F16;
    writer->routers = g_memdup2(routers, sizeof *routers * (gsize)n_routers);
    writer->n_routers = n_routers;
    writer->runs = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
    add_columns(writer);
    return writer;
}

static bool
check_meta(const char *meta_json, const MoeRouterInfo *routers, int n_routers, GError **error)
{
    MoeTraceMeta meta;
    if (strlen(meta_json) > MOE_TRACE_META_MOST) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "meta.json: found %zu bytes, expected at most %" G_GUINT64_FORMAT,
                    strlen(meta_json), MOE_TRACE_META_MOST);
        return false;
    }
    if (!moe__trace_meta_parse(meta_json, &meta, error))
        return false;
    bool ok = moe__trace_meta_match(&meta, routers, n_routers, error);
    moe__trace_meta_clear(&meta);
    return ok;
}

/* The text with blanks behind it, up to `size` bytes. One that may be replaced is stored, for its
 * successor to take as many. */
static bool
pack_meta(const MoeTraceWriter *writer, const char *meta_json, gsize size, MoeZipPacked *packed,
          GError **error)
{
    gsize length = strlen(meta_json);
    int level = writer->options.meta_room > 0 ? 0 : writer->options.compression;
    uint8_t *bytes = g_malloc(size);
    memset(bytes, ' ', size);
    memcpy(bytes, meta_json, length);
    if (moe__zip_pack(bytes, size, level, packed))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no memory to pack meta.json", writer->path);
    return false;
}

static bool
write_meta(MoeTraceWriter *writer, const char *meta_json, GError **error)
{
    MoeZipPacked packed;
    writer->meta_size = strlen(meta_json) + (gsize)writer->options.meta_room;
    if (!pack_meta(writer, meta_json, writer->meta_size, &packed, error))
        return false;
    bool ok = moe__zip_writer_add(writer->zip, "meta.json", &packed, error);
    moe__zip_packed_clear(&packed);
    return ok;
}

bool
moe_trace_writer_set_meta(MoeTraceWriter *writer, const char *meta_json, GError **error)
{
    MoeZipPacked packed;
    gsize length = strlen(meta_json);
    if (length > writer->meta_size || writer->options.meta_room == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: meta.json of %zu bytes was to take the place of one with room for %zu",
                    writer->path, length, writer->options.meta_room ? writer->meta_size : 0);
        return false;
    }
    if (!moe__trace_writer_check(writer, error) ||
        !check_meta(meta_json, writer->routers, writer->n_routers, error) ||
        !pack_meta(writer, meta_json, writer->meta_size, &packed, error))
        return false;
    bool ok = moe__zip_writer_rewrite(writer->zip, "meta.json", &packed, error);
    moe__zip_packed_clear(&packed);
    return ok;
}

MoeTraceWriter *
moe_trace_writer_new(const char *path, const char *meta_json, const MoeRouterInfo *routers,
                     int n_routers, const MoeTraceOptions *options, GError **error)
{
    if (!check_options(options, error) || !check_meta(meta_json, routers, n_routers, error) ||
        !moe__trace_check_free(path, error))
        return NULL;
    MoeTraceWriter *writer = writer_alloc(path, routers, n_routers, options);
    writer->zip = moe__zip_writer_new(path, NULL, error);
    if (writer->zip)
        moe__zip_writer_lock(writer->zip);
    if (!writer->zip || !write_meta(writer, meta_json, error)) {
        moe_trace_writer_abandon(writer);
        return NULL;
    }
    return writer;
}

/* --- Resuming ---------------------------------------------------------------------------------*/

/* `offset` must be where a flush ended: behind meta.json or behind a chunk's closing member. */
static bool
check_offset(const MoeZipReader *zip, int64_t offset, int *chunks, GError **error)
{
    const GArray *entries = zip->entries;
    const char *last =
        entries->len > 0 ? g_array_index(entries, MoeZipEntry, entries->len - 1).name : "";
    int after = 0;
    bool closing = sscanf(last, "chunks/%d.json%n", chunks, &after) == 1 && last[after] == 0;
    if (closing)
        (*chunks)++;
    else
        *chunks = 0;
    if (offset >= 0 && zip->end == (uint64_t)offset && (closing || g_str_equal(last, "meta.json")))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: cannot resume at byte %" G_GINT64_FORMAT
                ", which is not the end of a chunk (%" G_GUINT64_FORMAT
                " bytes are there, whole members up to byte %" G_GUINT64_FORMAT ")",
                zip->path, offset, zip->length, zip->end);
    return false;
}

static bool
check_meta_member(const MoeZipReader *zip, const MoeRouterInfo *routers, int n_routers,
                  GError **error)
{
    const MoeZipEntry *entry = moe__zip_reader_find(zip, "meta.json");
    if (!entry) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s has no meta.json", zip->path);
        return false;
    }
    g_autofree char *meta_json =
        (char *)moe__zip_reader_read_small(zip, entry, MOE_TRACE_META_MOST, error);
    if (!meta_json)
        return false;
    if (check_meta(meta_json, routers, n_routers, error))
        return true;
    g_prefix_error(error, "%s: ", zip->path);
    return false;
}

MoeTraceWriter *
moe_trace_writer_resume(const char *path, int64_t offset, const MoeRouterInfo *routers,
                        int n_routers, const MoeTraceOptions *options, GError **error)
{
    int chunks;
    if (!check_options(options, error) || !moe__trace_check_free(path, error))
        return NULL;
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, (uint64_t)MAX(0, offset), error);
    if (!zip || !check_offset(zip, offset, &chunks, error) ||
        !check_meta_member(zip, routers, n_routers, error))
        return NULL;
    MoeTraceWriter *writer = writer_alloc(path, routers, n_routers, options);
    writer->chunk = chunks;
    writer->zip = moe__zip_writer_resume(path, (uint64_t)offset, zip->entries, NULL, error);
    if (!writer->zip) {
        moe_trace_writer_abandon(writer);
        return NULL;
    }
    moe__zip_writer_lock(writer->zip);
    return writer;
}

/* --- Ending -----------------------------------------------------------------------------------*/

bool
moe__trace_writer_check(const MoeTraceWriter *writer, GError **error)
{
    if (!writer->failure)
        return true;
    g_propagate_error(error, g_error_copy(writer->failure));
    return false;
}

bool
moe_trace_writer_flush(MoeTraceWriter *writer, int64_t *offset, GError **error)
{
    if (!moe__trace_write_chunk(writer, error) || !moe__zip_writer_sync(writer->zip, error))
        return false;
    if (offset)
        *offset = (int64_t)moe__zip_writer_length(writer->zip);
    return true;
}

bool
moe_trace_writer_close(MoeTraceWriter *writer, GError **error)
{
    bool ok = moe__trace_write_chunk(writer, error) && moe__zip_writer_finish(writer->zip, error);
    moe_trace_writer_abandon(writer);
    return ok;
}

void
moe_trace_writer_abandon(MoeTraceWriter *writer)
{
    if (!writer)
        return;
    for (int i = 0; i < writer->n_batch; i++)
        moe__column_clear(&writer->batch[i]);
    for (int i = 0; i < writer->n_state; i++)
        moe__column_clear(&writer->state[i]);
    g_free(writer->batch);
    g_free(writer->state);
    g_hash_table_unref(writer->series_by_name);
    g_ptr_array_unref(writer->series);
    g_hash_table_unref(writer->measures_by_name);
    g_ptr_array_unref(writer->measures);
    g_array_unref(writer->runs);
    moe__zip_writer_free(writer->zip);
    g_clear_error(&writer->failure);
    g_free(writer->routers);
    g_free(writer->path);
    g_free(writer);
}

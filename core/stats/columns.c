/* SPDX-License-Identifier: MIT
 *
 * columns.c: columns of tokens, kept or read again, and runs of tokens.
 */
#include "stats/columns.h"

#include "stats/errors.h"
#include "stats/groups.h"
#include "tensor/cpu.h"

/* Columns that take no more than this are kept, with what follows from them. */
#define KEPT_BYTES (64 << 20)

/* Of a token: its place in the order, and a group for it alone. */
enum { ORDER_BYTES = sizeof(uint32_t) + sizeof(MoeTokenGroup) };

struct MoeColumns {
    const MoeTrace *trace;
    MoeColumnsOptions options;
    int chunks;
    MoeColumnsChunk *kept; /* [chunks], or NULL */
};

static const char *const column_names[MOE_TOKEN_COLUMNS] = {"id", "doc", "pos", "domain", "step"};

static bool
is_wanted(const MoeColumns *columns, int column)
{
    return (columns->options.wanted >> column & 1) != 0;
}

static bool
is_kept(const MoeColumns *columns, int column)
{
    return is_wanted(columns, column) && !(columns->options.passing >> column & 1);
}

/* --- Reading ----------------------------------------------------------------------------------*/

static bool
check_domains(const MoeTrace *trace, const char *name, const int32_t *domain, int64_t n,
              GError **error)
{
    int32_t low = -1, high = -1, domains = moe_trace_domains(trace);
    for (int64_t i = 0; i < n; i++) {
        low = MIN(low, domain[i]);
        high = MAX(high, domain[i]);
    }
    if (low == -1 && high < domains)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: a token has domain %d; -1 … %d is expected", name, low < -1 ? low : high,
                domains - 1);
    return false;
}

/* There is no column where the chunk has none. */
static bool
read_column(const MoeColumns *columns, int chunk, int column, MoeColumnsChunk *out, GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column_names[column]);
    int64_t tokens = moe_trace_tokens(columns->trace, chunk);
    MoeArray array;
    if (!moe_trace_has(columns->trace, name))
        return true;
    if (!moe_trace_read(columns->trace, name, &array, error))
        return false;
    out->column[column] = (int32_t *)array.data;
    if (array.type == MOE_I32 && array.ndim == 1 && array.shape[0] == tokens)
        return column != MOE_COLUMN_DOMAIN ||
               check_domains(columns->trace, name, array.data, tokens, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: another type or shape was found, i4 [%" G_GINT64_FORMAT "] was expected", name,
                tokens);
    return false;
}

/* --- Runs -------------------------------------------------------------------------------------*/

/* What decides where a token belongs. */
typedef struct Places {
    const int32_t *doc, *domain, *step; /* NULL: all is one */
    const int32_t *wanted;              /* step; NULL: any */
    const uint64_t *chosen;             /* bits; NULL: all */
} Places;

static bool
is_counted(const Places *places, int64_t t)
{
    int32_t step = places->step ? places->step[t] : 0;
    return (!places->wanted || step == *places->wanted) &&
           (!places->chosen || moe_token_set_has(places->chosen, t));
}

static MoeTallyRun
run_at(const Places *places, int64_t t, int64_t n)
{
    int domain = places->domain ? places->domain[t] : MOE_DOMAIN_UNKNOWN;
    int group = places->doc ? moe__document_group(places->doc[t]) : 0;
    return (MoeTallyRun){t, n, domain, group};
}

/* Values that are looked at together. */
enum { STRIDE = 32 };

MOE_CLONES static int64_t
columns_alike(const int32_t *column, int64_t first, int64_t end)
{
    const int32_t value = column[first];
    int64_t t = first + 1;
    for (int32_t other = 0; t + STRIDE <= end; t += STRIDE) {
        for (int i = 0; i < STRIDE; i++)
            other |= column[t + i] ^ value;
        if (other != 0)
            break;
    }
    while (t < end && column[t] == value)
        t++;
    return t;
}

int64_t
moe__column_alike(const int32_t *column, int64_t first, int64_t end)
{
    return column ? columns_alike(column, first, end) : end;
}

/* Where the tokens end that belong where token `first` does, and are counted as it is. */
static int64_t
find_end(const Places *places, int64_t first, int64_t tokens)
{
    if (places->chosen)
        return first + 1;
    int64_t end = moe__column_alike(places->doc, first, tokens);
    end = moe__column_alike(places->domain, first, end);
    return places->wanted ? moe__column_alike(places->step, first, end) : end;
}

static GArray *
find_runs(const Places *places, int64_t tokens)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(MoeTallyRun));
    MoeTallyRun run = {0};
    for (int64_t t = 0, end; t < tokens; t = end) {
        end = find_end(places, t, tokens);
        if (!is_counted(places, t))
            continue;
        MoeTallyRun next = run_at(places, t, end - t);
        bool goes_on = run.n > 0 && run.first + run.n == t && run.domain == next.domain &&
                       run.group == next.group;
        if (run.n > 0 && !goes_on)
            g_array_append_val(runs, run);
        if (!goes_on)
            run = next;
        else
            run.n += next.n;
    }
    if (run.n > 0)
        g_array_append_val(runs, run);
    return runs;
}

static bool
read_chunk(const MoeColumns *columns, int chunk, MoeColumnsChunk *out, GError **error)
{
    const MoeColumnsOptions *options = &columns->options;
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        if (is_wanted(columns, i) && !read_column(columns, chunk, i, out, error))
            return false;
    if (!options->runs)
        return true;
    if (moe_trace_tokens(columns->trace, chunk) > G_MAXUINT32) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "chunk %d has %" G_GINT64_FORMAT " tokens; up to %u are expected", chunk,
                    moe_trace_tokens(columns->trace, chunk), G_MAXUINT32);
        return false;
    }
    const Places places = {
        .doc = out->column[MOE_COLUMN_DOC],
        .domain = out->column[MOE_COLUMN_DOMAIN],
        .step = out->column[MOE_COLUMN_STEP],
        .wanted = options->step,
        .chosen = options->chosen ? moe_token_set_bits(options->chosen, chunk) : NULL,
    };
    out->runs = find_runs(&places, moe_trace_tokens(columns->trace, chunk));
    if (options->order && out->column[MOE_COLUMN_ID])
        moe__token_order_init(&out->order, out->column[MOE_COLUMN_ID],
                              (const MoeTallyRun *)(const void *)out->runs->data, out->runs->len);
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        if (options->passing >> i & 1)
            g_clear_pointer(&out->column[i], g_free);
    return true;
}

/* --- All of them ------------------------------------------------------------------------------*/

static bool
keep_all(MoeColumns *columns, GError **error)
{
    int n = columns->chunks;
    g_autofree GError **errors = g_new0(GError *, (gsize)n);
    columns->kept = g_new0(MoeColumnsChunk, (gsize)n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(CLAMP(moe_threads(), 1, MAX(n, 1)))
    for (int i = 0; i < n; i++)
        read_chunk(columns, i, &columns->kept[i], &errors[i]);
    return moe__take_first_error(errors, n, error);
}

MoeColumns *
moe__columns_new(const MoeTrace *trace, const MoeColumnsOptions *options, GError **error)
{
    MoeColumns *columns = g_new(MoeColumns, 1);
    *columns = (MoeColumns){.trace = trace, .options = *options};
    columns->chunks = moe_trace_chunks(trace);
    int64_t a_token = options->order ? ORDER_BYTES : 0;
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        a_token += is_kept(columns, i) ? (int64_t)sizeof(int32_t) : 0;
    if (moe_trace_tokens(trace, -1) > KEPT_BYTES / MAX(a_token, 1) || keep_all(columns, error))
        return columns;
    moe__columns_free(columns);
    return NULL;
}

void
moe__columns_free(MoeColumns *columns)
{
    if (!columns)
        return;
    for (int i = 0; columns->kept && i < columns->chunks; i++)
        moe__columns_chunk_clear(&columns->kept[i]);
    g_free(columns->kept);
    g_free(columns);
}

void
moe__columns_chunk_clear(MoeColumnsChunk *chunk)
{
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        g_clear_pointer(&chunk->column[i], g_free);
    g_clear_pointer(&chunk->runs, g_array_unref);
    moe__token_order_clear(&chunk->order);
}

const MoeColumnsChunk *
moe__columns_get(const MoeColumns *columns, int chunk, MoeColumnsChunk *place, GError **error)
{
    if (columns->kept)
        return &columns->kept[chunk];
    moe__columns_chunk_clear(place);
    return read_chunk(columns, chunk, place, error) ? place : NULL;
}

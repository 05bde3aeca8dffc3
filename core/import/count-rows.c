/* SPDX-License-Identifier: MIT
 *
 * Tables of counts in the plain layout of core/import/README.md: a row an expert of a layer, with
 * its picks, or a row a pair of experts of two layers, with its tokens. Rows of the same expert add
 * up. The first pass learns layers and domains.
 */
#include "import/count-row.h"
#include "import/counts-flow.h"
#include "import/counts.h"
#include "import/csv.h"
#include "import/importers.h"
#include "import/layer-set.h"

#include <math.h>
#include <string.h>

/* Domains are kinds of text, not texts. */
enum { DOMAINS_MAX = 4096 };

typedef struct Rows {
    MoeImport *import;
    MoeSummary *summary; /* NULL in the first pass */
    int file;
    GArray *layers;            /* layer-set.h */
    GPtrArray *domains;        /* as they occur */
    GHashTable *domain_places; /* name → place, from 1 */
    int64_t max_expert;
    bool any, pairs, counts; /* what rows are, from the first one on */
    MoeCountsFlow flow;
} Rows;

static void
rows_clear(Rows *rows)
{
    g_array_unref(rows->layers);
    g_hash_table_unref(rows->domain_places);
    g_ptr_array_unref(rows->domains);
    moe__counts_flow_clear(&rows->flow);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rows, rows_clear)

static int
find_domain(const Rows *rows, const char *name)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(rows->domain_places, name)) - 1;
}

/* What has to stand in every row. */
static bool
check_row(Rows *rows, const MoeCountReader *reader, GError **error)
{
    const MoeCountRow *row = &reader->row;
    const int64_t *of = row->integers;
    bool pairs = of[MOE_COUNT_LAYER_B] >= 0 || of[MOE_COUNT_EXPERT_B] >= 0;
    bool counts = of[MOE_COUNT_COUNT] >= 0;
    if (of[MOE_COUNT_LAYER] < 0 || of[MOE_COUNT_EXPERT] < 0 ||
        (pairs && (of[MOE_COUNT_LAYER_B] <= of[MOE_COUNT_LAYER] || of[MOE_COUNT_EXPERT_B] < 0)))
        return moe__count_reader_fail(reader, error,
                                      "expected layer and expert, or layer_a below layer_b, "
                                      "expert_a and expert_b");
    if (!counts && (pairs || isnan(row->gate_sum)))
        return moe__count_reader_fail(reader, error, "found neither count nor gate_sum");
    if (!isnan(row->gate_sum) && !(row->gate_sum >= 0 && isfinite(row->gate_sum)))
        return moe__count_reader_fail(reader, error, "gate_sum: found %g, expected 0 or more",
                                      row->gate_sum);
    if (of[MOE_COUNT_FIRST] > of[MOE_COUNT_COUNT])
        return moe__count_reader_fail(reader, error,
                                      "found more first choices than picks of the expert");
    if (rows->any && (pairs != rows->pairs || counts != rows->counts))
        return moe__count_reader_fail(reader, error,
                                      "found other columns filled than in the rows before");
    rows->any = true;
    rows->pairs = pairs;
    rows->counts = counts;
    return true;
}

static bool
learn_domain(Rows *rows, const MoeCountReader *reader, GError **error)
{
    const char *name = reader->row.domain->str;
    if (*name == 0 || find_domain(rows, name) >= 0)
        return true;
    if (rows->domains->len == DOMAINS_MAX)
        return moe__count_reader_fail(reader, error, "found more than %d domains", DOMAINS_MAX);
    char *copy = g_strdup(name);
    g_ptr_array_add(rows->domains, copy);
    g_hash_table_insert(rows->domain_places, copy, GUINT_TO_POINTER(rows->domains->len));
    return true;
}

static bool
learn(Rows *rows, const MoeCountReader *reader, GError **error)
{
    const MoeCountRow *row = &reader->row;
    moe__layer_set_add(rows->layers, (int)row->integers[MOE_COUNT_LAYER]);
    if (rows->pairs)
        moe__layer_set_add(rows->layers, (int)row->integers[MOE_COUNT_LAYER_B]);
    rows->max_expert = MAX(rows->max_expert,
                           MAX(row->integers[MOE_COUNT_EXPERT], row->integers[MOE_COUNT_EXPERT_B]));
    return learn_domain(rows, reader, error);
}

static bool
bring_pair(Rows *rows, const MoeCountReader *reader, int domain, GError **error)
{
    const int64_t *of = reader->row.integers;
    int from = moe__layer_set_find(rows->layers, (int)of[MOE_COUNT_LAYER]);
    int to = moe__layer_set_find(rows->layers, (int)of[MOE_COUNT_LAYER_B]);
    if (to < 0 || to != from + 1)
        return moe__count_reader_fail(reader, error,
                                      "found a pair of layers with another one between them, "
                                      "expected neighbours among the layers of the file");
    return moe__counts_flow_add(&rows->flow, to, domain, (int)of[MOE_COUNT_EXPERT],
                                (int)of[MOE_COUNT_EXPERT_B], of[MOE_COUNT_COUNT], error);
}

static bool
bring(Rows *rows, const MoeCountReader *reader, GError **error)
{
    const MoeCountRow *row = &reader->row;
    const int64_t *of = row->integers;
    int64_t e = of[MOE_COUNT_EXPERT];
    int router = moe__layer_set_find(rows->layers, (int)of[MOE_COUNT_LAYER]);
    int told = moe_import_domain(rows->import, rows->file);
    int domain = told >= 0 ? told : find_domain(rows, row->domain->str);
    if (router < 0 || e > rows->max_expert || of[MOE_COUNT_EXPERT_B] > rows->max_expert)
        return moe__count_reader_fail(reader, error, "the file changed while it was read");
    if (rows->pairs)
        return bring_pair(rows, reader, domain, error);
    if (!moe_import_picks(rows->import, router, domain, 0, e, MAX(of[MOE_COUNT_COUNT], 0), error))
        return false;
    MoeSummaryCell *cell = moe_summary_fill(rows->summary, router, domain);
    if (of[MOE_COUNT_FIRST] > 0 && moe_import_k(rows->import) > 1)
        cell->first[e] += of[MOE_COUNT_FIRST];
    if (!isnan(row->gate_sum))
        cell->gate_sum[e] += row->gate_sum;
    return true;
}

static bool
read_file(Rows *rows, const char *path, GError **error)
{
    GError *reason = NULL;
    g_autoptr(MoeCountReader) reader = moe__count_reader_new(path, error);
    if (!reader)
        return false;
    for (int64_t n = 0; moe__count_reader_next(reader, &reason); n++) {
        if (!check_row(rows, reader, error))
            return false;
        if (!(rows->summary ? bring : learn)(rows, reader, error))
            return false;
        if (n % 4096 == 0 &&
            !moe_import_progress(rows->import, rows->file, moe__stream_done(reader->stream), error))
            return false;
    }
    if (reason)
        g_propagate_error(error, reason);
    return !reason;
}

static bool
read_all(Rows *rows, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(rows->import, &n);
    for (rows->file = 0; rows->file < n; rows->file++)
        if (!read_file(rows, files[rows->file].path, error))
            return false;
    return true;
}

static bool
begin(Rows *rows, GError **error)
{
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(rows->layers),
        .n_layers = (int)rows->layers->len,
        .max_expert = (int)rows->max_expert,
        .shares = !rows->counts,
        .domains = (const char *const *)rows->domains->pdata,
        .n_domains = (int)rows->domains->len,
    };
    if (!rows->any) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no row in the files");
        return false;
    }
    rows->summary =
        moe_import_begin_summary(rows->import, &shape, rows->pairs ? MOE_TALLY_FLOW : 0, error);
    if (!rows->summary)
        return false;
    if (rows->pairs)
        moe__counts_flow_begin(&rows->flow, rows->import, rows->summary);
    return true;
}

static bool
read_rows(MoeImport *import, GError **error)
{
    g_auto(Rows) rows = {
        .import = import,
        .layers = moe__layer_set_new(),
        .domains = g_ptr_array_new_with_free_func(g_free),
        .domain_places = g_hash_table_new(g_str_hash, g_str_equal),
    };
    return read_all(&rows, error) && begin(&rows, error) && read_all(&rows, error) &&
           (!rows.pairs || moe__counts_flow_end(&rows.flow, error));
}

/* --- Which files ------------------------------------------------------------------------------*/

/* Whether these fields are a table of counts, in bits. */
static bool
is_table(unsigned fields)
{
    unsigned needed = 1u << MOE_COUNT_LAYER | 1u << MOE_COUNT_EXPERT;
    unsigned sums = 1u << MOE_COUNT_COUNT | 1u << MOE_COUNT_GATE_SUM;
    return (fields & needed) == needed && (fields & sums) != 0;
}

static int
score_csv(const MoeImportHead *head)
{
    unsigned fields = 0;
    g_auto(GStrv) names = moe__csv_names(head->text);
    for (char **name = names; *name; name++)
        fields |= 1u << moe__count_field(*name, strlen(*name));
    return is_table(fields) ? 80 : 0;
}

static int
score_jsonl(const MoeImportHead *head)
{
    const char *at = head->text + strspn(head->text, " \t\r\n");
    /* An array may have its objects over several lines. */
    const char *end = at + (*at == '[' ? strlen(at) : strcspn(at, "\n"));
    unsigned fields = 0;
    if (*at == '[')
        at += 1 + strspn(at + 1, " \t\r\n");
    if (*at != '{')
        return 0;
    for (const char *mark = strchr(at, '"'); mark && mark < end; mark = strchr(mark + 1, '"'))
        fields |= 1u << moe__count_field(mark + 1, strcspn(mark + 1, "\""));
    return is_table(fields) ? 80 : 0;
}

const MoeImporter moe__import_counts_csv = {
    .struct_size = sizeof(MoeImporter),
    .name = "counts-csv",
    .help = "CSV of counts: domain, layer, expert, count, first, gate_sum; or pairs of experts",
    .cite = "the plain layout of core/import/README.md",
    .score = score_csv,
    .read = read_rows,
};

const MoeImporter moe__import_counts_jsonl = {
    .struct_size = sizeof(MoeImporter),
    .name = "counts-jsonl",
    .help = "the same as JSON Lines, an object a row",
    .cite = "the plain layout of core/import/README.md",
    .score = score_jsonl,
    .read = read_rows,
};

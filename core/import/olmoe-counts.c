/* SPDX-License-Identifier: MIT
 *
 * OLMoE's routing analysis, the pickles of its counts: a list with a table a recorded layer of
 * expert → picks (expert_counts) or expert → {token id → picks} (eid2token), or a table a pair of
 * neighbouring recorded layers of (expert, expert) → tokens (expert_counts_crosslayer), which pairs
 * picks of equal slot. A file is a domain; neither it nor the layers are named in it, unless
 * somebody made a dict of the list: by layers, or by pairs of them.
 */
#include "import/counts-flow.h"
#include "import/counts.h"
#include "import/importers.h"

#include <moescope/tokens.h>
#include <string.h>

#define I64 G_GINT64_FORMAT

typedef enum { UNKNOWN, PICKS, PAIRS, TOKENS } Kind;

static const char *const kind_names[] = {"nothing", "expert: picks", "(expert, expert): tokens",
                                         "expert: {token: picks}"};

/* The token table of a layer. */
typedef struct Table {
    GArray *id, *expert, *picks; /* int32_t, uint16_t, int64_t */
} Table;

typedef struct Pickles {
    MoeImport *import;
    MoeSummary *summary; /* NULL while looking */
    int file;
    const char *path;
    Kind kind;
    int tables;     /* of each file */
    GArray *layers; /* int: that keys name, ascending; none: --layers does */
    int64_t max_expert;
    int experts, routers;
    Table *token_tables; /* [routers] */
    MoeCountsFlow flow;
} Pickles;

static void
pickles_clear(Pickles *p)
{
    for (int r = 0; p->token_tables && r < p->routers; r++) {
        g_array_unref(p->token_tables[r].id);
        g_array_unref(p->token_tables[r].expert);
        g_array_unref(p->token_tables[r].picks);
    }
    g_free(p->token_tables);
    g_array_unref(p->layers);
    moe__counts_flow_clear(&p->flow);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pickles, pickles_clear)

static bool fail(const Pickles *p, int table, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool
fail(const Pickles *p, int table, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = g_filename_display_basename(p->path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: table %d: %s", name, table, message);
    return false;
}

/* --- Entries ----------------------------------------------------------------------------------*/

/* a: expert, b: the other expert or the token. */
static bool
see(Pickles *p, int table, int64_t a, int64_t b, const MoePy *value, GError **error)
{
    int64_t count;
    if (!moe__py_integer(value, &count) || count < 0 || count > MOE_COUNT_MAX)
        return fail(p, table, error, "expert %" I64 ": expected a count", a);
    p->max_expert = MAX(p->max_expert, MAX(a, p->kind == PAIRS ? b : 0));
    if (a < 0 || p->max_expert > UINT16_MAX || b < 0 || b > INT32_MAX)
        return fail(p, table, error, "found expert %" I64 " with %" I64 ", expected ids", a, b);
    if (!p->summary)
        return true;
    if (p->max_expert >= p->experts)
        return fail(p, table, error, "the file changed while it was read");
    int domain = moe_import_domain(p->import, p->file);
    if (p->kind == PAIRS)
        return moe__counts_flow_add(&p->flow, table + 1, domain, (int)a, (int)b, count, error);
    if (p->kind == TOKENS) {
        const int32_t id = (int32_t)b;
        const uint16_t expert = (uint16_t)a;
        g_array_append_val(p->token_tables[table].id, id);
        g_array_append_val(p->token_tables[table].expert, expert);
        g_array_append_val(p->token_tables[table].picks, count);
    }
    return moe_import_picks(p->import, table, domain, 0, a, count, error);
}

static bool
see_tokens(Pickles *p, int table, int64_t expert, const MoePy *tokens, GError **error)
{
    if (tokens->kind != MOE_PY_DICT)
        return fail(p, table, error, "expert %" I64 ": found %s, expected a dict", expert,
                    moe__py_kind_name(tokens->kind));
    for (int64_t i = 0; i < tokens->count; i++) {
        int64_t id;
        if (!moe__py_integer(tokens->items[2 * i], &id))
            return fail(p, table, error, "expert %" I64 ": expected ids of tokens", expert);
        if (!see(p, table, expert, id, tokens->items[2 * i + 1], error))
            return false;
    }
    return true;
}

static Kind
kind_of(const MoePy *key, const MoePy *value)
{
    int64_t number;
    if (key->kind == MOE_PY_TUPLE && key->count == 2 && moe__py_integer(key->items[0], &number) &&
        moe__py_integer(key->items[1], &number))
        return PAIRS;
    if (!moe__py_integer(key, &number))
        return UNKNOWN;
    return value->kind == MOE_PY_DICT ? TOKENS : PICKS;
}

static bool
see_table(Pickles *p, int table, const MoePy *dict, GError **error)
{
    if (dict->kind != MOE_PY_DICT)
        return fail(p, table, error, "found %s, expected a dict", moe__py_kind_name(dict->kind));
    for (int64_t i = 0; i < dict->count; i++) {
        const MoePy *key = dict->items[2 * i], *value = dict->items[2 * i + 1];
        int64_t a = 0, b = 0;
        Kind kind = kind_of(key, value);
        p->kind = p->kind ? p->kind : kind;
        if (kind == UNKNOWN || kind != p->kind)
            return fail(p, table, error, "found an entry %s, expected %s",
                        kind ? kind_names[kind] : "that counts no experts",
                        p->kind ? kind_names[p->kind] : "counts of experts");
        moe__py_integer(kind == PAIRS ? key->items[0] : key, &a);
        if (kind == PAIRS)
            moe__py_integer(key->items[1], &b);
        if (!(kind == TOKENS ? see_tokens(p, table, a, value, error)
                             : see(p, table, a, b, value, error)))
            return false;
    }
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

/* A counter by itself, of one layer. */
static bool
is_one_table(const MoePy *root)
{
    return root->kind == MOE_PY_DICT && root->count > 0 && root->items[1]->kind != MOE_PY_DICT;
}

/* The layer that a table of a dict begins at, and the one that it ends at: the same, or a pair;
 * false: a key is something else. */
static bool
key_layers(const MoePy *key, int64_t *from, int64_t *to)
{
    g_autofree char *text = moe__py_string(key);
    bool pair = key->kind == MOE_PY_TUPLE && key->count == 2;
    if (text && *text && strspn(text, G_CSET_DIGITS) == strlen(text))
        *from = *to = g_ascii_strtoll(text, NULL, 10);
    else if (!(pair ? moe__py_integer(key->items[0], from) && moe__py_integer(key->items[1], to)
                    : moe__py_integer(key, from) && moe__py_integer(key, to)))
        return false;
    return *from >= 0 && *to <= UINT16_MAX && (pair ? *from < *to : *from == *to);
}

/* A table under its key. */
typedef struct Keyed {
    int64_t from, to;
    const MoePy *table;
} Keyed;

static gint
compare_keyed(gconstpointer a, gconstpointer b)
{
    int64_t x = ((const Keyed *)a)->from, y = ((const Keyed *)b)->from;
    return (x > y) - (x < y);
}

/* Whether tables, in the order of their layers, are of layers each, or of each pair of neighbours;
 * sets the layers. */
static bool
chain_layers(const GArray *keyed, GArray *layers)
{
    const Keyed *tables = (const Keyed *)(const void *)keyed->data;
    bool pairs = tables[0].from != tables[0].to;
    for (guint i = 0; i < keyed->len; i++) {
        const int from = (int)tables[i].from, to = (int)tables[i].to;
        if ((from != to) != pairs ||
            (i > 0 && (pairs ? from != tables[i - 1].to : from == tables[i - 1].from)))
            return false;
        if (i == 0 || !pairs)
            g_array_append_val(layers, from);
        if (pairs)
            g_array_append_val(layers, to);
    }
    return true;
}

/* Numbers may be experts, of {expert: {token: picks}}, unless --layers names just them. */
static bool
are_told(const Pickles *p, const MoePy *root, const GArray *layers)
{
    const MoeImportOptions *options = moe_import_options(p->import);
    bool told = options->n_layers == (int)layers->len;
    for (int i = 0; told && i < options->n_layers; i++)
        told = options->layers[i] == g_array_index(layers, int, i);
    return told || root->items[0]->kind != MOE_PY_INT;
}

/* The tables of a dict of them, and their layers. */
static bool
find_keyed(Pickles *p, const MoePy *root, GPtrArray *tables, GArray *layers, GError **error)
{
    g_autoptr(GArray) keyed = g_array_new(FALSE, FALSE, sizeof(Keyed));
    for (int64_t i = 0; i < root->count; i++) {
        Keyed one = {.table = root->items[2 * i + 1]};
        if (!key_layers(root->items[2 * i], &one.from, &one.to))
            return fail(p, (int)i, error, "found a key that names neither a layer nor a pair");
        g_array_append_val(keyed, one);
    }
    g_array_sort(keyed, compare_keyed);
    if (!chain_layers(keyed, layers))
        return fail(p, 0, error,
                    "expected a table a layer, or a table a pair of neighbouring "
                    "layers, by their keys");
    if (!are_told(p, root, layers))
        return fail(p, 0, error,
                    "found a dict of dicts by numbers, which may be layers or experts: if they are "
                    "layers, --layers has to name just them; experts of one layer go into a list");
    for (guint i = 0; i < keyed->len; i++)
        g_ptr_array_add(tables, (void *)g_array_index(keyed, Keyed, i).table);
    return true;
}

/* The tables of a file, in the order of their layers. */
static bool
find_tables(Pickles *p, const MoePy *root, GPtrArray *tables, GError **error)
{
    g_autoptr(GArray) layers = g_array_new(FALSE, FALSE, sizeof(int));
    bool one = is_one_table(root);
    if ((!one && root->kind != MOE_PY_LIST && root->kind != MOE_PY_DICT) || root->count == 0 ||
        root->count > UINT16_MAX)
        return fail(p, 0, error, "found %s, expected a list of tables, one a layer",
                    moe__py_kind_name(root->kind));
    if (one)
        g_ptr_array_add(tables, (void *)root);
    for (int64_t i = 0; root->kind == MOE_PY_LIST && i < root->count; i++)
        g_ptr_array_add(tables, root->items[i]);
    if (tables->len == 0 && !find_keyed(p, root, tables, layers, error))
        return false;
    if (p->tables > 0 && (int)tables->len != p->tables)
        return fail(p, 0, error, "found %u tables, %d in the files before", tables->len, p->tables);
    bool same = layers->len == p->layers->len;
    for (guint i = 0; same && i < layers->len; i++)
        same = g_array_index(layers, int, i) == g_array_index(p->layers, int, i);
    if (p->tables > 0 && !same)
        return fail(p, 0, error, "found other layers than in the files before");
    if (p->tables == 0)
        g_array_append_vals(p->layers, layers->data, layers->len);
    p->tables = (int)tables->len;
    return true;
}

static bool
read_file(Pickles *p, GError **error)
{
    g_autoptr(MoePyDoc) doc = moe__count_open(p->path, error);
    g_autoptr(GPtrArray) tables = g_ptr_array_new();
    if (!doc || !find_tables(p, moe__py_root(doc), tables, error))
        return false;
    for (int t = 0; t < p->tables; t++)
        if (!see_table(p, t, tables->pdata[t], error))
            return false;
    return moe__count_progress(p->import, p->file, error);
}

static bool
read_all(Pickles *p, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(p->import, &n);
    for (p->file = 0; p->file < n; p->file++) {
        p->path = files[p->file].path;
        if (!read_file(p, error))
            return false;
    }
    return true;
}

static bool
begin(Pickles *p, GError **error)
{
    static const unsigned tallies[] = {
        [PICKS] = 0, [PAIRS] = MOE_TALLY_FLOW, [TOKENS] = MOE_TALLY_TOKENS};
    p->routers = p->tables + (p->kind == PAIRS);
    if (p->layers->len > 0 && (int)p->layers->len != p->routers)
        return fail(p, 0, error, "found tables of %s under the keys of %s", kind_names[p->kind],
                    p->kind == PAIRS ? "layers" : "pairs of layers");
    const MoeImportShape shape = {
        .layers = p->layers->len > 0 ? (const int *)(const void *)p->layers->data : NULL,
        .n_layers = p->routers,
        .max_expert = (int)p->max_expert,
    };
    p->summary = moe_import_begin_summary(p->import, &shape, tallies[p->kind], error);
    if (!p->summary)
        return false;
    p->experts = moe_summary_router(p->summary, 0)->experts;
    if (p->kind == PAIRS)
        moe__counts_flow_begin(&p->flow, p->import, p->summary);
    p->token_tables = g_new(Table, (gsize)p->routers);
    for (int r = 0; r < p->routers; r++)
        p->token_tables[r] = (Table){g_array_new(FALSE, FALSE, sizeof(int32_t)),
                                     g_array_new(FALSE, FALSE, sizeof(uint16_t)),
                                     g_array_new(FALSE, FALSE, sizeof(int64_t))};
    return true;
}

static bool
finish(Pickles *p, GError **error)
{
    if (p->kind == PAIRS)
        return moe__counts_flow_end(&p->flow, error);
    for (int r = 0; p->kind == TOKENS && r < p->routers; r++) {
        const Table *own = &p->token_tables[r];
        bool one = moe_import_k(p->import) == 1;
        g_autofree int64_t *none = g_new0(int64_t, own->id->len + 1);
        const int64_t *picks = (const int64_t *)(const void *)own->picks->data;
        const MoeTokenTable table = {
            .experts = p->experts,
            .n = own->id->len,
            .id = (const int32_t *)(const void *)own->id->data,
            .expert = (const uint16_t *)(const void *)own->expert->data,
            .first = one ? picks : none,
            .picks = picks,
        };
        if (!moe_summary_fill_tokens(p->summary, r, &table, error))
            return false;
    }
    return true;
}

static bool
read_pickles(MoeImport *import, GError **error)
{
    g_auto(Pickles) p = {.import = import, .layers = g_array_new(FALSE, FALSE, sizeof(int))};
    if (!moe__count_domains(import, error) || !read_all(&p, error))
        return false;
    if (p.kind == UNKNOWN)
        return fail(&p, 0, error, "found empty tables, expected counts of experts");
    return begin(&p, error) && read_all(&p, error) && finish(&p, error);
}

static bool
holds(const MoeImportHead *head, const char *word)
{
    return memmem(head->text, head->length, word, strlen(word)) != NULL;
}

/* A pickle whose first lines name Counter: lists of them hardly come from anywhere else. */
static int
score_pickles(const MoeImportHead *head)
{
    bool pickle = head->length > 2 && (uint8_t)head->text[0] == 0x80;
    return pickle && holds(head, "collections") && holds(head, "Counter") ? 70 : 0;
}

const MoeImporter moe__import_olmoe_counts = {
    .struct_size = sizeof(MoeImporter),
    .name = "olmoe-counts",
    .help = "pickles of OLMoE's analysis: expert_counts, expert_counts_crosslayer, eid2token",
    .cite = "Muennighoff et al. 2024, arXiv 2409.02060; github.com/allenai/OLMoE",
    .score = score_pickles,
    .read = read_pickles,
};

/* SPDX-License-Identifier: MIT
 *
 * ESFT's summary.json: {"token_scores": {"LAYER": {"EXPERT": share of the picks, …}, …},
 * "gate_scores": {likewise: mean gate}}, rounded to four digits. It doesn't say of how many tokens:
 * some are taken that have these shares, which is told. Beside the files that it was made of
 * (esft.c) it is held against them.
 */
#include "import/esft-scores.h"

#include "import/counts.h"
#include "import/importers.h"
#include "import/json-pull.h"
#include "import/layer-set.h"

#include <math.h>
#include <string.h>

/* Tokens that stand for those that a file doesn't count: shares have four digits. */
enum { TOKENS = 10000, NUMBER_MAX = UINT16_MAX };

static const char *const names[MOE_ESFT_SCORES] = {"token_scores", "gate_scores"};

/* --- The file ---------------------------------------------------------------------------------*/

/* A key that is a number; -1: it isn't one. */
static int
key_number(const MoeJson *json)
{
    char digits[8];
    if (json->raw_length == 0 || json->raw_length >= sizeof digits)
        return -1;
    memcpy(digits, json->raw, json->raw_length);
    digits[json->raw_length] = 0;
    if (strspn(digits, "0123456789") != json->raw_length)
        return -1;
    gint64 number = g_ascii_strtoll(digits, NULL, 10);
    return number < NUMBER_MAX ? (int)number : -1;
}

static bool
read_layer(MoeJson *json, MoeEsftEntry entry, GArray *entries)
{
    if (!moe__json_expect(json, MOE_JSON_OBJECT, "layer"))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        entry.expert = key_number(json);
        if (entry.expert < 0)
            return moe__json_fail(json, "expected the number of an expert as the key");
        MoeJsonEvent event = moe__json_next(json);
        bool number = event == MOE_JSON_INT || event == MOE_JSON_REAL;
        entry.value = number ? json->real : NAN;
        if (!(entry.value >= 0 && entry.value <= 1))
            return moe__json_fail(json, "%s: expected a number, 0 … 1", names[entry.score]);
        g_array_append_val(entries, entry);
    }
    return !json->error;
}

static bool
read_layers(MoeJson *json, int score, GArray *entries)
{
    if (!moe__json_expect(json, MOE_JSON_OBJECT, names[score]))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        const MoeEsftEntry entry = {.score = score, .layer = key_number(json)};
        if (entry.layer < 0)
            return moe__json_fail(json, "expected the number of a layer as the key");
        if (!read_layer(json, entry, entries))
            return false;
    }
    return !json->error;
}

static gint
by_place(gconstpointer a, gconstpointer b)
{
    const MoeEsftEntry *x = a, *y = b;
    if (x->score != y->score)
        return x->score - y->score;
    return x->layer != y->layer ? x->layer - y->layer : x->expert - y->expert;
}

static bool
check_once(MoeJson *json, const GArray *entries)
{
    for (guint i = 1; i < entries->len; i++) {
        const MoeEsftEntry *entry = &g_array_index(entries, MoeEsftEntry, i);
        if (by_place(entry - 1, entry) == 0)
            return moe__json_fail(json, "%s: layer %d has expert %d twice", names[entry->score],
                                  entry->layer, entry->expert);
    }
    return entries->len > 0 || moe__json_fail(json, "found no token_scores and no gate_scores");
}

GArray *
moe__esft_scores_read(const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return NULL;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(MoeEsftEntry));
    bool good = moe__json_expect(json, MOE_JSON_OBJECT, "file");
    while (good && moe__json_next(json) == MOE_JSON_KEY)
        good =
            moe__json_is(json, names[MOE_ESFT_TOKEN])  ? read_layers(json, MOE_ESFT_TOKEN, entries)
            : moe__json_is(json, names[MOE_ESFT_GATE]) ? read_layers(json, MOE_ESFT_GATE, entries)
                                                       : moe__json_skip(json);
    g_array_sort(entries, by_place);
    if (json->error || !check_once(json, entries)) {
        moe__json_give_up(json, error);
        return NULL;
    }
    return g_steal_pointer(&entries);
}

/* --- Beside what it was made of ---------------------------------------------------------------*/

MoeEsftDifference
moe__esft_scores_compare(const GArray *entries, const int *layers, int n_layers, int experts,
                         int64_t tokens, int k, const int64_t *count, const double *gate)
{
    MoeEsftDifference found = {.most = {NAN, NAN}};
    double each[MOE_ESFT_SCORES] = {1 / ((double)tokens * k), 1 / (double)tokens};
    for (guint i = 0; i < entries->len; i++) {
        const MoeEsftEntry *entry = &g_array_index(entries, MoeEsftEntry, i);
        int row = 0;
        while (row < n_layers && layers[row] != entry->layer)
            row++;
        if (row == n_layers || entry->expert >= experts) {
            found.others = true;
            continue;
        }
        gsize at = (gsize)row * (gsize)experts + (gsize)entry->expert;
        double own = (entry->score == MOE_ESFT_TOKEN ? (double)count[at] : gate[at]);
        double away = fabs(own * each[entry->score] - entry->value);
        found.most[entry->score] = fmax(found.most[entry->score], away);
    }
    return found;
}

/* --- By itself --------------------------------------------------------------------------------*/

typedef struct Scores {
    MoeImport *import;
    GPtrArray *files; /* of GArray, of MoeEsftEntry */
    GArray *layers;
    int max_expert;
    bool has[MOE_ESFT_SCORES];
} Scores;

static void
learn(Scores *scores, const GArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        const MoeEsftEntry *entry = &g_array_index(entries, MoeEsftEntry, i);
        moe__layer_set_add(scores->layers, entry->layer);
        scores->max_expert = MAX(scores->max_expert, entry->expert);
        scores->has[entry->score] = true;
    }
}

/* The scores of one layer as picks of TOKENS tokens, and gates of them. */
static bool
bring_layer(const Scores *scores, MoeSummary *summary, int file, const MoeEsftEntry *entry, int n,
            GError **error)
{
    int router = moe__layer_set_find(scores->layers, entry->layer);
    int domain = moe_import_domain(scores->import, file);
    int experts = moe_summary_router(summary, router)->experts, k = moe_import_k(scores->import);
    MoeSummaryCell *cell = moe_summary_fill(summary, router, domain);
    g_autofree double *exact = g_new0(double, (gsize)experts);
    g_autofree int64_t *whole = g_new0(int64_t, (gsize)experts);
    double sum = 0;
    for (int i = 0; i < n; i++) {
        exact[entry[i].expert] = entry[i].value;
        sum += entry[i].value;
    }
    if (entry->score == MOE_ESFT_GATE) {
        for (int e = 0; e < experts; e++)
            cell->gate_sum[e] += exact[e] * TOKENS;
        return true;
    }
    /* Rounded shares don't add up to one. */
    for (int e = 0; e < experts && sum > 0; e++)
        exact[e] = fmin(exact[e] / sum * k, 1) * TOKENS;
    moe__count_apportion(exact, experts, sum > 0 ? (int64_t)TOKENS * k : 0, TOKENS, whole);
    for (int e = 0; e < experts; e++)
        if (!moe_import_picks(scores->import, router, domain, 0, e, whole[e], error))
            return false;
    return true;
}

static bool
bring(const Scores *scores, MoeSummary *summary, int file, GError **error)
{
    const GArray *entries = scores->files->pdata[file];
    const MoeEsftEntry *entry = (const MoeEsftEntry *)(const void *)entries->data;
    int n = (int)entries->len;
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1;
             end < n && entry[end].layer == entry[i].layer && entry[end].score == entry[i].score;)
            end++;
        if (!bring_layer(scores, summary, file, &entry[i], end - i, error))
            return false;
    }
    return moe__count_progress(scores->import, file, error);
}

static bool
bring_all(Scores *scores, GError **error)
{
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(scores->layers),
        .n_layers = (int)scores->layers->len,
        .max_expert = scores->max_expert,
        .shares = !scores->has[MOE_ESFT_TOKEN],
        .has_gates = scores->has[MOE_ESFT_GATE],
        .gates = MOE_IMPORT_GATES_AS_SCORED,
    };
    MoeSummary *summary = moe_import_begin_summary(scores->import, &shape, 0, error);
    if (!summary)
        return false;
    for (guint i = 0; i < scores->files->len; i++)
        if (!bring(scores, summary, (int)i, error))
            return false;
    moe_import_note(scores->import,
                    "the files have shares of the picks to a few digits, and not how many there "
                    "were: %d tokens a layer stand for them, so that nothing that depends on their "
                    "number (what chance would show, too few tokens) says anything",
                    TOKENS);
    return true;
}

static bool
read_scores(MoeImport *import, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(import, &n);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autoptr(GArray) layers = moe__layer_set_new();
    Scores scores = {.import = import, .files = all, .layers = layers};
    if (!moe__count_domains(import, error))
        return false;
    for (int i = 0; i < n; i++) {
        GArray *entries = moe__esft_scores_read(files[i].path, error);
        if (!entries)
            return false;
        g_ptr_array_add(all, entries);
        learn(&scores, entries);
    }
    return bring_all(&scores, error);
}

/* The first key of the file is one of the two; what follows are layers. */
static int
score_scores(const MoeImportHead *head)
{
    const char *at = head->text + strspn(head->text, " \t\r\n");
    if (*at++ != '{')
        return 0;
    for (int i = 0; i < MOE_ESFT_SCORES; i++) {
        g_autofree char *key = g_strdup_printf("\"%s\"", names[i]);
        if (strstr(at, key))
            return 70;
    }
    return 0;
}

const MoeImporter moe__import_esft_scores = {
    .struct_size = sizeof(MoeImporter),
    .name = "esft-scores",
    .help = "ESFT's summary.json: token_scores and gate_scores of layers and experts",
    .cite = "Wang et al. 2024, arXiv 2407.01906; github.com/deepseek-ai/ESFT",
    .score = score_scores,
    .read = read_scores,
};

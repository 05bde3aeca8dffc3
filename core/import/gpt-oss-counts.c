/* SPDX-License-Identifier: MIT
 *
 * Aggregates of GPT-OSS fingerprints ({False,True}_False.json): of the tokens that were thought and
 * those that were answered, how often each expert of a layer was picked a token ("count_frequency")
 * and the mean of its gate ("prob_density"), as means over samples. Where these are all as long,
 * frequencies times tokens are the counts themselves; else each sample weighs the same, and whole
 * numbers with the same frequencies are taken, which is told.
 */
#include "import/counts.h"
#include "import/importers.h"
#include "import/json-pull.h"
#include "import/layer-set.h"

#include <math.h>
#include <string.h>

enum { EXPERTS = UINT16_MAX + 1 };

typedef enum { THINK, ANSWER, PHASES } Phase;

static const char *const phase_names[] = {"think", "answer"};

/* One layer's entry of an expert. */
typedef struct Entry {
    int phase, layer, expert;
    double frequency, density;
} Entry;

typedef struct Prints {
    MoeImport *import;
    MoeSummary *summary; /* NULL in the first pass */
    int file;
    const char *path;      /* of the file */
    GArray *entries;       /* Entry, of a file */
    double samples;        /* of a file */
    double length[PHASES]; /* mean tokens a sample; 0: not said */
    GArray *layers;
    int max_expert, domain[PHASES];
    GPtrArray *domains;
    bool apportioned;
} Prints;

/* --- The file ---------------------------------------------------------------------------------*/

static bool
read_number(MoeJson *json, const char *what, double high, double *out)
{
    MoeJsonEvent event = moe__json_next(json);
    bool number = event == MOE_JSON_INT || event == MOE_JSON_REAL;
    *out = number ? json->real : NAN;
    return (*out >= 0 && *out <= high) ||
           moe__json_fail(json, "%s: expected a number, 0 … %g", what, high);
}

/* {"prob_density": …, "count_frequency": …} */
static bool
read_entry(Prints *prints, MoeJson *json, Entry entry)
{
    entry.frequency = entry.density = -1;
    if (!moe__json_expect(json, MOE_JSON_OBJECT, "expert"))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        bool good = moe__json_is(json, "count_frequency")
                        ? read_number(json, "count_frequency", 1, &entry.frequency)
                    : moe__json_is(json, "prob_density")
                        ? read_number(json, "prob_density", 1, &entry.density)
                        : moe__json_skip(json);
        if (!good)
            return false;
    }
    if (json->error)
        return false;
    if (entry.frequency < 0 || entry.density < 0)
        return moe__json_fail(json, "expected count_frequency and prob_density");
    g_array_append_val(prints->entries, entry);
    return true;
}

/* The number behind a prefix of a key; -1: it isn't one. */
static int
key_number(const MoeJson *json, const char *prefix)
{
    size_t n = strlen(prefix);
    char digits[8], *after;
    if (json->raw_length <= n || json->raw_length - n >= sizeof digits ||
        memcmp(json->raw, prefix, n) != 0 || !g_ascii_isdigit(json->raw[n]))
        return -1;
    memcpy(digits, json->raw + n, json->raw_length - n);
    digits[json->raw_length - n] = 0;
    gint64 number = g_ascii_strtoll(digits, &after, 10);
    return *after == 0 && number < EXPERTS - 1 ? (int)number : -1;
}

/* {"layer_0": {"31": {…}, …}, …} */
static bool
read_phase(Prints *prints, MoeJson *json, int phase)
{
    if (!moe__json_expect(json, MOE_JSON_OBJECT, "expert_analytics"))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        Entry entry = {.phase = phase, .layer = key_number(json, "layer_")};
        if (entry.layer < 0)
            return moe__json_fail(json, "expected a key like \"layer_0\"");
        if (!moe__json_expect(json, MOE_JSON_OBJECT, "layer"))
            return false;
        while (moe__json_next(json) == MOE_JSON_KEY) {
            entry.expert = key_number(json, "");
            if (entry.expert < 0)
                return moe__json_fail(json, "expected an expert's id as the key");
            if (!read_entry(prints, json, entry))
                return false;
        }
    }
    return !json->error;
}

static bool
read_member(Prints *prints, MoeJson *json)
{
    if (moe__json_is(json, "sample_count"))
        return read_number(json, "sample_count", 1e6, &prints->samples);
    if (moe__json_is(json, "num_think_tokens"))
        return read_number(json, "num_think_tokens", 1e6, &prints->length[THINK]);
    if (moe__json_is(json, "num_answer_tokens"))
        return read_number(json, "num_answer_tokens", 1e6, &prints->length[ANSWER]);
    if (moe__json_is(json, "think_expert_analytics"))
        return read_phase(prints, json, THINK);
    if (moe__json_is(json, "answer_expert_analytics"))
        return read_phase(prints, json, ANSWER);
    return moe__json_skip(json);
}

static bool
parse(Prints *prints, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    g_array_set_size(prints->entries, 0);
    prints->samples = prints->length[THINK] = prints->length[ANSWER] = 0;
    bool good = moe__json_expect(json, MOE_JSON_OBJECT, "file");
    while (good && moe__json_next(json) == MOE_JSON_KEY)
        good = read_member(prints, json);
    for (guint i = 0; i < prints->entries->len && !json->error; i++)
        if (!(prints->samples * prints->length[g_array_index(prints->entries, Entry, i).phase] > 0))
            moe__json_fail(json, "found no sample_count or no number of tokens");
    return json->error ? moe__json_give_up(json, error) : true;
}

/* --- Counts -----------------------------------------------------------------------------------*/

static void
learn(Prints *prints)
{
    for (guint i = 0; i < prints->entries->len; i++) {
        const Entry *entry = &g_array_index(prints->entries, Entry, i);
        moe__layer_set_add(prints->layers, entry->layer);
        prints->max_expert = MAX(prints->max_expert, entry->expert);
        if (prints->domain[entry->phase] < 0) {
            prints->domain[entry->phase] = (int)prints->domains->len;
            g_ptr_array_add(prints->domains, (char *)phase_names[entry->phase]);
        }
    }
}

/* Frequencies times tokens as whole numbers; false if they were rounded. */
static bool
make_whole(double *exact, int n, int k, int64_t *whole)
{
    double sum = 0, worst = 0;
    for (int e = 0; e < n; e++) {
        sum += exact[e];
        worst = fmax(worst, fabs(exact[e] - nearbyint(exact[e])));
    }
    if (worst < 1e-6 * fmax(1, sum)) {
        for (int e = 0; e < n; e++)
            whole[e] = (int64_t)nearbyint(exact[e]);
        return true;
    }
    double units = nearbyint(sum / k), scale = sum > 0 ? units * k / sum : 0;
    for (int e = 0; e < n; e++)
        exact[e] *= scale;
    moe__count_apportion(exact, n, (int64_t)units * k, INT64_MAX, whole);
    return false;
}

/* Sums over the entries of one layer and phase: frequencies and gates times tokens. */
static bool
sum_entries(const Prints *prints, const Entry *entry, int n, int experts, double *exact,
            MoeSummaryCell *cell, GError **error)
{
    double tokens = nearbyint(prints->samples * prints->length[entry->phase]);
    memset(exact, 0, sizeof *exact * (gsize)experts);
    for (int i = 0; i < n; i++) {
        int e = entry[i].expert;
        if (e >= experts || exact[e] > 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: layer_%d: found expert %d twice, or too high", prints->path,
                        entry->layer, e);
            return false;
        }
        exact[e] = entry[i].frequency * tokens;
        cell->gate_sum[e] += entry[i].density * tokens;
    }
    return true;
}

static bool
bring_layer(Prints *prints, const Entry *entry, int n, GError **error)
{
    int router = moe__layer_set_find(prints->layers, entry->layer);
    int experts = moe_summary_router(prints->summary, 0)->experts;
    int told = moe_import_domain(prints->import, prints->file);
    int domain = told >= 0 ? told : prints->domain[entry->phase];
    g_autofree double *exact = g_new(double, (gsize)experts);
    g_autofree int64_t *whole = g_new0(int64_t, (gsize)experts);
    if (router < 0 || domain >= moe_summary_domains(prints->summary)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: changed while it was read",
                    prints->path);
        return false;
    }
    if (!sum_entries(prints, entry, n, experts, exact,
                     moe_summary_fill(prints->summary, router, domain), error))
        return false;
    if (!make_whole(exact, experts, moe_import_k(prints->import), whole))
        prints->apportioned = true;
    for (int e = 0; e < experts; e++)
        if (!moe_import_picks(prints->import, router, domain, 0, e, whole[e], error))
            return false;
    return true;
}

/* Entries of one layer and phase stand together. */
static bool
bring(Prints *prints, GError **error)
{
    const Entry *entry = (const Entry *)(const void *)prints->entries->data;
    int n = (int)prints->entries->len;
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1;
             end < n && entry[end].layer == entry[i].layer && entry[end].phase == entry[i].phase;)
            end++;
        if (!bring_layer(prints, &entry[i], end - i, error))
            return false;
    }
    return moe__count_progress(prints->import, prints->file, error);
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
read_all(Prints *prints, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(prints->import, &n);
    for (prints->file = 0; prints->file < n; prints->file++) {
        prints->path = files[prints->file].path;
        if (!parse(prints, prints->path, error))
            return false;
        if (!prints->summary)
            learn(prints);
        else if (!bring(prints, error))
            return false;
    }
    return true;
}

static bool
read_both(Prints *prints, GError **error)
{
    if (!moe__count_domains(prints->import, error) || !read_all(prints, error))
        return false;
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(prints->layers),
        .n_layers = (int)prints->layers->len,
        .max_expert = prints->max_expert,
        .score = "softmax",
        .select = "top-k",
        .has_gates = true,
        .gates = MOE_IMPORT_GATES_SUM_TO_ONE,
        .domains = (const char *const *)prints->domains->pdata,
        .n_domains = (int)prints->domains->len,
    };
    prints->summary = moe_import_begin_summary(prints->import, &shape, 0, error);
    if (!prints->summary || !read_all(prints, error))
        return false;
    if (prints->apportioned)
        moe_import_note(prints->import,
                        "counts were made of frequencies that are means over samples of different "
                        "lengths: each sample weighs the same, and a count may be off by one");
    return true;
}

static bool
read_prints(MoeImport *import, GError **error)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_autoptr(GArray) layers = moe__layer_set_new();
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    Prints prints = {
        .import = import,
        .entries = entries,
        .layers = layers,
        .domains = domains,
        .domain = {-1, -1},
    };
    return read_both(&prints, error);
}

static int
score_prints(const MoeImportHead *head)
{
    return strstr(head->text, "_expert_analytics\"") && strstr(head->text, "\"count_frequency\"")
               ? 90
               : 0;
}

const MoeImporter moe__import_gpt_oss_counts = {
    .struct_size = sizeof(MoeImporter),
    .name = "gpt-oss-counts",
    .help = "aggregates of gpt-oss fingerprints: sample_count, count_frequency, prob_density",
    .cite = "github.com/AmanPriyanshu/GPT-OSS-MoE-ExpertFingerprinting",
    .score = score_prints,
    .read = read_prints,
};

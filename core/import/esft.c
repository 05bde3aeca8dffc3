/* SPDX-License-Identifier: MIT
 *
 * ESFT's expert weights: a file a layer, a line a sequence, in it the experts of all its tokens, k
 * after k, an empty column, and as many weights. Line and place in it join the layers. Neither k
 * nor the layer stands in the file: k is asked for, the layer is the last number of the file's
 * name.
 */
#include "import/door.h"
#include "import/esft-scores.h"
#include "import/importers.h"
#include "import/stream.h"

#include <string.h>

/* The files of one folder: the layers of the same text. */
typedef struct Group {
    const MoeImportFile *files;
    const int *index; /* [n]: of the group's files, in the order of layers */
    int n;
} Group;

typedef struct Reading {
    MoeImport *import;
    const int *layers; /* [n_layers] */
    int n_layers;
    MoeStream **streams; /* [n_layers] */
    GArray **experts;    /* [n_layers], of int32_t: a line */
    GArray **weights;    /* [n_layers], of double */
    int32_t *expert;     /* [n_layers × k]: a token */
    double *gate;
    int32_t docs;
    /* Sums of the folder at hand, for its summary.json. */
    int n_experts;
    int64_t tokens;
    int64_t *count;   /* [n_layers × n_experts] */
    double *gate_sum; /* [n_layers × n_experts] */
} Reading;

/* --- Layers -----------------------------------------------------------------------------------*/

/* The last number of the name; -1 if there is none. */
static int
layer_of(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    size_t end = strlen(name);
    while (end > 0 && !g_ascii_isdigit(name[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && g_ascii_isdigit(name[begin - 1]))
        begin--;
    if (begin == end || end - begin > 4)
        return -1;
    return (int)g_ascii_strtoll(name + begin, NULL, 10);
}

static gint
by_folder_and_layer(gconstpointer a, gconstpointer b, gpointer files)
{
    const MoeImportFile *all = files;
    const char *x = all[*(const int *)a].path, *y = all[*(const int *)b].path;
    g_autofree char *left = g_path_get_dirname(x), *right = g_path_get_dirname(y);
    int order = strcmp(left, right);
    return order ? order : layer_of(x) - layer_of(y);
}

static bool
same_folder(const char *a, const char *b)
{
    g_autofree char *left = g_path_get_dirname(a), *right = g_path_get_dirname(b);
    return g_str_equal(left, right);
}

static bool
fail(GError **error, const char *path, const char *found)
{
    g_autofree char *name = g_filename_display_name(path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: %s", name, found);
    return false;
}

/* Every folder has to have the layers of the first one. */
static bool
check_layers(const Group *group, const GArray *layers, GError **error)
{
    for (int i = 0; i < group->n; i++) {
        const char *path = group->files[group->index[i]].path;
        int layer = layer_of(path);
        if (layer < 0)
            return fail(error, path,
                        "found no number in the name, expected that of the layer "
                        "(expert_weights_3.txt)");
        if (i > 0 && layer == layer_of(group->files[group->index[i - 1]].path))
            return fail(error, path, "found a second file of this layer in the folder");
        if (layers && ((guint)i >= layers->len || g_array_index(layers, int, i) != layer))
            return fail(error, path, "found a layer that another folder lacks");
    }
    if (layers && layers->len != (guint)group->n)
        return fail(error, group->files[group->index[0]].path,
                    "found fewer layers in this folder than in another");
    return true;
}

/* --- Lines ------------------------------------------------------------------------------------*/

static bool
parse_experts(const MoeStream *stream, char **at, GArray *out, GError **error)
{
    g_array_set_size(out, 0);
    while (g_ascii_isdigit(**at)) {
        int64_t value = 0;
        for (; g_ascii_isdigit(**at); (*at)++)
            value = MIN(value * 10 + (**at - '0'), INT32_MAX);
        int32_t id = (int32_t)value;
        g_array_append_val(out, id);
        if (**at == '\t')
            (*at)++;
    }
    if (**at == '\t' && out->len > 0) {
        (*at)++;
        return true;
    }
    return moe__stream_fail(stream, error, "expected experts, an empty column, and weights");
}

static bool
parse_weights(const MoeStream *stream, char *at, GArray *out, GError **error)
{
    g_array_set_size(out, 0);
    while (*at) {
        char *after;
        double value = g_ascii_strtod(at, &after);
        if (after == at || (*after && *after != '\t'))
            return moe__stream_fail(stream, error, "weight %u is no number", out->len + 1);
        g_array_append_val(out, value);
        at = after + (*after == '\t');
    }
    return true;
}

/* Returns false at the end, and with an error. */
static bool
read_line(Reading *reading, int r, int k, GError **error)
{
    MoeStream *stream = reading->streams[r];
    GArray *experts = reading->experts[r], *weights = reading->weights[r];
    size_t length;
    char *line = moe__stream_line(stream, &length, error);
    if (!line || !parse_experts(stream, &line, experts, error) ||
        !parse_weights(stream, line, weights, error))
        return false;
    if (weights->len != experts->len)
        return moe__stream_fail(stream, error, "found %u experts and %u weights", experts->len,
                                weights->len);
    if (experts->len % (guint)k)
        return moe__stream_fail(stream, error,
                                "found %u experts, expected a multiple of k = %d (--k)",
                                experts->len, k);
    return true;
}

/* The next line of all layers. Returns false at the end, and with an error. */
static bool
read_lines(Reading *reading, int k, GError **error)
{
    bool more = false;
    for (int r = 0; r < reading->n_layers; r++) {
        GError *reason = NULL;
        g_array_set_size(reading->experts[r], 0);
        bool got = read_line(reading, r, k, &reason);
        if (reason) {
            g_propagate_error(error, reason);
            return false;
        }
        more = r == 0 ? got : more;
        guint found = reading->experts[r]->len, expected = reading->experts[0]->len;
        if (found != expected)
            return moe__stream_fail(reading->streams[r], error,
                                    "found %u experts where %s has %u, expected the same text",
                                    found, reading->streams[0]->path, expected);
    }
    return more;
}

/* --- Sums, and what summary.json says of them
 * ----------------------------------------------------*/

static void
add_to_sums(Reading *reading, int k)
{
    for (int i = 0; i < reading->n_layers * k; i++) {
        int e = reading->expert[i];
        if (e >= reading->n_experts) /* an error as soon as the token is brought */
            continue;
        gsize at = (gsize)(i / k) * (gsize)reading->n_experts + (gsize)e;
        reading->count[at]++;
        reading->gate_sum[at] += reading->gate[i];
    }
    reading->tokens++;
}

/* Scores are rounded to four digits; gates were added up in another order, some in binary16. */
static const double tolerance[MOE_ESFT_SCORES] = {6e-5, 2e-4};

/* Bytes of a path before the folder that the file is in: that names the text, and where it lies is
 * nothing to keep. */
static gsize
skip_place(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path), *place = g_path_get_dirname(folder);
    gsize n = strlen(place);
    return g_str_has_prefix(path, place) && path[n] == G_DIR_SEPARATOR ? n + 1 : 0;
}

static void
compare_scores(const Reading *reading, const char *path, const GArray *entries)
{
    MoeEsftDifference found = moe__esft_scores_compare(
        entries, reading->layers, reading->n_layers, reading->n_experts, reading->tokens,
        moe_import_k(reading->import), reading->count, reading->gate_sum);
    g_autofree char *shown = g_filename_display_name(path + skip_place(path));
    double token = found.most[MOE_ESFT_TOKEN], gate = found.most[MOE_ESFT_GATE];
    bool same = !(token > tolerance[MOE_ESFT_TOKEN]) && !(gate > tolerance[MOE_ESFT_GATE]);
    (same ? moe_import_note : moe_import_warn)(
        reading->import, "%s %s these files: token scores are up to %.2g apart, gate scores %.2g%s",
        shown, same ? "agrees with" : "isn't of", token, gate,
        found.others ? "; it has layers or experts that they lack" : "");
}

/* A file beside the others that nobody can read is told, and no reason to stop. */
static void
look_at_scores(Reading *reading, const char *file)
{
    static const char *const endings[] = {"summary.json", "summary.json.gz"};
    g_autofree char *folder = g_path_get_dirname(file);
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(folder, endings[i], NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || reading->tokens == 0)
            continue;
        g_autoptr(GArray) entries = moe__esft_scores_read(path, &error);
        if (entries)
            compare_scores(reading, path, entries);
        else
            moe_import_note(reading->import, "%s",
                            error->message +
                                (g_str_has_prefix(error->message, path) ? skip_place(path) : 0));
    }
    gsize cells = (gsize)reading->n_layers * (gsize)reading->n_experts;
    memset(reading->count, 0, cells * sizeof *reading->count);
    memset(reading->gate_sum, 0, cells * sizeof *reading->gate_sum);
    reading->tokens = 0;
}

/* --- Tokens -----------------------------------------------------------------------------------*/

static bool
bring_line(Reading *reading, int domain, int k, GError **error)
{
    int tokens = (int)reading->experts[0]->len / k;
    for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < reading->n_layers; r++)
            for (int i = 0; i < k; i++) {
                guint from = (guint)(t * k + i);
                reading->expert[r * k + i] = g_array_index(reading->experts[r], int32_t, from);
                reading->gate[r * k + i] = g_array_index(reading->weights[r], double, from);
            }
        add_to_sums(reading, k);
        const MoeImportToken token = {
            .id = -1,
            .doc = reading->docs,
            .pos = t,
            .domain = domain,
            .expert = reading->expert,
            .gate = reading->gate,
        };
        if (!moe_import_token(reading->import, &token, error)) {
            g_prefix_error(error,
                           "%s: line %" G_GUINT64_FORMAT ", token %d: ", reading->streams[0]->path,
                           reading->streams[0]->line, t);
            return false;
        }
    }
    reading->docs++;
    return true;
}

static void
close_streams(Reading *reading)
{
    for (int r = 0; r < reading->n_layers; r++)
        g_clear_pointer(&reading->streams[r], moe__stream_free);
}

static int64_t
bytes_done(const Reading *reading)
{
    int64_t done = 0;
    for (int r = 0; r < reading->n_layers; r++)
        done += moe__stream_done(reading->streams[r]);
    return done;
}

static bool
read_group(Reading *reading, const Group *group, GError **error)
{
    int k = moe_import_k(reading->import);
    int domain = moe_import_domain(reading->import, group->index[0]);
    for (int r = 0; r < group->n; r++) {
        reading->streams[r] = moe__stream_open(group->files[group->index[r]].path, error);
        if (!reading->streams[r])
            return false;
    }
    GError *reason = NULL;
    while (read_lines(reading, k, &reason) && bring_line(reading, domain, k, &reason) &&
           moe_import_progress(reading->import, group->index[0], bytes_done(reading), &reason))
        ;
    close_streams(reading);
    if (reason)
        g_propagate_error(error, reason);
    else
        look_at_scores(reading, group->files[group->index[0]].path);
    return !reason;
}

static Reading
reading_new(MoeImport *import, const int *layers, int n_layers)
{
    gsize n = (gsize)n_layers, cells = n * (gsize)moe_import_k(import);
    gsize experts = (gsize)import->routers[0].experts;
    Reading reading = {
        .import = import,
        .layers = layers,
        .n_layers = n_layers,
        .n_experts = (int)experts,
        .count = g_new0(int64_t, n * experts),
        .gate_sum = g_new0(double, n *experts),
        .streams = g_new0(MoeStream *, n),
        .experts = g_new(GArray *, n),
        .weights = g_new(GArray *, n),
        .expert = g_new(int32_t, cells),
        .gate = g_new(double, cells),
    };
    for (gsize r = 0; r < n; r++) {
        reading.experts[r] = g_array_new(FALSE, FALSE, sizeof(int32_t));
        reading.weights[r] = g_array_new(FALSE, FALSE, sizeof(double));
    }
    return reading;
}

static void
reading_clear(Reading *reading)
{
    close_streams(reading);
    for (int r = 0; r < reading->n_layers; r++) {
        g_array_unref(reading->experts[r]);
        g_array_unref(reading->weights[r]);
    }
    g_free(reading->streams);
    g_free(reading->experts);
    g_free(reading->weights);
    g_free(reading->expert);
    g_free(reading->gate);
    g_free(reading->count);
    g_free(reading->gate_sum);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

/* The group that begins with file `first` of the sorted ones. */
static Group
group_at(const MoeImportFile *files, const int *index, int first, int n)
{
    Group group = {files, index + first, 1};
    while (first + group.n < n &&
           same_folder(files[index[first]].path, files[index[first + group.n]].path))
        group.n++;
    return group;
}

static bool
read_esft(MoeImport *import, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(import, &n);
    g_autofree int *index = g_new(int, (gsize)n);
    g_autoptr(GArray) layers = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < n; i++)
        index[i] = i;
    g_qsort_with_data(index, n, sizeof *index, by_folder_and_layer, (gpointer)files);
    for (int i = 0; i < n;) {
        Group group = group_at(files, index, i, n);
        if (!check_layers(&group, i ? layers : NULL, error))
            return false;
        for (int j = 0; i == 0 && j < group.n; j++) {
            int layer = layer_of(files[group.index[j]].path);
            g_array_append_val(layers, layer);
        }
        i += group.n;
    }
    const MoeImportShape shape = {
        .layers = (const int *)layers->data,
        .n_layers = (int)layers->len,
        .has_gates = true,
    };
    if (!moe_import_begin(import, &shape, error))
        return false;
    g_auto(Reading) reading = reading_new(import, shape.layers, shape.n_layers);
    for (int i = 0; i < n;) {
        Group group = group_at(files, index, i, n);
        if (!read_group(&reading, &group, error))
            return false;
        i += group.n;
    }
    return true;
}

/* Numbers and tabs alone, and experts in front. */
static int
score_esft(const MoeImportHead *head)
{
    size_t length = strspn(head->text, "0123456789\t\r\n.eE-+");
    if (length != head->length || length < 4 || !g_ascii_isdigit(head->text[0]))
        return 0;
    size_t experts = strspn(head->text, "0123456789\t");
    if (strstr(head->text, "\t\t"))
        return 90;
    /* A line longer than the head. */
    return experts == length && strchr(head->text, '\t') ? 60 : 0;
}

const MoeImporter moe__import_esft = {
    .struct_size = sizeof(MoeImporter),
    .name = "esft",
    .help = "ESFT's expert_weights_LAYER.txt: a file a layer, a line a sequence of experts and "
            "weights",
    .cite = "Wang et al. 2024, arXiv 2407.01906; github.com/deepseek-ai/ESFT",
    .score = score_esft,
    .read = read_esft,
};

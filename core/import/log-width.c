/* SPDX-License-Identifier: MIT */
#include "import/log-width.h"

enum { LAYERS = UINT16_MAX + 1 };

void
moe__log_widths_init(MoeLogWidths *widths, int told)
{
    *widths = (MoeLogWidths){
        .least = g_new(int, LAYERS),
        .most = g_new(int, LAYERS),
        .tokens = g_new0(int64_t, LAYERS),
        .full = g_new0(int64_t, LAYERS),
        .stated = g_new(int, LAYERS),
        .experts = g_new(int, LAYERS),
        .told = told,
        .first = -1,
        .k = g_array_new(FALSE, FALSE, sizeof(int)),
        .of_layers = g_array_new(FALSE, FALSE, sizeof(int)),
    };
    for (int i = 0; i < LAYERS; i++)
        widths->most[i] = widths->stated[i] = widths->experts[i] = -1;
}

void
moe__log_widths_clear(MoeLogWidths *widths)
{
    g_free(widths->least);
    g_free(widths->most);
    g_free(widths->tokens);
    g_free(widths->full);
    g_free(widths->stated);
    g_free(widths->experts);
    g_array_unref(widths->of_layers);
    g_free(widths->partial);
    g_free(widths->placeless);
    g_array_unref(widths->k);
}

int
moe__log_width(const MoeLogRow *row)
{
    return (int)row->experts->len / row->tokens;
}

/* --- Lines about layers -----------------------------------------------------------------------*/

static bool
state(const char *what, const char *path, const MoeLogRow *row, int64_t found, int *known,
      GError **error)
{
    if (found < 0 || *known == found)
        return true;
    if (*known >= 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: line %" G_GUINT64_FORMAT ": layer %d: %s: found %d, %d before", path,
                    row->line, (int)row->layer, what, (int)found, *known);
        return false;
    }
    *known = (int)found;
    return true;
}

bool
moe__log_widths_state(MoeLogWidths *widths, const char *path, const MoeLogRow *row, GError **error)
{
    int64_t experts = row->meta_experts > 0 ? row->meta_experts : -1;
    return state("k", path, row, row->meta_k, &widths->stated[row->layer], error) &&
           state("experts", path, row, experts, &widths->experts[row->layer], error);
}

bool
moe__log_widths_stated(const MoeLogWidths *widths, const MoeLogRow *row)
{
    return (row->meta_k < 0 || row->meta_k == widths->stated[row->layer]) &&
           (row->meta_experts == 0 || row->meta_experts == widths->experts[row->layer]);
}

/* --- Lines of tokens --------------------------------------------------------------------------*/

/* Whether a row may be a part of a token, whose other experts stand in lines elsewhere. */
static bool
is_partial(const MoeLogWidths *widths, const MoeLogRow *row)
{
    return row->single && moe__log_width(row) < widths->told;
}

static void
keep_first(char **place, const char *path, const MoeLogRow *row)
{
    if (!*place)
        *place = g_strdup_printf("%s: line %" G_GUINT64_FORMAT, path, row->line);
}

bool
moe__log_widths_learn(MoeLogWidths *widths, const char *path, const MoeLogRow *row, GError **error)
{
    int n = moe__log_width(row), *most = &widths->most[row->layer];
    widths->lists = widths->lists || !row->single;
    if (row->single && row->pos < 0 && widths->told != 1)
        keep_first(&widths->placeless, path, row);
    if (is_partial(widths, row)) {
        keep_first(&widths->partial, path, row);
        n = widths->told;
    } else {
        widths->first = widths->first < 0 ? n : widths->first;
        if (widths->told > 0 && n != widths->first) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: line %" G_GUINT64_FORMAT ": experts a token: found %d, %d before",
                        path, row->line, n, widths->first);
            return false;
        }
    }
    widths->least[row->layer] = *most < 0 ? n : MIN(widths->least[row->layer], n);
    if (n > *most)
        widths->full[row->layer] = 0;
    *most = MAX(*most, n);
    widths->tokens[row->layer] += row->tokens;
    widths->full[row->layer] += n == *most ? row->tokens : 0;
    return true;
}

/* Lines of a layer that differ may be a router whose picks vary in number, or a log that lacks
 * some: it has to be told. */
static void
tell_varying(const MoeLogWidths *widths, MoeImport *import, const MoeImportShape *shape)
{
    int first = -1, more = 0;
    for (int i = 0; i < shape->n_layers; i++)
        if (g_array_index(widths->k, int, i) == 0 && widths->stated[shape->layers[i]] < 0) {
            more += first >= 0;
            first = first < 0 ? shape->layers[i] : first;
        }
    if (first < 0)
        return;
    g_autofree char *others =
        more > 0 ? g_strdup_printf(" (and in %d more layers)", more) : g_strdup("");
    if (widths->most[first] == 0)
        moe_import_note(import, "layer %d%s: no token that was looked at has an expert", first,
                        others);
    else
        moe_import_note(import,
                        "layer %d%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                        " tokens that were looked at have %d experts, others as few as %d, so k "
                        "was taken to vary; --k N says that it doesn't",
                        first, others, widths->full[first], widths->tokens[first],
                        widths->most[first], widths->least[first]);
}

/* Whether single lines can be brought together. */
static bool
check_singles(const MoeLogWidths *widths, GError **error)
{
    if (widths->placeless && !widths->lists)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found one expert a line, and no place of the token that would tell which "
                    "lines are one token's (--k 1 says that each is)",
                    widths->placeless);
    else if (widths->partial && widths->lists)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: experts a token: found fewer than %d (--k, or what the file says)",
                    widths->partial, widths->told);
    else
        return true;
    return false;
}

/* Whether the tokens are as the lines about their layers say. */
static bool
check_stated(const MoeLogWidths *widths, const MoeImportShape *shape, GError **error)
{
    for (int i = 0; i < shape->n_layers; i++) {
        int layer = shape->layers[i], k = widths->stated[layer];
        int least = widths->least[layer], most = widths->most[layer];
        if (k <= 0 || (least == k && most == k))
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "layer %d: found a token with %d experts, expected %d (top_k of this layer)",
                    layer, least == k ? most : least, k);
        return false;
    }
    return true;
}

/* Layers may differ in experts, if lines say of each how many it has. */
static bool
join_experts(MoeLogWidths *widths, MoeImportShape *shape, GError **error)
{
    bool alike = true;
    int stated = 0, most = 0, all = shape->experts;
    for (int i = 0; i < shape->n_layers; i++) {
        int experts = widths->experts[shape->layers[i]];
        stated += experts > 0;
        alike =
            alike && experts == widths->experts[shape->layers[0]] && (all == 0 || experts == all);
        most = MAX(most, experts);
        g_array_append_val(widths->of_layers, experts);
    }
    if (stated < shape->n_layers || alike) {
        /* Of some: the others are asked for. */
        shape->experts = stated > 0 && alike ? most : all;
        return true;
    }
    if (all > 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "found %d experts a layer, and other numbers of single layers, expected the "
                    "same",
                    all);
        return false;
    }
    shape->experts = most;
    shape->layer_experts = (const int *)widths->of_layers->data;
    return true;
}

/* Sets k of each layer. Returns whether all have the same, which doesn't vary. */
static bool
join_layers(MoeLogWidths *widths, const MoeImportShape *shape)
{
    bool alike = true;
    for (int i = 0; i < shape->n_layers; i++) {
        int layer = shape->layers[i], most = widths->most[layer];
        int k = widths->least[layer] == most ? most : 0;
        if (widths->stated[layer] == 0)
            k = 0;
        g_array_append_val(widths->k, k);
        widths->slots = MAX(widths->slots, most);
        alike = alike && k > 0 && k == g_array_index(widths->k, int, 0);
    }
    return alike;
}

bool
moe__log_widths_settle(MoeLogWidths *widths, MoeImport *import, MoeImportShape *shape,
                       GError **error)
{
    if (!check_singles(widths, error) || !check_stated(widths, shape, error) ||
        !join_experts(widths, shape, error))
        return false;
    bool alike = join_layers(widths, shape);
    widths->gather = widths->partial != NULL;
    widths->once = !widths->lists && widths->told == 0;
    shape->k = widths->slots;
    if (alike)
        return true;
    if (widths->told > 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "found tokens of several numbers of experts, expected %d throughout",
                    widths->told);
        return false;
    }
    shape->k = widths->slots = MAX(widths->slots, 1);
    shape->layer_k = (const int *)widths->k->data;
    tell_varying(widths, import, shape);
    return true;
}

bool
moe__log_widths_fit(const MoeLogWidths *widths, const MoeLogRow *row, int index)
{
    int n = moe__log_width(row), k = g_array_index(widths->k, int, index);
    if (!widths->lists && !row->single) /* what was said of single lines no longer holds */
        return false;
    return k > 0 && !(widths->gather && row->single) ? n == k : n <= widths->slots;
}

/* SPDX-License-Identifier: MIT
 *
 * Findings of one kind in one line: the worst of them, and the layers of the others. What differs
 * by more than numbers is of another kind, and gets a line of its own.
 */
#include "check/check.h"

#include <string.h>

/* The text with "#" for each number. (transfer full) */
static char *
shape_of(const char *text)
{
    GString *shape = g_string_new(NULL);
    for (const char *c = text; *c;) {
        if (!g_ascii_isdigit(*c)) {
            g_string_append_c(shape, *c++);
            continue;
        }
        g_string_append_c(shape, '#');
        while (g_ascii_isdigit(*c) || (*c && strchr(".,", *c) && g_ascii_isdigit(c[1])))
            c++;
        if (*c == 'e' && strchr("+-", c[1]) && g_ascii_isdigit(c[2])) /* 6e-44 */
            c += 2 + strspn(c + 2, "0123456789");
    }
    return g_string_free(shape, FALSE);
}

typedef struct Kind {
    char *shape;
    GArray *members; /* indices of lines */
} Kind;

static void
kind_clear(void *data)
{
    Kind *kind = data;
    g_free(kind->shape);
    g_array_unref(kind->members);
}

static Kind *
find_kind(GArray *kinds, const MoeFindingLine *lines, const MoeFindingLine *line)
{
    g_autofree char *shape = shape_of(line->text);
    for (guint i = 0; i < kinds->len; i++) {
        Kind *kind = &g_array_index(kinds, Kind, i);
        const MoeFindingLine *first = &lines[g_array_index(kind->members, int, 0)];
        if (first->severity == line->severity && g_str_equal(first->check, line->check) &&
            g_str_equal(kind->shape, shape))
            return kind;
    }
    Kind kind = {g_steal_pointer(&shape), g_array_new(FALSE, FALSE, sizeof(int))};
    g_array_append_val(kinds, kind);
    return &g_array_index(kinds, Kind, kinds->len - 1);
}

static double
share_of(const MoeFindingLine *line)
{
    return line->all > 0 ? (double)line->count / (double)line->all : 0;
}

static int
worst_of(const MoeFindingLine *lines, const GArray *members)
{
    int worst = g_array_index(members, int, 0);
    for (guint i = 1; i < members->len; i++) {
        int other = g_array_index(members, int, i);
        if (share_of(&lines[other]) > share_of(&lines[worst]))
            worst = other;
    }
    return worst;
}

static gint
compare_layers(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* "layer 3", "layers 0, 5–7", each once. (transfer full) */
static char *
layers_text(GArray *layers)
{
    GString *text = g_string_new(NULL);
    int runs = 0;
    g_array_sort(layers, compare_layers);
    for (guint i = 0; i < layers->len;) {
        int first = g_array_index(layers, int, i), last = first;
        for (; i < layers->len && g_array_index(layers, int, i) <= last + 1; i++)
            last = g_array_index(layers, int, i);
        g_string_append_printf(text, runs++ ? ", %d" : "%d", first);
        if (last > first)
            g_string_append_printf(text, last > first + 1 ? "–%d" : ", %d", last);
        runs += last > first;
    }
    g_string_prepend(text, runs > 1 ? "layers " : "layer ");
    return g_string_free(text, FALSE);
}

/* Layers of the members, and of those that say the very same as the worst; *unknown: members
 * without one. */
static void
sort_layers(const MoeFindingLine *lines, const GArray *members, int worst, GArray *same,
            GArray *others, int *unknown)
{
    const MoeFindingLine *lead = &lines[worst];
    *unknown = 0;
    for (guint i = 0; i < members->len; i++) {
        const MoeFindingLine *line = &lines[g_array_index(members, int, i)];
        *unknown += line->layer < 0 && line != lead;
        if (line->layer >= 0)
            g_array_append_val(g_str_equal(line->text, lead->text) ? same : others, line->layer);
    }
}

static char *
kind_text(const MoeFindingLine *lines, const GArray *members, int worst)
{
    int unknown;
    g_autoptr(GArray) same = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) others = g_array_new(FALSE, FALSE, sizeof(int));
    sort_layers(lines, members, worst, same, others, &unknown);
    g_autofree char *here = layers_text(same), *there = layers_text(others);
    GString *text = g_string_new(NULL);
    if (same->len > 0)
        g_string_append_printf(text, "%s: ", here);
    g_string_append(text, lines[worst].text);
    if (others->len > 0)
        g_string_append_printf(text, "; also in %s", there);
    if (unknown > 0)
        g_string_append_printf(text, " (and %d more like it)", unknown);
    return g_string_free(text, FALSE);
}

MoeFindingGroup *
moe_findings_together(const MoeFindingLine *lines, int n, int *n_groups)
{
    g_autoptr(GArray) kinds = g_array_new(FALSE, FALSE, sizeof(Kind));
    g_array_set_clear_func(kinds, kind_clear);
    for (int i = 0; i < n; i++)
        g_array_append_val(find_kind(kinds, lines, &lines[i])->members, i);
    *n_groups = (int)kinds->len;
    MoeFindingGroup *groups = g_new0(MoeFindingGroup, kinds->len);
    for (guint i = 0; i < kinds->len; i++) {
        const GArray *members = g_array_index(kinds, Kind, i).members;
        int worst = worst_of(lines, members);
        groups[i] = (MoeFindingGroup){worst, kind_text(lines, members, worst)};
    }
    return groups;
}

void
moe_finding_groups_free(MoeFindingGroup *groups, int n_groups)
{
    for (int i = 0; i < n_groups; i++)
        g_free(groups[i].text);
    g_free(groups);
}

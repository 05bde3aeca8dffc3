/* SPDX-License-Identifier: MIT */
#include "metric-choice.h"

#include "util.h"

#include <string.h>

/* --- Metrics ----------------------------------------------------------------------------------*/

static const struct {
    const char *name;
    unsigned needs;
} groups[] = {
    {"load", 0}, /* the counts alone */
    {"gates", 0},
    {"ranks", 0},
    {"order", MOE_TALLY_ORDER},
    {"pairs", MOE_TALLY_PAIRS | MOE_TALLY_ADJACENT},
    {"flow", MOE_TALLY_FLOW | MOE_TALLY_FLOW_PICKS},
    {"tokens", MOE_TALLY_TOKENS},
    {"heads", MOE_TALLY_HEADS},
    {"scores", MOE_TALLY_SCORES},
    {"places", MOE_TALLY_PLACES},
    {"caches", MOE_TALLY_CACHES},
    {"documents", MOE_TALLY_DOCUMENTS},
    {"kinds", MOE_NEEDS_KIND},
    {"domains", MOE_NEEDS_DOMAINS},
    {"run", MOE_NEEDS_TRACE},
};

const char *
cmd_metric_groups(void)
{
    return "load, gates, ranks, order, pairs, flow, tokens, heads, scores, places, caches, "
           "documents, "
           "kinds, domains, run";
}

bool
cmd_metric_in_group(const MoeMetric *metric, const char *group)
{
    bool of_gates = g_str_has_prefix(metric->name, "gate-");
    bool of_domains =
        g_str_has_prefix(metric->name, "domain-"); /* by name: of one domain at once */
    bool of_ranks = g_str_has_prefix(metric->name, "rank-");
    unsigned needs = metric->needs & ~(unsigned)MOE_TALLY_LOAD;
    if (g_str_equal(group, "load"))
        return needs == 0 && !of_gates && !of_domains && !of_ranks;
    if (g_str_equal(group, "ranks"))
        return of_ranks;
    if (g_str_equal(group, "gates"))
        return needs == 0 && of_gates;
    if (g_str_equal(group, "domains") && of_domains)
        return true;
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
        if (g_str_equal(group, groups[i].name))
            return (needs & groups[i].needs) != 0;
    return false;
}

static bool
is_group(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
        if (g_str_equal(name, groups[i].name))
            return true;
    return false;
}

static void
complain(const char *name)
{
    int n;
    const MoeMetric *const *all = moe_metrics_list(&n);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int i = 0; i < n; i++)
        g_ptr_array_add(names, (gpointer)all[i]->name);
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
        g_ptr_array_add(names, (gpointer)groups[i].name);
    g_ptr_array_add(names, NULL);
    const char *near = moe_nearest(name, (const char *const *)names->pdata);
    if (near)
        cmd_usage("found no metric \"%s\"; did you mean \"%s\"?", name, near);
    else
        cmd_usage("found no metric \"%s\"; moescope metrics --list names them, and groups are %s",
                  name, cmd_metric_groups());
}

static void
add_once(GPtrArray *chosen, const MoeMetric *metric)
{
    if (!g_ptr_array_find(chosen, metric, NULL))
        g_ptr_array_add(chosen, (gpointer)metric);
}

/* A name that is neither a metric's nor a group's adds nothing: false. */
static bool
add_named(GPtrArray *chosen, const char *name)
{
    int n;
    const MoeMetric *const *all = moe_metrics_list(&n);
    const MoeMetric *metric = moe_metric_find(name);
    if (metric)
        add_once(chosen, metric);
    for (int i = 0; !metric && i < n; i++)
        if (cmd_metric_in_group(all[i], name))
            add_once(chosen, all[i]);
    return metric || is_group(name);
}

/* Without --metrics: one of each kind, those that papers report. */
static const char *const usual[] = {
    "effective-experts",
    "maxvio",
    "cv",
    "gini",
    "dead",
    "drop-rate",
    "gate-effective-experts",
    "token-entropy",
    "same-first",
    "jaccard",
    "max-coactivation",
    "flow-information-corrected",
    "vocabulary-often",
    "domain-information-corrected",
};

/* Adds those of so many devices. */
static void
add_ranks(GPtrArray *chosen, int ranks)
{
    int n;
    const MoeMetric *const *list = moe_metrics_list(&n);
    g_autofree char *end = g_strdup_printf("@%d", ranks);
    for (int i = 0; i < n; i++)
        if (cmd_metric_in_group(list[i], "ranks") && g_str_has_suffix(list[i]->name, end))
            add_once(chosen, list[i]);
}

GPtrArray *
cmd_metrics_choose(char **given, bool all, bool kinds, int ranks)
{
    int n;
    if (ranks > 0)
        moe_metrics_add_ranks(ranks);
    const MoeMetric *const *list = moe_metrics_list(&n);
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    for (int i = 0; all && i < n; i++)
        add_once(chosen, list[i]);
    if (!all && !given && kinds)
        add_named(chosen, "kinds");
    for (gsize i = 0; !all && !given && i < G_N_ELEMENTS(usual); i++)
        add_named(chosen, usual[i]);
    for (char **text = given; text && *text; text++) {
        g_auto(GStrv) names = g_strsplit(*text, ",", -1);
        for (char **name = names; *name; name++)
            if (ranks > 0 && g_str_equal(*name, "ranks")) {
                add_ranks(chosen, ranks);
            } else if (!add_named(chosen, *name)) {
                complain(*name);
                return NULL;
            }
    }
    if (ranks > 0)
        add_ranks(chosen, ranks);
    if (chosen->len == 0) {
        cmd_usage("found no name in --metrics; moescope metrics --list has them all");
        return NULL;
    }
    return g_steal_pointer(&chosen);
}

/* --- Layers -----------------------------------------------------------------------------------*/

/* Takes a number of at most 9 digits off the front. */
static bool
take_number(const char **text, int *number)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > 9)
        return false;
    *number = (int)g_ascii_strtoll(*text, NULL, 10);
    *text += digits;
    return true;
}

/* "3" or "3-5". */
static bool
parse_range(const char *text, LayerRange *range)
{
    if (!take_number(&text, &range->first))
        return false;
    range->last = range->first;
    if (*text == '-') {
        text++;
        if (!take_number(&text, &range->last))
            return false;
    }
    return *text == '\0' && range->first <= range->last;
}

GArray *
cmd_layers_parse(const char *text)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(LayerRange));
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    for (char **part = parts; text && (*part || part == parts); part++) {
        LayerRange range;
        if (!*part || !parse_range(*part, &range)) {
            cmd_usage("found --layers \"%s\", expected layers and ranges (0,3-5)", text);
            return NULL;
        }
        g_array_append_val(ranges, range);
    }
    return g_steal_pointer(&ranges);
}

bool
cmd_layers_have(const GArray *layers, int layer)
{
    for (guint i = 0; i < layers->len; i++) {
        const LayerRange *range = &g_array_index(layers, LayerRange, i);
        if (range->first <= layer && layer <= range->last)
            return true;
    }
    return layers->len == 0;
}

int *
cmd_layers_of(const MoeTrace *trace, const GArray *layers, int *n)
{
    *n = 0;
    if (layers->len == 0)
        return NULL;
    int *found = g_new(int, (gsize)moe_trace_routers(trace) + 1);
    for (int r = 0; r < moe_trace_routers(trace); r++)
        if (cmd_layers_have(layers, moe_trace_router(trace, r)->layer))
            found[(*n)++] = moe_trace_router(trace, r)->layer;
    return found;
}

/* --- Domains ----------------------------------------------------------------------------------*/

/* Marks a domain; false where there is none of this name. */
static bool
mark(const MoeSummary *summary, const char *name, bool *chosen)
{
    for (int d = 0; d < moe_summary_domains(summary); d++)
        if (g_str_equal(moe_summary_domain_name(summary, d), name)) {
            chosen[d + 1] = true;
            return true;
        }
    return false;
}

static void
set_unknown(const MoeSummary *summary, const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int d = 0; d < moe_summary_domains(summary); d++)
        g_string_append_printf(names, "%s%s", d ? ", " : "", moe_summary_domain_name(summary, d));
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no domain \"%s\"; there is %s", name,
                names->len > 0 ? names->str : "none");
}

/* A name may have commas in it, so the whole text is tried first. */
static bool
mark_all(const MoeSummary *summary, const char *text, bool *chosen, GError **error)
{
    if (mark(summary, text, chosen))
        return true;
    if (g_str_equal(text, "all")) {
        for (int d = MOE_DOMAIN_UNKNOWN; d < moe_summary_domains(summary); d++)
            chosen[d + 1] = true;
        return true;
    }
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    for (char **name = names; *name; name++)
        if (!mark(summary, *name, chosen)) {
            set_unknown(summary, *name, error);
            return false;
        }
    return true;
}

GArray *
cmd_domains_choose(const MoeSummary *summary, char **given, GError **error)
{
    g_autoptr(GArray) domains = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree bool *chosen = g_new0(bool, (gsize)moe_summary_domains(summary) + 1);
    for (char **text = given; text && *text; text++)
        if (!mark_all(summary, *text, chosen, error))
            return NULL;
    for (int d = MOE_DOMAIN_UNKNOWN; d < moe_summary_domains(summary); d++)
        if (chosen[d + 1])
            g_array_append_val(domains, d);
    return g_steal_pointer(&domains);
}

/* --- Kinds ------------------------------------------------------------------------------------*/

/* Marks a kind by name, or all; false where there is none. */
static bool
mark_kind(const MoeKinds *kinds, const char *name, bool *chosen)
{
    int kind = moe_kinds_find(kinds, name);
    for (int i = 0; i < kinds->n && g_str_equal(name, "all"); i++)
        chosen[i] = true;
    if (kind >= 0)
        chosen[kind] = true;
    return kind >= 0 || g_str_equal(name, "all");
}

GArray *
cmd_kinds_choose(const MoeKinds *kinds, char **given, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int));
    if (!given)
        return g_steal_pointer(&found);
    if (!kinds) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no kinds of experts to tell apart; moescope import --kinds says them");
        return NULL;
    }
    g_autofree bool *chosen = g_new0(bool, (gsize)kinds->n);
    g_autofree char *all = g_strjoinv(",", given);
    g_auto(GStrv) names = g_strsplit(all, ",", -1);
    for (char **name = names; *name; name++)
        if (!mark_kind(kinds, *name, chosen)) {
            g_autofree char *there = g_strjoinv(", ", kinds->name);
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "found no experts of kind \"%s\"; there are %s", *name, there);
            return NULL;
        }
    for (int i = 0; i < kinds->n; i++)
        if (chosen[i])
            g_array_append_val(found, i);
    return g_steal_pointer(&found);
}

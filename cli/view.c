/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "json.h"
#include "metric-choice.h"
#include "texts.h"

#include <stdio.h>

static const char *
domain_name(const CmdViewPlace *place)
{
    return place->domain >= 0 ? moe_summary_domain_name(place->source->summary, place->domain)
                              : NULL;
}

static const char *
scope_of(const CmdViewPlace *place)
{
    return place->domain == MOE_DOMAIN_ALL ? "all" : "domain";
}

void
cmd_view_csv_place(GString *out, const CmdViewPlace *place)
{
    const MoeRouterInfo *info = moe_summary_router(place->source->summary, place->router);
    cmd_csv_field(out, place->source->path, ',');
    g_string_append_printf(out, "%d,%d,%s,", place->router, info->layer, scope_of(place));
    cmd_csv_field(out, domain_name(place) ? domain_name(place) : "", ',');
}

void
cmd_view_csv_end(GString *out, const CmdViewPlace *place)
{
    cmd_csv_field(out, place->source->where ? place->source->where : "", ',');
    cmd_csv_field(out, place->checked, '\n');
}

void
cmd_view_begin(GString *out, const CmdView *view, MetricsFormat format)
{
    if (format == METRICS_JSON)
        json_open(out, NULL, '[');
    if (format == METRICS_CSV)
        g_string_append_printf(out, "trace,router,layer,scope,domain,%s,where,checked\n",
                               view->csv_head);
}

void
cmd_view_end(GString *out, MetricsFormat format)
{
    if (format == METRICS_JSON) {
        json_close(out, ']');
        g_string_append_c(out, '\n');
    }
    fputs(out->str, stdout);
}

static void
add_title(GString *out, const CmdViewPlace *place, bool markdown)
{
    const MoeSummary *summary = place->source->summary;
    const MoeSummaryCell *cell = moe_summary_cell(summary, place->router, place->domain);
    const char *domain = domain_name(place);
    g_string_append_printf(
        out,
        "%s%s, layer %d, %s%s%s%s: E = %d, T = %" G_GINT64_FORMAT " units, N = %" G_GINT64_FORMAT
        " picks\n%s",
        markdown ? "\n### " : "\n", place->source->path,
        moe_summary_router(summary, place->router)->layer, domain ? "domain " : "",
        domain                            ? domain
        : place->domain == MOE_DOMAIN_ALL ? "all tokens"
                                          : "no known domain",
        place->source->where ? " where " : "", place->source->where ? place->source->where : "",
        cell->experts, cell->units, cell->picks, markdown ? "\n" : "");
}

static void
add_place(GString *out, const CmdView *view, const CmdViewPlace *place, MetricsFormat format)
{
    if (format == METRICS_CSV) {
        view->csv(out, place);
        return;
    }
    if (format != METRICS_JSON) {
        add_title(out, place, format == METRICS_MARKDOWN);
        view->text(out, place, format == METRICS_MARKDOWN);
        return;
    }
    const MoeSummary *summary = place->source->summary;
    json_open(out, NULL, '{');
    json_int(out, "router", place->router);
    json_int(out, "layer", moe_summary_router(summary, place->router)->layer);
    json_text(out, "scope", scope_of(place));
    if (domain_name(place))
        json_text(out, "domain", domain_name(place));
    view->json(out, place);
    json_close(out, '}');
}

/* Whether there is anything to tell: counts, or shares of the load, which stand as gate sums. */
static bool
has_load(const CmdViewPlace *place, bool counts)
{
    const MoeSummaryCell *cell =
        moe_summary_cell(place->source->summary, place->router, place->domain);
    bool any = cell->units > 0;
    for (int e = 0; !counts && e < cell->experts && !any; e++)
        any = cell->gate_sum[e] > 0;
    return any;
}

/* found[0]: a router was in the layers; found[1]: and had what the view needs. */
static void
add_places(GString *out, const CmdView *view, CmdViewPlace *place, const GArray *domains,
           MetricsFormat format, bool *found)
{
    const MoeSummary *summary = place->source->summary;
    bool adjacent = view->tallies & MOE_TALLY_ADJACENT;
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        if (!cmd_layers_have(place->query->layers, moe_summary_router(summary, r)->layer))
            continue;
        found[0] = true;
        for (guint d = 0; d < domains->len; d++) {
            place->router = r;
            place->domain = g_array_index(domains, int, d);
            if (adjacent && !moe_summary_adjacent(summary, r, place->domain))
                continue;
            found[1] = true;
            if (has_load(place, adjacent))
                add_place(out, view, place, format);
        }
    }
}

bool
cmd_view_add(GString *out, const CmdView *view, const CmdSource *source, const MetricsQuery *query,
             MetricsFormat format, GError **error)
{
    g_autoptr(GArray) domains = cmd_domains_choose(source->summary, query->domains, error);
    if (!domains)
        return false;
    int all = MOE_DOMAIN_ALL;
    bool found[2] = {false, false};
    g_array_prepend_val(domains, all);
    g_autoptr(GHashTable) texts = cmd_texts_of(source);
    g_autofree char *checked = cmd_checked_word(source->checked);
    CmdViewPlace place = {.source = source, .query = query, .texts = texts, .checked = checked};
    if (format == METRICS_JSON) {
        json_open(out, NULL, '{');
        json_text(out, source->trace ? "trace" : "summary", source->path);
        json_int(out, "tokens", moe_summary_tokens_counted(source->summary));
        if (source->where)
            json_text(out, "where", source->where);
        cmd_checked_json(out, "checked", source->checked);
        json_real(out, "level", query->resample.level);
        json_open(out, "places", '[');
    } else if (format != METRICS_CSV) {
        g_autofree char *lines = cmd_checked_lines(source->checked, source->path,
                                                   format == METRICS_MARKDOWN ? "> " : "");
        g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", lines);
    }
    add_places(out, view, &place, domains, format, found);
    if (format == METRICS_JSON) {
        json_close(out, ']');
        json_close(out, '}');
    }
    if (!found[0])
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no router in the layers of --layers");
    else if (!found[1])
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no counts of neighbours in rank; moescope summary --with adjacent "
                    "makes them");
    return found[0] && found[1];
}

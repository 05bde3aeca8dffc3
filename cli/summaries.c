/* SPDX-License-Identifier: MIT */
#include "summaries.h"

#include "cmd.h"
#include "json.h"
#include "texts.h"
#include "util.h"

#include <moescope/tokens.h>
#include <stdio.h>

static const struct {
    const char *name;
    unsigned tally;
} names[] = {
    {"load", MOE_TALLY_LOAD},
    {"order", MOE_TALLY_ORDER},
    {"pairs", MOE_TALLY_PAIRS},
    {"adjacent", MOE_TALLY_ADJACENT},
    {"flow", MOE_TALLY_FLOW},
    {"places", MOE_TALLY_PLACES},
    {"heads", MOE_TALLY_HEADS},
    {"scores", MOE_TALLY_SCORES},
    {"caches", MOE_TALLY_CACHES},
    {"documents", MOE_TALLY_DOCUMENTS},
    {"ranks", MOE_TALLY_RANKS},
    {"tokens", MOE_TALLY_TOKENS},
    {"flow-picks", MOE_TALLY_FLOW_PICKS},
    {"all", MOE_TALLIES_ALL},
};

static bool
add_tally(const char *name, unsigned *tallies)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(name, names[i].name)) {
            *tallies |= names[i].tally;
            return true;
        }
    const char *list[G_N_ELEMENTS(names) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        list[i] = names[i].name;
    const char *near = moe_nearest(name, list);
    cmd_usage("found --with %s, expected load, order, pairs, adjacent, flow, places, heads, "
              "scores, caches, documents, ranks, tokens, flow-picks or all%s%s%s",
              name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return false;
}

bool
cmd_tallies_parse(char **given, unsigned *tallies)
{
    *tallies = given ? MOE_TALLY_LOAD : MOE_TALLY_LOAD | SUMMARIES_USUAL;
    for (char **text = given; text && *text; text++) {
        g_auto(GStrv) parts = g_strsplit(*text, ",", -1);
        for (char **part = parts; *part; part++)
            if (!add_tally(*part, tallies))
                return false;
    }
    return true;
}

static bool
holds(const MoeSummary *summary, int r, unsigned tally)
{
    const struct {
        unsigned tally;
        const void *cell;
    } all[] = {
        {MOE_TALLY_LOAD, moe_summary_cell(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_ORDER, moe_summary_order(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_PAIRS, moe_summary_pairs(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_ADJACENT, moe_summary_adjacent(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_FLOW, moe_summary_flow(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_PLACES, moe_summary_places(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_HEADS, moe_summary_heads(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_SCORES, moe_summary_scores(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_CACHES, moe_summary_caches(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_DOCUMENTS, moe_summary_documents(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_RANKS, moe_summary_ranks(summary, r, MOE_DOMAIN_ALL)},
        {MOE_TALLY_TOKENS, moe_summary_tokens(summary, r)},
        {MOE_TALLY_FLOW_PICKS, moe_summary_flow_picks(summary, r, MOE_DOMAIN_ALL)},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i].tally == tally)
            return all[i].cell != NULL;
    return false;
}

static unsigned
tallies_of(const MoeSummary *summary)
{
    unsigned tallies = 0;
    for (gsize i = 0; i + 1 < G_N_ELEMENTS(names); i++)
        for (int r = 0; r < moe_summary_routers(summary); r++)
            if (holds(summary, r, names[i].tally))
                tallies |= names[i].tally;
    return tallies;
}

char *
cmd_tallies_names(unsigned tallies)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i + 1 < G_N_ELEMENTS(names); i++)
        if (tallies & names[i].tally)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", names[i].name);
    return g_string_free(text, FALSE);
}

char *
cmd_tallies_text(const MoeSummary *summary)
{
    return cmd_tallies_names(tallies_of(summary));
}

/* --- Sums -------------------------------------------------------------------------------------*/

static void
clear_part(gpointer part)
{
    g_free(((CmdPart *)part)->path);
}

CmdSum
cmd_sum(void)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(CmdPart));
    g_array_set_clear_func(parts, clear_part);
    return (CmdSum){.checked = cmd_checked_new(),
                    .texts = g_hash_table_new_full(NULL, NULL, NULL, g_free),
                    .parts = parts};
}

void
cmd_sum_clear(CmdSum *sum)
{
    g_clear_pointer(&sum->summary, moe_summary_free);
    g_clear_pointer(&sum->checked, g_ptr_array_unref);
    g_clear_pointer(&sum->texts, g_hash_table_unref);
    g_clear_pointer(&sum->model, g_free);
    g_clear_pointer(&sum->parts, g_array_unref);
}

static CmdPart
part_of(const CmdSource *source)
{
    CmdPart part = {g_strdup(source->path), tallies_of(source->summary), true};
    for (int r = 0; r < moe_summary_routers(source->summary); r++)
        part.tables = part.tables && moe_summary_token_table(source->summary, r);
    return part;
}

bool
cmd_sum_add(CmdSum *sum, CmdSource *source, GError **error)
{
    const CmdPart part = part_of(source);
    g_array_append_val(sum->parts, part);
    g_autoptr(GHashTable) texts = cmd_texts_of(source);
    GHashTableIter iterator;
    gpointer id, text;
    g_hash_table_iter_init(&iterator, texts);
    while (g_hash_table_iter_next(&iterator, &id, &text))
        g_hash_table_insert(sum->texts, id, g_strdup(text));
    while (source->checked->len > 0)
        g_ptr_array_add(sum->checked, g_ptr_array_steal_index(source->checked, 0));
    g_autofree char *model = cmd_source_model(source);
    if (!sum->summary) {
        sum->summary = g_steal_pointer(&source->summary);
        sum->model = g_steal_pointer(&model);
        return true;
    }
    if (g_strcmp0(model, sum->model) != 0)
        g_clear_pointer(&sum->model, g_free);
    if (moe_summary_add(sum->summary, source->summary, error))
        return true;
    cmd_locate(*error, source->path);
    return false;
}

/* What meta.json gets beside what the summary holds: the model, the checker's word on its traces,
 * and texts of the tokens that it names. (transfer full) */
static char *
extra_of(const CmdSum *sum)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    if (sum->model)
        json_text(json, "model", sum->model);
    if (sum->checked->len > 0)
        cmd_checked_json(json, "sources", sum->checked);
    cmd_texts_json(json, sum->summary, sum->texts);
    json_close(json, '}');
    return g_string_free(json, FALSE);
}

/* Whether a part has nothing of a tally to be added. */
static bool
lacks(const CmdPart *part, unsigned tally)
{
    return !(part->tallies & tally) || (tally == MOE_TALLY_TOKENS && !part->tables);
}

/* The parts that a tally was left out for, up to three by name. (transfer full) */
static char *
those_without(const CmdSum *sum, unsigned tally, int *n)
{
    enum { NAMED = 3 };
    GString *text = g_string_new(NULL);
    *n = 0;
    for (guint i = 0; i < sum->parts->len; i++) {
        const CmdPart *part = &g_array_index(sum->parts, CmdPart, i);
        if (lacks(part, tally) && ++*n <= NAMED)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", part->path);
    }
    if (*n > NAMED)
        g_string_append_printf(text, " and %d others", *n - NAMED);
    return g_string_free(text, FALSE);
}

/* A sum holds what all of its parts do. */
static void
say_left_out(const CmdSum *sum, const char *out)
{
    unsigned any = 0, held = tallies_of(sum->summary);
    for (guint i = 0; i < sum->parts->len; i++)
        any |= g_array_index(sum->parts, CmdPart, i).tallies;
    for (gsize i = 0; i + 1 < G_N_ELEMENTS(names); i++) {
        unsigned tally = names[i].tally;
        int n;
        if (!(any & ~held & tally))
            continue;
        g_autofree char *paths = those_without(sum, tally, &n);
        if (n == 0)
            cmd_say("%s: without %s, which its parts hold of different routers", out,
                    names[i].name);
        else if (tally == MOE_TALLY_TOKENS)
            cmd_say("%s: without tokens: %s keep%s no tables by token id, and nothing else of them "
                    "adds up; moescope summary --tokens keeps these",
                    out, paths, n == 1 ? "s" : "");
        else
            cmd_say("%s: without %s: %s hold%s none; moescope summary --with all counts them where "
                    "the trace tells them",
                    out, names[i].name, paths, n == 1 ? "s" : "");
    }
}

int
cmd_sum_write(const CmdSum *sum, const char *out)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *extra = extra_of(sum);
    g_autofree char *tallies = cmd_tallies_text(sum->summary);
    if (!moe_summary_save(sum->summary, out, extra, &error))
        return cmd_fail(error);
    printf("%s: %" G_GINT64_FORMAT " tokens, %d routers, %d domains; %s\n", out,
           moe_summary_tokens_counted(sum->summary), moe_summary_routers(sum->summary),
           moe_summary_domains(sum->summary), tallies);
    say_left_out(sum, out);
    return CMD_OK;
}

/* --- Summaries in traces ----------------------------------------------------------------------*/

bool
cmd_summary_attach(const char *path, unsigned tallies, GPtrArray *checked, GError **error)
{
    const CmdSourceOptions options = {
        .steps = MOE_STEPS_ALL, .tallies = tallies, .recount = true, .check = true};
    g_auto(CmdSource) source = {0};
    if (!cmd_source_open(&source, path, &options, error))
        return false;
    g_autoptr(GString) extra = g_string_new(NULL); /* the rest is in the trace */
    json_open(extra, NULL, '{');
    cmd_checked_json(extra, "sources", source.checked);
    json_close(extra, '}');
    if (!moe_summary_attach(source.summary, path, extra->str, error))
        return false; /* which names the trace */
    while (source.checked->len > 0)
        g_ptr_array_add(checked, g_ptr_array_steal_index(source.checked, 0));
    return true;
}

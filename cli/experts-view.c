/* SPDX-License-Identifier: MIT
 *
 * experts-view.c: experts as text, CSV and JSON.
 */
#include "experts.h"
#include "json.h"
#include "view.h"

#include <math.h>

static GArray *
experts_of(const CmdViewPlace *place)
{
    return cmd_experts_of(place->source->summary, place->router, place->domain, place->query);
}

static const char *
text_of(const CmdViewPlace *place, int32_t id)
{
    return g_hash_table_lookup(place->texts, GINT_TO_POINTER(id));
}

/* What a token is shown as: its text, where that can be seen, else its id. */
static void
add_token(GString *out, const CmdViewPlace *place, const ExpertToken *token)
{
    const char *text = text_of(place, token->id);
    if (!text || !*text) {
        g_string_append_printf(out, "%d %.3g", token->id, token->lift);
        return;
    }
    g_autofree char *shown = g_utf8_make_valid(text, -1);
    for (char *c = shown; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = '.';
    g_string_append_printf(out, "\"%s\" %.3g", shown, token->lift);
}

static char *
tokens_text(const CmdViewPlace *place, const Expert *expert)
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < expert->n_tokens; i++) {
        g_string_append(out, i ? ", " : "");
        add_token(out, place, &expert->tokens[i]);
    }
    return g_string_free(out, FALSE);
}

static char *
partners_text(const Expert *expert)
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < expert->n_partners; i++)
        g_string_append_printf(out, "%s%d %.2f ×%.2f", i ? ", " : "", expert->partners[i].expert,
                               expert->partners[i].share, expert->partners[i].lift);
    return g_string_free(out, FALSE);
}

/* --- Text and Markdown ------------------------------------------------------------------------*/

enum { COLUMNS = 10 };
static const int widths[COLUMNS] = {6, 10, 9, 21, 8, 7, 9, 9, -40, -1};

static void
add_expert(GString *out, const CmdViewPlace *place, int e, const Expert *expert, bool markdown)
{
    g_autofree char *number = g_strdup_printf("%d", e);
    g_autofree char *picks =
        isnan(expert->share) ? g_strdup("-") : g_strdup_printf("%" G_GINT64_FORMAT, expert->picks);
    g_autofree char *share = cmd_number(expert->share, "%.4g", "-");
    g_autofree char *interval = cmd_interval(&expert->interval);
    g_autofree char *discovery = cmd_number(expert->discovery, "%.2g", "-");
    g_autofree char *relative = cmd_number(expert->relative, "%.3f", "-");
    g_autofree char *gates = cmd_number(expert->gate_share, "%.4g", "-");
    g_autofree char *first = cmd_number(expert->first_share, "%.4g", "-");
    g_autofree char *partners = partners_text(expert);
    g_autofree char *tokens = tokens_text(place, expert);
    const char *const cells[COLUMNS] = {number,   picks, share, interval, discovery,
                                        relative, gates, first, partners, tokens};
    cmd_row(out, markdown, cells, widths, COLUMNS);
}

static void
print_text(GString *out, const CmdViewPlace *place, bool markdown)
{
    g_autoptr(GArray) experts = experts_of(place);
    g_autofree char *level =
        g_strdup_printf("%.4g %% interval", 100 * place->query->resample.level);
    const char *const head[COLUMNS] = {"expert",        "picks",     "share",
                                       level,           "q",         "× even",
                                       "of gates",      "of firsts", "with (of its units, lift)",
                                       "tokens by lift"};
    cmd_head(out, markdown, head, widths, COLUMNS);
    bool wilson = false, tested = false;
    for (guint e = 0; e < experts->len; e++) {
        const Expert *expert = &g_array_index(experts, Expert, e);
        tested = tested || !isnan(expert->discovery);
        wilson = wilson || (!expert->bootstrap && !isnan(expert->interval.low));
        add_expert(out, place, (int)e, expert, markdown);
    }
    if (wilson)
        g_string_append_printf(
            out, "%sintervals are Wilson's, as if tokens were independent: too few documents\n",
            markdown ? "\n" : "  ");
    if (tested)
        g_string_append_printf(
            out,
            "%sq: the rate of false discoveries (Benjamini and Hochberg) at which, of all "
            "experts and layers told, the share isn't %s\n",
            markdown ? "\n" : "  ",
            place->domain == MOE_DOMAIN_ALL ? "1/E" : "that of the other domains");
}

/* --- CSV --------------------------------------------------------------------------------------*/

static void
print_csv(GString *csv, const CmdViewPlace *place)
{
    g_autoptr(GArray) experts = experts_of(place);
    for (guint e = 0; e < experts->len; e++) {
        const Expert *expert = &g_array_index(experts, Expert, e);
        cmd_view_csv_place(csv, place);
        g_string_append_printf(csv, "%u,%" G_GINT64_FORMAT ",", e, expert->picks);
        cmd_csv_number(csv, expert->share, ',');
        cmd_csv_number(csv, expert->interval.low, ',');
        cmd_csv_number(csv, expert->interval.high, ',');
        g_string_append(csv, isnan(expert->interval.low) ? ","
                             : expert->bootstrap         ? "bootstrap,"
                                                         : "wilson,");
        cmd_csv_number(csv, expert->discovery, ',');
        cmd_csv_number(csv, expert->relative, ',');
        cmd_csv_number(csv, expert->gate_share, ',');
        cmd_csv_number(csv, expert->first_share, ',');
        for (int i = 0; i < expert->n_partners; i++)
            g_string_append_printf(csv, "%s%d:%.6g", i ? ";" : "", expert->partners[i].expert,
                                   expert->partners[i].share);
        g_string_append_c(csv, ',');
        for (int i = 0; i < expert->n_tokens; i++)
            g_string_append_printf(csv, "%s%d:%.6g", i ? ";" : "", expert->tokens[i].id,
                                   expert->tokens[i].lift);
        g_string_append_c(csv, ',');
        cmd_view_csv_end(csv, place);
    }
}

/* --- JSON -------------------------------------------------------------------------------------*/

static void
json_tokens(GString *json, const CmdViewPlace *place, const Expert *expert)
{
    json_open(json, "tokens", '[');
    for (int i = 0; i < expert->n_tokens; i++) {
        const ExpertToken *token = &expert->tokens[i];
        json_open(json, NULL, '{');
        json_int(json, "id", token->id);
        if (text_of(place, token->id))
            json_text(json, "text", text_of(place, token->id));
        json_int(json, "picks", token->picks);
        json_real(json, "lift", token->lift);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
json_partners(GString *json, const Expert *expert)
{
    json_open(json, "partners", '[');
    for (int i = 0; i < expert->n_partners; i++) {
        json_open(json, NULL, '{');
        json_int(json, "expert", expert->partners[i].expert);
        json_real(json, "share", expert->partners[i].share);
        json_real(json, "lift", expert->partners[i].lift);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
print_json(GString *json, const CmdViewPlace *place)
{
    g_autoptr(GArray) experts = experts_of(place);
    json_open(json, "experts", '[');
    for (guint e = 0; e < experts->len; e++) {
        const Expert *expert = &g_array_index(experts, Expert, e);
        json_open(json, NULL, '{');
        json_int(json, "expert", e);
        json_int(json, "picks", expert->picks);
        json_real(json, "share", expert->share);
        json_real(json, "low", expert->interval.low);
        json_real(json, "high", expert->interval.high);
        json_text(json, "interval", expert->bootstrap ? "bootstrap" : "wilson");
        json_real(json, "q", expert->discovery);
        json_real(json, "relative", expert->relative);
        json_real(json, "gate_share", expert->gate_share);
        json_real(json, "first_share", expert->first_share);
        json_tokens(json, place, expert);
        json_partners(json, expert);
        json_close(json, '}');
    }
    json_close(json, ']');
}

const CmdView cmd_experts_view = {
    .tallies = MOE_TALLY_PAIRS | MOE_TALLY_TOKENS,
    .csv_head = "expert,picks,share,low,high,interval,q,relative,gate_share,first_share,partners,"
                "tokens",
    .text = print_text,
    .csv = print_csv,
    .json = print_json,
};

/* SPDX-License-Identifier: MIT
 *
 * contexts.c: a concordance as the command line prints it: the token in the middle of a line.
 */
#include "contexts.h"

#include "columns.h"
#include "json.h"

#include <math.h>
#include <moescope/token-texts.h>
#include <stdio.h>

/* Characters of text on either side in a line of text. */
enum { SIDE = 32 };

void
cmd_contexts_clear(Contexts *list)
{
    moe_concordance_free(list->concordance);
    g_clear_pointer(&list->texts, g_hash_table_unref);
    moe_trace_free(list->trace);
}

/* The text of some ids as one line of valid UTF-8; ids without text as #17. (transfer full) */
static char *
text_of(const Contexts *list, const int32_t *ids, int n)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < n; i++) {
        const char *own = moe_token_text(list->texts, ids[i]);
        g_autofree char *plain = own ? moe_token_text_plain(own) : NULL;
        if (plain)
            g_string_append(text, plain);
        else
            g_string_append_printf(text, ids[i] < 0 ? " ?" : " #%d", ids[i]);
    }
    g_string_replace(text, "\n", "\xe2\x8f\x8e", 0); /* return sign */
    g_string_replace(text, "\t", "\xe2\x87\xa5", 0); /* arrow to bar */
    for (gsize i = 0; i < text->len; i++)
        if (g_ascii_iscntrl(text->str[i]))
            text->str[i] = ' ';
    return g_utf8_make_valid(text->str, (gssize)text->len);
}

typedef struct Line {
    char *left, *own, *right;
} Line;

static void
line_clear(Line *line)
{
    g_free(line->left);
    g_free(line->own);
    g_free(line->right);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Line, line_clear)

static Line
line_of(const Contexts *list, const MoeContext *c)
{
    return (Line){text_of(list, c->ids, c->before), text_of(list, &c->id, 1),
                  text_of(list, c->ids + c->before + 1, c->n - c->before - 1)};
}

static const char *
domain_of(const Contexts *list, const MoeContext *c)
{
    return c->domain < 0 ? "" : moe_trace_domain_name(list->trace, c->domain);
}

static int
layer_of(const Contexts *list)
{
    return moe_trace_router(list->trace, list->router)->layer;
}

/* --- Text -------------------------------------------------------------------------------------*/

/* What the list is of. */
static void
print_head(const Contexts *list)
{
    int n = moe_concordance_count(list->concordance);
    printf("%s", list->path);
    if (list->expert >= 0)
        printf(", layer %d, expert %d", layer_of(list), list->expert);
    if (list->searched)
        printf(": the first %d token%s", n, n == 1 ? "" : "s");
    else
        printf(": %d of %" G_GINT64_FORMAT " units that pick it, by %s", n,
               moe_concordance_units(list->concordance), list->by_lift ? "lift" : "gate");
    if (list->find)
        printf(" in which \xe2\x80\x9c%s\xe2\x80\x9d begins", list->find);
    if (list->id >= 0)
        printf(" of id %d", list->id);
    printf("\n");
}

static void
print_blanks(glong n)
{
    printf("%*s", (int)MAX(n, 0), "");
}

/* The end of a text, to the right of its column. */
static void
print_left(const char *text)
{
    glong n = g_utf8_strlen(text, -1);
    print_blanks(SIDE - n);
    printf("%s", n > SIDE ? g_utf8_offset_to_pointer(text, n - SIDE) : text);
}

static void
print_right(const char *text)
{
    glong n = MIN(g_utf8_strlen(text, -1), SIDE);
    printf("%.*s", (int)(g_utf8_offset_to_pointer(text, n) - text), text);
}

static void
print_context(const Contexts *list, const MoeContext *c)
{
    g_auto(Line) line = line_of(list, c);
    g_autofree char *gate = cmd_number(c->gate, "%.4f", "-");
    g_autofree char *lift = cmd_number(c->lift, "%.2f", "-");
    if (!list->searched)
        printf("%8s ", list->by_lift ? lift : gate);
    printf("%10" G_GINT64_FORMAT " %7d %6d  %-12s ", c->token, c->doc, c->pos, domain_of(list, c));
    print_left(line.left);
    printf(" [%s] ", line.own);
    print_right(line.right);
    printf("\n");
}

void
cmd_contexts_text(const Contexts *list)
{
    print_head(list);
    if (!list->searched)
        printf("%8s ", list->by_lift ? "lift" : "gate");
    printf("%10s %7s %6s  %s\n", "token", "doc", "pos", "domain");
    for (int i = 0; i < moe_concordance_count(list->concordance); i++)
        print_context(list, moe_concordance_get(list->concordance, i));
}

/* --- For programs -----------------------------------------------------------------------------*/

static void
add_context(GString *json, const Contexts *list, const MoeContext *c)
{
    g_auto(Line) line = line_of(list, c);
    json_open(json, NULL, '{');
    json_int(json, "token", c->token);
    json_int(json, "id", c->id);
    json_text(json, "text", line.own);
    json_int(json, "doc", c->doc);
    json_int(json, "pos", c->pos);
    json_text(json, "domain", domain_of(list, c));
    json_int(json, "step", c->step);
    if (!list->searched) {
        json_int(json, "head", c->head);
        json_int(json, "slot", c->slot);
        json_real(json, "gate", c->gate);
        json_real(json, "lift", c->lift);
    }
    json_text(json, "before", line.left);
    json_text(json, "after", line.right);
    json_close(json, '}');
}

void
cmd_contexts_json(const Contexts *list)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, "trace", list->path);
    if (list->expert >= 0) {
        json_int(json, "layer", layer_of(list));
        json_int(json, "expert", list->expert);
    }
    if (!list->searched) {
        json_text(json, "by", list->by_lift ? "lift" : "gate");
        json_int(json, "units", moe_concordance_units(list->concordance));
    }
    json_open(json, "tokens", '[');
    for (int i = 0; i < moe_concordance_count(list->concordance); i++)
        add_context(json, list, moe_concordance_get(list->concordance, i));
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

void
cmd_contexts_csv(const Contexts *list)
{
    g_autoptr(GString) csv = g_string_new("token,id,doc,pos,domain,step,head,slot,gate,lift,before,"
                                          "text,after\n");
    for (int i = 0; i < moe_concordance_count(list->concordance); i++) {
        const MoeContext *c = moe_concordance_get(list->concordance, i);
        g_auto(Line) line = line_of(list, c);
        g_string_append_printf(csv, "%" G_GINT64_FORMAT ",%d,%d,%d,", c->token, c->id, c->doc,
                               c->pos);
        cmd_csv_field(csv, domain_of(list, c), ',');
        g_string_append_printf(csv, "%d,%d,%d,", c->step, c->head, c->slot);
        cmd_csv_number(csv, c->gate, ',');
        cmd_csv_number(csv, c->lift, ',');
        cmd_csv_field(csv, line.left, ',');
        cmd_csv_field(csv, line.own, ',');
        cmd_csv_field(csv, line.right, '\n');
    }
    fputs(csv->str, stdout);
}

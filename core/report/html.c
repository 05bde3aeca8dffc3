/* SPDX-License-Identifier: MIT
 *
 * A document as one HTML page: style, script and figures stand in it, and nothing is fetched.
 */
#include "report/html.h"

#include <string.h>

/* Marks that say something when pointed at: of a figure, and of all. Beyond that the page would
 * grow without anyone reading it; the JSON has every number. */
#define FIGURE_HOVERS 4200
#define PAGE_HOVERS   24000

void
moe__html_text(GString *out, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append(out, escaped);
}

static void
add_element(GString *out, const char *tag, const char *text)
{
    g_string_append_printf(out, "<%s>", tag);
    moe__html_text(out, text);
    g_string_append_printf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

/* --- Blocks -----------------------------------------------------------------------------------*/

static void
add_verdict(GString *out, const Block *block)
{
    static const char *const marks[] = {"\xe2\x9c\x93", "i", "!", "\xe2\x9c\x95"};
    const char *name = moe__verdict_name(block->verdict);
    g_string_append_printf(out,
                           "<li class=\"%s\"><span class=\"mark\" aria-hidden=\"true\">%s</span>"
                           "<div><strong>%s</strong> ",
                           name, marks[block->verdict], name);
    moe__html_text(out, block->text);
    const char *const rest[] = {block->why, block->remedy};
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        if (rest[i])
            add_element(out, i == 0 ? "p class=\"why\"" : "p class=\"remedy\"", rest[i]);
    g_string_append(out, "</div></li>\n");
}

static void
add_figure(GString *out, const Block *block, int *hovers)
{
    int most = MIN(*hovers, FIGURE_HOVERS);
    g_autofree char *svg = moe_scene_to_html(block->scene, most);
    for (const char *at = svg; (at = strstr(at, "<title>")); at++)
        --*hovers;
    g_autofree char *name = g_markup_escape_text(block->name, -1);
    g_autofree char *title = g_markup_escape_text(block->text, -1);
    g_string_append_printf(
        out,
        "<figure id=\"fig-%s\">\n<div class=\"plot\" role=\"region\" aria-label=\"%s\" "
        "tabindex=\"0\">\n%s</div>\n<figcaption><b>%s.</b> ",
        name, title, svg, title);
    moe__html_text(out, block->caption);
    g_string_append(out, "</figcaption>\n</figure>\n");
}

static void
add_point(GString *out, const Block *block)
{
    g_string_append(out, "<li>");
    if (block->label && !*block->label)
        g_string_append(out, "<span></span>");
    if (block->label && *block->label) {
        g_autofree char *name = g_markup_escape_text(block->name, -1);
        g_string_append_printf(out, "<a href=\"#%s\">", name);
        moe__html_text(out, block->label);
        g_string_append(out, "</a> ");
    }
    add_element(out, "span", block->text);
    g_string_append(out, "</li>\n");
}

static void
add_fact(GString *out, const Block *block)
{
    g_string_append(out, "<div>");
    add_element(out, "dt", block->name);
    add_element(out, "dd", block->text);
    g_string_append(out, "</div>\n");
}

/* Lists that hold neighbours of one type. */
static const char *
list_of(BlockType type)
{
    return type == BLOCK_POINT     ? "ul class=\"points\""
           : type == BLOCK_FACT    ? "dl class=\"facts\""
           : type == BLOCK_VERDICT ? "ul class=\"verdicts\""
                                   : NULL;
}

static void
add_block(GString *out, const Block *block, int *hovers)
{
    switch (block->type) {
    case BLOCK_SECTION:
        break;
    case BLOCK_HEADING:
        add_element(out, "h3", block->text);
        break;
    case BLOCK_PARAGRAPH:
        add_element(out, "p", block->text);
        break;
    case BLOCK_POINT:
        add_point(out, block);
        break;
    case BLOCK_NOTE:
        add_element(out, "p class=\"missing\"", block->text);
        break;
    case BLOCK_FACT:
        add_fact(out, block);
        break;
    case BLOCK_VERDICT:
        add_verdict(out, block);
        break;
    case BLOCK_TABLE:
        moe__html_table(out, block);
        break;
    case BLOCK_FIGURE:
        add_figure(out, block, hovers);
        break;
    }
}

static void
begin_section(GString *out, const Block *block, bool open)
{
    g_autofree char *name = g_markup_escape_text(block->name, -1);
    if (open)
        g_string_append(out, "</section>\n");
    g_string_append_printf(out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n", name, name);
    g_string_append_printf(out, "<h2 id=\"%s-title\">", name);
    moe__html_text(out, block->text);
    g_string_append(out, "</h2>\n");
}

static void
add_blocks(GString *out, const MoeDocument *document)
{
    bool open = false;
    int hovers = PAGE_HOVERS;
    for (guint i = 0; i < document->blocks->len; i++) {
        const Block *block = moe__document_block(document, i);
        const char *list = list_of(block->type);
        if (block->type == BLOCK_SECTION) {
            begin_section(out, block, open);
            open = true;
        }
        if (list && moe__document_first(document, i))
            g_string_append_printf(out, "<%s>\n", list);
        add_block(out, block, &hovers);
        if (list && moe__document_last(document, i))
            g_string_append_printf(out, "</%.2s>\n", list);
    }
    if (open)
        g_string_append(out, "</section>\n");
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
add_head(GString *out, const MoeDocument *document, MoeReportTheme theme)
{
    static const char *const schemes[] = {"light dark", "light", "dark"};
    g_string_append_printf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"%s\">\n"
        "<meta name=\"generator\" content=\"moescope %s\">\n",
        schemes[theme], moe_version());
    add_element(out, "title", document->title);
    moe__html_style(out, theme);
    g_string_append(out, "</head>\n");
}

/* Few sections are seen at once. */
static bool
needs_navigation(const MoeDocument *document)
{
    int sections = 0;
    for (guint i = 0; i < document->blocks->len; i++)
        sections += moe__document_block(document, i)->type == BLOCK_SECTION;
    return sections > 2;
}

static void
add_navigation(GString *out, const MoeDocument *document)
{
    g_string_append(out, "<nav aria-label=\"Sections\">\n<ul>\n");
    for (guint i = 0; i < document->blocks->len; i++) {
        const Block *block = moe__document_block(document, i);
        if (block->type != BLOCK_SECTION)
            continue;
        g_autofree char *name = g_markup_escape_text(block->name, -1);
        g_string_append_printf(out, "<li><a href=\"#%s\">", name);
        moe__html_text(out, block->text);
        g_string_append(out, "</a></li>\n");
    }
    g_string_append(out, "</ul>\n</nav>\n");
}

char *
moe_document_html(MoeDocument *document, MoeReportTheme theme)
{
    GString *out = g_string_new(NULL);
    add_head(out, document, theme);
    bool navigation = needs_navigation(document);
    g_string_append_printf(out, "<body%s>\n<header>\n", navigation ? "" : " class=\"single\"");
    add_element(out, "h1", document->title);
    if (*document->lead)
        add_element(out, "p class=\"lead\"", document->lead);
    g_string_append(out, "</header>\n");
    if (navigation)
        add_navigation(out, document);
    g_string_append(out, "<main>\n");
    add_blocks(out, document);
    g_string_append(out, "</main>\n");
    moe__html_script(out);
    g_string_append(out, "</body>\n</html>\n");
    return g_string_free(out, FALSE);
}

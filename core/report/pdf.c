/* SPDX-License-Identifier: MIT
 *
 * A document as a PDF: A4, headings with what follows them, figures whole, fonts embedded, an
 * outline.
 */
#include "report/pdf.h"

#include <cairo-pdf.h>
#include <math.h>

#define FACT_NAME    96.0  /* width of the names of facts */
#define MOST_WHOLE   150.0 /* height of a fact that stays on one page */
#define LEAST_SHRUNK 0.75
#define LEAST_TABLE  1.4 /* of what a table begins with, to stand before a figure */
#define INDENT       12.0
#define POINT_LABEL  92.0 /* width of the sections that sentences are of */

/* --- Figures ----------------------------------------------------------------------------------*/

typedef struct Placed {
    double width, height, scale; /* of the scene; to the page */
    double caption;              /* height of title and caption */
} Placed;

static char *
caption_text(const Block *block)
{
    return g_strdup_printf("%s.%s%s", block->text, *block->caption ? " " : "", block->caption);
}

/* As wide as the text, or as high as a page; a little smaller where it then fits on this page. */
static Placed
place_figure(Sheet *sheet, const Block *block)
{
    Placed placed;
    g_autofree char *text = caption_text(block);
    moe_scene_size(block->scene, &placed.width, &placed.height);
    placed.caption = moe__sheet_text_height(sheet, text, &moe__style_soft, TEXT_WIDTH) + 6;
    double most = BOTTOM - TOP - placed.caption - 4, room = BOTTOM - sheet->y - placed.caption - 8;
    placed.scale = MIN(MIN(TEXT_WIDTH / placed.width, most / placed.height), 1);
    double shrunk = room / placed.height;
    if (shrunk < placed.scale && shrunk >= LEAST_SHRUNK * placed.scale)
        placed.scale = shrunk;
    return placed;
}

static void
draw_figure(Sheet *sheet, const Block *block)
{
    const Placed placed = place_figure(sheet, block);
    double height = placed.height * placed.scale;
    g_autofree char *text = caption_text(block);
    moe__sheet_skip(sheet, 6);
    moe__sheet_need(sheet, height + placed.caption);
    cairo_save(sheet->cr);
    cairo_translate(sheet->cr, LEFT + (TEXT_WIDTH - placed.width * placed.scale) / 2, sheet->y);
    cairo_scale(sheet->cr, placed.scale, placed.scale);
    moe_scene_render(block->scene, sheet->cr, placed.width, placed.height);
    cairo_restore(sheet->cr);
    sheet->y += height + 6;
    moe__sheet_text(sheet, text, &moe__style_soft, LEFT);
    moe__sheet_skip(sheet, 12);
}

/* --- Other blocks -----------------------------------------------------------------------------*/

static const MoeColour verdict_colours[] = {
    [MOE_VERDICT_GOOD] = {0.07, 0.48, 0.29},
    [MOE_VERDICT_NOTE] = {0.04, 0.36, 0.66},
    [MOE_VERDICT_WARNING] = {0.54, 0.35, 0},
    [MOE_VERDICT_ERROR] = {0.70, 0.15, 0.12},
};

static void
draw_verdict(Sheet *sheet, const Block *block)
{
    Style style = moe__style_strong;
    style.colour = verdict_colours[block->verdict];
    moe__sheet_need(sheet, 30);
    PangoLayout *name = moe__sheet_layout(sheet, moe__verdict_name(block->verdict), &style, 0);
    moe__sheet_draw(sheet, name, &style, LEFT, sheet->y + 1.2);
    g_object_unref(name);
    moe__sheet_text(sheet, block->text, &moe__style_text, LEFT + 58);
    const char *const rest[] = {block->why, block->remedy};
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        if (rest[i])
            moe__sheet_text(sheet, rest[i], &moe__style_soft, LEFT + 58);
    moe__sheet_skip(sheet, 4);
}

static void
draw_fact(Sheet *sheet, const Block *block)
{
    PangoLayout *name = moe__sheet_layout(sheet, block->name, &moe__style_soft, FACT_NAME - 10);
    double own =
        moe__sheet_text_height(sheet, block->text, &moe__style_text, TEXT_WIDTH - FACT_NAME);
    double height = moe__sheet_text_height(sheet, block->name, &moe__style_soft, FACT_NAME - 10);
    moe__sheet_need(sheet, MAX(height, MIN(own, MOST_WHOLE)));
    double below = sheet->y + height;
    int page = sheet->page;
    moe__sheet_draw(sheet, name, &moe__style_soft, LEFT, sheet->y + 0.6);
    g_object_unref(name);
    moe__sheet_text(sheet, block->text, &moe__style_text, LEFT + FACT_NAME);
    if (sheet->page == page)
        sheet->y = MAX(sheet->y, below);
    sheet->y += 1.5;
}

static void
draw_point(Sheet *sheet, const Block *block)
{
    double x = LEFT + (block->label ? POINT_LABEL : INDENT);
    const char *lead = block->label ? block->label : "\xe2\x80\xa2";
    const Style *style = block->label ? &moe__style_label : &moe__style_text;
    PangoLayout *layout = moe__sheet_layout(sheet, lead, style, x - LEFT - 8);
    double height = moe__sheet_text_height(sheet, lead, style, x - LEFT - 8);
    moe__sheet_need(sheet, MAX(height, 2 * moe__style_text.size * moe__style_text.line));
    double below = sheet->y + height;
    int page = sheet->page;
    moe__sheet_draw(sheet, layout, style, LEFT, sheet->y + 1.2);
    g_object_unref(layout);
    moe__sheet_text(sheet, block->text, &moe__style_text, x);
    if (sheet->page == page)
        sheet->y = MAX(sheet->y, below);
    sheet->y += 4;
}

/* What has to stand on the page below a heading, of the blocks from `next` on. */
static double
start_of(Sheet *sheet, const MoeDocument *document, guint next)
{
    const Block *block = moe__document_block(document, next);
    if (block && block->type == BLOCK_HEADING)
        return 28 + start_of(sheet, document, next + 1);
    if (block && block->type == BLOCK_FIGURE) {
        const Placed placed = place_figure(sheet, block);
        return placed.height * placed.scale + placed.caption + 6;
    }
    return block && block->type == BLOCK_TABLE ? moe__pdf_table_start() : 44;
}

static void
draw_section(Sheet *sheet, const MoeDocument *document, guint i)
{
    const Block *block = moe__document_block(document, i);
    double own = moe__sheet_text_height(sheet, block->text, &moe__style_section, TEXT_WIDTH);
    moe__sheet_skip(sheet, 16);
    moe__sheet_need(sheet, own + 16 + start_of(sheet, document, i + 1));
    if (sheet->y > TOP) {
        moe__sheet_rule(sheet, sheet->y, LEFT, LEFT + TEXT_WIDTH, 0.85, 0.5);
        sheet->y += 10;
    }
    g_autofree char *target =
        g_strdup_printf("page=%d pos=[%d %d]", sheet->page, (int)LEFT, (int)sheet->y);
    cairo_pdf_surface_add_outline(sheet->surface, CAIRO_PDF_OUTLINE_ROOT, block->text, target, 0);
    moe__sheet_text(sheet, block->text, &moe__style_section, LEFT);
    sheet->y += 5;
}

static void
draw_heading(Sheet *sheet, const MoeDocument *document, guint i)
{
    moe__sheet_skip(sheet, 8);
    moe__sheet_need(sheet, 20 + start_of(sheet, document, i + 1));
    moe__sheet_text(sheet, moe__document_block(document, i)->text, &moe__style_heading, LEFT);
    sheet->y += 3;
}

/* What ends in a colon stands with what follows. */
static void
draw_paragraph(Sheet *sheet, const MoeDocument *document, guint i)
{
    const char *text = moe__document_block(document, i)->text;
    double height = moe__sheet_text_height(sheet, text, &moe__style_text, TEXT_WIDTH);
    if (g_str_has_suffix(text, ":"))
        moe__sheet_need(sheet, height + 4 + start_of(sheet, document, i + 1));
    moe__sheet_text(sheet, text, &moe__style_text, LEFT);
    sheet->y += 4;
}

static void
draw_block(Sheet *sheet, const MoeDocument *document, guint i)
{
    const Block *block = moe__document_block(document, i);
    switch (block->type) {
    case BLOCK_SECTION:
        draw_section(sheet, document, i);
        break;
    case BLOCK_HEADING:
        draw_heading(sheet, document, i);
        break;
    case BLOCK_PARAGRAPH:
        draw_paragraph(sheet, document, i);
        break;
    case BLOCK_POINT:
        draw_point(sheet, block);
        break;
    case BLOCK_NOTE:
        moe__sheet_text(sheet, block->text, &moe__style_soft, LEFT + INDENT);
        sheet->y += 4;
        break;
    case BLOCK_FACT:
        draw_fact(sheet, block);
        break;
    case BLOCK_VERDICT:
        draw_verdict(sheet, block);
        break;
    case BLOCK_TABLE:
        moe__pdf_table(sheet, block);
        break;
    case BLOCK_FIGURE:
        draw_figure(sheet, block);
        break;
    }
}

/* --- The order of blocks ----------------------------------------------------------------------
 * A figure that doesn't fit on the rest of a page lets a table of its section go first, which fills
 * the page. */

static double
figure_height(Sheet *sheet, const Block *block)
{
    const Placed placed = place_figure(sheet, block);
    return placed.height * placed.scale + placed.caption + 6;
}

/* The table that may stand before figure `i`; `i`: none. */
static guint
table_first(Sheet *sheet, const MoeDocument *document, guint i, const bool *drawn)
{
    double room = BOTTOM - sheet->y;
    if (figure_height(sheet, moe__document_block(document, i)) <= room ||
        room < LEAST_TABLE * moe__pdf_table_start())
        return i;
    const Block *block;
    for (guint next = i + 1; (block = moe__document_block(document, next)); next++) {
        if (block->type == BLOCK_SECTION || block->type == BLOCK_HEADING)
            return i;
        if (block->type == BLOCK_TABLE && !drawn[next])
            return next;
    }
    return i;
}

static void
draw_blocks(Sheet *sheet, const MoeDocument *document)
{
    guint n = document->blocks->len;
    g_autofree bool *drawn = g_new0(bool, n + 1);
    for (guint i = 0; i < n; i++) {
        const Block *block = moe__document_block(document, i);
        guint first = block->type == BLOCK_FIGURE ? table_first(sheet, document, i, drawn) : i;
        if (first != i) {
            draw_block(sheet, document, first);
            drawn[first] = true;
        }
        if (!drawn[i])
            draw_block(sheet, document, i);
    }
}

GBytes *
moe_document_pdf(MoeDocument *document, GError **error)
{
    Sheet sheet;
    moe__sheet_init(&sheet, document->title);
    moe__sheet_text(&sheet, document->title, &moe__style_title, LEFT);
    sheet.y += 4;
    if (*document->lead)
        moe__sheet_text(&sheet, document->lead, &moe__style_lead, LEFT);
    draw_blocks(&sheet, document);
    return moe__sheet_finish(&sheet, error);
}

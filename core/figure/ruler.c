/* SPDX-License-Identifier: MIT
 *
 * Measuring text.
 */
#include "figure/ruler.h"

#define NO_BREAK_SPACE "\xc2\xa0"
#define ELLIPSIS       "\xe2\x80\xa6"

cairo_font_options_t *
moe__ruler_font_options(void)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    return options;
}

void
moe__ruler_set(PangoLayout *layout, const char *family, const char *text, double size, bool bold)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, family);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text, -1);
}

static double
digit_height(Ruler *ruler)
{
    PangoRectangle ink;
    moe__ruler_set(ruler->layout, ruler->family, "0", 100, false);
    pango_layout_get_extents(ruler->layout, &ink, NULL);
    int baseline = pango_layout_get_baseline(ruler->layout);
    return (baseline - ink.y) / (100.0 * PANGO_SCALE);
}

Ruler *
moe__ruler_new(const char *family)
{
    Ruler *ruler = g_new0(Ruler, 1);
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    cairo_font_options_t *options = moe__ruler_font_options();
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    ruler->layout = pango_layout_new(context);
    g_object_unref(context);
    ruler->family = family;
    ruler->digit = digit_height(ruler);
    return ruler;
}

void
moe__ruler_free(Ruler *ruler)
{
    if (!ruler)
        return;
    g_object_unref(ruler->layout);
    g_free(ruler);
}

double
moe__ruler_width(Ruler *ruler, const char *text, double size, bool bold)
{
    int width;
    pango_layout_set_width(ruler->layout, -1);
    moe__ruler_set(ruler->layout, ruler->family, text, size, bold);
    pango_layout_get_size(ruler->layout, &width, NULL);
    return (double)width / PANGO_SCALE;
}

static char *
shortened(const char *text, glong n)
{
    g_autofree char *start = g_utf8_substring(text, 0, n);
    return g_strconcat(g_strchomp(start), ELLIPSIS, NULL);
}

char *
moe__ruler_fit(Ruler *ruler, const char *text, double size, double width)
{
    if (moe__ruler_width(ruler, text, size, false) <= width)
        return g_strdup(text);
    glong fits = 0, too_long = g_utf8_strlen(text, -1);
    while (too_long - fits > 1) {
        glong middle = (fits + too_long) / 2;
        g_autofree char *tried = shortened(text, middle);
        if (moe__ruler_width(ruler, tried, size, false) <= width)
            fits = middle;
        else
            too_long = middle;
    }
    return shortened(text, fits);
}

char **
moe__ruler_wrap(Ruler *ruler, const char *text, double size, double width)
{
    moe__ruler_set(ruler->layout, ruler->family, text, size, false);
    pango_layout_set_wrap(ruler->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(ruler->layout, (int)(width * PANGO_SCALE));
    int n = pango_layout_get_line_count(ruler->layout);
    char **lines = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++) {
        PangoLayoutLine *line = pango_layout_get_line_readonly(ruler->layout, i);
        g_autofree char *part = g_strndup(text + line->start_index, (gsize)line->length);
        g_auto(GStrv) pieces = g_strsplit(part, NO_BREAK_SPACE, -1);
        lines[i] = g_strchomp(g_strjoinv(" ", pieces));
    }
    pango_layout_set_width(ruler->layout, -1);
    return lines;
}

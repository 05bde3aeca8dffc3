/* SPDX-License-Identifier: MIT
 *
 * Measuring text.
 */
#include "figure/ruler.h"

#include <math.h>

#define NO_BREAK_SPACE "\xc2\xa0"
#define MEASURED_AT    100.0 /* points */
#define ELLIPSIS       "\xe2\x80\xa6"

void
moe__ruler_unhint(PangoContext *context)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_round_glyph_positions(context, FALSE);
    cairo_font_options_destroy(options);
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
digit_height(PangoLayout *layout, const char *family)
{
    PangoRectangle ink;
    moe__ruler_set(layout, family, "0", MEASURED_AT, false);
    pango_layout_get_extents(layout, &ink, NULL);
    int baseline = pango_layout_get_baseline(layout);
    return (baseline - ink.y) / (MEASURED_AT * PANGO_SCALE);
}

void
moe__ruler_prepare(void)
{
    pango_cairo_font_map_get_default(); /* starts fontconfig in a thread */
}

Ruler *
moe__ruler_new(const char *family)
{
    Ruler *ruler = g_new0(Ruler, 1);
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    moe__ruler_unhint(context);
    ruler->layout = pango_layout_new(context);
    g_object_unref(context);
    ruler->family = family;
    ruler->digit = digit_height(ruler->layout, family);
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

/* --- Widths, of size 1 ------------------------------------------------------------------------
 * Shaping a word takes twenty microseconds, and figures ask for the same words again and again.
 * Without hinting, widths grow with the size. */

/* Texts kept; then all are forgotten. */
#define MOST_WIDTHS 20000

static GMutex widths_lock;
static GHashTable *widths; /* "family/b/text" to a double */

static bool
width_lookup(const char *key, double *width)
{
    g_mutex_lock(&widths_lock);
    const double *found = widths ? g_hash_table_lookup(widths, key) : NULL;
    if (found)
        *width = *found;
    g_mutex_unlock(&widths_lock);
    return found != NULL;
}

static void
width_keep(const char *key, double width)
{
    g_mutex_lock(&widths_lock);
    if (!widths)
        widths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (g_hash_table_size(widths) >= MOST_WIDTHS)
        g_hash_table_remove_all(widths);
    g_hash_table_insert(widths, g_strdup(key), g_memdup2(&width, sizeof(width)));
    g_mutex_unlock(&widths_lock);
}

static double
width_measure(Ruler *ruler, const char *text, bool bold)
{
    int width;
    pango_layout_set_width(ruler->layout, -1);
    moe__ruler_set(ruler->layout, ruler->family, text, MEASURED_AT, bold);
    pango_layout_get_size(ruler->layout, &width, NULL);
    return (double)width / (PANGO_SCALE * MEASURED_AT);
}

double
moe__ruler_width(Ruler *ruler, const char *text, double size, bool bold)
{
    g_autofree char *key = g_strconcat(ruler->family, bold ? "/b/" : "//", text, NULL);
    double width;
    if (!width_lookup(key, &width)) {
        width = width_measure(ruler, text, bold);
        width_keep(key, width);
    }
    return width * size;
}

/* A width that the text hardly exceeds: that of its letters one by one, without kerning. */
static double
width_at_most(Ruler *ruler, const char *text)
{
    double sum = 0;
    for (; *text; text++) {
        int c = (guchar)*text;
        if (c >= 128)
            return INFINITY;
        if (ruler->letters[c] == 0)
            ruler->letters[c] = moe__ruler_width(ruler, (char[]){*text, '\0'}, 1, false);
        sum += ruler->letters[c];
    }
    return sum;
}

double
moe__ruler_wider(Ruler *ruler, const char *text, double size, double width)
{
    if (width_at_most(ruler, text) * size <= width)
        return width;
    return MAX(width, moe__ruler_width(ruler, text, size, false));
}

/* The first n letters; or, of a name, half of them from its end. */
static char *
shortened(const char *text, glong n, bool name)
{
    glong all = g_utf8_strlen(text, -1), tail = name ? n / 2 : 0;
    g_autofree char *start = g_utf8_substring(text, 0, n - tail);
    g_autofree char *end = g_utf8_substring(text, all - tail, all);
    return g_strconcat(g_strchomp(start), ELLIPSIS, g_strchug(end), NULL);
}

static char *
fit(Ruler *ruler, const char *text, double size, double width, bool name)
{
    if (moe__ruler_width(ruler, text, size, false) <= width)
        return g_strdup(text);
    glong fits = 0, too_long = g_utf8_strlen(text, -1);
    while (too_long - fits > 1) {
        glong middle = (fits + too_long) / 2;
        g_autofree char *tried = shortened(text, middle, name);
        if (moe__ruler_width(ruler, tried, size, false) <= width)
            fits = middle;
        else
            too_long = middle;
    }
    return shortened(text, fits, name);
}

char *
moe__ruler_fit(Ruler *ruler, const char *text, double size, double width)
{
    return fit(ruler, text, size, width, false);
}

char *
moe__ruler_fit_name(Ruler *ruler, const char *text, double size, double width)
{
    return fit(ruler, text, size, width, true);
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

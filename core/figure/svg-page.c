/* SPDX-License-Identifier: MIT
 *
 * What SVG in a page has beside a file's: colours that follow the page from light to dark, and
 * marks that say what they are when pointed at.
 */
#include "figure/number.h"
#include "figure/picture.h"
#include "figure/scene.h"
#include "figure/writers.h"

#include <math.h>

/* --- Colours ----------------------------------------------------------------------------------*/

static bool
is_colour(MoeColour a, MoeColour b)
{
    return a.r == b.r && a.g == b.g && a.b == b.b;
}

static bool
is_qualitative(MoeColour colour)
{
    for (int i = 0; i < 8; i++)
        if (is_colour(colour, moe_colour_qualitative(i)))
            return true;
    return false;
}

static double
linear(double c)
{
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Relative luminance (WCAG 2.1). */
static double
luminance(MoeColour colour)
{
    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b);
}

/* Contrast 3:1 with a dark page, whose luminance is about 0.013: WCAG 2.1's least for graphics. */
#define LEAST_LUMINANCE 0.14

/* Nearer to white until it shows. */
static MoeColour
lightened(MoeColour colour)
{
    MoeColour light = colour;
    for (int step = 1; step <= 20 && luminance(light) < LEAST_LUMINANCE; step++) {
        double t = step / 20.0;
        light = (MoeColour){colour.r + t * (1 - colour.r), colour.g + t * (1 - colour.g),
                            colour.b + t * (1 - colour.b)};
    }
    return light;
}

static void
append_hex(GString *out, MoeColour colour)
{
    g_string_append_printf(out, "#%02x%02x%02x", (int)lround(colour.r * 255),
                           (int)lround(colour.g * 255), (int)lround(colour.b * 255));
}

bool
moe__svg_page_colour(const SvgPage *page, GString *out, const char *name, const Item *item)
{
    const Theme *theme = page->scene->theme;
    const MoeColour own[] = {theme->ink, theme->soft, theme->faint, theme->paper};
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        if (is_colour(item->colour, own[i])) {
            g_string_append_printf(out, " class=\"%c%c\"", *name, "isfp"[i]);
            return true;
        }
    }
    /* Cells keep their colours, which the colour bar explains; so do letters on them. */
    bool free =
        item->type == ITEM_PATH || (item->type == ITEM_RECT && is_qualitative(item->colour));
    if (!free || luminance(item->colour) >= LEAST_LUMINANCE)
        return false;
    g_string_append_printf(out, " class=\"%cd\" style=\"--l:", *name);
    append_hex(out, item->colour);
    g_string_append(out, ";--d:");
    append_hex(out, lightened(item->colour));
    g_string_append_c(out, '"');
    return true;
}

/* --- Words ------------------------------------------------------------------------------------*/

static char *
words_at(SvgPage *page, double x, double y, MoeDatum *datum)
{
    if (page->hovers <= 0 || !moe_scene_pick(page->scene, page->width, page->height, x, y, datum) ||
        !datum->words || !*datum->words)
        return NULL;
    page->hovers--;
    return g_markup_escape_text(datum->words, -1);
}

/* Where a polygon is sure to be met: the middle of its first side and the one across. */
static Point
inside(const Drawing *drawing, const Item *item)
{
    const Point *points = &g_array_index(drawing->points, Point, item->path.first);
    Point a = points[0], b = points[item->path.n / 2];
    return (Point){(a.x + b.x) / 2, (a.y + b.y) / 2};
}

char *
moe__svg_page_words(SvgPage *page, const Drawing *drawing, const Item *item)
{
    g_auto(MoeDatum) datum = {0};
    const Theme *theme = page->scene->theme;
    bool line = item->type == ITEM_PATH && item->path.width > 0;
    if (line || is_colour(item->colour, theme->faint) || is_colour(item->colour, theme->paper))
        return NULL;
    Point at = {item->box.x + item->box.width / 2, item->box.y + item->box.height / 2};
    if (item->type == ITEM_PATH && item->path.n > 0)
        at = inside(drawing, item);
    return words_at(page, at.x, at.y, &datum);
}

/* Lines of more points are told of at evenly chosen ones. */
#define MOST_POINTS 120
#define REACH       4.0 /* of a point, around it */

static void
write_point(SvgPage *page, GString *out, Point point)
{
    g_auto(MoeDatum) datum = {0};
    g_autofree char *words = words_at(page, point.x, point.y, &datum);
    if (!words || fabs(datum.x + datum.width / 2 - point.x) > 0.5 ||
        fabs(datum.y + datum.height / 2 - point.y) > 0.5)
        return;
    g_string_append(out, "<circle class=\"h\" cx=\"");
    moe__number_append(out, point.x, 6);
    g_string_append(out, "\" cy=\"");
    moe__number_append(out, point.y, 6);
    g_string_append_printf(out, "\" r=\"%g\"><title>%s</title></circle>\n", REACH, words);
}

void
moe__svg_page_points(SvgPage *page, GString *out, const Drawing *drawing)
{
    for (guint i = 1; i < drawing->items->len && page->hovers > 0; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        bool line = item->type == ITEM_PATH && item->path.width > 0;
        if (!line || is_colour(item->colour, page->scene->theme->faint))
            continue;
        int stride = 1 + (item->path.n - 1) / MOST_POINTS;
        for (int p = 0; p < item->path.n; p += stride)
            write_point(page, out, g_array_index(drawing->points, Point, item->path.first + p));
    }
}

char *
moe_scene_to_html(MoeScene *scene, int hovers)
{
    SvgPage page = {.scene = scene, .hovers = hovers};
    moe_scene_size(scene, &page.width, &page.height);
    const Drawing *drawing = moe__picture(scene, page.width, page.height);
    return g_string_free(moe__svg_encode_page(drawing, scene->title, &page), FALSE);
}

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

/* A point on the edge of its panel lies outside of it by a hair: it is looked for on all sides. */
static char *
words_near(SvgPage *page, Point point, MoeDatum *datum)
{
    static const double away[5][2] = {{0, 0}, {-0.4, -0.4}, {0.4, 0.4}, {-0.4, 0.4}, {0.4, -0.4}};
    for (size_t i = 0; i < G_N_ELEMENTS(away); i++) {
        char *words = words_at(page, point.x + away[i][0], point.y + away[i][1], datum);
        if (words)
            return words;
        moe_datum_clear(datum);
    }
    return NULL;
}

static void
write_point(SvgPage *page, GString *out, Point point)
{
    g_auto(MoeDatum) datum = {0};
    g_autofree char *words = words_near(page, point, &datum);
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

/* --- Images of cells --------------------------------------------------------------------------
 * An image has no marks to carry words; over it lies a rectangle with the numbers of its cells and
 * the words to put them into, which the page's script reads. */

/* Images of a scene with more cells than this in all have none: it would take megabytes. */
#define MOST_CELLS 70000

static int64_t
image_cells(const Drawing *drawing)
{
    int64_t cells = 0;
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        if (item->type == ITEM_IMAGE)
            cells += (int64_t)item->image.columns * item->image.rows;
    }
    return cells;
}

static bool
is_within(Box box, const Item *item)
{
    double x = item->box.x + item->box.width / 2, y = item->box.y + item->box.height / 2;
    return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
}

/* The cells that an image shows, and their panel; NULL: none that words are made of. */
static const MoeCells *
cells_of(const SvgPage *page, const Item *item, const Panel **panel)
{
    const Layout *layout = moe__layout(page->scene, page->width, page->height);
    for (int p = 0; p < layout->n_frames; p++) {
        *panel = moe__scene_panel(page->scene, p);
        for (guint m = 0; is_within(layout->frames[p].box, item) && m < (*panel)->marks->len; m++) {
            const Mark *mark = &g_array_index((*panel)->marks, Mark, m);
            if (mark->type == MARK_CELLS && mark->cells.words && !mark->cells.texts &&
                mark->cells.rows == item->image.rows && mark->cells.columns == item->image.columns)
                return &mark->cells;
        }
    }
    return NULL;
}

static void
append_text(GString *json, const char *text)
{
    g_string_append_c(json, '"');
    for (const char *c = text; *c; c++) {
        if ((guchar)*c < 0x20)
            g_string_append_printf(json, "\\u%04x", (guchar)*c);
        else if (*c == '"' || *c == '\\')
            g_string_append_printf(json, "\\%c", *c);
        else
            g_string_append_c(json, *c);
    }
    g_string_append_c(json, '"');
}

static void
append_labels(GString *json, const char *key, const MoeAxis *axis, int n)
{
    g_string_append_printf(json, ",\"%s\":[", key);
    for (int i = 0; i < n; i++) {
        g_autofree char *label = moe__axis_band_label(axis, i);
        g_string_append(json, i > 0 ? "," : "");
        append_text(json, label);
    }
    g_string_append_c(json, ']');
}

/* Three digits, as words have them elsewhere; whole numbers in full. */
static void
append_numbers(GString *json, const char *key, const double *numbers, int n)
{
    if (!numbers)
        return;
    g_string_append_printf(json, ",\"%s\":[", key);
    for (int i = 0; i < n; i++) {
        g_string_append(json, i > 0 ? "," : "");
        if (isfinite(numbers[i]))
            moe__number_append(json, numbers[i], numbers[i] == round(numbers[i]) ? 15 : 3);
        else
            g_string_append(json, "null");
    }
    g_string_append_c(json, ']');
}

void
moe__svg_page_image(SvgPage *page, GString *out, const Drawing *drawing, const Item *item)
{
    const Panel *panel;
    const MoeCells *cells = cells_of(page, item, &panel);
    if (!cells || page->hovers <= 0 || image_cells(drawing) > MOST_CELLS)
        return;
    g_autoptr(GString) json = g_string_new("{\"words\":");
    append_text(json, cells->words);
    append_labels(json, "row", &panel->y, cells->rows);
    append_labels(json, "column", &panel->x, cells->columns);
    append_numbers(json, "value", cells->values, cells->rows * cells->columns);
    append_numbers(json, "0", cells->numbers[0], cells->rows * cells->columns);
    append_numbers(json, "1", cells->numbers[1], cells->rows * cells->columns);
    append_numbers(json, "low", cells->low, cells->rows * cells->columns);
    append_numbers(json, "high", cells->high, cells->rows * cells->columns);
    g_string_append_c(json, '}');
    g_autofree char *escaped = g_markup_escape_text(json->str, -1);
    g_auto(GStrv) parts = g_strsplit(escaped, "&quot;", -1);
    g_autofree char *attribute = g_strjoinv("\"", parts); /* it stands between single quotes */
    g_string_append(out, "<rect class=\"h\"");
    const char *const names[] = {"x", "y", "width", "height"};
    const double places[] = {item->box.x, item->box.y, item->box.width, item->box.height};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_string_append_printf(out, " %s=\"", names[i]);
        moe__number_append(out, places[i], 6);
        g_string_append_c(out, '"');
    }
    g_string_append_printf(out, " data-cells='%s'/>\n", attribute);
}

char *
moe_scene_to_html(MoeScene *scene, int hovers)
{
    SvgPage page = {.scene = scene, .hovers = hovers};
    moe_scene_size(scene, &page.width, &page.height);
    const Drawing *drawing = moe__picture(scene, page.width, page.height);
    return g_string_free(moe__svg_encode_page(drawing, scene->title, &page), FALSE);
}

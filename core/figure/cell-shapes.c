/* SPDX-License-Identifier: MIT
 *
 * From pixels to shapes that lie within each other.
 */
#include "figure/cell-shapes.h"

#include <string.h>

#define TRANSPARENT (-1)

/* --- Colours ----------------------------------------------------------------------------------*/

typedef struct Colour {
    uint32_t value;
    int found; /* in which order */
} Colour;

/* A hash table by open addressing, at most half full. */
typedef struct Palette {
    GArray *colours; /* of Colour, as found */
    int *place;      /* [places]: which colour; -1: free */
    uint32_t places;
} Palette;

static uint32_t
place_of(const Palette *palette, uint32_t value)
{
    uint32_t place = (value * 2654435761u) & (palette->places - 1);
    for (; palette->place[place] >= 0; place = (place + 1) & (palette->places - 1))
        if (g_array_index(palette->colours, Colour, palette->place[place]).value == value)
            break;
    return place;
}

static void
resize(Palette *palette, uint32_t places)
{
    g_free(palette->place);
    palette->places = places;
    palette->place = g_new(int, places);
    memset(palette->place, 0xff, places * sizeof(int));
    for (guint i = 0; i < palette->colours->len; i++)
        palette->place[place_of(palette, g_array_index(palette->colours, Colour, i).value)] =
            (int)i;
}

static int
index_of(Palette *palette, uint32_t value)
{
    uint32_t place = place_of(palette, value);
    if (palette->place[place] >= 0)
        return palette->place[place];
    int found = (int)palette->colours->len;
    Colour colour = {value, found};
    palette->place[place] = found;
    g_array_append_val(palette->colours, colour);
    if (2 * palette->colours->len > palette->places)
        resize(palette, 2 * palette->places);
    return found;
}

/* Luma (ITU-R BT.601), in thousandths. */
static uint32_t
luma(uint32_t colour)
{
    return 299 * (colour >> 16 & 0xff) + 587 * (colour >> 8 & 0xff) + 114 * (colour & 0xff);
}

static int
darker_first(const void *a, const void *b)
{
    uint32_t x = ((const Colour *)a)->value, y = ((const Colour *)b)->value;
    uint32_t dark = luma(x), light = luma(y);
    return dark != light ? (dark > light) - (dark < light) : (x > y) - (x < y);
}

/* Which of the colours, the darkest first, each pixel has. */
static int *
ranks_of(const uint32_t *pixels, size_t n, GArray **colours)
{
    Palette palette = {.colours = g_array_new(FALSE, FALSE, sizeof(Colour))};
    resize(&palette, 1024);
    int *rank = g_new(int, n), last = TRANSPARENT;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || pixels[i] != pixels[i - 1])
            last = pixels[i] ? index_of(&palette, pixels[i]) : TRANSPARENT;
        rank[i] = last;
    }
    g_free(palette.place);
    g_array_sort(palette.colours, darker_first);
    g_autofree int *rank_of = g_new(int, palette.colours->len + 1);
    for (guint i = 0; i < palette.colours->len; i++)
        rank_of[g_array_index(palette.colours, Colour, i).found] = (int)i;
    for (size_t i = 0; i < n; i++)
        rank[i] = rank[i] == TRANSPARENT ? TRANSPARENT : rank_of[rank[i]];
    *colours = palette.colours;
    return rank;
}

/* --- Runs -------------------------------------------------------------------------------------*/

/* A run that goes on, and its shape. */
typedef struct Open {
    int rank, first;
} Open;

typedef struct Ranked {
    int rank;
    CellRun run;
} Ranked;

/* Of the row, the longest runs of cells that are of a shape or of later ones, and those of the
 * first shape from one missing cell to the next: runs that are open rank upwards, and end where an
 * earlier shape begins. Returns how many there are. */
static int
runs_of(const int *rank, int columns, int row, Open *open, Ranked *runs)
{
    int n = 0, depth = 0;
    for (int column = 0; column <= columns; column++) {
        int now = column < columns ? rank[column] : TRANSPARENT, first = column;
        while (depth > 0 && open[depth - 1].rank > now) {
            Open ended = open[--depth];
            runs[n++] = (Ranked){ended.rank, {row, ended.first, column}};
            first = ended.first;
        }
        if (now != TRANSPARENT && depth == 0)
            open[depth++] = (Open){0, first};
        if (now != TRANSPARENT && open[depth - 1].rank < now)
            open[depth++] = (Open){now, first};
    }
    return n;
}

/* By shape, and within one as they were found. */
static void
gather(CellShapes *shapes, const GArray *colours, const Ranked *runs)
{
    shapes->n_shapes = (int)colours->len;
    shapes->shapes = g_new0(CellShape, colours->len + 1);
    shapes->runs = g_new(CellRun, shapes->n_runs + 1);
    for (int i = 0; i < shapes->n_runs; i++)
        shapes->shapes[runs[i].rank].n++;
    for (int s = 0, first = 0; s < shapes->n_shapes; s++) {
        CellShape *shape = &shapes->shapes[s];
        shape->colour = g_array_index(colours, Colour, s).value;
        shape->first = first;
        first += shape->n;
        shape->n = 0;
    }
    for (int i = 0; i < shapes->n_runs; i++) {
        CellShape *shape = &shapes->shapes[runs[i].rank];
        shapes->runs[shape->first + shape->n++] = runs[i].run;
    }
}

void
moe__cell_shapes_init(CellShapes *shapes, const uint32_t *pixels, int columns, int rows)
{
    size_t n = (size_t)columns * (size_t)rows;
    GArray *colours;
    g_autofree int *rank = ranks_of(pixels, n, &colours);
    g_autofree Open *open = g_new(Open, columns + 2);
    g_autofree Ranked *runs = g_new(Ranked, 2 * n + 1);
    *shapes = (CellShapes){0};
    for (int row = 0; row < rows; row++)
        shapes->n_runs += runs_of(rank + (size_t)row * (size_t)columns, columns, row, open,
                                  runs + shapes->n_runs);
    gather(shapes, colours, runs);
    g_array_unref(colours);
}

void
moe__cell_shapes_clear(CellShapes *shapes)
{
    g_clear_pointer(&shapes->shapes, g_free);
    g_clear_pointer(&shapes->runs, g_free);
}

/* --- As text ----------------------------------------------------------------------------------*/

char *
moe__digits_put(char *at, int number)
{
    char digits[DIGITS];
    int n = 0;
    unsigned rest = number < 0 ? 0u - (unsigned)number : (unsigned)number;
    do
        digits[n++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        *at++ = '-';
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

/* A run is a rectangle, whose fourth side is left to the filling; the next one begins so far from
 * its last corner, the lower left one. */
static char *
put_run(char *at, CellRun run, CellRun before)
{
    int across = run.first - before.first, down = run.row - before.row - 1;
    *at++ = 'm';
    at = moe__digits_put(at, across);
    if (down >= 0)
        *at++ = ' ';
    at = moe__digits_put(at, down);
    *at++ = 'h';
    at = moe__digits_put(at, run.end - run.first);
    memcpy(at, "v1h", 3);
    return moe__digits_put(at + 3, run.first - run.end);
}

#define LONGEST_RUN (4 * DIGITS + 5)

static void
shape_svg(const CellShape *shape, const CellRun *runs, GString *out)
{
    g_string_append_printf(out, "<path fill=\"#%06x\" d=\"", shape->colour & 0xffffff);
    gsize written = out->len;
    g_string_set_size(out, written + (gsize)shape->n * LONGEST_RUN);
    CellRun before = {-1, 0, 0};
    char *at = out->str + written;
    for (int i = 0; i < shape->n; i++) {
        at = put_run(at, runs[i], before);
        before = runs[i];
    }
    g_string_truncate(out, (gsize)(at - out->str));
    g_string_append(out, "\"/>\n");
}

void
moe__cell_shapes_svg(const CellShapes *shapes, GString *out)
{
    for (int s = 0; s < shapes->n_shapes; s++)
        shape_svg(&shapes->shapes[s], shapes->runs + shapes->shapes[s].first, out);
}

static char *
put_word(char *at, const char *word)
{
    gsize length = strlen(word);
    memcpy(at, word, length);
    return at + length;
}

static void
shape_words(const CellShape *shape, const CellRun *runs, const CellWords *words, GString *out)
{
    for (int shift = 16; shift >= 0; shift -= 8) {
        char digits[G_ASCII_DTOSTR_BUF_SIZE];
        g_ascii_formatd(digits, sizeof(digits), "%.4g ", (shape->colour >> shift & 0xff) / 255.0);
        g_string_append(out, digits);
    }
    g_string_append(out, words->colour);
    gsize written = out->len, longest = 3 * (DIGITS + 1) + strlen(words->run);
    g_string_set_size(out, written + (gsize)shape->n * longest);
    char *at = out->str + written;
    for (int i = 0; i < shape->n; i++) {
        at = moe__digits_put(at, runs[i].first);
        *at++ = ' ';
        at = moe__digits_put(at, runs[i].row);
        *at++ = ' ';
        at = moe__digits_put(at, runs[i].end - runs[i].first);
        at = put_word(at, words->run);
    }
    g_string_truncate(out, (gsize)(at - out->str));
    g_string_append(out, words->end);
}

void
moe__cell_shapes_words(const CellShapes *shapes, const CellWords *words, GString *out)
{
    for (int s = 0; s < shapes->n_shapes; s++)
        shape_words(&shapes->shapes[s], shapes->runs + shapes->shapes[s].first, words, out);
}

/* SPDX-License-Identifier: MIT
 *
 * Colour maps in CIELAB (CIE 15, D65), where equal distances look about equal.
 */
#include <math.h>
#include <moescope/figure.h>

typedef struct Lab {
    double l, a, b;
} Lab;

static double
linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double
cube_root(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static Lab
lab_of_linear(double r, double g, double b)
{
    double x = cube_root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    double y = cube_root(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    double z = cube_root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    return (Lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static Lab
lab(MoeColour c)
{
    return lab_of_linear(linear(c.r), linear(c.g), linear(c.b));
}

/* As people without one kind of cone see it: Machado, Oliveira & Fernandes, 2009, severity 1. */
static Lab
lab_without(MoeColour c, const double m[9])
{
    double r = linear(c.r), g = linear(c.g), b = linear(c.b);
    return lab_of_linear(MAX(m[0] * r + m[1] * g + m[2] * b, 0),
                         MAX(m[3] * r + m[4] * g + m[5] * b, 0),
                         MAX(m[6] * r + m[7] * g + m[8] * b, 0));
}

static const double no_red[9] = {0.152286, 1.052583,  -0.204868, 0.114503, 0.786281,
                                 0.099216, -0.003882, -0.048116, 1.051998};
static const double no_green[9] = {0.367322, 0.860646,  -0.227968, 0.280085, 0.672501,
                                   0.047413, -0.011820, 0.042940,  0.968881};

static double
distance(Lab p, Lab q)
{
    return sqrt(pow(p.l - q.l, 2) + pow(p.a - q.a, 2) + pow(p.b - q.b, 2));
}

/* viridis, cividis, magma: lighter at each of 256 steps, without a jump. */
static void
test_sequential(void)
{
    static const MoeColours maps[] = {MOE_COLOURS_VIRIDIS, MOE_COLOURS_CIVIDIS, MOE_COLOURS_MAGMA};
    for (int m = 0; m < 3; m++) {
        Lab last = lab(moe_colour_at(maps[m], 0));
        g_assert_cmpfloat(last.l, <, 20);
        for (int i = 1; i < 256; i++) {
            Lab now = lab(moe_colour_at(maps[m], i / 255.0));
            g_assert_cmpfloat(now.l, >, last.l);
            g_assert_cmpfloat(distance(now, last), <, 2.5);
            last = now;
        }
        g_assert_cmpfloat(last.l, >, 85);
    }
}

/* The order of lightness survives a missing cone. */
static void
test_sequential_blindness(void)
{
    for (MoeColours map = MOE_COLOURS_VIRIDIS; map <= MOE_COLOURS_MAGMA; map++) {
        for (int i = 0; i < 32; i++) {
            MoeColour here = moe_colour_at(map, i / 32.0),
                      next = moe_colour_at(map, (i + 1) / 32.0);
            g_assert_cmpfloat(lab_without(next, no_red).l, >, lab_without(here, no_red).l);
            g_assert_cmpfloat(lab_without(next, no_green).l, >, lab_without(here, no_green).l);
        }
    }
}

static int
hex(MoeColour c)
{
    return (int)lround(c.r * 255) << 16 | (int)lround(c.g * 255) << 8 | (int)lround(c.b * 255);
}

static void
assert_near(MoeColour colour, int published)
{
    for (int shift = 0; shift < 24; shift += 8)
        g_assert_cmpint(abs((hex(colour) >> shift & 255) - (published >> shift & 255)), <=, 3);
}

/* Ten equal steps as viridisLite publishes them, which fall between our control points. */
static void
test_published(void)
{
    static const int viridis[10] = {0x440154, 0x482878, 0x3e4a89, 0x31688e, 0x26828e,
                                    0x1f9e89, 0x35b779, 0x6dcd59, 0xb4de2c, 0xfde725};
    static const int magma[10] = {0x000004, 0x180f3e, 0x451077, 0x721f81, 0x9f2f7f,
                                  0xcd4071, 0xf1605d, 0xfd9567, 0xfec98d, 0xfcfdbf};
    for (int i = 0; i < 10; i++) {
        assert_near(moe_colour_at(MOE_COLOURS_VIRIDIS, i / 9.0), viridis[i]);
        assert_near(moe_colour_at(MOE_COLOURS_MAGMA, i / 9.0), magma[i]);
    }
}

/* Both halves equally dark at equal distance from the light centre; the ends differ to everyone. */
static void
test_diverging(void)
{
    MoeColour low = moe_colour_at(MOE_COLOURS_BLUE_RED, 0);
    MoeColour high = moe_colour_at(MOE_COLOURS_BLUE_RED, 1);
    Lab centre = lab(moe_colour_at(MOE_COLOURS_BLUE_RED, 0.5));
    g_assert_cmpfloat(centre.l, >, 95);
    g_assert_cmpfloat(hypot(centre.a, centre.b), <, 1);
    double last = centre.l;
    for (int i = 1; i <= 64; i++) {
        double left = lab(moe_colour_at(MOE_COLOURS_BLUE_RED, 0.5 - i / 128.0)).l;
        double right = lab(moe_colour_at(MOE_COLOURS_BLUE_RED, 0.5 + i / 128.0)).l;
        g_assert_cmpfloat(fabs(left - right), <, 1.5);
        g_assert_cmpfloat(left, <, last);
        last = left;
    }
    g_assert_cmpfloat(distance(lab(low), lab(high)), >, 60);
    g_assert_cmpfloat(distance(lab_without(low, no_red), lab_without(high, no_red)), >, 40);
    g_assert_cmpfloat(distance(lab_without(low, no_green), lab_without(high, no_green)), >, 40);
}

static void
test_qualitative(void)
{
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < i; j++) {
            MoeColour a = moe_colour_qualitative(i), b = moe_colour_qualitative(j);
            g_assert_cmpfloat(distance(lab(a), lab(b)), >, 25);
            g_assert_cmpfloat(distance(lab_without(a, no_red), lab_without(b, no_red)), >, 7);
            g_assert_cmpfloat(distance(lab_without(a, no_green), lab_without(b, no_green)), >, 7);
        }
    }
    g_assert_cmpint(hex(moe_colour_qualitative(9)), ==, hex(moe_colour_qualitative(1)));
    g_assert_cmpint(hex(moe_colour_qualitative(-1)), ==, hex(moe_colour_qualitative(7)));
}

static void
test_range(void)
{
    for (MoeColours map = 0; map < MOE_COLOURS_COUNT; map++) {
        g_assert_cmpint(hex(moe_colour_at(map, -1e300)), ==, hex(moe_colour_at(map, 0)));
        g_assert_cmpint(hex(moe_colour_at(map, INFINITY)), ==, hex(moe_colour_at(map, 1)));
        g_assert_cmpint(hex(moe_colour_at(map, NAN)), ==, hex(moe_colour_at(map, 0)));
    }
    g_assert_cmpstr(moe_colours_name(MOE_COLOURS_BLUE_RED), ==, "blue-red");
}

/* Pairs of Sharma, Wu & Dalal's test data that sRGB can show are few, so the formula is held to its
 * own limits, and to lightness alone, where it is simple. */
static void
test_difference(void)
{
    MoeColour black = {0, 0, 0}, white = {1, 1, 1}, red = {1, 0, 0}, green = {0, 1, 0};
    g_assert_cmpfloat(moe_colour_difference(red, red, MOE_SIGHT_COMMON), ==, 0);
    g_assert_cmpfloat_with_epsilon(moe_colour_difference(black, white, MOE_SIGHT_COMMON), 100,
                                   0.01);
    g_assert_cmpfloat_with_epsilon(moe_colour_difference(red, green, MOE_SIGHT_COMMON), 86.608,
                                   0.01);
    g_assert_cmpfloat(moe_colour_difference(red, green, MOE_SIGHT_COMMON), ==,
                      moe_colour_difference(green, red, MOE_SIGHT_COMMON));
    /* Reds and greens of one lightness come near each other without one kind of cone. */
    MoeColour brick = {0.62, 0.32, 0.1}, moss = {0.37, 0.45, 0.1};
    g_assert_cmpfloat(moe_colour_difference(brick, moss, MOE_SIGHT_DEUTAN), <,
                      moe_colour_difference(brick, moss, MOE_SIGHT_COMMON) / 2);
}

/* Neighbours of a large set stay apart for every kind of colour vision; 16 of them, and to a lesser
 * degree 64, all of them. */
static void
test_categories(void)
{
    static const int sizes[] = {16, 64, 256};
    static const double least[] = {12, 5, 1}, apart[] = {15, 12, 8};
    for (gsize s = 0; s < G_N_ELEMENTS(sizes); s++) {
        double nearest = INFINITY, neighbours = INFINITY;
        for (int i = 0; i < sizes[s]; i++) {
            MoeColour own = moe_colour_category(i, sizes[s]);
            for (int j = 0; j < i; j++) {
                MoeColour other = moe_colour_category(j, sizes[s]);
                nearest = MIN(nearest, moe_colour_difference(own, other, MOE_SIGHT_COMMON));
                for (int sight = 0; j == i - 1 && sight <= MOE_SIGHT_TRITAN; sight++)
                    neighbours = MIN(neighbours, moe_colour_difference(own, other, sight));
            }
        }
        g_test_message("%d colours: nearest %.1f, neighbours %.1f", sizes[s], nearest, neighbours);
        g_assert_cmpfloat(nearest, >, least[s]);
        g_assert_cmpfloat(neighbours, >, apart[s]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/colour/sequential", test_sequential);
    g_test_add_func("/colour/sequential-blindness", test_sequential_blindness);
    g_test_add_func("/colour/published", test_published);
    g_test_add_func("/colour/diverging", test_diverging);
    g_test_add_func("/colour/qualitative", test_qualitative);
    g_test_add_func("/colour/range", test_range);
    g_test_add_func("/colour/difference", test_difference);
    g_test_add_func("/colour/categories", test_categories);
    return g_test_run();
}

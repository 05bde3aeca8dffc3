/* SPDX-License-Identifier: MIT
 *
 * Colour maps as control points at equal distances in sRGB, joined by Catmull-Rom curves: within
 * 2/255 of the published tables at a fraction of their size.
 */
#include <moescope/figure.h>

#include <math.h>

#define MAX_POINTS 10

typedef struct ColourMap {
    const char *name;
    int n;
    uint32_t points[MAX_POINTS];
} ColourMap;

static const ColourMap maps[MOE_COLOURS_COUNT] = {
    [MOE_COLOURS_VIRIDIS] = {"viridis",
                             9,
                             {0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962,
                              0xaddc30, 0xfde725}},
    [MOE_COLOURS_CIVIDIS] = {"cividis",
                             10,
                             {0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74,
                              0xc3b369, 0xe1cc55, 0xfee838}},
    [MOE_COLOURS_MAGMA] = {"magma",
                           9,
                           {0x000004, 0x1d1147, 0x51127c, 0x832681, 0xb73779, 0xe75263, 0xfc8961,
                            0xfec488, 0xfcfdbf}},
    /* Straight in CIELAB lightness, 30 -> 96.5 -> 30; hues 272°-255° and 55°-28°. */
    [MOE_COLOURS_BLUE_RED] = {"blue-red",
                              9,
                              {0x01497c, 0x0173b7, 0x559fdd, 0xa3caf0, 0xf5f5f5, 0xf7b89e, 0xe37d61,
                               0xbe463a, 0x8c1622}},
};

/* Okabe & Ito's set without black, which text and axes have, and with a grey in its place. */
static const uint32_t qualitative[8] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                        0xe69f00, 0x56b4e9, 0x6b6b6b, 0xf0e442};

static double
channel(uint32_t colour, int shift)
{
    return ((colour >> shift) & 0xff) / 255.0;
}

static double
catmull_rom(double a, double b, double c, double d, double t)
{
    double v = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    return CLAMP(v, 0.0, 1.0);
}

static double
channel_at(const ColourMap *map, double t, int shift)
{
    double place = t * (map->n - 1);
    int i = MIN((int)place, map->n - 2);
    double b = channel(map->points[i], shift), c = channel(map->points[i + 1], shift);
    /* Beyond the ends the curve goes straight on. */
    double a = i > 0 ? channel(map->points[i - 1], shift) : 2 * b - c;
    double d = i + 2 < map->n ? channel(map->points[i + 2], shift) : 2 * c - b;
    return catmull_rom(a, b, c, d, place - i);
}

MoeColour
moe_colour_at(MoeColours colours, double t)
{
    g_return_val_if_fail(colours >= 0 && colours < MOE_COLOURS_COUNT, (MoeColour){0});
    const ColourMap *map = &maps[colours];
    t = t > 0 ? MIN(t, 1.0) : 0; /* NaN too */
    return (MoeColour){channel_at(map, t, 16), channel_at(map, t, 8), channel_at(map, t, 0)};
}

const char *
moe_colours_name(MoeColours colours)
{
    g_return_val_if_fail(colours >= 0 && colours < MOE_COLOURS_COUNT, "");
    return maps[colours].name;
}

MoeColour
moe_colour_qualitative(int i)
{
    uint32_t colour = qualitative[(i % 8 + 8) % 8];
    return (MoeColour){channel(colour, 16), channel(colour, 8), channel(colour, 0)};
}

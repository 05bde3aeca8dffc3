/* SPDX-License-Identifier: MIT
 *
 * Colours as eyes see them: CIELAB, the difference of two colours, other colour vision, and sets of
 * many colours.
 */
#include <moescope/scene.h>

#include <math.h>

typedef struct Lab {
    double l, a, b;
} Lab;

/* White of sRGB (D65, IEC 61966-2-1). */
static const double white[3] = {0.95047, 1, 1.08883};

static double
to_linear(double c)
{
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double
from_linear(double c)
{
    return c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055;
}

static void
multiply(const double m[3][3], const double in[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = m[i][0] * in[0] + m[i][1] * in[1] + m[i][2] * in[2];
}

/* --- CIELAB (CIE 15:2004) ---------------------------------------------------------------------*/

static const double rgb_to_xyz[3][3] = {{0.4124564, 0.3575761, 0.1804375},
                                        {0.2126729, 0.7151522, 0.0721750},
                                        {0.0193339, 0.1191920, 0.9503041}};
static const double xyz_to_rgb[3][3] = {{3.2404542, -1.5371385, -0.4985314},
                                        {-0.9692660, 1.8760108, 0.0415560},
                                        {0.0556434, -0.2040259, 1.0572252}};

static double
lab_forth(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static double
lab_back(double f)
{
    return f > 6.0 / 29 ? f * f * f : (116 * f - 16) * 27 / 24389;
}

static Lab
to_lab(const double linear[3])
{
    double xyz[3], f[3];
    multiply(rgb_to_xyz, linear, xyz);
    for (int i = 0; i < 3; i++)
        f[i] = lab_forth(xyz[i] / white[i]);
    return (Lab){116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

/* Whether a screen has the colour. */
static bool
from_lab(Lab lab, MoeColour *colour)
{
    double y = (lab.l + 16) / 116, rgb[3];
    const double xyz[3] = {white[0] * lab_back(y + lab.a / 500), white[1] * lab_back(y),
                           white[2] * lab_back(y - lab.b / 200)};
    multiply(xyz_to_rgb, xyz, rgb);
    bool inside = true;
    for (int i = 0; i < 3; i++)
        inside &= rgb[i] >= 0 && rgb[i] <= 1;
    for (int i = 0; i < 3; i++)
        rgb[i] = from_linear(CLAMP(rgb[i], 0.0, 1.0));
    *colour = (MoeColour){rgb[0], rgb[1], rgb[2]};
    return inside;
}

/* --- Difference -------------------------------------------------------------------------------*/

static double
hue_of(double a, double b)
{
    double degrees = a == 0 && b == 0 ? 0 : atan2(b, a) * 180 / G_PI;
    return degrees < 0 ? degrees + 360 : degrees;
}

static double
cosine(double degrees)
{
    return cos(degrees * G_PI / 180);
}

static double
power_7_ratio(double chroma)
{
    double c7 = pow(chroma, 7);
    return sqrt(c7 / (c7 + pow(25, 7)));
}

/* Sharma, Wu & Dalal 2005, equations 2 to 22. */
static double
ciede2000(Lab p, Lab q)
{
    double g = 0.5 * (1 - power_7_ratio((hypot(p.a, p.b) + hypot(q.a, q.b)) / 2));
    p.a *= 1 + g;
    q.a *= 1 + g;
    double c1 = hypot(p.a, p.b), c2 = hypot(q.a, q.b);
    double h1 = hue_of(p.a, p.b), h2 = hue_of(q.a, q.b), turn = h2 - h1;
    bool grey = c1 * c2 == 0;
    turn = grey ? 0 : turn > 180 ? turn - 360 : turn < -180 ? turn + 360 : turn;
    double dl = q.l - p.l, dc = c2 - c1, dh = 2 * sqrt(c1 * c2) * sin(turn / 2 * G_PI / 180);
    double l = (p.l + q.l) / 2, c = (c1 + c2) / 2, h = h1 + h2;
    if (!grey)
        h = fabs(h1 - h2) <= 180 ? h / 2 : h < 360 ? (h + 360) / 2 : (h - 360) / 2;
    double t = 1 - 0.17 * cosine(h - 30) + 0.24 * cosine(2 * h) + 0.32 * cosine(3 * h + 6) -
               0.20 * cosine(4 * h - 63);
    double off = (l - 50) * (l - 50), sl = 1 + 0.015 * off / sqrt(20 + off);
    double sc = 1 + 0.045 * c, sh = 1 + 0.015 * c * t, bend = (h - 275) / 25;
    double rt = -2 * power_7_ratio(c) * sin(60 * exp(-bend * bend) * G_PI / 180);
    return sqrt(dl / sl * (dl / sl) + dc / sc * (dc / sc) + dh / sh * (dh / sh) +
                rt * (dc / sc) * (dh / sh));
}

/* Machado, Oliveira & Fernandes 2009, severity 1, on linear sRGB. */
static const double sights[][3][3] = {
    [MOE_SIGHT_COMMON] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    [MOE_SIGHT_PROTAN] = {{0.152286, 1.052583, -0.204868},
                          {0.114503, 0.786281, 0.099216},
                          {-0.003882, -0.048116, 1.051998}},
    [MOE_SIGHT_DEUTAN] = {{0.367322, 0.860646, -0.227968},
                          {0.280085, 0.672501, 0.047413},
                          {-0.011820, 0.042940, 0.968881}},
    [MOE_SIGHT_TRITAN] = {{1.255528, -0.076749, -0.178779},
                          {-0.078411, 0.930809, 0.147602},
                          {0.004733, 0.691367, 0.303900}},
};

static Lab
seen(MoeColour colour, MoeSight sight)
{
    const double linear[3] = {to_linear(colour.r), to_linear(colour.g), to_linear(colour.b)};
    double rgb[3];
    multiply(sights[sight], linear, rgb);
    for (int i = 0; i < 3; i++)
        rgb[i] = CLAMP(rgb[i], 0.0, 1.0);
    return to_lab(rgb);
}

double
moe_colour_difference(MoeColour a, MoeColour b, MoeSight sight)
{
    return ciede2000(seen(a, sight), seen(b, sight));
}

/* --- Many colours -----------------------------------------------------------------------------*/

/* The colour of that lightness and hue (degrees) with as much chroma as screens have, up to most.
 */
static MoeColour
vivid(double lightness, double hue, double most)
{
    MoeColour colour;
    for (double chroma = most; chroma > 0; chroma -= 2) {
        Lab lab = {lightness, chroma * cosine(hue), chroma * cosine(hue - 90)};
        if (from_lab(lab, &colour))
            return colour;
    }
    from_lab((Lab){lightness, 0, 0}, &colour);
    return colour;
}

MoeColour
moe_colour_category(int i, int n)
{
    /* Neighbours are far apart in lightness too, which every kind of colour vision sees. Seven
     * lightnesses and this turn keep 64 colours furthest apart, of those that were tried. */
    static const double lightness[] = {39, 66, 30, 75, 48, 84, 57}, turn = 112.5;
    if (n <= 8)
        return moe_colour_qualitative(i);
    /* After 112 the turn comes round: less chroma, lighter, hues between. */
    int round = i / 112;
    return vivid(lightness[i % (int)G_N_ELEMENTS(lightness)] + 3 * round,
                 fmod(250 + i * turn + 11 * round, 360),
                 round % 3 == 0   ? 70
                 : round % 3 == 1 ? 42
                                  : 24);
}

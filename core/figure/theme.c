/* SPDX-License-Identifier: MIT
 *
 * The themes. Paper widths are those of the conference styles; type is 6 to 8 points, what their
 * captions and footnotes have.
 */
#include "figure/theme.h"

#define GREY(v)       \
    {                 \
        (v), (v), (v) \
    }
#define ON_PAPER .paper = GREY(1), .ink = GREY(0.08), .soft = GREY(0.38), .faint = GREY(0.7)

/* Width in mm; dots an inch; sizes of type: title, labels, ticks; margin and gap; strokes of data
 * and of axes; then the colours. */
#define THEME(NAME, WIDTH, DPI, TITLE, LABEL, TICK, MARGIN, GAP, LINE, THIN, ...)              \
    {                                                                                          \
        .name = NAME, .width_mm = WIDTH, .dpi = DPI, .title_size = TITLE, .label_size = LABEL, \
        .tick_size = TICK, .margin = MARGIN, .gap = GAP, .line = LINE, .thin = THIN,           \
        .family = "DejaVu Sans", __VA_ARGS__                                                   \
    }

static const Theme themes[] = {
    THEME("paper-column", 82.5, 300, 0, 6.5, 5.5, 1.5, 6, 0.9, 0.4, ON_PAPER),
    THEME("paper-full", 139.7, 300, 0, 7, 6, 1.5, 8, 1, 0.4, ON_PAPER),
    THEME("acl-column", 77, 300, 0, 6.5, 5.5, 1.5, 6, 0.9, 0.4, ON_PAPER),
    THEME("acl-full", 160, 300, 0, 7.5, 6.5, 1.5, 8, 1, 0.4, ON_PAPER),
    THEME("icml-full", 171.5, 300, 0, 7.5, 6.5, 1.5, 8, 1, 0.4, ON_PAPER),
    /* Its paper is told from a white mark (svg-page.c). */
    THEME("report", 171.5, 200, 0, 7.5, 6.5, 1.5, 8, 1, 0.4, .paper = GREY(0.999),
          .ink = GREY(0.08), .soft = GREY(0.38), .faint = GREY(0.7), .most_cells = 2500),
    THEME("slide", 254, 150, 20, 15, 13, 16, 18, 2.6, 1, ON_PAPER),
    THEME("screen", 254, 144, 13, 10, 8.5, 14, 13, 1.5, 0.6, .paper = GREY(1), .ink = GREY(0.1),
          .soft = GREY(0.4), .faint = GREY(0.72)),
    THEME("dark", 254, 144, 13, 10, 8.5, 14, 13, 1.5, 0.6, .paper = {0.114, 0.118, 0.133},
          .ink = GREY(0.92), .soft = GREY(0.66), .faint = GREY(0.42), .contrast = 4.5),
};

const Theme *
moe__theme_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(themes); i++) {
        if (g_strcmp0(themes[i].name, name) == 0)
            return &themes[i];
    }
    return NULL;
}

const char *const *
moe_themes(void)
{
    static const char *names[G_N_ELEMENTS(themes) + 1];
    static gsize done = 0;
    if (g_once_init_enter(&done)) {
        for (size_t i = 0; i < G_N_ELEMENTS(themes); i++)
            names[i] = themes[i].name;
        g_once_init_leave(&done, 1);
    }
    return names;
}

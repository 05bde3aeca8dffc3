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
#define FAMILY "DejaVu Sans"

static const Theme themes[] = {
    {.name = "paper-column",
     .width_mm = 82.5,
     .dpi = 300,
     .title_size = 0,
     .label_size = 6.5,
     .tick_size = 5.5,
     .margin = 1.5,
     .gap = 6,
     .line = 0.9,
     .thin = 0.4,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.08),
     .soft = GREY(0.38),
     .faint = GREY(0.7)},
    {.name = "paper-full",
     .width_mm = 139.7,
     .dpi = 300,
     .title_size = 0,
     .label_size = 7,
     .tick_size = 6,
     .margin = 1.5,
     .gap = 8,
     .line = 1,
     .thin = 0.4,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.08),
     .soft = GREY(0.38),
     .faint = GREY(0.7)},
    {.name = "acl-column",
     .width_mm = 77,
     .dpi = 300,
     .title_size = 0,
     .label_size = 6.5,
     .tick_size = 5.5,
     .margin = 1.5,
     .gap = 6,
     .line = 0.9,
     .thin = 0.4,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.08),
     .soft = GREY(0.38),
     .faint = GREY(0.7)},
    {.name = "acl-full",
     .width_mm = 160,
     .dpi = 300,
     .title_size = 0,
     .label_size = 7.5,
     .tick_size = 6.5,
     .margin = 1.5,
     .gap = 8,
     .line = 1,
     .thin = 0.4,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.08),
     .soft = GREY(0.38),
     .faint = GREY(0.7)},
    {.name = "icml-full",
     .width_mm = 171.5,
     .dpi = 300,
     .title_size = 0,
     .label_size = 7.5,
     .tick_size = 6.5,
     .margin = 1.5,
     .gap = 8,
     .line = 1,
     .thin = 0.4,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.08),
     .soft = GREY(0.38),
     .faint = GREY(0.7)},
    {.name = "slide",
     .width_mm = 254,
     .dpi = 150,
     .title_size = 20,
     .label_size = 15,
     .tick_size = 13,
     .margin = 16,
     .gap = 18,
     .line = 2.6,
     .thin = 1,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.08),
     .soft = GREY(0.38),
     .faint = GREY(0.7)},
    {.name = "screen",
     .width_mm = 254,
     .dpi = 144,
     .title_size = 13,
     .label_size = 10,
     .tick_size = 8.5,
     .margin = 14,
     .gap = 13,
     .line = 1.5,
     .thin = 0.6,
     .family = FAMILY,
     .paper = GREY(1),
     .ink = GREY(0.1),
     .soft = GREY(0.4),
     .faint = GREY(0.72)},
    {.name = "dark",
     .width_mm = 254,
     .dpi = 144,
     .title_size = 13,
     .label_size = 10,
     .tick_size = 8.5,
     .margin = 14,
     .gap = 13,
     .line = 1.5,
     .thin = 0.6,
     .family = FAMILY,
     .paper = {0.114, 0.118, 0.133},
     .ink = GREY(0.92),
     .soft = GREY(0.66),
     .faint = GREY(0.42)},
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

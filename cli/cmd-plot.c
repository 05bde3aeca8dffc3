/* SPDX-License-Identifier: MIT
 *
 * moescope plot: figures of a trace.
 */
#include "cmd.h"
#include "util.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/figure.h>
#include <stdio.h>
#include <string.h>

/* Options that many figures have, which have flags of their own: --layers 0,4-7 is --set
 * layers=0,4-7. */
static const struct {
    const char *name, *takes, *help;
} common[] = {
    {"layers", "N,…", "only these layers, as 0,4-7; figures of one layer: this one"},
    {"experts", "N,…", "only these experts, likewise"},
    {"domains", "NAME,…", "only these domains; figures that show one, or all tokens: this domain"},
    {"steps", "STEP", "last, all, or the number of a snapshot"},
    {"sort", "ORDER", "index, load, domain, cluster or spread, as the figure has it"},
    {"norm", "NORM", "what numbers are relative to, as the figure has it"},
};
enum { COMMON = G_N_ELEMENTS(common) };

typedef struct {
    char **set;
    char *common[COMMON];
    char *out, *data, *theme, *where, *size;
    double width_mm, height_mm; /* of --size */
    double dpi;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->set);
    for (int i = 0; i < COMMON; i++)
        g_free(o->common[i]);
    g_free(o->out);
    g_free(o->data);
    g_free(o->theme);
    g_free(o->size);
    g_free(o->where);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool
choose_tokens(const MoeFigure *figure, MoeFigureInput *input, const char *where, GError **error)
{
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(where, error);
    if (!filter)
        return false;
    moe_figure_input_set_filter(input, filter);
    if (figure->common & MOE_FIGURE_STEPS)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s is of a run, not of tokens; --where can't choose from it", figure->name);
    return false;
}

static bool
set_all(const Options *o, MoeFigureOptions *options, GError **error)
{
    for (int i = 0; i < COMMON; i++) {
        g_autofree char *set =
            o->common[i] ? g_strconcat(common[i].name, "=", o->common[i], NULL) : NULL;
        if (set && !moe_figure_options_set(options, set, error))
            return false;
    }
    for (char **set = o->set; set && *set; set++)
        if (!moe_figure_options_set(options, *set, error))
            return false;
    return true;
}

/* The flags of the common options, behind those that every figure takes. */
static void
add_common(Options *o, GOptionEntry *entries)
{
    while (entries->long_name)
        entries++;
    for (int i = 0; i < COMMON; i++)
        entries[i] = (GOptionEntry){
            common[i].name,  0, 0, G_OPTION_ARG_STRING, &o->common[i], common[i].help,
            common[i].takes,
        };
}

static MoeScene *
build(const Options *o, const MoeFigure *figure, char **paths, GError **error)
{
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    if (!set_all(o, options, error))
        return NULL;
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    for (; *paths; paths++)
        if (!moe_figure_input_open(input, *paths, NULL, error))
            return NULL;
    if (o->where && !choose_tokens(figure, input, o->where, error))
        return NULL;
    g_autoptr(MoeScene) scene = moe_figure_build(figure, input, options, error);
    if (scene && o->theme && !moe_scene_set_theme(scene, o->theme, error))
        return NULL;
    if (scene)
        moe_scene_set_size(scene, o->width_mm, o->height_mm);
    return g_steal_pointer(&scene);
}

static int
run(const Options *o, const char *name, char **paths)
{
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find(name, &error);
    if (!figure)
        return cmd_fail(error);
    g_autoptr(MoeScene) scene = build(o, figure, paths, &error);
    if (!scene || (o->out && !moe_scene_save(scene, o->out, o->dpi, &error)))
        return cmd_fail(error);
    g_autofree char *csv = o->data ? moe_scene_to_csv(scene) : NULL;
    if (csv && !moe_file_replace(o->data, csv, strlen(csv), &error))
        return cmd_fail(error);
    return CMD_OK;
}

#define LONGEST_SIDE 5000 /* mm */

/* A number and what follows it. */
static bool
take_length(const char **text, double *length)
{
    char *end;
    *length = g_ascii_strtod(*text, &end);
    bool good = end > *text && *length > 0 && isfinite(*length);
    *text = end;
    return good;
}

/* "140", "140x80", "2000x1000px": of pixels --dpi says how large they are. */
static bool
take_size(Options *o, int *status)
{
    const char *rest = o->size;
    if (!o->size)
        return true;
    bool good = take_length(&rest, &o->width_mm);
    if (good && *rest == 'x') {
        rest++;
        good = take_length(&rest, &o->height_mm);
    }
    bool pixels = strcmp(rest, "px") == 0;
    double mm = pixels && o->dpi > 0 ? 25.4 / o->dpi : 1;
    o->width_mm *= mm;
    o->height_mm *= mm;
    if (!good || (*rest && !pixels) || o->width_mm > LONGEST_SIDE || o->height_mm > LONGEST_SIDE)
        *status =
            cmd_usage("found --size %s, expected mm as 140 or 140x80, up to %d, or 2000x1000px",
                      o->size, LONGEST_SIDE);
    else if (pixels && o->dpi == 0)
        *status =
            cmd_usage("found --size %s without --dpi, which says how large a pixel is", o->size);
    return *status == CMD_OK;
}

/* Flags that every figure takes, at most. */
#define PLAIN 12

/* Of small files the counting takes less time than threads do to start. */
#define SMALL_BYTES (16 << 20)

static void
choose_threads(char **paths)
{
    goffset bytes = 0;
    for (; *paths; paths++) {
        GStatBuf status;
        bytes +=
            g_stat(*paths, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : SMALL_BYTES;
    }
    if (bytes < SMALL_BYTES)
        moe_set_threads(1);
}

/* All there are. */
static const char *
theme_help(void)
{
    g_autofree char *names = g_strjoinv(" | ", (char **)moe_themes());
    g_autofree char *help = g_strconcat(names, " (default: paper-full)", NULL);
    return g_intern_string(help);
}

int
cmd_plot(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "FIGURE TRACE…",
        .about = "Draws FIGURE of TRACE (a trace, a run's folder, a summary, or for some figures "
                 "a model's .safetensors; several where the figure compares) as PNG, SVG, PDF or "
                 "EPS. \"moescope figures\" lists the figures, "
                 "\"moescope figures FIGURE\" the options of one.",
        .examples =
            "moescope plot load first.npz --out load.pdf\n"
            "moescope plot text first.npz --theme paper-column --out text.svg --data text.csv\n"
            "moescope plot load first.npz --set norm=log2 --size 2000x1000px --dpi 200 --out "
            "load.png\n",
        .most = -1,
    };
    g_auto(Options) o = {0};
    GOptionEntry entries[PLAIN + COMMON + 1] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the picture: .png, .svg, .pdf or .eps",
         "FILE"},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &o.data, "the numbers behind it, as CSV", "FILE"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.set,
         "an option of the figure; may be repeated", "NAME=VALUE"},
        {"where", 'w', 0, G_OPTION_ARG_STRING, &o.where, CMD_WHERE, "WORDS"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &o.theme, theme_help(), "NAME"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &o.size,
         "in mm, or in pixels as 2000x1000px (default: as wide as the theme, as high as suits)",
         "W[xH]"},
        {"dpi", 0, 0, G_OPTION_ARG_DOUBLE, &o.dpi, "dots an inch of a PNG (default: the theme's)",
         "N"},
    };
    add_common(&o, entries);
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (argc == 1)
        return cmd_usage("found no FIGURE; \"moescope figures\" lists them");
    if (argc == 2)
        return cmd_usage("found FIGURE but no TRACE");
    if (!o.out && !o.data)
        return cmd_usage("found no --out, expected the name of the picture to write");
    if (!(o.dpi >= 0 && o.dpi <= 2400))
        return cmd_usage("found --dpi %g, expected up to 2400, or 0 for the theme's own", o.dpi);
    if (!take_size(&o, &status))
        return status;
    choose_threads(argv + 2);
    return run(&o, argv[1], argv + 2);
}

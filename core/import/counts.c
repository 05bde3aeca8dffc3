/* SPDX-License-Identifier: MIT
 *
 * A summary under way: picks as files have them, and the units that follow from them and k.
 */
#include "import/counts.h"

#include "import/door.h"
#include "import/pt.h"
#include "import/stream.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

#define I64 G_GINT64_FORMAT

/* Most counts of experts, over layers and domains: 32 bytes each. */
#define CELLS_MAX ((int64_t)1 << 24)

/* All picks of an import; twice as many still fit. */
#define PICKS_MAX ((int64_t)1 << 62)

/* --- What importers share ---------------------------------------------------------------------*/

bool
moe__count_real(double value, int64_t *count)
{
    if (!(value >= 0 && value <= (double)MOE_COUNT_MAX) || value != floor(value))
        return false;
    *count = (int64_t)value;
    return true;
}

bool
moe__count_value(const MoeValues *values, int64_t i, int64_t *count)
{
    if (moe__values_integer(values, i, count))
        return *count >= 0 && *count <= MOE_COUNT_MAX;
    return moe__count_real(moe__values_number(values, i), count);
}

void
moe__count_apportion(const double *exact, int n, int64_t total, int64_t most, int64_t *whole)
{
    int64_t left = total;
    for (int e = 0; e < n; e++) {
        whole[e] = (int64_t)floor(exact[e]);
        left -= whole[e];
    }
    for (; left > 0; left--) {
        int best = -1;
        double remains = -INFINITY;
        for (int e = 0; e < n; e++)
            if (whole[e] < most && exact[e] - (double)whole[e] > remains) {
                remains = exact[e] - (double)whole[e];
                best = e;
            }
        if (best < 0)
            return; /* all are full */
        whole[best]++;
    }
}

int *
moe__count_layers(const MoeImport *import, int n, GError **error)
{
    const MoeImportOptions *options = import->options;
    if (options->n_layers > 0 && options->n_layers != n) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the files have %d layers, --layers names %d",
                    n, options->n_layers);
        return NULL;
    }
    int *layers = g_new(int, (gsize)MAX(n, 1));
    for (int i = 0; i < n; i++)
        layers[i] = options->n_layers > 0 ? options->layers[i] : i;
    return layers;
}

bool
moe__count_domains(const MoeImport *import, GError **error)
{
    if (import->files->len < 2 || import->options->n_domains > 0)
        return true;
    g_set_error(
        error, MOE_ERROR, MOE_ERROR_DATA,
        "nothing in these %u files says what their texts are, so that their counts would be "
        "added up: give --domain NAME once a file (--domain '{file}' takes the names of "
        "the files, --domain NAME once for all adds them up)",
        import->files->len);
    return false;
}

MoePyDoc *
moe__count_open(const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return NULL;
    if (gzdirect(stream->gz))
        return moe__pt_open(path, error);
    while (moe__stream_more(stream))
        ;
    if (stream->error) {
        g_propagate_error(error, g_error_copy(stream->error));
        return NULL;
    }
    g_autoptr(GBytes) bytes = g_bytes_new(stream->bytes, stream->end);
    return moe__pt_read(bytes, stream->path, error);
}

bool
moe__count_progress(MoeImport *import, int file, GError **error)
{
    const int64_t *before = (const int64_t *)(const void *)import->sizes->data;
    return moe_import_progress(import, file, before[file + 1] - before[file], error);
}

/* --- Picks ------------------------------------------------------------------------------------*/

MoeSummary *
moe_import_begin_summary(MoeImport *import, const MoeImportShape *shape, unsigned tallies,
                         GError **error)
{
    MoeRouterInfo info;
    if (!moe__import_describe(import, shape, true, &info, error))
        return NULL;
    int64_t cells = (int64_t)import->n_routers * info.experts, slots = import->names->len + 1;
    if (cells * slots > CELLS_MAX) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %d layers of %d experts in %u domains, expected at most 2^24 counts",
                    import->n_routers, info.experts, import->names->len);
        return NULL;
    }
    import->model = g_strdup(shape->model);
    import->summary = moe_summary_new(import->routers, import->n_routers,
                                      (const char *const *)import->names->pdata,
                                      (int)import->names->len, tallies);
    return import->summary;
}

bool
moe_import_picks(MoeImport *import, int router, int domain, int64_t block, int64_t expert,
                 int64_t picks, GError **error)
{
    const MoeRouterInfo *info = &import->routers[router];
    if (expert < 0 || expert >= info->experts) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "layer %d: found expert %" I64 ", expected 0 … %d (--experts %d)", info->layer,
                    expert, info->experts - 1, info->experts);
        return false;
    }
    if (picks < 0 || picks > PICKS_MAX - import->counted) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "layer %d, expert %" I64 ": found %" I64
                    " picks, expected 0 or more, and at most 2^62 in all",
                    info->layer, expert, picks);
        return false;
    }
    import->counted += picks;
    MoeSummaryCell *cell =
        moe_summary_fill_group(import->summary, router, domain, (int)(block & INT32_MAX));
    cell->count[expert] += picks;
    return true;
}

void
moe_import_keep(MoeImport *import, const char *name, const char *json)
{
    g_string_append_printf(import->kept, ", \"%s\": %s", name, json);
}

/* --- Units ------------------------------------------------------------------------------------*/

/* Cells whose units don't make k picks each. */
typedef struct Odd {
    int64_t cells, picks, units; /* picks, units: of the first */
    int layer;
} Odd;

/* Sets how many units there are: as many as first choices where files tell these of every unit,
 * else what picks by k make. With k 1 every pick is a first choice. */
static void
set_units(MoeSummaryCell *cell, int k)
{
    int64_t first = 0;
    for (int e = 0; e < cell->experts; e++) {
        cell->first[e] = k == 1 ? cell->count[e] : cell->first[e];
        first += cell->first[e];
    }
    cell->units = MAX(first, cell->picks / k + (cell->picks % k > 0));
}

/* Parts the picks among the units as evenly as can be: all make k where that fits. */
static void
set_making(MoeSummaryCell *cell)
{
    int64_t each = cell->picks / cell->units, more = cell->picks % cell->units;
    memset(cell->making, 0, sizeof *cell->making * (gsize)(cell->experts + 1));
    cell->making[each] = cell->units - more;
    if (more > 0)
        cell->making[each + 1] = more;
}

/* Makes units of picks. Fails where a unit would have picked an expert twice. */
static bool
settle_cell(const MoeImport *import, int router, MoeSummaryCell *cell, Odd *odd, GError **error)
{
    const MoeRouterInfo *info = &import->routers[router];
    int k = info->k, busiest = 0;
    cell->picks = 0;
    for (int e = 0; e < cell->experts; e++) {
        cell->picks += cell->count[e];
        busiest = cell->count[e] > cell->count[busiest] ? e : busiest;
    }
    if (k <= 0 || cell->picks == 0)
        return true;
    set_units(cell, k);
    if (cell->count[busiest] > cell->units) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "layer %d: found %" I64 " picks of expert %d, but %" I64
                    " picks by k = %d are %" I64 " tokens, expected one pick a token (--k)",
                    info->layer, cell->count[busiest], busiest, cell->picks, k, cell->units);
        return false;
    }
    set_making(cell);
    if (cell->picks != k * cell->units && odd->cells++ == 0) {
        odd->picks = cell->picks;
        odd->units = cell->units;
        odd->layer = info->layer;
    }
    return true;
}

static bool
settle_units(MoeImport *import, GError **error)
{
    Odd odd = {0};
    for (int r = 0; r < import->n_routers; r++)
        for (int d = MOE_DOMAIN_UNKNOWN; d < (int)import->names->len; d++)
            for (int g = 0; g < MOE_SUMMARY_GROUPS; g++)
                if (!settle_cell(import, r, moe_summary_fill_group(import->summary, r, d, g), &odd,
                                 error))
                    return false;
    if (odd.cells > 0)
        moe_import_note(import,
                        "layer %d: %" I64 " picks of %" I64
                        " tokens aren't k = %d each (dropped for capacity, or another k): the "
                        "others are taken to be spread evenly",
                        odd.layer, odd.picks, odd.units, import->k);
    return true;
}

/* Whether there is anything in it; sets the number of tokens. */
static bool
measure(MoeImport *import)
{
    bool load = false;
    for (int r = 0; r < import->n_routers; r++) {
        const MoeSummaryCell *cell = moe_summary_cell(import->summary, r, MOE_DOMAIN_ALL);
        load = load || cell->picks > 0;
        for (int e = 0; e < cell->experts && !load; e++)
            load = cell->gate_sum[e] != 0;
        import->tokens = MAX(import->tokens, cell->units);
    }
    return load;
}

bool
moe__import_finish_summary(MoeImport *import, const char *out, GError **error)
{
    if (!settle_units(import, error))
        return false;
    moe_summary_settle(import->summary);
    if (!measure(import)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no pick in the files");
        return false;
    }
    const MoeImportShape shape = {.model = import->model};
    g_autofree char *extra = moe__import_extra(import, &shape);
    return moe_summary_save(import->summary, out, extra, error);
}

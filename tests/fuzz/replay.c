/* SPDX-License-Identifier: MIT
 *
 * replay.c: gives a target each file named on the command line: whole, cut off, and with flipped
 * bits, bytes set to extremes, and pieces moved. Always the same inputs, so that a failure can be
 * repeated; whatever is printed last, with -v, is the one that failed.
 */
#include "fuzz.h"

#include <moescope/base.h>

#include <stdio.h>
#include <string.h>

enum { CUTS = 200, CHANGES = 400, HEAD = 512 };

static bool verbose;
static int64_t n_inputs;

static void
give(const char *path, const char *what, size_t n, const uint8_t *data, size_t size)
{
    if (verbose)
        fprintf(stderr, "%s: %s %zu\n", path, what, n);
    uint8_t *copy = g_memdup2(data, size); /* ends where its heap block ends: sanitizers see it */
    LLVMFuzzerTestOneInput(copy, size);
    g_free(copy);
    n_inputs++;
}

/* Half of all places are within the first bytes, where headers are. */
static size_t
place(MoeRng *rng, size_t size)
{
    return (size_t)moe_rng_below(rng, moe_rng_u32(rng) % 2 ? MIN(size, HEAD) : size);
}

static void
change(MoeRng *rng, uint8_t *data, size_t size)
{
    static const uint8_t extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    size_t at = place(rng, size), from = place(rng, size);
    switch (moe_rng_u32(rng) % 4) {
    case 0:
        data[at] = extremes[moe_rng_below(rng, sizeof extremes)];
        break;
    case 1: {
        size_t n = (size_t)moe_rng_below(rng, 16); /* MIN evaluates twice */
        memmove(data + at, data + from, MIN(MIN(size - at, size - from), n));
        break;
    }
    default:
        data[at] ^= (uint8_t)(1 << moe_rng_below(rng, 8));
    }
}

static void
replay(const char *path, uint64_t stream)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size;
    if (!g_file_get_contents(path, &text, &size, &error))
        g_error("%s", error->message);
    const uint8_t *data = (const uint8_t *)text;
    give(path, "whole", 0, data, size);
    for (size_t i = 0; i < MIN(CUTS, size); i++)
        give(path, "cut", i, data, size <= CUTS ? i : size * i / CUTS);
    MoeRng rng = moe_rng(8, stream);
    for (size_t i = 0; i < CHANGES && size > 0; i++) {
        g_autofree uint8_t *copy = g_memdup2(data, size);
        for (uint32_t n = 1 + moe_rng_u32(&rng) % 4; n > 0; n--)
            change(&rng, copy, size);
        give(path, "change", i, copy, size);
    }
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else
            replay(argv[i], (uint64_t)i);
    }
    printf("%" G_GINT64_FORMAT " inputs\n", n_inputs);
    return n_inputs > 0 ? 0 : 1;
}

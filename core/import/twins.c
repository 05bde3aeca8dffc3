/* SPDX-License-Identifier: MIT */
#include "import/twins.h"

#include <string.h>

/* Mixes 64 bits into a sum: no defence against those who look for collisions, but fast. */
static uint64_t
mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 32;
}

void
moe__twin_add(MoeTwinSum *sum, const void *data, gsize size)
{
    const char *bytes = data;
    if (size == 0)
        return;
    *sum = mix(*sum, size + 1);
    for (gsize at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes + at, MIN(sizeof word, size - at));
        *sum = mix(*sum, word);
    }
    *sum = *sum ? *sum : 1;
}

MoeTwins *
moe__twins_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

const char *
moe__twins_enter(MoeTwins *twins, MoeTwinSum sum, const char *name)
{
    if (sum == 0)
        return NULL;
    const char *twin = g_hash_table_lookup(twins, &sum);
    if (!twin)
        g_hash_table_insert(twins, g_memdup2(&sum, sizeof sum), g_strdup(name));
    return twin;
}

/* SPDX-License-Identifier: MIT */
#include "import/twins.h"

struct MoeTwins {
    GHashTable *names; /* of the files, by the checksum of what they have */
    GChecksum *sum;
    bool any; /* something was added */
};

MoeTwins *
moe__twins_new(void)
{
    MoeTwins *twins = g_new0(MoeTwins, 1);
    twins->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    twins->sum = g_checksum_new(G_CHECKSUM_SHA256);
    return twins;
}

void
moe__twins_free(MoeTwins *twins)
{
    if (!twins)
        return;
    g_hash_table_unref(twins->names);
    g_checksum_free(twins->sum);
    g_free(twins);
}

void
moe__twins_add(MoeTwins *twins, const void *data, gsize size)
{
    twins->any = twins->any || size > 0;
    if (size > 0)
        g_checksum_update(twins->sum, data, (gssize)size);
}

const char *
moe__twins_end(MoeTwins *twins, const char *name)
{
    g_autofree char *sum = g_strdup(g_checksum_get_string(twins->sum));
    bool any = twins->any;
    g_checksum_reset(twins->sum);
    twins->any = false;
    if (!any)
        return NULL;
    const char *twin = g_hash_table_lookup(twins->names, sum);
    if (!twin)
        g_hash_table_insert(twins->names, g_steal_pointer(&sum), g_strdup(name));
    return twin;
}

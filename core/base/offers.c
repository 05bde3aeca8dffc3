/* SPDX-License-Identifier: MIT */
#include "base/offers.h"

#include <string.h>

const void *
moe__offer_find(const GPtrArray *offers, const char *name)
{
    for (guint i = 0; i < offers->len; i++) {
        const MoeOffer *offer = offers->pdata[i];
        if (g_str_equal(offer->name, name))
            return offer;
    }
    return NULL;
}

static bool
good_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return name && *name && strspn(name, letters) == strlen(name);
}

bool
moe__offer_add(GPtrArray *offers, const char *kind, const MoeOffer *offer, size_t size,
               const char *lacks, GError **error)
{
    bool ours = offer->struct_size == size, named = ours && good_name(offer->name);
    g_autofree char *missing = lacks ? g_strconcat("lacks ", lacks, NULL) : NULL;
    const char *fault = !ours    ? "is of another version of the interface"
                        : !named ? "has no name of small letters, digits and '-'"
                        : lacks  ? missing
                        : moe__offer_find(offers, offer->name) ? "has a name that is taken"
                                                               : NULL;
    if (!fault) {
        g_ptr_array_add(offers, (void *)offer);
        return true;
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "%s %s %s", kind,
                named ? offer->name : "without a name", fault);
    return false;
}

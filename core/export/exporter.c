/* SPDX-License-Identifier: MIT
 *
 * The list of exporters.
 */
#include "export/exporters.h"

#include <string.h>

static GPtrArray *
list(void)
{
    static GPtrArray *exporters;
    if (!exporters)
        exporters = g_ptr_array_new();
    return exporters;
}

const MoeExporter *const *
moe_exporters(int *n)
{
    *n = (int)list()->len;
    return (const MoeExporter *const *)list()->pdata;
}

const MoeExporter *
moe_exporter_find(const char *name)
{
    for (guint i = 0; i < list()->len; i++) {
        const MoeExporter *exporter = list()->pdata[i];
        if (g_str_equal(exporter->name, name))
            return exporter;
    }
    return NULL;
}

static bool
good_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return name && *name && strspn(name, letters) == strlen(name);
}

/* What is wrong with it; NULL: nothing. */
static const char *
find_fault(const MoeExporter *exporter)
{
    if (exporter->struct_size != sizeof *exporter)
        return "is of another version of the interface";
    if (!good_name(exporter->name))
        return "has no name of small letters, digits and '-'";
    if (!exporter->help || !exporter->reader || (!exporter->write && !exporter->write_summary))
        return "lacks help, reader or write";
    return moe_exporter_find(exporter->name) ? "has a name that is taken" : NULL;
}

bool
moe_exporter_register(const MoeExporter *exporter, GError **error)
{
    const char *fault = find_fault(exporter);
    if (!fault) {
        g_ptr_array_add(list(), (void *)exporter);
        return true;
    }
    bool named = exporter->struct_size == sizeof *exporter && good_name(exporter->name);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "exporter %s %s",
                named ? exporter->name : "without a name", fault);
    return false;
}

void
moe__export_register(void)
{
    static const MoeExporter *const built_in[] = {
        &moe__export_jsonl,    &moe__export_csv,        &moe__export_safetensors,
        &moe__export_eplb,     &moe__export_eplb_npy,   &moe__export_keep_list,
        &moe__export_hot_list, &moe__export_counts_csv,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(built_in); i++) {
        g_autoptr(GError) error = NULL;
        if (!moe_exporter_register(built_in[i], &error))
            g_error("%s", error->message);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * The list of exporters.
 */
#include "export/exporters.h"

#include "base/offers.h"

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
    return moe__offer_find(list(), name);
}

bool
moe_exporter_register(const MoeExporter *exporter, GError **error)
{
    /* Of a struct of another size nothing else can be read. */
    bool ours = exporter->struct_size == sizeof *exporter;
    bool lacks = ours && (!exporter->help || !exporter->reader ||
                          (!exporter->write && !exporter->write_summary));
    return moe__offer_add(list(), "exporter", (const MoeOffer *)exporter, sizeof *exporter,
                          lacks ? "help, reader or write" : NULL, error);
}

void
moe__export_register(void)
{
    static const MoeExporter *const built_in[] = {
        &moe__export_jsonl,     &moe__export_csv,      &moe__export_safetensors,
        &moe__export_npz,       &moe__export_eplb,     &moe__export_eplb_npy,
        &moe__export_keep_list, &moe__export_hot_list, &moe__export_counts_csv,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(built_in); i++) {
        g_autoptr(GError) error = NULL;
        if (!moe_exporter_register(built_in[i], &error))
            g_error("%s", error->message);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * What a plugin brings, checked whole and only then taken in: the registry has no way back.
 */
#include "plugin/plugin.h"

#include "moe/parts.h"

static bool
refuse(GError **error, const char *why)
{
    g_set_error_literal(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, why);
    return false;
}

bool
moe__plugin_check_description(const MoePlugin *plugin, GError **error)
{
    if (plugin->struct_size != sizeof(MoePlugin)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "the plugin is described by %zu bytes, expected %zu", plugin->struct_size,
                    sizeof(MoePlugin));
        return false;
    }
    if (!plugin->name || !plugin->version || !plugin->help)
        return refuse(error, "the plugin has no name, version or help");
    if (plugin->n_parts < 0 || (plugin->n_parts > 0 && !plugin->parts) || plugin->n_presets < 0 ||
        (plugin->n_presets > 0 && !plugin->presets))
        return refuse(error, "the plugin's list of parts or presets is missing");
    if (plugin->n_parts + plugin->n_presets == 0 && !plugin->add)
        return refuse(error, "the plugin brings neither parts nor presets, nor adds anything");
    return true;
}

static bool
check_parts(const MoePlugin *plugin, GError **error)
{
    for (int i = 0; i < plugin->n_parts; i++) {
        if (!plugin->parts[i])
            return refuse(error, "a part of the plugin's list is missing");
        if (!moe__part_check(plugin->parts[i], error))
            return false;
    }
    return true;
}

/* Keys and presets, its parts' names among them, beside each other and beside those registered. */
static bool
check_additions(const MoePlugin *plugin, GError **error)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new(), presets = g_ptr_array_new();
    g_autofree MoePreset *choices = g_new(MoePreset, plugin->n_parts);
    for (int i = 0; i < plugin->n_parts; i++) {
        const MoePart *part = plugin->parts[i];
        for (int j = 0; j < part->n_fields; j++)
            g_ptr_array_add(fields, (gpointer)&part->fields[j]);
        choices[i] = moe__part_choice(part);
        g_ptr_array_add(presets, &choices[i]);
    }
    for (int i = 0; i < plugin->n_presets; i++)
        g_ptr_array_add(presets, (gpointer)&plugin->presets[i]);
    g_autofree char *problem = moe__additions_problem(&(MoeAdditions){fields, presets});
    return !problem || refuse(error, problem);
}

bool
moe__plugin_check(const MoePlugin *plugin, GError **error)
{
    return check_parts(plugin, error) && check_additions(plugin, error);
}

void
moe__plugin_register(const MoePlugin *plugin)
{
    for (int i = 0; i < plugin->n_parts; i++)
        moe__part_register(plugin->parts[i]);
    moe_presets_add(plugin->presets, plugin->n_presets);
    if (plugin->add)
        plugin->add();
}

/* SPDX-License-Identifier: MIT
 *
 * The registry of parts. Built-ins (builtin.c) and plugins come through the same door.
 */
#include <moescope/moe.h>

static GPtrArray *parts[MOE_N_PLACES];

const char *
moe_place_name(MoePlace place)
{
    static const char *const names[MOE_N_PLACES] = {"split",   "score",  "select", "gate",
                                                    "experts", "branch", "balance"};
    g_return_val_if_fail((int)place >= 0 && place < MOE_N_PLACES, NULL);
    return names[place];
}

const char *
moe_place_key(MoePlace place)
{
    static const char *const keys[MOE_N_PLACES] = {"moe.split",  "moe.score",  "moe.select",
                                                   "moe.gate",   "moe.expert", "moe.branch",
                                                   "moe.balance"};
    g_return_val_if_fail((int)place >= 0 && place < MOE_N_PLACES, NULL);
    return keys[place];
}

/* The first slot that the part's place requires and that it leaves empty, or NULL. */
static const char *
missing_slot(const MoePart *part)
{
    const struct {
        MoePlace place;
        bool filled;
        const char *slot;
    } required[] = {
        {MOE_PLACE_SPLIT, part->shape != NULL, "shape"},
        {MOE_PLACE_SPLIT, part->split != NULL, "split"},
        {MOE_PLACE_SPLIT, part->join != NULL, "join"},
        {MOE_PLACE_SCORE, part->score != NULL, "score"},
        {MOE_PLACE_SELECT, part->select != NULL, "select"},
        {MOE_PLACE_GATE, part->gate != NULL, "gate"},
        {MOE_PLACE_EXPERTS, part->experts != NULL, "experts"},
        {MOE_PLACE_BRANCH, part->branch != NULL, "branch"},
        {MOE_PLACE_BALANCE, part->loss || part->prefer, "loss (or prefer)"},
        {MOE_PLACE_BALANCE, !part->loss || part->coefficient, "coefficient"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(required); i++)
        if (required[i].place == part->place && !required[i].filled)
            return required[i].slot;
    return NULL;
}

bool
moe_part_add(const MoePart *part, GError **error)
{
    const char *name = part->name ? part->name : "(no name)";
    if (part->struct_size != sizeof(MoePart) || (int)part->place < 0 ||
        part->place >= MOE_N_PLACES || !part->name || !part->help) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "part %s: its description does not fit this version of the library", name);
        return false;
    }
    const char *missing = missing_slot(part);
    if (missing) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "part %s (%s): the slot '%s' is required and empty", name,
                    moe_place_name(part->place), missing);
        return false;
    }
    if (moe_part_find(part->place, name)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "part %s (%s): the name is taken",
                    name, moe_place_name(part->place));
        return false;
    }
    if (!parts[part->place])
        parts[part->place] = g_ptr_array_new();
    moe_fields_add(part->fields, part->n_fields);
    g_ptr_array_add(parts[part->place], (gpointer)part);
    /* A preset that sets nothing: a choice that the key takes, with a line of help. */
    MoePreset choice = {moe_place_key(part->place), part->name, "", part->help};
    moe_presets_add(&choice, 1);
    return true;
}

const MoePart *
moe_part_find(MoePlace place, const char *name)
{
    int n;
    const MoePart *const *list = moe_parts_list(place, &n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(list[i]->name, name))
            return list[i];
    return NULL;
}

const MoePart *const *
moe_parts_list(MoePlace place, int *n)
{
    *n = parts[place] ? (int)parts[place]->len : 0;
    return parts[place] ? (const MoePart *const *)parts[place]->pdata : NULL;
}

/* SPDX-License-Identifier: MIT
 *
 * What the pieces of marks stand for: told by their panel, their ink, their place on the axes, and
 * by themselves.
 */
#include "figure/keys.h"

#include <math.h>

static const char *const names[] = {"layer", "expert", "slot",   "head",
                                    "token", "step",   "domain", "lag"};

/* The name of a key that `text` begins with, or NULL. */
static const char *
known(const char *text, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
            return names[i];
    return NULL;
}

static bool
is_number(const char *text, double *number)
{
    char *end;
    *number = g_ascii_strtod(text, &end);
    return end > text && *end == 0;
}

MoeKey
moe__title_key(const char *title)
{
    const char *blank = title ? strchr(title, ' ') : NULL;
    MoeKey key = {NULL, NAN, NULL};
    if (blank && is_number(blank + 1, &key.number))
        key.name = known(title, (gsize)(blank - title));
    return key;
}

const char *
moe__axis_key_name(const MoeAxis *axis)
{
    return axis->key ? axis->key : axis->label ? known(axis->label, strlen(axis->label)) : NULL;
}

ReachKey
moe__band_key(const MoeAxis *axis, const char *name, int band)
{
    ReachKey found = {{name, NAN, NULL}, 0};
    if (band < 0 || band >= axis->bands)
        found.key.name = NULL;
    else if (axis->numbers)
        found.key.number = axis->numbers[band];
    else if (!axis->names)
        found = (ReachKey){{found.key.name, axis->first + band * axis->step, NULL}, axis->step / 2};
    else {
        found.key.text = axis->names[band];
        if (!is_number(axis->names[band], &found.key.number))
            found.key.number = NAN;
    }
    return found;
}

ReachKey
moe__axis_key(const MoeAxis *axis, double place)
{
    const char *name = isfinite(place) ? moe__axis_key_name(axis) : NULL;
    if (name && axis->type == MOE_AXIS_BAND)
        return moe__band_key(axis, name, (int)floor(place));
    return (ReachKey){{name, place, NULL}, 0};
}

static void
append(KeyList *keys, ReachKey key)
{
    if (key.key.name && (key.key.text || isfinite(key.key.number)))
        keys->key[keys->n++] = key;
}

void
moe__keys_of(const Panel *panel, const Mark *mark, int piece, const Place *place, KeyList *keys)
{
    const MarkClass *kind = moe__mark_class(mark->type);
    const MoeInk *ink = moe__mark_ink(mark);
    keys->n = 0;
    for (int i = 0; i < panel->n_keys; i++)
        append(keys, (ReachKey){panel->keys[i], 0});
    if (ink)
        append(keys, (ReachKey){ink->key, 0});
    append(keys, moe__axis_key(&panel->y, place->y));
    append(keys, moe__axis_key(&panel->x, place->x));
    for (int i = 0; kind->key && i < PIECE_KEYS; i++)
        append(keys, (ReachKey){kind->key(mark, piece, i), 0});
}

bool
moe__key_wanted(const char *name, const MoeKey *wanted, int n)
{
    for (int i = 0; name && i < n; i++)
        if (g_strcmp0(wanted[i].name, name) == 0)
            return true;
    return false;
}

bool
moe__key_is(const ReachKey *key, const MoeKey *wanted, int n)
{
    for (int i = 0; i < n; i++) {
        if (g_strcmp0(wanted[i].name, key->key.name) != 0)
            continue;
        bool numbers = isfinite(wanted[i].number) && isfinite(key->key.number);
        /* A band ends where the next begins: half of its width belongs to it at one side alone. */
        double off = wanted[i].number - key->key.number;
        if (numbers ? off == 0 || (off >= -key->reach && off < key->reach)
                    : wanted[i].text && g_strcmp0(wanted[i].text, key->key.text) == 0)
            return true;
    }
    return false;
}

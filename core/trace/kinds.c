/* SPDX-License-Identifier: MIT
 *
 * kinds.c: which experts of a router are of which kind.
 */
#include <moescope/kinds.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 32 };

static int
find(const GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (g_str_equal(names->pdata[i], name))
            return (int)i;
    return -1;
}

/* Takes "NAME:COUNT" and the comma behind it off the front; NULL if that isn't there. (transfer
 * full) */
static char *
take(const char **text, int most, int *count)
{
    size_t length = strspn(*text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-");
    const char *number = *text + length + 1;
    if (length == 0 || length > NAME_MAX_LENGTH || (*text)[length] != ':')
        return NULL;
    size_t digits = strspn(number, G_CSET_DIGITS);
    gint64 value = digits > 0 && digits <= 6 ? g_ascii_strtoll(number, NULL, 10) : 0;
    const char *end = number + digits;
    if (value < 1 || value > most || (*end && *end != ',') || (*end == ',' && !end[1]))
        return NULL;
    char *name = g_strndup(*text, length);
    *count = (int)value;
    *text = *end ? end + 1 : end;
    return name;
}

MoeKinds *
moe_kinds_parse(const char *text, int experts, GError **error)
{
    const char *at = text;
    int filled = 0;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MoeKinds) kinds = g_new0(MoeKinds, 1);
    kinds->n_of = experts;
    kinds->of = g_new(int, (gsize)experts);
    while (*at) {
        int count = 0;
        g_autofree char *name = take(&at, experts - filled, &count);
        if (!name)
            break;
        int kind = find(names, name);
        if (kind < 0) {
            kind = (int)names->len;
            g_ptr_array_add(names, g_steal_pointer(&name));
        }
        for (int i = 0; i < count; i++)
            kinds->of[filled++] = kind;
    }
    if (*at || filled != experts) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "found kinds of experts \"%.200s\", expected kinds of all %d in the order of "
                    "their ids, such as ffn:%d,zero:%d",
                    text, experts, MAX(experts - 1, 1), experts > 1);
        return NULL;
    }
    kinds->n = (int)names->len;
    kinds->experts = g_new0(int, (gsize)kinds->n);
    for (int e = 0; e < experts; e++)
        kinds->experts[kinds->of[e]]++;
    g_ptr_array_add(names, NULL);
    kinds->name = (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return g_steal_pointer(&kinds);
}

MoeKinds *
moe_kinds_of(const MoeRouterInfo *router)
{
    return router->kinds ? moe_kinds_parse(router->kinds, router->experts, NULL) : NULL;
}

void
moe_kinds_free(MoeKinds *kinds)
{
    if (!kinds)
        return;
    g_strfreev(kinds->name);
    g_free(kinds->experts);
    g_free(kinds->of);
    g_free(kinds);
}

int
moe_kinds_find(const MoeKinds *kinds, const char *name)
{
    for (int i = 0; i < kinds->n; i++)
        if (g_str_equal(kinds->name[i], name))
            return i;
    return -1;
}

/* SPDX-License-Identifier: MIT
 *
 * token-filter.c: filters of tokens, in words and back.
 */
#include <moescope/token-filter.h>
#include <string.h>

void
moe_token_filter_free(MoeTokenFilter *filter)
{
    if (!filter)
        return;
    g_strfreev(filter->domains);
    g_free((gpointer)filter->ids);
    g_free(filter->text);
    g_free(filter);
}

MoeTokenFilter *
moe_token_filter_copy(const MoeTokenFilter *filter)
{
    if (!filter)
        return NULL;
    MoeTokenFilter *copy = g_memdup2(filter, sizeof *filter);
    copy->domains = g_strdupv(filter->domains);
    copy->ids = g_memdup2(filter->ids, (gsize)filter->n_ids * sizeof *filter->ids);
    copy->text = g_strdup(filter->text);
    return copy;
}

/* --- From words -------------------------------------------------------------------------------*/

static bool
parse_number(const char *text, gsize length, int32_t *out)
{
    g_autofree char *digits = g_strndup(text, length);
    guint64 number;
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT32, &number, NULL))
        return false;
    *out = (int32_t)number;
    return true;
}

/* "12", "3-7", "128-". */
static bool
parse_range(const char *text, bool *given, int32_t *first, int32_t *last)
{
    gsize length = strcspn(text, "-");
    const char *end = text + length + 1;
    if (*given || !parse_number(text, length, first))
        return false;
    *given = true;
    *last = text[length] ? G_MAXINT32 : *first;
    return !text[length] || !*end || (parse_number(end, strlen(end), last) && *first <= *last);
}

/* Adds to those of an earlier word. */
static bool
parse_domains(const char *text, char ***domains)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    if (*domains)
        g_strv_builder_addv(builder, (const char **)*domains);
    for (char **name = names; *name; name++) {
        if (!**name)
            return false;
        g_strv_builder_add(builder, *name);
    }
    g_strfreev(*domains);
    *domains = g_strv_builder_end(builder);
    return *domains[0] != NULL;
}

static bool
parse_ids(const char *text, MoeTokenFilter *filter)
{
    g_auto(GStrv) numbers = g_strsplit(text, ",", -1);
    guint n = g_strv_length(numbers);
    int32_t *ids = g_new(int32_t, (gsize)filter->n_ids + n);
    for (int i = 0; i < filter->n_ids; i++)
        ids[i] = filter->ids[i];
    g_free((gpointer)filter->ids);
    filter->ids = ids;
    for (guint i = 0; i < n; i++)
        if (!parse_number(numbers[i], strlen(numbers[i]), &ids[filter->n_ids++]))
            return false;
    return n > 0;
}

static bool
parse_text(const char *text, bool ignore_case, MoeTokenFilter *filter)
{
    if (filter->text || !*text)
        return false;
    filter->text = g_strdup(text);
    filter->ignore_case = ignore_case;
    return true;
}

static bool
parse_word(const char *word, MoeTokenFilter *filter)
{
    const char *value = strchr(word, '=');
    if (!value++)
        return false;
    if (g_str_has_prefix(word, "domain="))
        return parse_domains(value, &filter->domains);
    if (g_str_has_prefix(word, "doc="))
        return parse_range(value, &filter->by_document, &filter->first_document,
                           &filter->last_document);
    if (g_str_has_prefix(word, "pos="))
        return parse_range(value, &filter->by_position, &filter->first_position,
                           &filter->last_position);
    if (g_str_has_prefix(word, "id="))
        return parse_ids(value, filter);
    if (g_str_has_prefix(word, "text="))
        return parse_text(value, false, filter);
    return g_str_has_prefix(word, "text~=") && parse_text(value, true, filter);
}

MoeTokenFilter *
moe_token_filter_parse(const char *text, GError **error)
{
    g_autoptr(MoeTokenFilter) filter = g_new0(MoeTokenFilter, 1);
    g_autoptr(GError) why = NULL;
    g_auto(GStrv) words = NULL;
    const char *bad = NULL;
    if (!g_shell_parse_argv(text, NULL, &words, &why))
        bad = text;
    for (char **word = words; !bad && *word; word++)
        if (!parse_word(*word, filter))
            bad = *word;
    if (!bad)
        return g_steal_pointer(&filter);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "found \"%s\" to choose tokens by%s%s; expected words such as domain=law,code "
                "doc=12 pos=0-127 id=464,11 text=\" the\" text~=the (any case)",
                bad, why ? ": " : "", why ? why->message : "");
    return NULL;
}

/* --- To words ---------------------------------------------------------------------------------*/

static void
add_word(GString *out, const char *name, const char *value)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.,/:";
    g_autofree char *quoted = value[strspn(value, plain)] ? g_shell_quote(value) : g_strdup(value);
    g_string_append_printf(out, "%s%s%s", out->len ? " " : "", name, quoted);
}

static void
add_range(GString *out, const char *name, int32_t first, int32_t last)
{
    g_autoptr(GString) range = g_string_new(NULL);
    g_string_printf(range, "%d", first);
    if (last == G_MAXINT32)
        g_string_append_c(range, '-');
    else if (last != first)
        g_string_append_printf(range, "-%d", last);
    add_word(out, name, range->str);
}

char *
moe_token_filter_text(const MoeTokenFilter *filter)
{
    GString *out = g_string_new(NULL);
    g_autofree char *domains = filter->domains ? g_strjoinv(",", filter->domains) : NULL;
    g_autoptr(GString) ids = g_string_new(NULL);
    for (int i = 0; i < filter->n_ids; i++)
        g_string_append_printf(ids, "%s%d", i ? "," : "", filter->ids[i]);
    if (domains)
        add_word(out, "domain=", domains);
    if (filter->by_document)
        add_range(out, "doc=", filter->first_document, filter->last_document);
    if (filter->by_position)
        add_range(out, "pos=", filter->first_position, filter->last_position);
    if (ids->len > 0)
        add_word(out, "id=", ids->str);
    if (filter->text)
        add_word(out, filter->ignore_case ? "text~=" : "text=", filter->text);
    return g_string_free(out, FALSE);
}

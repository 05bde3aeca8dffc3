/* SPDX-License-Identifier: MIT
 *
 * What zsh completes behind "moescope".
 */
#include "describe.h"

#include <stdio.h>
#include <string.h>

/* "moescope trace cat" is completed by _moescope_trace_cat. (transfer full) */
static char *
function_of(const Described *page)
{
    char *name = g_strconcat("_", page->program, NULL);
    return g_strdelimit(name, " -", '_');
}

/* Between single quotes; `special` has a meaning of its own to zsh. */
static void
print_quoted(const char *text, const char *special)
{
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            fputs("'\\''", stdout);
        else if (*c == '\n')
            putchar(' ');
        else if (strchr(special, *c))
            printf("\\%c", *c);
        else
            putchar(*c);
    }
}

static void
print_spec(const DescribedOption *option, const char *dashed)
{
    printf("        '%s[", dashed);
    print_quoted(option->help, "[]\\");
    putchar(']');
    if (option->value) {
        putchar(':');
        print_quoted(option->value, ":\\");
        if (option->values)
            printf(":(%s)", option->values);
        else
            fputs(option->file ? ":_files" : ": ", stdout);
    }
    puts("' \\");
}

static void
print_option(const DescribedOption *option)
{
    g_autofree char *name = g_strdup_printf("--%s%s", option->name, option->value ? "=" : "");
    print_spec(option, name);
    if (!option->letter)
        return;
    g_autofree char *letter = g_strdup_printf("-%c%s", option->letter, option->value ? "+" : "");
    print_spec(option, letter);
}

static void
print_command(const Described *page)
{
    g_autofree char *function = function_of(page), *words = cmd_describe_words(page->names);
    printf("%s() {\n    _arguments -s \\\n        '--help[help]' \\\n", function);
    for (guint i = 0; i < page->options->len; i++)
        print_option(&g_array_index(page->options, DescribedOption, i));
    if (words)
        printf("        '1:argument:{ compadd -- %s; _files }' \\\n", words);
    puts("        '*:file:_files'\n}\n");
}

/* Lets the function of the command that is named do it. */
static void
print_table(const GPtrArray *pages, const Described *table)
{
    g_autofree char *function = function_of(table);
    size_t length = strlen(table->program);
    printf("%s() {\n    local -a commands=(\n", function);
    for (guint i = 0; i < pages->len; i++) {
        const Described *page = g_ptr_array_index(pages, i);
        const char *name = page->program + length + 1;
        if (strncmp(page->program, table->program, length) != 0 || page->program[length] != ' ' ||
            strchr(name, ' '))
            continue;
        printf("        '%s:", name);
        print_quoted(page->help, "\\");
        puts("'");
    }
    printf("    )\n"
           "    if ((CURRENT == 2)); then\n"
           "        _describe -t commands command commands\n"
           "        return\n"
           "    fi\n"
           "    local function=%s_${words[2]//-/_}\n"
           "    shift words\n"
           "    ((CURRENT--))\n"
           "    (($+functions[$function])) && $function\n"
           "}\n\n",
           function);
}

void
cmd_zsh_print(const GPtrArray *pages)
{
    puts("#compdef moescope\n# zsh completion of moescope, made from its tables of options\n");
    for (guint i = 0; i < pages->len; i++) {
        const Described *page = g_ptr_array_index(pages, i);
        if (page->table)
            print_table(pages, page);
        else
            print_command(page);
    }
    puts("_moescope \"$@\"");
}

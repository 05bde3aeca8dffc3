/* SPDX-License-Identifier: MIT
 *
 * What bash completes behind "moescope".
 */
#include "describe.h"

#include <stdio.h>
#include <string.h>

/* Behind "moescope ": "trace cat". */
static const char *
path_of(const Described *page)
{
    const char *blank = strchr(page->program, ' ');
    return blank ? blank + 1 : "";
}

/* Names of the commands of a table, those one word longer. */
static void
print_commands(const GPtrArray *pages, const Described *table)
{
    size_t length = strlen(table->program);
    for (guint i = 0; i < pages->len; i++) {
        const Described *page = g_ptr_array_index(pages, i);
        if (strncmp(page->program, table->program, length) == 0 && page->program[length] == ' ' &&
            !strchr(page->program + length + 1, ' '))
            printf(" %s", page->program + length + 1);
    }
}

static void
print_options(const Described *page)
{
    for (guint i = 0; i < page->options->len; i++) {
        const DescribedOption *option = &g_array_index(page->options, DescribedOption, i);
        if (option->letter)
            printf(" -%c", option->letter);
        printf(" --%s", option->name);
    }
}

/* A line of the case of words that come behind an option; files are what bash does by itself. */
static void
print_values(const Described *page)
{
    for (guint i = 0; i < page->options->len; i++) {
        const DescribedOption *option = &g_array_index(page->options, DescribedOption, i);
        if (!option->value)
            continue;
        printf("    '%s:--%s'", path_of(page), option->name);
        if (option->letter)
            printf(" | '%s:-%c'", path_of(page), option->letter);
        printf(")\n        words='%s' value=%s ;;\n", option->values ? option->values : "",
               option->file ? "file" : "word");
    }
}

static void
print_page(const GPtrArray *pages, const Described *page)
{
    g_autofree char *words = page->table ? NULL : cmd_describe_words(page->names);
    printf("    '%s')\n        words='%s", path_of(page), words ? words : "");
    if (page->table)
        print_commands(pages, page);
    printf("' options='--help");
    print_options(page);
    printf("' ;;\n");
}

void
cmd_bash_print(const GPtrArray *pages)
{
    puts("# bash completion of moescope, made from its tables of options\n"
         "_moescope() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local command= words= options= value= i=1\n"
         "    COMPREPLY=()\n"
         "    # bash cuts --out=FILE at the equals sign.\n"
         "    if [ \"$current\" = = ]; then current=\n"
         "    elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
         "    for (( ; i < COMP_CWORD; i++)); do\n"
         "        case \"$command ${COMP_WORDS[i]}\" in");
    for (guint i = 1; i < pages->len; i++) {
        const Described *page = g_ptr_array_index(pages, i);
        printf("        '%s%s') ;;\n", strchr(path_of(page), ' ') ? "" : " ", path_of(page));
    }
    puts("        *) break ;;\n"
         "        esac\n"
         "        command=${command:+$command }${COMP_WORDS[i]}\n"
         "    done\n"
         "    case $command:$before in");
    for (guint i = 1; i < pages->len; i++)
        print_values(g_ptr_array_index(pages, i));
    puts("    esac\n"
         "    if [ -n \"$value\" ]; then\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "        return\n"
         "    fi\n"
         "    case $command in");
    for (guint i = 0; i < pages->len; i++)
        print_page(pages, g_ptr_array_index(pages, i));
    puts("    esac\n"
         "    if [[ $current == -* ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
         "    elif [ \"$i\" = \"$COMP_CWORD\" ]; then # the first argument\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "    fi\n"
         "}\n"
         "complete -o default -F _moescope moescope");
}

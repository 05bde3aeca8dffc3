/* SPDX-License-Identifier: MIT
 *
 * parity [--all] FILE…: holds layers against fixtures recorded from official code (safetensors of
 * any of the families, in any order, and JSON of k schedules). A line a file: how many tensors were
 * compared, and the worst error as a share of what is allowed. Exits with 1 if any file fails;
 * --all: also if it holds a tensor that nothing looks at.
 */
#include "parity.h"

#include <moescope/plugin.h>
#include <stdio.h>
#include <string.h>

static const ParityFamily *const families[] = {
    /* Before those that know less of a file. */
    &parity_hypermoe, &parity_deepseek, &parity_expert_choice, &parity_adjacent,
    &parity_gate,     &parity_mhmoe,    &parity_routers,
};

static const ParityFamily *
family_of(const MoeSafetensors *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
        if (families[i]->knows(file))
            return families[i];
    return NULL;
}

static bool
check_file(const char *path, bool all)
{
    if (g_str_has_suffix(path, ".json"))
        return parity_check_schedules(path);
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
    if (!file) {
        printf("FAIL  %s: %s\n", name, error->message);
        return false;
    }
    const ParityFamily *family = family_of(file);
    if (!family) {
        printf("FAIL  %s: neither its __metadata__ nor its arrays are those of a known family\n",
               name);
        return false;
    }
    g_autoptr(Parity) parity = parity_new(file);
    family->check(parity);
    if (parity->compared == 0 && parity->problems->len == 0)
        parity_problem(parity, "it holds nothing to compare");
    g_autofree char *unseen = parity_unseen(parity);
    if (all && *unseen && parity->problems->len == 0)
        parity_problem(parity, "nothing looks at%s", unseen);
    bool fine = parity->problems->len == 0;
    printf("%s  %s (%s): %d tensors, worst error %.1f %% of what is allowed, in %s%s\n",
           fine ? "ok  " : "FAIL", name, family->name, parity->compared, 100 * parity->worst,
           parity->where ? parity->where : "none", parity->problems->str);
    return fine;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    bool all = argc > 1 && g_str_equal(argv[1], "--all");
    int first = all ? 2 : 1, failed = 0;
    if (argc <= first) {
        fprintf(stderr, "usage: parity [--all] FILE...\n");
        return 2;
    }
    moe_plugins_load();
    if (!parity_parts_register(&error)) {
        fprintf(stderr, "parity: %s\n", error->message);
        return 2;
    }
    for (int i = first; i < argc; i++)
        failed += !check_file(argv[i], all);
    return failed ? 1 : 0;
}

/* SPDX-License-Identifier: MIT
 *
 * select = topk: the k experts with the largest scores; equal scores go to the lower index.
 *
 * With topk.groups > 1 experts stand in groups of neighbours, and only those of the best groups of
 * each unit can be picked (so that a unit's experts live on few devices). The scores are then the
 * affinities, with whatever balance adds to them, since a group's score is made of them:
 *   max        its largest                     (DeepSeek-V2, arXiv 2405.04434, section 2.2.2)
 *   top2-sum   the sum of its two largest      (DeepSeek-V3, arXiv 2412.19437, section 2.1.2)
 * Experts of other groups are left out (score -inf, DeepSeek's code), or get score 0 (Hugging
 * Face's): where a bias makes scores negative, such an expert is then picked before better ones.
 */
#include "moe/builtin.h"

#include <math.h>
#include <string.h>

typedef enum { SCORE_MAX, SCORE_TOP2_SUM } GroupScore;

typedef struct {
    int groups, kept;
    GroupScore score;
    float masked; /* score of an expert outside the groups kept */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    s->groups = (int)moe_recipe_int(recipe, "topk.groups");
    s->kept = (int)moe_recipe_int(recipe, "topk.groups_kept");
    s->score = (GroupScore)moe_recipe_choice(recipe, "topk.group_score");
    s->masked = moe_recipe_has(recipe, "topk.mask", "zero") ? 0 : -INFINITY;
}

static float
group_score(GroupScore rule, const float *score, int n)
{
    float first = -INFINITY, second = -INFINITY;
    for (int e = 0; e < n; e++) {
        second = MAX(second, MIN(first, score[e]));
        first = MAX(first, score[e]);
    }
    return rule == SCORE_TOP2_SUM && n > 1 ? first + second : first;
}

/* One unit's scores, those outside its best groups masked. `best` [kept] and `scores` [groups]:
 * scratch. */
static void
mask_groups(const State *s, const float *score, int experts, float *masked, float *scores,
            int32_t *best)
{
    int size = experts / s->groups;
    for (int g = 0; g < s->groups; g++)
        scores[g] = group_score(s->score, score + g * size, size);
    moe_topk(scores, 1, s->groups, s->kept, best);
    for (int e = 0; e < experts; e++)
        masked[e] = s->masked;
    for (int i = 0; i < s->kept; i++)
        memcpy(masked + best[i] * size, score + best[i] * size, (size_t)size * sizeof *masked);
}

static void
select_topk(MoeRouting *routing, void *state)
{
    const State *s = state;
    MoePicks *picks = &routing->picks;
    int E = picks->experts;
    if (s->groups == 1) {
        moe_topk(routing->selection, picks->units, E, picks->k, picks->expert);
        return;
    }
    const float *score = moe_routing_selection(routing);
    g_autofree float *masked = g_new(float, picks->units *E);
    g_autofree float *scores = g_new(float, s->groups);
    g_autofree int32_t *best = g_new(int32_t, s->kept);
    for (int64_t u = 0; u < picks->units; u++)
        mask_groups(s, score + u * E, E, masked + u * E, scores, best);
    moe_topk(masked, picks->units, E, picks->k, picks->expert);
}

static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    static const char *const idle[][2] = {
        {"topk.groups_kept", "1"}, {"topk.group_score", "top2-sum"}, {"topk.mask", "exclude"}};
    long long experts = moe_recipe_int(recipe, "moe.experts");
    long long groups = moe_recipe_int(recipe, "topk.groups");
    long long kept = moe_recipe_int(recipe, "topk.groups_kept");
    long long k = MAX(moe_recipe_int(recipe, "moe.k"), moe_recipe_int(recipe, "moe.k_eval"));
    for (size_t i = 0; groups == 1 && i < G_N_ELEMENTS(idle); i++)
        if (!g_str_equal(moe_recipe_text(recipe, idle[i][0]), idle[i][1]))
            g_ptr_array_add(problems, g_strdup_printf("%s: '%s' needs topk.groups > 1", idle[i][0],
                                                      moe_recipe_text(recipe, idle[i][0])));
    if (groups == 1)
        return;
    if (experts % groups != 0)
        g_ptr_array_add(problems, g_strdup_printf("topk.groups: moe.experts (%lld) is not a "
                                                  "multiple of %lld groups",
                                                  experts, groups));
    else if (kept > groups)
        g_ptr_array_add(problems, g_strdup_printf("topk.groups_kept: %lld groups kept, but only "
                                                  "%lld in topk.groups",
                                                  kept, groups));
    else if (kept * (experts / groups) < k)
        g_ptr_array_add(problems,
                        g_strdup_printf("topk.groups_kept: %lld groups of %lld experts, but %lld "
                                        "experts a unit are asked for",
                                        kept, experts / groups, k));
}

static const MoeField fields[] = {
    {"topk.groups", MOE_FIELD_INT, "1", 1, 4096, NULL, "groups",
     "select = topk: groups of neighbouring experts, of which a unit keeps topk.groups_kept"},
    {"topk.groups_kept", MOE_FIELD_INT, "1", 1, 4096, NULL, "groups",
     "groups that a unit may pick from"},
    {"topk.group_score", MOE_FIELD_CHOICE, "top2-sum", 0, 0, "max | top2-sum", NULL,
     "a group's score: its best expert's, or the sum of its two best"},
    {"topk.mask", MOE_FIELD_CHOICE, "exclude", 0, 0, "exclude | zero", NULL,
     "experts of other groups are left out (DeepSeek), or score 0 (Hugging Face's port)"},
};

const MoePart moe__select_topk = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SELECT,
    .name = "topk",
    .help = "the k experts with the largest scores, of all or of the best groups",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538, eq. 5; groups: DeepSeek-V3, arXiv 2412.19437",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .rule = rule,
    .state_size = sizeof(State),
    .init = init,
    .select = select_topk,
};

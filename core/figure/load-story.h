/* SPDX-License-Identifier: MIT
 *
 * load-story.h: the load of a router over training, in columns of recorded steps, and its views.
 */
#ifndef FIGURE_LOAD_STORY_H
#define FIGURE_LOAD_STORY_H

#include "figure/kit.h"

/* One router's. Recorded steps go into columns of `per` each, the last of which may have fewer. */
typedef struct LoadStory {
    const MoeRouterInfo *info;
    GArray *shown;     /* of int: the experts that are shown, in their order */
    MoeStates *states; /* NULL where only columns are needed */
    int64_t steps, per;
    int64_t low, high; /* picks of a step */
    int columns;
    double *step;   /* [columns] the first of its steps */
    int64_t *count; /* [columns × experts] picks */
} LoadStory;

/* Router `i` of the kit in at most `most` columns, with the experts that the options experts and
 * sort choose; `keep`: with its single steps. Fails with the errors of moe_states_read(), and
 * MOE_ERROR_DATA if no expert is chosen. */
bool moe__load_story_read(const Kit *kit, guint i, int most, bool keep, LoadStory *story,
                          GError **error);
/* A GDestroyNotify for the contents. */
void moe__load_story_clear(gpointer story);

/* A panel of shares that add up to 1: an area an expert, or, of more than `most`, an eighth of them
 * by rank. */
void moe__load_stack_add(MoeScene *scene, const LoadStory *story, int most);
/* A panel of how loads are distributed over experts and steps, a ridge a column, above one that
 * says what chance would show; loads from 0 to `most` times uniform. */
void moe__load_ridge_add(MoeScene *scene, const LoadStory *story, double most);
/* A load, in multiples of uniform, that hardly any expert exceeds at any step. */
double moe__load_ridge_highest(const LoadStory *story);

#endif

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
    MoeStates *states;
    int64_t per;
    int columns;
    double *step;   /* [columns] the first of its steps */
    int64_t *count; /* [columns × experts] picks */
} LoadStory;

/* At most `most` columns. Fails with the errors of moe_states_read(). */
bool moe__load_story_read(const MoeTrace *trace, int router, int most, LoadStory *story,
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

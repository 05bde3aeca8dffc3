/* SPDX-License-Identifier: MIT
 *
 * Training step by step: the load at the step of the time line, and curves over all steps.
 */
#include "scope-pages.h"
#include "scope-plates.h"
#include "scope-timeline.h"

#include <glib/gi18n.h>

static const ScopePlate plates[] = {
    {"load-at-step", N_("Load at the step"), NULL, {{"step", SCOPE_FOCUS_STEP}}},
    {"load-over-training", N_("Load over steps"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"collapse", N_("Collapse"), NULL, {{NULL, 0}}},
    {"losses", N_("Losses"), NULL, {{NULL, 0}}},
    {"series", N_("Series"), NULL, {{NULL, 0}}},
    {"saturation", N_("Saturation"), NULL, {{NULL, 0}}},
    {NULL},
};

typedef struct ScopePageTraining {
    ScopePlates parent_instance;
    ScopeTimeline *timeline;
} ScopePageTraining;

typedef struct ScopePageTrainingClass {
    ScopePlatesClass parent_class;
} ScopePageTrainingClass;

G_DEFINE_TYPE(ScopePageTraining, scope_page_training, SCOPE_TYPE_PLATES)

static void
scope_page_training_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    SCOPE_PAGE_CLASS(scope_page_training_parent_class)->show(page, document, focus);
    scope_timeline_show(((ScopePageTraining *)page)->timeline, document, focus);
}

static void
scope_page_training_class_init(ScopePageTrainingClass *class)
{
    SCOPE_PAGE_CLASS(class)->show = scope_page_training_show;
    SCOPE_PLATES_CLASS(class)->plates = plates;
    SCOPE_PLATES_CLASS(class)->parts = SCOPE_FOCUS_LAYER;
}

static void
scope_page_training_init(ScopePageTraining *self)
{
    self->timeline = g_object_new(SCOPE_TYPE_TIMELINE, NULL);
    scope_plates_add_bar(SCOPE_PLATES(self), GTK_WIDGET(self->timeline));
}

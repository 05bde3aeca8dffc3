/* SPDX-License-Identifier: MIT
 *
 * One expert: what it takes, in figures; the tokens that excite it; the other experts of its layer,
 * with whom it goes and whom it is like.
 */
#include "scope-chooser.h"
#include "scope-contexts.h"
#include "scope-job.h"
#include "scope-pages.h"
#include "scope-relatives.h"

#include <glib/gi18n.h>

#define SCOPE_TYPE_PAGE_EXPERT (scope_page_expert_get_type())
G_DECLARE_FINAL_TYPE(ScopePageExpert, scope_page_expert, SCOPE, PAGE_EXPERT, ScopePage)

/* Of the height, the figure. */
#define HALF 0.62

struct _ScopePageExpert {
    ScopePage parent_instance;
    GCancellable *running; /* of looking for relatives, or NULL */

    ScopeChooser *chooser;
    ScopePane *pane;
    ScopeContexts *contexts;
    ScopeTable *relatives;
    GtkPaned *halves;
};

G_DEFINE_FINAL_TYPE(ScopePageExpert, scope_page_expert, SCOPE_TYPE_PAGE)

static void
on_relatives(gpointer owner, gpointer result, const GError *error)
{
    ScopePageExpert *self = SCOPE_PAGE_EXPERT(owner);
    scope_table_set_empty(self->relatives,
                          error ? error->message : _("No token picks two experts of this layer."));
    scope_table_set_rows(self->relatives, result);
}

static void
find_relatives(ScopePageExpert *self)
{
    ScopeDocument *document = scope_page_get_document(SCOPE_PAGE(self));
    ScopeFocus *focus = scope_page_get_focus(SCOPE_PAGE(self));
    ScopeRelativesQuery query = {scope_focus_router(focus, document),
                                 (int)scope_focus_get(focus, SCOPE_FOCUS_EXPERT),
                                 scope_steps_of(focus, document)};
    if (query.router < 0)
        return;
    const ScopeJob job = {scope_relatives_find, g_memdup2(&query, sizeof query), g_free,
                          g_object_unref, on_relatives};
    scope_job_start(&self->running, self, document, scope_focus_get_filter(focus), &job);
}

static void
on_focus_changed(ScopePageExpert *self, guint what)
{
    if (what & (SCOPE_FOCUS_LAYER | SCOPE_FOCUS_EXPERT | SCOPE_FOCUS_FILTER | SCOPE_FOCUS_STEP))
        find_relatives(self);
}

/* To that expert. */
static void
on_activated(ScopePageExpert *self, ScopeRow *row)
{
    ScopeFocus *focus = scope_page_get_focus(SCOPE_PAGE(self));
    ScopeRowTarget target = scope_row_get_target(row);
    scope_focus_begin(focus);
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, target.layer);
    scope_focus_set(focus, SCOPE_FOCUS_EXPERT, target.expert);
    scope_focus_end(focus);
}

static void
scope_page_expert_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePageExpert *self = SCOPE_PAGE_EXPERT(page);
    scope_page_divide(page, self->halves, HALF);
    scope_chooser_show(self->chooser, document, focus);
    scope_pane_set_document(self->pane, document, focus);
    scope_contexts_show(self->contexts, document, focus);
    g_signal_connect_object(document, "grown", G_CALLBACK(find_relatives), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), self,
                            G_CONNECT_SWAPPED);
    find_relatives(self);
}

static ScopePane *
scope_page_expert_get_pane(ScopePage *page)
{
    return SCOPE_PAGE_EXPERT(page)->pane;
}

static void
scope_page_expert_dispose(GObject *object)
{
    scope_job_give_up(&SCOPE_PAGE_EXPERT(object)->running);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_PAGE_EXPERT);
    G_OBJECT_CLASS(scope_page_expert_parent_class)->dispose(object);
}

static void
scope_page_expert_class_init(ScopePageExpertClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_expert_dispose;
    SCOPE_PAGE_CLASS(class)->show = scope_page_expert_show;
    SCOPE_PAGE_CLASS(class)->get_pane = scope_page_expert_get_pane;
    g_type_ensure(SCOPE_TYPE_CHOOSER);
    g_type_ensure(SCOPE_TYPE_PANE);
    g_type_ensure(SCOPE_TYPE_CONTEXTS);
    g_type_ensure(SCOPE_TYPE_TABLE);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/page-expert.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopePageExpert, chooser);
    gtk_widget_class_bind_template_child(widget_class, ScopePageExpert, pane);
    gtk_widget_class_bind_template_child(widget_class, ScopePageExpert, contexts);
    gtk_widget_class_bind_template_child(widget_class, ScopePageExpert, halves);
    gtk_widget_class_bind_template_child(widget_class, ScopePageExpert, relatives);
    gtk_widget_class_bind_template_callback(widget_class, on_activated);
}

static void
scope_page_expert_init(ScopePageExpert *self)
{
    int n;
    gtk_widget_init_template(GTK_WIDGET(self));
    const ScopeColumn *columns = scope_relatives_columns(&n);
    scope_table_set_columns(self->relatives, columns, n, _("Other experts of the layer"));
    scope_chooser_set_parts(self->chooser, SCOPE_FOCUS_LAYER | SCOPE_FOCUS_EXPERT, FALSE);
    scope_pane_set_figure(self->pane, "expert");
    scope_pane_bind(self->pane, "layer", SCOPE_FOCUS_LAYER);
    scope_pane_bind(self->pane, "expert", SCOPE_FOCUS_EXPERT);
}

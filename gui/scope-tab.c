/* SPDX-License-Identifier: MIT
 *
 * The states of a file: opening, open, asking, described, failed. A tab that is closed gives up
 * what it was doing.
 */
#include "scope-tab.h"

#include "scope-import-form.h"
#include "scope-open.h"
#include "scope-state.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <string.h>

struct _ScopeTab {
    GtkWidget parent_instance;
    ScopeTabState state;
    GListModel *files; /* of GFile */
    char *title, *problem;
    bool answered;           /* questions were: what is wrong then is wrong with the answers */
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;
    GCancellable *cancellable; /* of the opening under way, or NULL */

    GtkStack *stack;
    GtkLabel *opening, *doing; /* the name of what is being opened, and what is done to it */
    GtkProgressBar *progress;
    GtkLabel *error;
    GtkWidget *another; /* opens another file after an error */
    GtkLabel *description;
    ScopeWeights *weights; /* below it */
    ScopeImportForm *form;
    ScopeViews *views;
};

G_DEFINE_FINAL_TYPE(ScopeTab, scope_tab, GTK_TYPE_WIDGET)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
tell(ScopeTab *self)
{
    g_signal_emit(self, signals[CHANGED], 0);
}

static void
enter(ScopeTab *self, ScopeTabState state)
{
    static const char *const pages[] = {
        [SCOPE_TAB_OPENING] = "opening", [SCOPE_TAB_OPEN] = "open",
        [SCOPE_TAB_ASKING] = "asking",   [SCOPE_TAB_DESCRIBED] = "described",
        [SCOPE_TAB_FAILED] = "error",    [SCOPE_TAB_CANCELLED] = "opening",
    };
    self->state = state;
    gtk_stack_set_visible_child_name(self->stack, pages[state]);
    tell(self);
}

/* --- Opening ----------------------------------------------------------------------------------*/

static void
on_progress(const char *what, gint64 done, gint64 total, gpointer user)
{
    ScopeTab *self = SCOPE_TAB(user);
    gtk_label_set_label(self->doing, what);
    if (total > 0)
        gtk_progress_bar_set_fraction(self->progress, (double)done / (double)total);
    else
        gtk_progress_bar_pulse(self->progress);
    gtk_widget_set_opacity(GTK_WIDGET(self->progress), 1);
}

/* From what was there before, not from where one is at work. */
static void
take_keyboard(ScopeTab *self)
{
    GtkRoot *window = gtk_widget_get_root(GTK_WIDGET(self));
    GtkWidget *at = window ? gtk_root_get_focus(window) : NULL;
    if (!at || !gtk_widget_get_mapped(at) || gtk_widget_is_ancestor(at, GTK_WIDGET(self)))
        scope_views_turn(self->views, scope_views_get_name(self->views));
}

static void
show_document(ScopeTab *self, ScopeDocument *document)
{
    g_set_object(&self->document, document);
    g_signal_connect_object(document, "grown", G_CALLBACK(tell), self, G_CONNECT_SWAPPED);
    scope_views_show(self->views, document, self->focus);
    if (g_list_model_get_n_items(self->files) == 1)
        scope_state_add_recent(scope_document_path(document));
    enter(self, SCOPE_TAB_OPEN);
    take_keyboard(self);
}

static void
show_error(ScopeTab *self, const char *message)
{
    self->problem = g_strdup(message);
    g_autofree char *sentence = scope_text_sentence(message);
    gtk_label_set_label(self->error, sentence);
    enter(self, SCOPE_TAB_FAILED);
    /* The text got the focus, as the first that can have it, and is selected for that. */
    gtk_widget_grab_focus(self->another);
    gtk_label_select_region(self->error, 0, 0);
}

static void
show_questions(ScopeTab *self, const char *message)
{
    enter(self, SCOPE_TAB_ASKING);
    scope_import_form_ask(self->form, self->files, message);
}

static void
show_description(ScopeTab *self, const char *words)
{
    g_autoptr(GFile) file = g_list_model_get_item(self->files, 0);
    if (strchr(words, '\n')) /* columns, of the program */
        gtk_widget_add_css_class(GTK_WIDGET(self->description), "monospace");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self->description), "monospace");
    gtk_label_set_label(self->description, words);
    scope_weights_show(self->weights, g_file_peek_path(file));
    enter(self, SCOPE_TAB_DESCRIBED);
}

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeTab) self = SCOPE_TAB(user);
    g_autoptr(GError) error = NULL;
    g_autoptr(ScopeDocument) document = scope_document_open_finish(result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_clear_object(&self->cancellable);
    if (document)
        show_document(self, document);
    else if (self->answered || g_error_matches(error, SCOPE_ERROR, SCOPE_ERROR_ASKS))
        show_questions(self, error->message);
    else if (g_error_matches(error, SCOPE_ERROR, SCOPE_ERROR_DESCRIBED))
        show_description(self, error->message);
    else
        show_error(self, error->message);
}

static void
give_up_opening(ScopeTab *self)
{
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
}

static void
cancel_opening(ScopeTab *self)
{
    give_up_opening(self);
    enter(self, SCOPE_TAB_CANCELLED);
}

static void
start(ScopeTab *self, char **choices)
{
    g_autofree char *text = g_strdup_printf(_("Opening %s"), self->title);
    give_up_opening(self);
    gtk_label_set_label(self->opening, text);
    gtk_label_set_label(self->doing, "");
    gtk_widget_set_opacity(GTK_WIDGET(self->progress), 0);
    self->cancellable = g_cancellable_new();
    enter(self, SCOPE_TAB_OPENING);
    scope_document_open_async(self->files, choices, on_progress, self->cancellable, on_opened,
                              g_object_ref(self));
}

static void
on_answered(ScopeTab *self)
{
    g_auto(GStrv) choices = scope_import_form_get_choices(self->form);
    self->answered = true;
    start(self, choices);
}

/* "intent", "intent and 2 more". (transfer full) */
static char *
title_of(GListModel *files)
{
    guint n = g_list_model_get_n_items(files);
    g_autoptr(GFile) first = g_list_model_get_item(files, 0);
    g_autofree char *name = g_file_get_basename(first);
    return n > 1 ? g_strdup_printf(_("%s and %u more"), name, n - 1) : g_steal_pointer(&name);
}

void
scope_tab_open(ScopeTab *tab, GListModel *files)
{
    g_set_object(&tab->files, files);
    g_free(tab->title);
    tab->title = title_of(files);
    start(tab, NULL);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_tab_dispose(GObject *object)
{
    ScopeTab *self = SCOPE_TAB(object);
    give_up_opening(self);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_TAB);
    if (self->document)
        scope_document_set_other(self->document, NULL); /* which may compare itself with this one */
    g_clear_object(&self->files);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    G_OBJECT_CLASS(scope_tab_parent_class)->dispose(object);
}

static void
scope_tab_finalize(GObject *object)
{
    ScopeTab *self = SCOPE_TAB(object);
    g_free(self->title);
    g_free(self->problem);
    G_OBJECT_CLASS(scope_tab_parent_class)->finalize(object);
}

static void
scope_tab_class_init(ScopeTabClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_tab_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_tab_finalize;
    signals[CHANGED] = g_signal_new("changed", SCOPE_TYPE_TAB, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
    g_type_ensure(SCOPE_TYPE_IMPORT_FORM);
    g_type_ensure(SCOPE_TYPE_VIEWS);
    g_type_ensure(SCOPE_TYPE_WEIGHTS);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class, "/org/moescope/Moescope/ui/tab.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, opening);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, doing);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, progress);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, error);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, another);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, description);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, weights);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, form);
    gtk_widget_class_bind_template_child(widget_class, ScopeTab, views);
    gtk_widget_class_bind_template_callback(widget_class, on_answered);
    gtk_widget_class_bind_template_callback(widget_class, cancel_opening);
    gtk_widget_class_bind_template_callback(widget_class, tell);
}

static void
scope_tab_init(ScopeTab *self)
{
    self->focus = scope_focus_new();
    g_signal_connect_object(self->focus, "changed", G_CALLBACK(tell), self, G_CONNECT_SWAPPED);
    gtk_widget_init_template(GTK_WIDGET(self));
}

ScopeTab *
scope_tab_new(void)
{
    return g_object_new(SCOPE_TYPE_TAB, NULL);
}

ScopeTabState
scope_tab_get_state(ScopeTab *tab)
{
    return tab->state;
}

GListModel *
scope_tab_get_files(ScopeTab *tab)
{
    return tab->files;
}

const char *
scope_tab_get_title(ScopeTab *tab)
{
    return tab->title;
}

const char *
scope_tab_get_problem(ScopeTab *tab)
{
    return tab->problem;
}

ScopeDocument *
scope_tab_get_document(ScopeTab *tab)
{
    return tab->document;
}

ScopeFocus *
scope_tab_get_focus(ScopeTab *tab)
{
    return tab->focus;
}

ScopeViews *
scope_tab_get_views(ScopeTab *tab)
{
    return tab->views;
}

ScopePane *
scope_tab_get_pane(ScopeTab *tab)
{
    ScopePage *page = tab->state == SCOPE_TAB_OPEN ? scope_views_get_page(tab->views) : NULL;
    ScopePane *pane = page ? scope_page_get_pane(page) : NULL;
    return pane && scope_pane_has_figure(pane) ? pane : NULL;
}

ScopeTable *
scope_tab_get_table(ScopeTab *tab)
{
    ScopePage *page = tab->state == SCOPE_TAB_OPEN ? scope_views_get_page(tab->views) : NULL;
    return page ? scope_page_get_table(page) : NULL;
}

ScopeWeights *
scope_tab_get_weights(ScopeTab *tab)
{
    bool shown = tab->state == SCOPE_TAB_DESCRIBED && scope_weights_has_figure(tab->weights);
    return shown ? tab->weights : NULL;
}

/* SPDX-License-Identifier: MIT
 *
 * The words count on Enter; what is wrong with them is said while they are typed.
 */
#include "scope-filter-bar.h"

#include "scope-filter-form.h"
#include "scope-steps.h"

#include <glib/gi18n.h>

struct _ScopeFilterBar {
    GtkBox parent_instance;
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    GtkEntry *entry;
    GtkButton *step; /* that counts, where it isn't the last */
    ScopeFilterForm *form;
};

G_DEFINE_FINAL_TYPE(ScopeFilterBar, scope_filter_bar, GTK_TYPE_BOX)

#define HINT _("Which tokens count: domain=law doc=0-9 pos=0-127 text=\"the\"; Enter applies it")

/* What is wrong, or NULL. */
static void
show_problem(ScopeFilterBar *self, const char *problem)
{
    GtkWidget *entry = GTK_WIDGET(self->entry);
    gtk_widget_set_tooltip_text(entry, problem ? problem : HINT);
    if (problem)
        gtk_widget_add_css_class(entry, "error");
    else
        gtk_widget_remove_css_class(entry, "error");
    gtk_accessible_update_state(
        GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_STATE_INVALID,
        problem ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

/* Whether the words are a filter; none are: all tokens count. */
static bool
check(ScopeFilterBar *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *words = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->entry))));
    g_autoptr(MoeTokenFilter) filter = *words ? moe_token_filter_parse(words, &error) : NULL;
    show_problem(self, error ? error->message : NULL);
    return filter || !*words;
}

static void
on_typed(ScopeFilterBar *self)
{
    bool empty = !*gtk_editable_get_text(GTK_EDITABLE(self->entry));
    gtk_entry_set_icon_from_icon_name(self->entry, GTK_ENTRY_ICON_SECONDARY,
                                      empty ? NULL : "edit-clear-symbolic");
    check(self);
}

static void
apply(ScopeFilterBar *self)
{
    if (self->focus && check(self))
        scope_focus_set_filter(self->focus, gtk_editable_get_text(GTK_EDITABLE(self->entry)));
}

static void
clear(ScopeFilterBar *self)
{
    gtk_editable_set_text(GTK_EDITABLE(self->entry), "");
    apply(self);
}

static void
show_step(ScopeFilterBar *self)
{
    ScopeSteps chosen = self->focus && self->document ? scope_steps_of(self->focus, self->document)
                                                      : (ScopeSteps){.steps = MOE_STEPS_LAST};
    g_autofree char *text = g_strdup_printf(_("Step %d ×"), chosen.step);
    gtk_button_set_label(self->step, text);
    gtk_widget_set_visible(GTK_WIDGET(self->step), chosen.steps == MOE_STEPS_ONE);
}

static void
leave_step(ScopeFilterBar *self)
{
    if (self->focus)
        scope_focus_set(self->focus, SCOPE_FOCUS_STEP, -1);
}

static void
follow(ScopeFilterBar *self, guint what)
{
    const char *words = self->focus ? scope_focus_get_filter(self->focus) : "";
    if (what & SCOPE_FOCUS_STEP)
        show_step(self);
    if (!(what & SCOPE_FOCUS_FILTER))
        return;
    gtk_editable_set_text(GTK_EDITABLE(self->entry), words);
    gtk_entry_set_icon_tooltip_text(self->entry, GTK_ENTRY_ICON_SECONDARY, _("All tokens again"));
    if (*words)
        gtk_widget_add_css_class(GTK_WIDGET(self), "active");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), "active");
}

static void
scope_filter_bar_dispose(GObject *object)
{
    g_clear_object(&SCOPE_FILTER_BAR(object)->document);
    g_clear_object(&SCOPE_FILTER_BAR(object)->focus);
    G_OBJECT_CLASS(scope_filter_bar_parent_class)->dispose(object);
}

static gboolean
scope_filter_bar_grab_focus(GtkWidget *widget)
{
    return gtk_widget_grab_focus(GTK_WIDGET(SCOPE_FILTER_BAR(widget)->entry));
}

static void
scope_filter_bar_class_init(ScopeFilterBarClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_filter_bar_dispose;
    widget_class->grab_focus = scope_filter_bar_grab_focus;
    g_type_ensure(SCOPE_TYPE_FILTER_FORM);
    gtk_widget_class_set_css_name(widget_class, "filterbar");
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/filter-bar.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterBar, entry);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterBar, form);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterBar, step);
    gtk_widget_class_bind_template_callback(widget_class, on_typed);
    gtk_widget_class_bind_template_callback(widget_class, apply);
    gtk_widget_class_bind_template_callback(widget_class, clear);
    gtk_widget_class_bind_template_callback(widget_class, leave_step);
}

static void
scope_filter_bar_init(ScopeFilterBar *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    show_problem(self, NULL);
}

/* Characters of the words that are seen at least. */
#define WIDE   14
#define NARROW 3

void
scope_filter_bar_set_narrow(ScopeFilterBar *bar, bool narrow)
{
    gtk_editable_set_width_chars(GTK_EDITABLE(bar->entry), narrow ? NARROW : WIDE);
}

void
scope_filter_bar_show(ScopeFilterBar *bar, ScopeDocument *document, ScopeFocus *focus)
{
    scope_filter_form_show(bar->form, document, focus);
    g_set_object(&bar->document, document);
    if (focus == bar->focus)
        return;
    if (bar->focus)
        g_signal_handlers_disconnect_by_func(bar->focus, follow, bar);
    g_set_object(&bar->focus, focus);
    if (focus)
        g_signal_connect_object(focus, "changed", G_CALLBACK(follow), bar, G_CONNECT_SWAPPED);
    follow(bar, SCOPE_FOCUS_ALL);
}

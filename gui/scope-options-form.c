/* SPDX-License-Identifier: MIT
 *
 * A row an option: its name and control, and below it what it does.
 */
#include "scope-options-form.h"

#include "scope-field.h"
#include "scope-page.h"
#include "scope-recorded.h"
#include "scope-text.h"

#include <string.h>

struct _ScopeOptionsForm {
    GtkBox parent_instance;
    ScopePane *pane;           /* or NULL */
    MoeFigureOptions *options; /* as the rows show them, but for what isn't valid */
};

/* A longer text has a line of its own, below its name. */
#define SHORT 12

G_DEFINE_FINAL_TYPE(ScopeOptionsForm, scope_options_form, GTK_TYPE_BOX)

static void
scope_options_form_dispose(GObject *object)
{
    g_clear_object(&SCOPE_OPTIONS_FORM(object)->pane);
    G_OBJECT_CLASS(scope_options_form_parent_class)->dispose(object);
}

static void
scope_options_form_finalize(GObject *object)
{
    moe_figure_options_free(SCOPE_OPTIONS_FORM(object)->options);
    G_OBJECT_CLASS(scope_options_form_parent_class)->finalize(object);
}

static void
scope_options_form_class_init(ScopeOptionsFormClass *class)
{
    G_OBJECT_CLASS(class)->dispose = scope_options_form_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_options_form_finalize;
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "options");
}

static void
scope_options_form_init(ScopeOptionsForm *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 16);
}

/* --- Rows -------------------------------------------------------------------------------------*/

static bool
take_value(gpointer owner, const MoeField *field, const char *value, GError **error)
{
    ScopeOptionsForm *self = SCOPE_OPTIONS_FORM(owner);
    g_autofree char *before = g_strdup(moe_figure_options_text(self->options, field->name));
    g_autofree char *setting = g_strdup_printf("%s=%s", field->name, value);
    if (!moe_figure_options_set(self->options, setting, error))
        return false;
    if (g_strcmp0(before, moe_figure_options_text(self->options, field->name)) != 0)
        scope_pane_set_option(self->pane, setting);
    return true;
}

/* As the list of choices shows it. */
static char *
title_of(GtkStringObject *choice, gpointer user)
{
    return scope_text_title(gtk_string_object_get_string(choice));
}

/* What was recorded under names; the value stands among them even if it isn't one. (transfer full)
 */
static GtkStringList *
names_for(ScopeOptionsForm *self, const MoeField *field, const char *value)
{
    GtkWidget *page = gtk_widget_get_ancestor(GTK_WIDGET(self->pane), SCOPE_TYPE_PAGE);
    ScopeDocument *document = page ? scope_page_get_document(SCOPE_PAGE(page)) : NULL;
    const MoeFigure *figure = scope_pane_get_figure(self->pane);
    GtkStringList *names =
        document ? scope_recorded_names(document, figure->name, field->name) : NULL;
    guint i = 0, n = names ? g_list_model_get_n_items(G_LIST_MODEL(names)) : 0;
    while (i < n && !g_str_equal(gtk_string_list_get_string(names, i), value))
        i++;
    if (names && i == n)
        gtk_string_list_append(names, value);
    return names;
}

static void
add_row(ScopeOptionsForm *self, const MoeField *field)
{
    const char *value = moe_figure_options_text(self->options, field->name);
    g_autoptr(GtkStringList) words = scope_field_choices(field);
    g_autoptr(GtkStringList) names = words ? NULL : names_for(self, field, value);
    GtkStringList *choices = words ? words : names;
    ScopeField parts = scope_field_new(field, choices, value, take_value, self);
    g_autofree char *title = scope_text_title(field->name);
    GtkWidget *label = gtk_label_new(title);
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    if (words) {
        g_autoptr(GtkExpression) titles = gtk_cclosure_expression_new(
            G_TYPE_STRING, NULL, 0, NULL, G_CALLBACK(title_of), NULL, NULL);
        gtk_drop_down_set_expression(GTK_DROP_DOWN(parts.control), titles);
    }
    gtk_label_set_width_chars(parts.note, 20);
    gtk_label_set_max_width_chars(parts.note, 28);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), parts.control);
    bool wide = names || (GTK_IS_ENTRY(parts.control) && strlen(value) > SHORT);
    gtk_box_append(GTK_BOX(line), label);
    gtk_box_append(GTK_BOX(wide ? box : line), wide ? line : parts.control);
    gtk_box_append(GTK_BOX(box), wide ? parts.control : line);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(parts.note));
    gtk_box_append(GTK_BOX(self), box);
}

void
scope_options_form_set_pane(ScopeOptionsForm *form, ScopePane *pane)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(form))))
        gtk_box_remove(GTK_BOX(form), child);
    g_clear_pointer(&form->options, moe_figure_options_free);
    g_set_object(&form->pane, pane);
    const MoeFigure *figure = pane ? scope_pane_get_figure(pane) : NULL;
    if (!figure)
        return;
    g_auto(GStrv) settings = scope_pane_get_settings(pane);
    form->options = moe_figure_options_new(figure);
    for (char **setting = settings; *setting; setting++)
        moe_figure_options_set(form->options, *setting, NULL);
    for (int i = 0; i < moe_figure_n_fields(figure); i++)
        if (!scope_pane_is_bound(pane, moe_figure_field(figure, i)->name))
            add_row(form, moe_figure_field(figure, i));
}

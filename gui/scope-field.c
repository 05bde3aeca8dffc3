/* SPDX-License-Identifier: MIT
 *
 * Switches, drop-downs and entries for fields. What isn't valid stays as it was typed, and its note
 * says why.
 */
#include "scope-field.h"

#include "scope-text.h"

#include <string.h>

/* What a control's signals need. */
typedef struct Row {
    const MoeField *field;
    ScopeField parts;
    ScopeFieldTake take;
    gpointer owner;
} Row;

static void
free_row(gpointer row, GClosure *closure)
{
    g_free(row);
}

/* --- Values -----------------------------------------------------------------------------------*/

static void
show_note(const Row *row, const char *problem)
{
    const MoeField *field = row->field;
    GtkWidget *const marked[] = {GTK_WIDGET(row->parts.note), row->parts.control};
    bool said = !field->unit || strstr(field->help, field->unit);
    g_autofree char *help =
        said ? g_strdup(field->help) : g_strdup_printf("%s (%s)", field->help, field->unit);
    g_autofree char *sentence = scope_text_sentence(problem ? problem : help);
    gtk_label_set_label(row->parts.note, sentence);
    for (gsize i = 0; i < G_N_ELEMENTS(marked); i++)
        if (problem)
            gtk_widget_add_css_class(marked[i], "error");
        else
            gtk_widget_remove_css_class(marked[i], "error");
    gtk_accessible_update_state(
        GTK_ACCESSIBLE(row->parts.control), GTK_ACCESSIBLE_STATE_INVALID,
        problem ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

static void
take_value(const Row *row, const char *value)
{
    g_autoptr(GError) error = NULL;
    row->take(row->owner, row->field, value, &error);
    show_note(row, error ? error->message : NULL);
}

static void
on_switched(GObject *control, GParamSpec *spec, gpointer row)
{
    take_value(row, gtk_switch_get_active(GTK_SWITCH(control)) ? "true" : "false");
}

static void
on_chosen(GObject *control, GParamSpec *spec, gpointer row)
{
    GtkStringObject *choice = gtk_drop_down_get_selected_item(GTK_DROP_DOWN(control));
    if (choice)
        take_value(row, gtk_string_object_get_string(choice));
}

static void
on_typed(GtkEditable *control, gpointer row)
{
    take_value(row, gtk_editable_get_text(control));
}

/* --- Controls ---------------------------------------------------------------------------------*/

GtkStringList *
scope_field_choices(const MoeField *field)
{
    if (field->type != MOE_FIELD_CHOICE || !field->choices)
        return NULL;
    g_auto(GStrv) choices = g_strsplit(field->choices, " | ", -1);
    return gtk_string_list_new((const char *const *)choices);
}

static GtkWidget *
switch_new(const char *value)
{
    GtkWidget *control = gtk_switch_new();
    gtk_widget_set_halign(control, GTK_ALIGN_END);
    gtk_switch_set_active(GTK_SWITCH(control), g_str_equal(value, "true"));
    return control;
}

static GtkWidget *
drop_down_new(GtkStringList *choices, const char *value)
{
    GtkWidget *control = gtk_drop_down_new(G_LIST_MODEL(g_object_ref(choices)), NULL);
    for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(choices)); i++)
        if (g_str_equal(gtk_string_list_get_string(choices, i), value))
            gtk_drop_down_set_selected(GTK_DROP_DOWN(control), i);
    return control;
}

static GtkWidget *
entry_new(const char *value)
{
    GtkWidget *control = gtk_entry_new();
    gtk_editable_set_text(GTK_EDITABLE(control), value);
    gtk_editable_set_width_chars(GTK_EDITABLE(control), 8);
    gtk_editable_set_max_width_chars(GTK_EDITABLE(control), 12);
    return control;
}

ScopeField
scope_field_new(const MoeField *field, GtkStringList *choices, const char *value,
                ScopeFieldTake take, gpointer owner)
{
    bool whether = field->type == MOE_FIELD_BOOL;
    GtkWidget *note = gtk_label_new(NULL);
    GtkWidget *control = whether   ? switch_new(value)
                         : choices ? drop_down_new(choices, value)
                                   : entry_new(value);
    Row row = {field, {control, GTK_LABEL(note)}, take, owner};
    g_signal_connect_data(control,
                          whether   ? "notify::active"
                          : choices ? "notify::selected"
                                    : "changed",
                          whether   ? G_CALLBACK(on_switched)
                          : choices ? G_CALLBACK(on_chosen)
                                    : G_CALLBACK(on_typed),
                          g_memdup2(&row, sizeof row), free_row, 0);
    gtk_widget_set_name(control, field->name);
    gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   field->name, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, field->help,
                                   -1);
    gtk_label_set_wrap(GTK_LABEL(note), TRUE);
    gtk_label_set_xalign(GTK_LABEL(note), 0);
    gtk_widget_add_css_class(note, "note");
    show_note(&row, NULL);
    return row.parts;
}

/* SPDX-License-Identifier: MIT
 *
 * A row an option: its name, a control that suits its type, and below it what it does, or what is
 * wrong with what was typed.
 */
#include "scope-options-form.h"

#include "scope-text.h"

struct _ScopeOptionsForm {
    GtkBox parent_instance;
    ScopePane *pane;           /* or NULL */
    MoeFigureOptions *options; /* as the rows show them, but for what isn't valid */
};

G_DEFINE_FINAL_TYPE(ScopeOptionsForm, scope_options_form, GTK_TYPE_BOX)

typedef struct Row {
    ScopeOptionsForm *form;
    const MoeField *field;
    GtkWidget *control;
    GtkLabel *note;
} Row;

static void
free_row(gpointer row, GClosure *closure)
{
    g_free(row);
}

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

/* --- Values -----------------------------------------------------------------------------------*/

static void
show_help(const Row *row)
{
    g_autofree char *help = row->field->unit
                                ? g_strdup_printf("%s (%s)", row->field->help, row->field->unit)
                                : g_strdup(row->field->help);
    g_autofree char *sentence = scope_text_sentence(help);
    gtk_label_set_label(row->note, sentence);
    gtk_widget_remove_css_class(GTK_WIDGET(row->note), "error");
    gtk_widget_remove_css_class(row->control, "error");
}

static void
show_problem(const Row *row, const char *message)
{
    g_autofree char *sentence = scope_text_sentence(message);
    gtk_label_set_label(row->note, sentence);
    gtk_widget_add_css_class(GTK_WIDGET(row->note), "error");
    gtk_widget_add_css_class(row->control, "error");
}

static void
take_value(const Row *row, const char *value)
{
    MoeFigureOptions *options = row->form->options;
    g_autoptr(GError) error = NULL;
    g_autofree char *before = g_strdup(moe_figure_options_text(options, row->field->name));
    g_autofree char *setting = g_strdup_printf("%s=%s", row->field->name, value);
    if (!moe_figure_options_set(options, setting, &error)) {
        show_problem(row, error->message);
        return;
    }
    show_help(row);
    if (g_strcmp0(before, moe_figure_options_text(options, row->field->name)) != 0)
        scope_pane_set_option(row->form->pane, setting);
}

/* --- Controls ---------------------------------------------------------------------------------*/

static void
on_switched(GObject *control, GParamSpec *spec, gpointer user)
{
    take_value(user, gtk_switch_get_active(GTK_SWITCH(control)) ? "true" : "false");
}

static void
on_chosen(GObject *control, GParamSpec *spec, gpointer user)
{
    const Row *row = user;
    g_auto(GStrv) choices = g_strsplit(row->field->choices, " | ", -1);
    guint chosen = gtk_drop_down_get_selected(GTK_DROP_DOWN(control));
    if (chosen < g_strv_length(choices))
        take_value(row, choices[chosen]);
}

static void
on_typed(GtkEditable *control, gpointer user)
{
    take_value(user, gtk_editable_get_text(control));
}

static void
connect_row(const Row *row, const char *signal, GCallback callback)
{
    g_signal_connect_data(row->control, signal, callback, g_memdup2(row, sizeof *row), free_row, 0);
}

static void
add_switch(Row *row, const char *value)
{
    row->control = gtk_switch_new();
    gtk_widget_set_halign(row->control, GTK_ALIGN_END);
    gtk_switch_set_active(GTK_SWITCH(row->control), g_str_equal(value, "true"));
    connect_row(row, "notify::active", G_CALLBACK(on_switched));
}

static void
add_drop_down(Row *row, const char *value)
{
    g_auto(GStrv) choices = g_strsplit(row->field->choices, " | ", -1);
    GtkStringList *titles = gtk_string_list_new(NULL);
    for (guint i = 0; choices[i]; i++)
        gtk_string_list_take(titles, scope_text_title(choices[i]));
    row->control = gtk_drop_down_new(G_LIST_MODEL(titles), NULL);
    for (guint i = 0; choices[i]; i++)
        if (g_str_equal(choices[i], value))
            gtk_drop_down_set_selected(GTK_DROP_DOWN(row->control), i);
    connect_row(row, "notify::selected", G_CALLBACK(on_chosen));
}

static void
add_entry(Row *row, const char *value)
{
    row->control = gtk_entry_new();
    gtk_editable_set_text(GTK_EDITABLE(row->control), value);
    gtk_editable_set_width_chars(GTK_EDITABLE(row->control), 8);
    connect_row(row, "changed", G_CALLBACK(on_typed));
}

/* --- Rows -------------------------------------------------------------------------------------*/

static GtkLabel *
note_new(void)
{
    GtkWidget *note = gtk_label_new(NULL);
    gtk_label_set_wrap(GTK_LABEL(note), TRUE);
    gtk_label_set_xalign(GTK_LABEL(note), 0);
    gtk_label_set_width_chars(GTK_LABEL(note), 20);
    gtk_label_set_max_width_chars(GTK_LABEL(note), 28);
    gtk_widget_add_css_class(note, "note");
    return GTK_LABEL(note);
}

static void
add_control(Row *row)
{
    const char *value = moe_figure_options_text(row->form->options, row->field->name);
    if (row->field->type == MOE_FIELD_BOOL)
        add_switch(row, value);
    else if (row->field->type == MOE_FIELD_CHOICE && row->field->choices)
        add_drop_down(row, value);
    else
        add_entry(row, value);
    gtk_widget_set_name(row->control, row->field->name);
    gtk_widget_set_valign(row->control, GTK_ALIGN_CENTER);
}

static void
add_row(ScopeOptionsForm *self, const MoeField *field)
{
    Row row = {.form = self, .field = field, .note = note_new()};
    g_autofree char *title = scope_text_title(field->name);
    GtkWidget *label = gtk_label_new(title);
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    add_control(&row);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), row.control);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row.control), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, field->help, -1);
    gtk_box_append(GTK_BOX(line), label);
    gtk_box_append(GTK_BOX(line), row.control);
    gtk_box_append(GTK_BOX(box), line);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(row.note));
    gtk_box_append(GTK_BOX(self), box);
    show_help(&row);
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

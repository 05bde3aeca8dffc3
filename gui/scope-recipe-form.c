/* SPDX-License-Identifier: MIT
 *
 * A row a key: its name, below it what it means, and its control.
 */
#include "scope-recipe-form.h"

#include "scope-field.h"

#include <glib/gi18n.h>
#include <string.h>

struct _ScopeRecipeForm {
    GtkWidget parent_instance;
    MoeRecipe *recipe;   /* or NULL */
    GHashTable *changes; /* of names to values, as they were given */
    char *search;        /* in lower case, or NULL */
    GtkWidget *scroll;
    GtkListBox *list;
};

/* Of what a key means, a line: in a wide window the control stays near its name. */
#define NOTE_CHARS  72
#define ENTRY_CHARS 16

G_DEFINE_FINAL_TYPE(ScopeRecipeForm, scope_recipe_form, GTK_TYPE_WIDGET)

/* --- Rows -------------------------------------------------------------------------------------*/

static bool
take_value(gpointer owner, const MoeField *field, const char *value, GError **error)
{
    ScopeRecipeForm *self = SCOPE_RECIPE_FORM(owner);
    g_autofree char *setting = g_strdup_printf("%s=%s", field->name, value);
    if (!moe_recipe_set(self->recipe, setting, error))
        return false;
    g_hash_table_insert(self->changes, g_strdup(field->name), g_strdup(value));
    return true;
}

/* The values of a choice: those of the field, or the presets that are registered for it; NULL: it
 * is none. */
static GtkStringList *
choices_of(const MoeField *field)
{
    int n;
    const MoePreset *const *presets = moe_presets_list(&n);
    if (field->type != MOE_FIELD_CHOICE || field->choices)
        return scope_field_choices(field);
    GtkStringList *choices = gtk_string_list_new(NULL);
    for (int i = 0; i < n; i++)
        if (g_str_equal(presets[i]->key, field->name))
            gtk_string_list_append(choices, presets[i]->name);
    return choices;
}

static GtkWidget *
row_new(ScopeRecipeForm *self, const MoeField *field)
{
    g_autoptr(GtkStringList) choices = choices_of(field);
    const char *value = moe_recipe_text(self->recipe, field->name);
    ScopeField parts = scope_field_new(field, choices, value, take_value, self);
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *name = gtk_label_new(field->name), *shown = gtk_list_box_row_new();
    if (GTK_IS_ENTRY(parts.control)) {
        gtk_editable_set_width_chars(GTK_EDITABLE(parts.control), ENTRY_CHARS);
        gtk_editable_set_max_width_chars(GTK_EDITABLE(parts.control), ENTRY_CHARS);
    }
    gtk_label_set_xalign(GTK_LABEL(name), 0);
    gtk_label_set_max_width_chars(parts.note, NOTE_CHARS);
    gtk_widget_set_hexpand(words, TRUE);
    gtk_box_append(GTK_BOX(words), name);
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(parts.note));
    gtk_box_append(GTK_BOX(line), words);
    gtk_box_append(GTK_BOX(line), parts.control);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(shown), line);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(shown), FALSE);
    gtk_widget_set_focusable(shown, FALSE);
    g_object_set_data(G_OBJECT(shown), "scope-field", (gpointer)field);
    return shown;
}

static gboolean
row_matches(GtkListBoxRow *row, gpointer user)
{
    ScopeRecipeForm *self = SCOPE_RECIPE_FORM(user);
    const MoeField *field = g_object_get_data(G_OBJECT(row), "scope-field");
    if (!self->search)
        return TRUE;
    g_autofree char *text = g_strconcat(field->name, " ", field->help, NULL);
    g_autofree char *lower = g_utf8_strdown(text, -1);
    return strstr(lower, self->search) != NULL;
}

/* The part of a key before its dot. */
static char *
section_of(GtkListBoxRow *row)
{
    const MoeField *field = g_object_get_data(G_OBJECT(row), "scope-field");
    return g_strndup(field->name, strcspn(field->name, "."));
}

/* A section begins below its name. */
static void
head_row(GtkListBoxRow *row, GtkListBoxRow *before, gpointer user)
{
    static const char *const titles[][2] = {
        {"data", N_("Text")},
        {"model", N_("Model")},
        {"train", N_("Training")},
        {"trace", N_("Recording")},
        {"stablemoe", N_("StableMoE")},
        {"moe", N_("Experts and router")},
        {"balance", N_("Balance of load")},
        {"heads", N_("Sub-tokens")},
        {"hyper", N_("HyperRouter")},
        {"cosine", N_("Router by cosine")},
        {"noisy", N_("Router with noise")},
        {"topk", N_("Groups of experts")},
        {"hyper_expert", N_("HyperMoE")},
        {"init", N_("Initial weights")},
        {"optim", N_("Optimiser")},
    }; /* another section is called as it is */
    g_autofree char *section = section_of(row), *last = before ? section_of(before) : NULL;
    g_autofree char *title = NULL;
    gtk_list_box_row_set_header(row, NULL);
    if (g_strcmp0(section, last) == 0)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(titles) && !title; i++)
        title = g_str_equal(titles[i][0], section) ? g_strdup(_(titles[i][1])) : NULL;
    GtkWidget *head = gtk_label_new(title ? title : section);
    gtk_label_set_xalign(GTK_LABEL(head), 0);
    gtk_widget_add_css_class(head, "heading");
    gtk_widget_add_css_class(head, "section");
    gtk_list_box_row_set_header(row, head);
}

/* --- What it shows ----------------------------------------------------------------------------*/

void
scope_recipe_form_set_recipe(ScopeRecipeForm *form, MoeRecipe *recipe)
{
    GtkWidget *child;
    int n;
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(form->list))))
        gtk_list_box_remove(form->list, child);
    g_clear_pointer(&form->recipe, moe_recipe_free);
    g_hash_table_remove_all(form->changes);
    form->recipe = recipe;
    const MoeField *const *fields = moe_fields_list(&n);
    for (int i = 0; recipe && i < n; i++)
        gtk_list_box_append(form->list, row_new(form, fields[i]));
}

void
scope_recipe_form_search(ScopeRecipeForm *form, const char *text)
{
    g_free(form->search);
    form->search = text && *text ? g_utf8_strdown(text, -1) : NULL;
    gtk_list_box_invalidate_filter(form->list);
}

char **
scope_recipe_form_get_changes(ScopeRecipeForm *form)
{
    g_autoptr(GList) names = g_hash_table_get_keys(form->changes);
    g_autoptr(GPtrArray) changes = g_ptr_array_new();
    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *i = names; i; i = i->next)
        g_ptr_array_add(changes,
                        g_strdup_printf("%s=%s", (const char *)i->data,
                                        (const char *)g_hash_table_lookup(form->changes, i->data)));
    g_ptr_array_add(changes, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&changes), FALSE);
}

const MoeRecipe *
scope_recipe_form_get_recipe(ScopeRecipeForm *form)
{
    return form->recipe;
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_recipe_form_dispose(GObject *object)
{
    g_clear_pointer(&SCOPE_RECIPE_FORM(object)->scroll, gtk_widget_unparent);
    G_OBJECT_CLASS(scope_recipe_form_parent_class)->dispose(object);
}

static void
scope_recipe_form_finalize(GObject *object)
{
    ScopeRecipeForm *self = SCOPE_RECIPE_FORM(object);
    g_clear_pointer(&self->recipe, moe_recipe_free);
    g_hash_table_unref(self->changes);
    g_free(self->search);
    G_OBJECT_CLASS(scope_recipe_form_parent_class)->finalize(object);
}

static void
scope_recipe_form_class_init(ScopeRecipeFormClass *class)
{
    G_OBJECT_CLASS(class)->dispose = scope_recipe_form_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_recipe_form_finalize;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
}

static void
scope_recipe_form_init(ScopeRecipeForm *self)
{
    self->changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->scroll = gtk_scrolled_window_new();
    self->list = GTK_LIST_BOX(gtk_list_box_new());
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Parameters of the recipe"), -1);
    gtk_list_box_set_selection_mode(self->list, GTK_SELECTION_NONE);
    gtk_list_box_set_filter_func(self->list, row_matches, self, NULL);
    gtk_list_box_set_header_func(self->list, head_row, NULL, NULL);
    gtk_widget_set_halign(GTK_WIDGET(self->list), GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(GTK_WIDGET(self->list), "recipe");
    gtk_widget_add_css_class(self->scroll, "view");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->scroll), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->scroll), GTK_WIDGET(self->list));
    gtk_widget_set_parent(self->scroll, GTK_WIDGET(self));
    gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
}

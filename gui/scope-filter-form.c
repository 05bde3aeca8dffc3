/* SPDX-License-Identifier: MIT
 *
 * Rows and words are two ways to say the same: what changes in one is written to the other. Boxes
 * count at once; what is typed, on Enter or when the form is closed, so that undo has steps that
 * mean something.
 */
#include "scope-filter-form.h"

#include "scope-steps.h"

#include "scope-text.h"

#include <glib/gi18n.h>

#include <string.h>

struct _ScopeFilterForm {
    GtkPopover parent_instance;
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    bool filling;            /* rows are being set from the words */

    GtkWidget *domains_row;
    GtkFlowBox *domains; /* of check buttons */
    GtkEditable *documents, *positions, *text;
    GtkCheckButton *ignore_case;
    GtkWidget *steps_row;
    GtkDropDown *steps; /* the last, then those that tokens were recorded at, the latest first */
    GtkLabel *problem;
};

G_DEFINE_FINAL_TYPE(ScopeFilterForm, scope_filter_form, GTK_TYPE_POPOVER)

/* --- From rows to words -----------------------------------------------------------------------*/

static GtkCheckButton *
box_at(ScopeFilterForm *self, int i)
{
    GtkFlowBoxChild *child = gtk_flow_box_get_child_at_index(self->domains, i);
    return child ? GTK_CHECK_BUTTON(gtk_flow_box_child_get_child(child)) : NULL;
}

/* Names of the domains that are ticked; none and all are the same. (transfer full) */
static char **
chosen_domains(ScopeFilterForm *self)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GtkCheckButton *box;
    for (int i = 0; (box = box_at(self, i)); i++)
        if (gtk_check_button_get_active(box))
            g_strv_builder_add(names, gtk_widget_get_name(GTK_WIDGET(box)));
    return g_strv_builder_end(names);
}

static void
append_typed(GString *words, const char *name, GtkEditable *entry)
{
    g_autofree char *typed = g_strstrip(g_strdup(gtk_editable_get_text(entry)));
    if (*typed)
        g_string_append_printf(words, "%s%s=%s", words->len ? " " : "", name, typed);
}

/* (transfer full) */
static char *
words_of_rows(ScopeFilterForm *self)
{
    GString *words = g_string_new(NULL);
    g_auto(GStrv) domains = chosen_domains(self);
    g_autofree char *text = g_strdup(gtk_editable_get_text(self->text));
    MoeTokenFilter of_domains = {.domains = *domains ? domains : NULL};
    MoeTokenFilter of_text = {.text = *text ? text : NULL,
                              .ignore_case = gtk_check_button_get_active(self->ignore_case)};
    g_autofree char *first = moe_token_filter_text(&of_domains);
    g_autofree char *last = moe_token_filter_text(&of_text);
    if (*domains)
        g_string_append(words, first);
    append_typed(words, "doc", self->documents);
    append_typed(words, "pos", self->positions);
    if (*text)
        g_string_append_printf(words, "%s%s", words->len ? " " : "", last);
    return g_string_free(words, FALSE);
}

static void
apply(ScopeFilterForm *self)
{
    g_autoptr(GError) error = NULL;
    if (self->filling || !self->focus)
        return;
    g_autofree char *words = words_of_rows(self);
    g_autoptr(MoeTokenFilter) filter G_GNUC_UNUSED =
        *words ? moe_token_filter_parse(words, &error) : NULL;
    g_autofree char *problem = error ? scope_text_sentence(error->message) : g_strdup("");
    gtk_label_set_label(self->problem, problem);
    gtk_widget_set_visible(GTK_WIDGET(self->problem), error != NULL);
    if (!error)
        scope_focus_set_filter(self->focus, words);
}

/* --- Steps ------------------------------------------------------------------------------------*/

static void
show_step(ScopeFilterForm *self)
{
    int n;
    guint row = 0;
    ScopeSteps chosen = self->focus && self->document ? scope_steps_of(self->focus, self->document)
                                                      : (ScopeSteps){.steps = MOE_STEPS_LAST};
    const int32_t *steps = self->document ? scope_document_steps(self->document, &n) : NULL;
    for (int i = 0; steps && chosen.steps == MOE_STEPS_ONE && i < n; i++)
        if (steps[i] == chosen.step)
            row = (guint)(n - i);
    self->filling = true;
    gtk_drop_down_set_selected(self->steps, row);
    self->filling = false;
}

static void
list_steps(ScopeFilterForm *self)
{
    int n = 0;
    const int32_t *steps = self->document ? scope_document_steps(self->document, &n) : NULL;
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    gtk_string_list_append(names, _("The last"));
    for (int i = n - 1; i >= 0; i--)
        gtk_string_list_take(names, g_strdup_printf("%d", steps[i]));
    self->filling = true;
    gtk_drop_down_set_model(self->steps, G_LIST_MODEL(names));
    self->filling = false;
    gtk_widget_set_visible(self->steps_row, n > 1);
    show_step(self);
}

static void
on_step(ScopeFilterForm *self)
{
    int n, row = (int)gtk_drop_down_get_selected(self->steps);
    if (self->filling || !self->focus || !self->document)
        return;
    const int32_t *steps = scope_document_steps(self->document, &n);
    if (row <= n)
        scope_focus_set(self->focus, SCOPE_FOCUS_STEP, row > 0 ? steps[n - row] : -1);
}

/* --- From words to rows -----------------------------------------------------------------------*/

static void
tick_domains(ScopeFilterForm *self, char **names)
{
    GtkCheckButton *box;
    for (int i = 0; (box = box_at(self, i)); i++)
        gtk_check_button_set_active(box,
                                    names && g_strv_contains((const char *const *)names,
                                                             gtk_widget_get_name(GTK_WIDGET(box))));
}

/* What stands behind "doc=" in the words of a filter that is nothing else. */
static void
fill_entry(GtkEditable *entry, const MoeTokenFilter *part, bool given)
{
    g_autofree char *words = given ? moe_token_filter_text(part) : NULL;
    const char *value = words ? strchr(words, '=') : NULL;
    gtk_editable_set_text(entry, value ? value + 1 : "");
}

static void
fill(ScopeFilterForm *self)
{
    const char *words = self->focus ? scope_focus_get_filter(self->focus) : "";
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(words, NULL);
    MoeTokenFilter none = {0};
    const MoeTokenFilter *is = filter ? filter : &none;
    MoeTokenFilter document = {.by_document = true,
                               .first_document = is->first_document,
                               .last_document = is->last_document};
    MoeTokenFilter position = {.by_position = true,
                               .first_position = is->first_position,
                               .last_position = is->last_position};
    self->filling = true;
    tick_domains(self, is->domains);
    fill_entry(self->documents, &document, is->by_document);
    fill_entry(self->positions, &position, is->by_position);
    gtk_editable_set_text(self->text, is->text ? is->text : "");
    gtk_check_button_set_active(self->ignore_case, is->ignore_case);
    gtk_widget_set_visible(GTK_WIDGET(self->problem), FALSE);
    self->filling = false;
}

static void
on_focus_changed(ScopeFilterForm *self, guint what)
{
    if (what & SCOPE_FOCUS_FILTER)
        fill(self);
    if (what & SCOPE_FOCUS_STEP)
        show_step(self);
}

/* --- Domains ----------------------------------------------------------------------------------*/

static void
list_domains(ScopeFilterForm *self)
{
    const char *const *names = self->document ? scope_document_domains(self->document) : NULL;
    GtkFlowBoxChild *child;
    while ((child = gtk_flow_box_get_child_at_index(self->domains, 0)))
        gtk_flow_box_remove(self->domains, GTK_WIDGET(child));
    for (; names && *names; names++) {
        GtkWidget *box = gtk_check_button_new_with_label(*names);
        gtk_widget_set_name(box, *names);
        g_signal_connect_object(box, "toggled", G_CALLBACK(apply), self, G_CONNECT_SWAPPED);
        gtk_flow_box_append(self->domains, box);
    }
    gtk_widget_set_visible(self->domains_row, box_at(self, 0) != NULL);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_filter_form_dispose(GObject *object)
{
    ScopeFilterForm *self = SCOPE_FILTER_FORM(object);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    G_OBJECT_CLASS(scope_filter_form_parent_class)->dispose(object);
}

static void
clear(ScopeFilterForm *self)
{
    if (!self->focus)
        return;
    scope_focus_begin(self->focus);
    scope_focus_set_filter(self->focus, "");
    scope_focus_set(self->focus, SCOPE_FOCUS_STEP, -1);
    scope_focus_end(self->focus);
}

static void
on_grown(ScopeFilterForm *self)
{
    list_domains(self);
    list_steps(self);
}

static void
scope_filter_form_class_init(ScopeFilterFormClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_filter_form_dispose;
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/filter-form.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, domains_row);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, domains);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, documents);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, positions);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, text);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, ignore_case);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, problem);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, steps_row);
    gtk_widget_class_bind_template_child(widget_class, ScopeFilterForm, steps);
    gtk_widget_class_bind_template_callback(widget_class, apply);
    gtk_widget_class_bind_template_callback(widget_class, clear);
    gtk_widget_class_bind_template_callback(widget_class, on_step);
}

static void
scope_filter_form_init(ScopeFilterForm *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
}

void
scope_filter_form_show(ScopeFilterForm *form, ScopeDocument *document, ScopeFocus *focus)
{
    if (document == form->document && focus == form->focus)
        return;
    if (form->document)
        g_signal_handlers_disconnect_by_func(form->document, on_grown, form);
    if (form->focus)
        g_signal_handlers_disconnect_by_func(form->focus, on_focus_changed, form);
    g_set_object(&form->document, document);
    g_set_object(&form->focus, focus);
    if (document)
        g_signal_connect_object(document, "grown", G_CALLBACK(on_grown), form, G_CONNECT_SWAPPED);
    if (focus)
        g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), form,
                                G_CONNECT_SWAPPED);
    on_grown(form);
    fill(form);
}

/* SPDX-License-Identifier: MIT
 *
 * Two routings of the same tokens: how far they agree by layer, where the load differs, which
 * tokens moved, which experts are the same ones under other numbers.
 */
#include "scope-chooser.h"
#include "scope-compared.h"
#include "scope-job.h"
#include "scope-pages.h"
#include "scope-tabs.h"
#include "scope-text.h"
#include "scope-together.h"

#include <glib/gi18n.h>
#include <moescope/compare.h>

#define SCOPE_TYPE_PAGE_COMPARE (scope_page_compare_get_type())
G_DECLARE_FINAL_TYPE(ScopePageCompare, scope_page_compare, SCOPE, PAGE_COMPARE, ScopePage)

struct _ScopePageCompare {
    ScopePage parent_instance;
    GCancellable *running, *moving, *opening; /* comparing, looking for moved tokens, a file */
    GtkFileChooserNative *dialog;             /* or NULL */
    GPtrArray *others; /* of ScopeDocument: those of the drop-down, after its first row */
    bool filling;      /* the drop-down */

    GtkDropDown *other;
    GtkButton *offer; /* of one of the others */
    guint offered;    /* the one */
    GtkLabel *problem;
    ScopeChooser *chooser;
    GtkStack *outer, *stack;
    ScopeTable *layers, *moved, *matched;
    ScopePane *agreement, *difference;
};

G_DEFINE_FINAL_TYPE(ScopePageCompare, scope_page_compare, SCOPE_TYPE_PAGE)

static ScopeDocument *
document_of(ScopePageCompare *self)
{
    return scope_page_get_document(SCOPE_PAGE(self));
}

/* --- Comparing --------------------------------------------------------------------------------*/

static void
on_compared(gpointer owner, gpointer result, const GError *error)
{
    ScopePageCompare *self = SCOPE_PAGE_COMPARE(owner);
    ScopeCompared *compared = result;
    const char *says = error ? error->message : "";
    scope_table_set_empty(self->layers, says);
    scope_table_set_empty(self->matched, says);
    scope_table_set_rows(self->layers, compared ? G_LIST_MODEL(compared->layers) : NULL);
    scope_table_set_rows(self->matched, compared ? G_LIST_MODEL(compared->matched) : NULL);
}

static void
on_moved(gpointer owner, gpointer result, const GError *error)
{
    ScopePageCompare *self = SCOPE_PAGE_COMPARE(owner);
    scope_table_set_empty(self->moved,
                          error ? error->message : _("No token of this layer moved at all."));
    scope_table_set_rows(self->moved, result);
}

static void
start(ScopePageCompare *self, GCancellable **running, int layer, ScopeJob job)
{
    ScopeDocument *document = document_of(self);
    ScopeFocus *focus = scope_page_get_focus(SCOPE_PAGE(self));
    const ScopeComparedQuery query = {layer, scope_steps_of(focus, document)};
    job.data = g_memdup2(&query, sizeof query);
    job.free_data = g_free;
    scope_job_start(running, self, document, scope_focus_get_filter(focus), &job);
}

static void
find_moved(ScopePageCompare *self)
{
    int n;
    ScopeDocument *document = document_of(self);
    const MoeRouterInfo *info = scope_document_routers(document, &n);
    int router = scope_focus_router(scope_page_get_focus(SCOPE_PAGE(self)), document);
    if (router < 0 || !scope_document_get_other(document))
        return;
    const ScopeJob job = {
        .work = scope_compared_find_moved, .free_result = g_object_unref, .done = on_moved};
    scope_table_set_empty(self->moved, _("Comparing …"));
    start(self, &self->moving, info[router].layer, job);
}

static void
compare(ScopePageCompare *self)
{
    const ScopeJob job = {
        .work = scope_compared_find, .free_result = scope_compared_free, .done = on_compared};
    ScopeDocument *document = document_of(self);
    bool there = scope_document_get_other(document) != NULL;
    gtk_stack_set_visible_child_name(self->outer, there ? "compared" : "none");
    scope_page_pane_changed(SCOPE_PAGE(self)); /* a figure can be seen now, or no longer */
    if (!there)
        return;
    scope_table_set_rows(self->layers, NULL);
    scope_table_set_rows(self->matched, NULL);
    scope_table_set_rows(self->moved, NULL);
    scope_table_set_empty(self->layers, _("Comparing …"));
    scope_table_set_empty(self->matched, _("Comparing …"));
    start(self, &self->running, -1, job);
    find_moved(self);
}

static void
on_focus_changed(ScopePageCompare *self, guint what)
{
    if (what & (SCOPE_FOCUS_FILTER | SCOPE_FOCUS_STEP))
        compare(self);
    else if (what & SCOPE_FOCUS_LAYER)
        find_moved(self);
}

/* --- With what --------------------------------------------------------------------------------*/

/* Other documents that are open in the window, and the one that was chosen. */
static void
find_others(ScopePageCompare *self)
{
    GtkWidget *tabs = gtk_widget_get_ancestor(GTK_WIDGET(self), SCOPE_TYPE_TABS);
    ScopeDocument *own = document_of(self), *chosen = scope_document_get_other(own);
    g_ptr_array_set_size(self->others, 0);
    for (int i = 0; tabs && i < scope_tabs_count(SCOPE_TABS(tabs)); i++) {
        ScopeDocument *other = scope_tab_get_document(scope_tabs_get(SCOPE_TABS(tabs), i));
        if (other && other != own && other != chosen)
            g_ptr_array_add(self->others, g_object_ref(other));
    }
    if (chosen)
        g_ptr_array_add(self->others, g_object_ref(chosen));
}

/* Whether it has as many tokens, layers and experts, as recordings of the same text have. */
static bool
is_like(ScopeDocument *a, ScopeDocument *b)
{
    int n, m;
    const MoeTrace *x = scope_document_trace(a), *y = scope_document_trace(b);
    const MoeRouterInfo *first = scope_document_routers(a, &n);
    const MoeRouterInfo *second = scope_document_routers(b, &m);
    return x && y && n > 0 && n == m && first[0].experts == second[0].experts &&
           moe_trace_tokens(x, -1) == moe_trace_tokens(y, -1);
}

/* What is open in another tab is one click away: one like this, or else the first. */
static void
show_offer(ScopePageCompare *self)
{
    bool any = self->others->len > 0;
    self->offered = 0;
    for (guint i = self->others->len; i-- > 0;)
        if (is_like(document_of(self), self->others->pdata[i]))
            self->offered = i;
    g_autofree char *words =
        any ? g_strdup_printf(_("Compare With %s"),
                              scope_document_name(self->others->pdata[self->offered]))
            : g_strdup("");
    gtk_button_set_label(self->offer, words);
    gtk_widget_set_visible(GTK_WIDGET(self->offer), any);
}

static void
fill_others(ScopePageCompare *self)
{
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    ScopeDocument *chosen = scope_document_get_other(document_of(self));
    guint selected = 0;
    find_others(self);
    gtk_string_list_append(names, _("Nothing"));
    for (guint i = 0; i < self->others->len; i++) {
        gtk_string_list_append(names, scope_document_name(self->others->pdata[i]));
        if (self->others->pdata[i] == chosen)
            selected = i + 1;
    }
    self->filling = true;
    gtk_drop_down_set_model(self->other, G_LIST_MODEL(names));
    gtk_drop_down_set_selected(self->other, selected);
    self->filling = false;
    show_offer(self);
}

static void
on_offer(ScopePageCompare *self)
{
    gtk_drop_down_set_selected(self->other, self->offered + 1);
}

static void
on_chosen(ScopePageCompare *self)
{
    guint i = gtk_drop_down_get_selected(self->other);
    if (self->filling || !document_of(self) || i > self->others->len)
        return;
    gtk_label_set_label(self->problem, "");
    scope_document_set_other(document_of(self), i == 0 ? NULL : self->others->pdata[i - 1]);
}

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopePageCompare) self = SCOPE_PAGE_COMPARE(user);
    g_autoptr(GError) error = NULL;
    g_autoptr(ScopeDocument) other = scope_document_open_finish(result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_clear_object(&self->opening);
    gtk_label_set_label(self->problem, error ? error->message : "");
    if (other) {
        scope_document_set_other(document_of(self), other);
        fill_others(self);
    }
}

static void
open_other(ScopePageCompare *self, GFile *file)
{
    scope_job_give_up(&self->opening);
    self->opening = g_cancellable_new();
    gtk_label_set_label(self->problem, _("Opening …"));
    g_autoptr(GListModel) files = scope_together_one(file);
    scope_document_open_async(files, NULL, NULL, self->opening, on_opened, g_object_ref(self));
}

static void
on_response(ScopePageCompare *self, int response)
{
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->dialog));
        open_other(self, file);
    }
    g_clear_object(&self->dialog);
}

static void
on_open(ScopePageCompare *self)
{
    GtkRoot *window = gtk_widget_get_root(GTK_WIDGET(self));
    g_clear_object(&self->dialog);
    self->dialog = gtk_file_chooser_native_new(_("Compare With"), GTK_WINDOW(window),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), NULL);
    g_signal_connect_object(self->dialog, "response", G_CALLBACK(on_response), self,
                            G_CONNECT_SWAPPED);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->dialog));
}

/* --- Going there ------------------------------------------------------------------------------*/

static void
on_row(ScopePageCompare *self, ScopeRow *row)
{
    ScopeFocus *focus = scope_page_get_focus(SCOPE_PAGE(self));
    ScopeRowTarget target = scope_row_get_target(row);
    scope_focus_begin(focus);
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, target.layer);
    if (target.expert >= 0)
        scope_focus_set(focus, SCOPE_FOCUS_EXPERT, target.expert);
    if (target.token >= 0)
        scope_focus_set(focus, SCOPE_FOCUS_TOKEN, target.token);
    scope_focus_end(focus);
}

static void
on_token(ScopePageCompare *self, ScopeRow *row)
{
    on_row(self, row);
    gtk_widget_activate_action(GTK_WIDGET(self), "win.view", "s", "tokens");
}

/* --- What the columns mean, in the inspector --------------------------------------------------*/

typedef struct Meaning {
    const char *column, *words, *metric; /* metric: whose formula it has, or NULL */
} Meaning;

static const Meaning meanings[] = {
    {N_("Agreement"), N_("Share of tokens whose first choice is the same in both"), "agreement"},
    {N_("Chance"), N_("What two routers of these loads would agree in by chance"), NULL},
    {N_("Matched"),
     N_("Agreement once experts that merely have other numbers are taken for the same"), NULL},
    {N_("Overlap"), N_("Share of all picks that are the same in both"), "overlap"},
    {N_("Jaccard"),
     N_("Experts that both pick for a token, of those that either picks, on average"), "jaccard"},
    {N_("Flips"), N_("Share of tokens whose set of experts isn’t the same"), "flips"},
    {N_("JS load"), N_("How far the loads differ: Jensen–Shannon divergence, in nats"), "js-load"},
    {N_("Renamed"), N_("Experts whose match has another number"), NULL},
};

static const char *
formula_of(const char *name)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; name && i < n; i++)
        if (g_str_equal(metrics[i].name, name))
            return metrics[i].formula;
    return "";
}

static GtkWidget *
scope_page_compare_make_inspector(ScopePage *page)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GtkWidget *about = gtk_label_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++) {
        g_autofree char *part = g_markup_printf_escaped(
            "%s<b>%s</b>\n%s", i ? "\n\n" : "", _(meanings[i].column), _(meanings[i].words));
        g_autofree char *formula = scope_text_formula(formula_of(meanings[i].metric));
        g_string_append(text, part);
        if (*formula)
            g_string_append_printf(text, "\n<small>%s</small>", formula);
    }
    gtk_label_set_markup(GTK_LABEL(about), text->str);
    gtk_label_set_xalign(GTK_LABEL(about), 0);
    gtk_label_set_wrap(GTK_LABEL(about), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(about), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(about), 28);
    return about;
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
scope_page_compare_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePageCompare *self = SCOPE_PAGE_COMPARE(page);
    scope_chooser_show(self->chooser, document, focus);
    scope_pane_set_document(self->agreement, document, focus);
    scope_pane_set_document(self->difference, document, focus);
    g_signal_connect_object(document, "grown", G_CALLBACK(compare), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), self,
                            G_CONNECT_SWAPPED);
    fill_others(self);
    compare(self);
}

static ScopePane *
scope_page_compare_get_pane(ScopePage *page)
{
    ScopePageCompare *self = SCOPE_PAGE_COMPARE(page);
    ScopePane *const panes[] = {self->agreement, self->difference};
    for (gsize i = 0; i < G_N_ELEMENTS(panes); i++)
        if (panes[i] && gtk_widget_get_mapped(GTK_WIDGET(panes[i])))
            return panes[i];
    return NULL;
}

static void
on_turned(ScopePageCompare *self)
{
    scope_page_pane_changed(SCOPE_PAGE(self));
}

static void
scope_page_compare_map(GtkWidget *widget)
{
    GTK_WIDGET_CLASS(scope_page_compare_parent_class)->map(widget);
    if (document_of(SCOPE_PAGE_COMPARE(widget)))
        fill_others(SCOPE_PAGE_COMPARE(widget));
}

static void
scope_page_compare_dispose(GObject *object)
{
    ScopePageCompare *self = SCOPE_PAGE_COMPARE(object);
    scope_job_give_up(&self->running);
    scope_job_give_up(&self->moving);
    scope_job_give_up(&self->opening);
    g_clear_object(&self->dialog);
    g_clear_pointer(&self->others, g_ptr_array_unref);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_PAGE_COMPARE);
    G_OBJECT_CLASS(scope_page_compare_parent_class)->dispose(object);
}

static void
bind_children(GtkWidgetClass *class)
{
    gtk_widget_class_bind_template_child(class, ScopePageCompare, other);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, offer);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, problem);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, chooser);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, outer);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, stack);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, layers);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, moved);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, matched);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, agreement);
    gtk_widget_class_bind_template_child(class, ScopePageCompare, difference);
    gtk_widget_class_bind_template_callback(class, on_chosen);
    gtk_widget_class_bind_template_callback(class, on_offer);
    gtk_widget_class_bind_template_callback(class, on_open);
    gtk_widget_class_bind_template_callback(class, on_row);
    gtk_widget_class_bind_template_callback(class, on_token);
    gtk_widget_class_bind_template_callback(class, on_turned);
}

static void
scope_page_compare_class_init(ScopePageCompareClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_compare_dispose;
    SCOPE_PAGE_CLASS(class)->show = scope_page_compare_show;
    SCOPE_PAGE_CLASS(class)->get_pane = scope_page_compare_get_pane;
    SCOPE_PAGE_CLASS(class)->make_inspector = scope_page_compare_make_inspector;
    widget_class->map = scope_page_compare_map;
    g_type_ensure(SCOPE_TYPE_CHOOSER);
    g_type_ensure(SCOPE_TYPE_PANE);
    g_type_ensure(SCOPE_TYPE_TABLE);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/page-compare.ui");
    bind_children(widget_class);
}

static void
scope_page_compare_init(ScopePageCompare *self)
{
    int n;
    self->others = g_ptr_array_new_with_free_func(g_object_unref);
    gtk_widget_init_template(GTK_WIDGET(self));
    const ScopeColumn *columns = scope_compared_layer_columns(&n);
    scope_table_set_columns(self->layers, columns, n, _("Agreement by layer"));
    columns = scope_compared_moved_columns(&n);
    scope_table_set_columns(self->moved, columns, n, _("Tokens that moved"));
    columns = scope_compared_matched_columns(&n);
    scope_table_set_columns(self->matched, columns, n, _("Matched experts"));
    scope_chooser_set_parts(self->chooser, SCOPE_FOCUS_LAYER, FALSE);
    scope_pane_set_figure(self->agreement, "agreement");
    scope_pane_set_figure(self->difference, "load-difference");
}

/* SPDX-License-Identifier: MIT
 *
 * Where the load goes: the heat map of layers and experts, metrics by layer beside it, key facts
 * above and the checker's word below.
 */
#include "scope-facts.h"
#include "scope-job.h"
#include "scope-pages.h"
#include "scope-text.h"

#include <glib/gi18n.h>

#define SCOPE_TYPE_PAGE_OVERVIEW (scope_page_overview_get_type())
G_DECLARE_FINAL_TYPE(ScopePageOverview, scope_page_overview, SCOPE, PAGE_OVERVIEW, ScopePage)

struct _ScopePageOverview {
    ScopePage parent_instance;
    GCancellable *running;  /* of what is being found out, or NULL */
    GCancellable *checking; /* of the checker's work, or NULL */
    bool unchecked;         /* as it is now */

    GtkFlowBox *facts;
    ScopePane *load, *layers;
    GtkImage *mark; /* beside the verdict */
    GtkLabel *verdict;
    GtkListBox *findings;
    GtkWidget *findings_frame;
};

G_DEFINE_FINAL_TYPE(ScopePageOverview, scope_page_overview, SCOPE_TYPE_PAGE)

/* --- Facts ------------------------------------------------------------------------------------*/

static GtkWidget *
fact_new(const ScopeFact *fact)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *value = gtk_label_new(fact->value), *caption = gtk_label_new(fact->caption);
    gtk_label_set_xalign(GTK_LABEL(value), 0);
    gtk_label_set_xalign(GTK_LABEL(caption), 0);
    gtk_widget_add_css_class(value, "fact");
    gtk_widget_add_css_class(caption, "note");
    gtk_widget_set_tooltip_text(box, fact->tip);
    gtk_box_append(GTK_BOX(box), value);
    gtk_box_append(GTK_BOX(box), caption);
    return box;
}

static void
empty(GtkWidget *parent)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(parent)))
        if (GTK_IS_LIST_BOX(parent))
            gtk_list_box_remove(GTK_LIST_BOX(parent), child);
        else
            gtk_flow_box_remove(GTK_FLOW_BOX(parent), child);
}

/* --- Findings ---------------------------------------------------------------------------------*/

static GtkWidget *
text_new(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_add_css_class(label, class);
    return label;
}

static const char *
icon_of(int severity)
{
    static const char *const icons[] = {[MOE_FINDING_NOTE] = "dialog-information-symbolic",
                                        [MOE_FINDING_WARNING] = "dialog-warning-symbolic",
                                        [MOE_FINDING_ERROR] = "dialog-error-symbolic"};
    return icons[severity];
}

static GtkWidget *
finding_new(MoeSeverity severity, const char *text, const char *help)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *icon = gtk_image_new_from_icon_name(icon_of((int)severity));
    gtk_widget_add_css_class(icon, moe_severity_name(severity));
    gtk_widget_set_valign(icon, GTK_ALIGN_START);
    gtk_accessible_update_property(GTK_ACCESSIBLE(icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   moe_severity_name(severity), -1);
    gtk_box_append(GTK_BOX(words), text_new(text, "finding"));
    gtk_box_append(GTK_BOX(words), text_new(help, "note"));
    gtk_widget_set_hexpand(words, TRUE);
    gtk_box_append(GTK_BOX(row), icon);
    gtk_box_append(GTK_BOX(row), words);
    return row;
}

/* What the importer wants readers to know; returns how much. */
static int
show_notes(ScopePageOverview *self)
{
    const char *notes = scope_document_notes(scope_page_get_document(SCOPE_PAGE(self)));
    g_auto(GStrv) lines = g_strsplit(notes ? notes : "", "\n", -1);
    int shown = 0;
    for (char **line = lines; *line; line++) {
        if (!**line)
            continue;
        GtkWidget *row = finding_new(MOE_FINDING_NOTE, *line, _("Found while it was imported."));
        gtk_list_box_append(self->findings, row);
        shown++;
    }
    return shown;
}

/* The worst first. */
static int
show_findings(ScopePageOverview *self, const MoeFindings *findings)
{
    int shown = 0;
    for (int severity = MOE_FINDING_ERROR; severity >= MOE_FINDING_NOTE; severity--)
        for (int i = 0; i < moe_findings_count(findings); i++) {
            const MoeFinding *finding = moe_findings_get(findings, i);
            if ((int)finding->severity != severity)
                continue;
            g_autofree char *help = g_strconcat(finding->why, " ", finding->remedy, NULL);
            gtk_list_box_append(self->findings,
                                finding_new(finding->severity, finding->text, help));
            shown++;
        }
    return shown;
}

/* The worst that was found; -1: nothing. */
static int
worst_of(const MoeFindings *findings)
{
    int worst = -1;
    for (int i = 0; i < moe_findings_count(findings); i++)
        worst = MAX(worst, (int)moe_findings_get(findings, i)->severity);
    return worst;
}

static void
show_verdict(ScopePageOverview *self, const MoeFindings *findings, const GError *error)
{
    int worst = findings ? worst_of(findings) : MOE_FINDING_ERROR;
    g_autofree char *verdict = findings ? moe_findings_verdict(findings) : NULL;
    g_autofree char *words = scope_text_sentence(findings ? verdict : error->message);
    gtk_label_set_label(self->verdict, words);
    gtk_widget_set_visible(GTK_WIDGET(self->mark), TRUE);
    gtk_image_set_from_icon_name(self->mark, worst < 0 ? "object-select-symbolic" : icon_of(worst));
    for (int i = MOE_FINDING_NOTE; i <= MOE_FINDING_ERROR; i++)
        gtk_widget_remove_css_class(GTK_WIDGET(self->mark), moe_severity_name(i));
    gtk_widget_add_css_class(GTK_WIDGET(self->mark),
                             worst < 0 ? "success" : moe_severity_name(worst));
}

static void check(ScopePageOverview *self); /* again, where it has grown meanwhile */

static void
on_checked(gpointer owner, gpointer result, const GError *error)
{
    ScopePageOverview *self = SCOPE_PAGE_OVERVIEW(owner);
    empty(GTK_WIDGET(self->findings));
    show_verdict(self, result, error);
    int shown = result ? show_findings(self, result) : 0;
    shown += show_notes(self);
    gtk_widget_set_visible(self->findings_frame, shown > 0);
    check(self);
}

static void
on_checking(ScopePageOverview *self, double done)
{
    g_autofree char *text = g_strdup_printf(_("Checking … %.0f %%"), 100 * done);
    if (self->checking)
        gtk_label_set_label(self->verdict, text);
}

static void
free_findings(gpointer findings)
{
    moe_findings_free(findings);
}

/* Of what grows, one check follows the other. */
static void
check(ScopePageOverview *self)
{
    static const ScopeJob job = {
        .work = scope_facts_check, .free_result = free_findings, .done = on_checked};
    if (!self->unchecked || self->checking)
        return;
    self->unchecked = false;
    scope_job_start(&self->checking, self, scope_page_get_document(SCOPE_PAGE(self)), "", &job);
}

/* --- Finding out ------------------------------------------------------------------------------*/

static void
on_found(gpointer owner, gpointer result, const GError *error)
{
    ScopePageOverview *self = SCOPE_PAGE_OVERVIEW(owner);
    const GPtrArray *facts = result;
    empty(GTK_WIDGET(self->facts));
    g_autofree char *problem = error ? scope_text_sentence(error->message) : NULL;
    for (guint i = 0; facts && i < facts->len; i++)
        gtk_flow_box_append(self->facts, fact_new(facts->pdata[i]));
    if (problem)
        gtk_flow_box_append(self->facts, text_new(problem, "note"));
    check(self); /* not before: pictures first */
}

static void
free_facts(gpointer facts)
{
    g_ptr_array_unref(facts);
}

static void
find_out(ScopePageOverview *self)
{
    ScopeDocument *document = scope_page_get_document(SCOPE_PAGE(self));
    ScopeFocus *focus = scope_page_get_focus(SCOPE_PAGE(self));
    ScopeSteps steps = scope_steps_of(focus, document);
    const ScopeJob job = {scope_facts_find, g_memdup2(&steps, sizeof steps), g_free, free_facts,
                          on_found};
    scope_job_start(&self->running, self, document, scope_focus_get_filter(focus), &job);
}

static void
on_grown(ScopePageOverview *self)
{
    self->unchecked = true;
    find_out(self);
}

static void
on_focus_changed(ScopePageOverview *self, guint what)
{
    if (what & (SCOPE_FOCUS_FILTER | SCOPE_FOCUS_STEP))
        find_out(self);
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
scope_page_overview_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePageOverview *self = SCOPE_PAGE_OVERVIEW(page);
    scope_pane_set_document(self->load, document, focus);
    scope_pane_set_document(self->layers, document, focus);
    gtk_label_set_label(self->verdict, _("Checking …"));
    g_signal_connect_object(document, "grown", G_CALLBACK(on_grown), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(document, "progress::work", G_CALLBACK(on_checking), self,
                            G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), self,
                            G_CONNECT_SWAPPED);
    on_grown(self);
}

static void
scope_page_overview_dispose(GObject *object)
{
    ScopePageOverview *self = SCOPE_PAGE_OVERVIEW(object);
    scope_job_give_up(&self->running);
    scope_job_give_up(&self->checking);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_PAGE_OVERVIEW);
    G_OBJECT_CLASS(scope_page_overview_parent_class)->dispose(object);
}

static void
scope_page_overview_class_init(ScopePageOverviewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_overview_dispose;
    SCOPE_PAGE_CLASS(class)->show = scope_page_overview_show;
    g_type_ensure(SCOPE_TYPE_PANE);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/page-overview.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, facts);
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, load);
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, layers);
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, mark);
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, verdict);
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, findings);
    gtk_widget_class_bind_template_child(widget_class, ScopePageOverview, findings_frame);
}

static void
scope_page_overview_init(ScopePageOverview *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    scope_pane_set_figure(self->load, "load");
    scope_pane_set_option(self->load, "by=all");
    scope_pane_set_figure(self->layers, "layers");
    scope_page_watch(SCOPE_PAGE(self), self->load);
    scope_page_watch(SCOPE_PAGE(self), self->layers);
}

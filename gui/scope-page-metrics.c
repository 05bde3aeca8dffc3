/* SPDX-License-Identifier: MIT
 *
 * All metrics of one layer as a table: value, interval, what chance would show, and what each is.
 */
#include "scope-chooser.h"
#include "scope-job.h"
#include "scope-pages.h"
#include "scope-steps.h"
#include "scope-table.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <moescope/resample.h>

#define SCOPE_TYPE_PAGE_METRICS (scope_page_metrics_get_type())
G_DECLARE_FINAL_TYPE(ScopePageMetrics, scope_page_metrics, SCOPE, PAGE_METRICS, ScopePage)

struct _ScopePageMetrics {
    ScopePage parent_instance;
    GCancellable *running; /* of measuring, or NULL */

    ScopeChooser *chooser;
    GtkSearchEntry *search;
    GtkWidget *busy;
    ScopeTable *table;
    GtkLabel *about; /* in the inspector; NULL before and after */
};

G_DEFINE_FINAL_TYPE(ScopePageMetrics, scope_page_metrics, SCOPE_TYPE_PAGE)

enum { NAME, VALUE, LOW, HIGH, UNIFORM, SHUFFLED, UNIT, FORMULA };

/* --- Measuring, in a thread -------------------------------------------------------------------*/

static ScopeRow *
row_of(const MoeMetric *metric, const MoeMetricCell *cell, const MoeInterval *interval)
{
    ScopeRow *row = scope_row_new();
    scope_row_take(row, NAME, g_strdup(metric->name));
    scope_row_set_number(row, VALUE, moe_metric_value(metric, cell));
    scope_row_set_number(row, LOW, interval->low);
    scope_row_set_number(row, HIGH, interval->high);
    scope_row_set_number(row, UNIFORM, moe_metric_uniform(metric, cell));
    scope_row_set_number(row, SHUFFLED, moe_metric_shuffled(metric, cell));
    scope_row_take(row, UNIT, g_strdup(metric->unit));
    scope_row_take(row, FORMULA, g_strdup(metric->formula));
    return row;
}

typedef struct Query {
    int router;
    ScopeSteps steps;
} Query;

/* Intervals that take the trace; without one there are none. */
static void
add_from_trace(const Query *query, MoeFigureInput *input, const MoeMetric *const *metrics, int n,
               MoeInterval *intervals)
{
    const MoeTrace *trace = moe_figure_input_trace(input, 0);
    const MoeSummaryOptions counted = {.steps = query->steps.steps,
                                       .step = query->steps.step,
                                       .filter = moe_figure_input_filter(input)};
    g_autofree MoeInterval *own = g_new(MoeInterval, n);
    if (!trace || !moe_metric_trace_intervals(trace, &counted, &query->router, 1, metrics, n, NULL,
                                              own, NULL))
        return;
    for (int i = 0; i < n; i++)
        if (moe_metric_interval_needs_trace(metrics[i]))
            intervals[i] = own[i];
}

/* With all that a trace can be counted for, or that a summary was. Metrics that nothing was
 * recorded for are left out. */
static gpointer
measure(MoeFigureInput *input, gpointer data, GError **error)
{
    static const MoeResampleOptions options = {0};
    const Query *query = data;
    int n, router = query->router;
    const MoeSummary *summary = scope_steps_summary(query->steps, input, MOE_TALLIES_ALL, error);
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    if (!summary)
        return NULL;
    g_autofree MoeInterval *intervals = g_new(MoeInterval, n);
    g_autofree const MoeSummaryCell **domains =
        g_new(const MoeSummaryCell *, MAX(moe_summary_domains(summary), 1));
    MoeMetricCell cell =
        moe_metric_cell(summary, moe_figure_input_trace(input, 0), router, MOE_DOMAIN_ALL, domains);
    GListStore *rows = g_list_store_new(SCOPE_TYPE_ROW);
    moe_metric_intervals(summary, router, MOE_DOMAIN_ALL, metrics, n, &options, intervals);
    add_from_trace(query, input, metrics, n, intervals);
    for (int i = 0; i < n; i++) {
        if (isnan(moe_metric_value(metrics[i], &cell)))
            continue;
        g_autoptr(ScopeRow) row = row_of(metrics[i], &cell, &intervals[i]);
        g_list_store_append(rows, row);
    }
    return rows;
}

/* --- Showing ----------------------------------------------------------------------------------*/

static void
on_measured(gpointer owner, gpointer result, const GError *error)
{
    ScopePageMetrics *self = SCOPE_PAGE_METRICS(owner);
    gtk_widget_set_visible(self->busy, FALSE);
    scope_table_set_empty(self->table, error ? error->message : _("No metric contains this text."));
    scope_table_set_rows(self->table, result);
}

static void
look(ScopePageMetrics *self)
{
    ScopeDocument *document = scope_page_get_document(SCOPE_PAGE(self));
    ScopeFocus *focus = scope_page_get_focus(SCOPE_PAGE(self));
    const Query query = {scope_focus_router(focus, document), scope_steps_of(focus, document)};
    if (query.router < 0)
        return;
    const ScopeJob job = {measure, g_memdup2(&query, sizeof query), g_free, g_object_unref,
                          on_measured};
    gtk_widget_set_visible(self->busy, TRUE);
    scope_job_start(&self->running, self, document, scope_focus_get_filter(focus), &job);
}

static void
on_focus_changed(ScopePageMetrics *self, guint what)
{
    if (what & (SCOPE_FOCUS_LAYER | SCOPE_FOCUS_FILTER | SCOPE_FOCUS_STEP))
        look(self);
}

static void
on_searched(ScopePageMetrics *self)
{
    scope_table_search(self->table, gtk_editable_get_text(GTK_EDITABLE(self->search)));
}

static void
on_copy(ScopePageMetrics *self)
{
    g_autofree char *csv = scope_table_to_csv(self->table);
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), csv);
}

/* --- What a metric is, in the inspector -------------------------------------------------------*/

static void
append(GString *text, const char *heading, const char *markup)
{
    if (*markup) {
        g_autofree char *head = g_markup_escape_text(heading, -1);
        g_string_append_printf(text, "\n\n<b>%s</b>\n%s", head, markup);
    }
}

static void
append_words(GString *text, const char *heading, const char *words)
{
    g_autofree char *markup = g_markup_escape_text(words, -1);
    append(text, heading, markup);
}

/* What the columns are, before a metric is chosen. */
static char *
columns_about(void)
{
    GString *text = g_string_new(
        _("Choose a metric to read what it is, who defined it, and where programs differ."));
    append_words(text, _("95 % from … to"),
                 _("Where the value would lie for other documents of this kind"));
    append_words(text, _("Uniform"), _("What a router would show that picks at random"));
    append_words(text, _("Shuffled"),
                 _("What a router of the same load would show that takes no notice of tokens"));
    append_words(text, _("Letters"),
                 _("E experts, k picks a token, c picks of an expert, f its share of all N picks, "
                   "m the mean of c, g its share of the gates, S the experts of a token"));
    return g_string_free(text, FALSE);
}

static GtkWidget *
scope_page_metrics_make_inspector(ScopePage *page)
{
    ScopePageMetrics *self = SCOPE_PAGE_METRICS(page);
    g_autofree char *text = columns_about();
    GtkWidget *about = gtk_label_new(NULL);
    gtk_label_set_markup(GTK_LABEL(about), text);
    gtk_label_set_xalign(GTK_LABEL(about), 0);
    gtk_label_set_wrap(GTK_LABEL(about), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(about), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(about), 28);
    g_set_weak_pointer(&self->about, GTK_LABEL(about));
    return about;
}

static const char *
better_words(MoeMetricDirection better)
{
    return better == MOE_METRIC_LOWER    ? _("The lower, the more even")
           : better == MOE_METRIC_HIGHER ? _("The higher, the more even")
                                         : "";
}

static void
on_activated(ScopePageMetrics *self, ScopeRow *row)
{
    const MoeMetric *metric = moe_metric_find(scope_row_text(row, NAME));
    if (!metric || !self->about)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *formula = scope_text_formula(metric->formula);
    g_string_append_printf(text, "<big><b>%s</b></big>", metric->name);
    append(text, _("Formula"), formula);
    append_words(text, _("Unit"), metric->unit);
    append_words(text, _("Balance"), better_words(metric->better));
    append_words(text, _("Source"), metric->source);
    append_words(text, _("Convention"), metric->convention);
    gtk_label_set_markup(self->about, text->str);
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
scope_page_metrics_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePageMetrics *self = SCOPE_PAGE_METRICS(page);
    scope_chooser_show(self->chooser, document, focus);
    g_signal_connect_object(document, "grown", G_CALLBACK(look), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), self,
                            G_CONNECT_SWAPPED);
    look(self);
}

static void
scope_page_metrics_find(ScopePage *page)
{
    gtk_widget_grab_focus(GTK_WIDGET(SCOPE_PAGE_METRICS(page)->search));
}

static void
scope_page_metrics_dispose(GObject *object)
{
    scope_job_give_up(&SCOPE_PAGE_METRICS(object)->running);
    g_clear_weak_pointer(&SCOPE_PAGE_METRICS(object)->about);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_PAGE_METRICS);
    G_OBJECT_CLASS(scope_page_metrics_parent_class)->dispose(object);
}

static ScopeTable *
scope_page_metrics_get_table(ScopePage *page)
{
    return SCOPE_PAGE_METRICS(page)->table;
}

static void
scope_page_metrics_class_init(ScopePageMetricsClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_metrics_dispose;
    SCOPE_PAGE_CLASS(class)->show = scope_page_metrics_show;
    SCOPE_PAGE_CLASS(class)->find = scope_page_metrics_find;
    SCOPE_PAGE_CLASS(class)->get_table = scope_page_metrics_get_table;
    SCOPE_PAGE_CLASS(class)->make_inspector = scope_page_metrics_make_inspector;
    g_type_ensure(SCOPE_TYPE_CHOOSER);
    g_type_ensure(SCOPE_TYPE_TABLE);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/page-metrics.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopePageMetrics, chooser);
    gtk_widget_class_bind_template_child(widget_class, ScopePageMetrics, search);
    gtk_widget_class_bind_template_child(widget_class, ScopePageMetrics, busy);
    gtk_widget_class_bind_template_child(widget_class, ScopePageMetrics, table);
    gtk_widget_class_bind_template_callback(widget_class, on_searched);
    gtk_widget_class_bind_template_callback(widget_class, on_copy);
    gtk_widget_class_bind_template_callback(widget_class, on_activated);
}

static void
scope_page_metrics_init(ScopePageMetrics *self)
{
    static const ScopeColumn columns[] = {
        [NAME] = {N_("Metric"), false, false, PANGO_ELLIPSIZE_END},
        [VALUE] = {N_("Value"), true, false, PANGO_ELLIPSIZE_NONE},
        [LOW] = {N_("95 % from"), true, false, PANGO_ELLIPSIZE_NONE},
        [HIGH] = {N_("To"), true, false, PANGO_ELLIPSIZE_NONE},
        [UNIFORM] = {N_("Uniform"), true, false, PANGO_ELLIPSIZE_NONE},
        [SHUFFLED] = {N_("Shuffled"), true, false, PANGO_ELLIPSIZE_NONE},
        [UNIT] = {N_("Unit"), false, false, PANGO_ELLIPSIZE_NONE},
        [FORMULA] = {N_("Formula"), false, true, PANGO_ELLIPSIZE_END, true},
    };
    gtk_widget_init_template(GTK_WIDGET(self));
    scope_table_set_columns(self->table, columns, G_N_ELEMENTS(columns), _("Metrics of the layer"));
    scope_table_set_empty(self->table, _("Measuring …"));
    scope_chooser_set_parts(self->chooser, SCOPE_FOCUS_LAYER, FALSE);
}

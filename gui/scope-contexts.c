/* SPDX-License-Identifier: MIT
 *
 * A concordance as a table: what is before, the token, what is behind.
 */
#include "scope-contexts.h"

#include "scope-chooser.h"
#include "scope-job.h"
#include "scope-relatives.h"
#include "scope-steps.h"
#include "scope-table.h"
#include "scope-words.h"

#include <glib/gi18n.h>
#include <math.h>
#include <moescope/concordance.h>
#include <string.h>

/* Contexts in the list, of one token id, and tokens on either side. */
enum { TOP = 200, EACH = 5, WINDOW = 24 };

struct _ScopeContexts {
    GtkWidget parent_instance;
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    GCancellable *running;
    bool stale;

    GtkWidget *box;
    GtkLabel *title;
    GtkDropDown *order;
    ScopeTable *table;
};

G_DEFINE_FINAL_TYPE(ScopeContexts, scope_contexts, GTK_TYPE_WIDGET)

enum { SCORE, BEFORE, TOKEN, AFTER, DOMAIN, DOCUMENT, POSITION };

/* --- Finding them, in a thread ----------------------------------------------------------------*/

typedef struct Query {
    MoeContextQuery query;
    char *filter;
} Query;

static void
query_free(gpointer data)
{
    Query *query = data;
    g_free(query->filter);
    g_free(query);
}

/* Blanks alone are seen as such. */
static char *
token_of(GHashTable *texts, int32_t id)
{
    char *text = scope_words_of(texts, &id, 1);
    if (*text && strspn(text, " ") == strlen(text)) {
        g_free(text);
        return g_strdup("\xe2\x90\xa3");
    }
    return text;
}

static ScopeRow *
row_of(const MoeTrace *trace, GHashTable *texts, const MoeContext *context, bool by_lift)
{
    ScopeRow *row = scope_row_new();
    double score = by_lift ? context->lift : context->gate;
    int after = context->n - context->before - 1;
    scope_row_take_number(row, SCORE, g_strdup_printf("%.3f", score), score);
    scope_row_take(row, BEFORE, scope_words_of(texts, context->ids, context->before));
    scope_row_take(row, TOKEN, token_of(texts, context->id));
    scope_row_take(row, AFTER, scope_words_of(texts, context->ids + context->before + 1, after));
    scope_row_take(
        row, DOMAIN,
        g_strdup(context->domain < 0 ? "" : moe_trace_domain_name(trace, context->domain)));
    scope_row_set_number(row, DOCUMENT, context->doc < 0 ? NAN : context->doc);
    scope_row_set_number(row, POSITION, context->pos < 0 ? NAN : context->pos);
    scope_row_set_target(row, (ScopeRowTarget){-1, -1, context->token});
    return row;
}

static gpointer
find_contexts(MoeFigureInput *input, gpointer data, GError **error)
{
    Query *query = data;
    const MoeTrace *trace = moe_figure_input_trace(input, 0);
    g_autoptr(MoeTokenFilter) filter = NULL;
    if (*query->filter && !(filter = moe_token_filter_parse(query->filter, error)))
        return NULL;
    query->query.filter = filter;
    query->query.progress = scope_document_progress();
    const ScopeSteps steps = {query->query.steps, query->query.step};
    if (query->query.expert < 0 && (query->query.expert = scope_relatives_busiest(
                                        input, steps, query->query.router, error)) < 0)
        return NULL;
    g_autoptr(MoeConcordance) found = moe_concordance_new(trace, &query->query, error);
    if (!found)
        return NULL;
    g_autoptr(GHashTable) texts = scope_words_new(input);
    GListStore *rows = g_list_store_new(SCOPE_TYPE_ROW);
    bool known = moe_concordance_count(found) == 0;
    for (int i = 0; i < moe_concordance_count(found); i++) {
        known |= moe_concordance_get(found, i)->id >= 0;
        g_autoptr(ScopeRow) row = row_of(trace, texts, moe_concordance_get(found, i),
                                         query->query.by == MOE_CONTEXTS_BY_LIFT);
        g_list_store_append(rows, row);
    }
    g_object_set_data(G_OBJECT(rows), "scope-expert", GINT_TO_POINTER(query->query.expert));
    g_object_set_data(G_OBJECT(rows), "scope-textless", GINT_TO_POINTER(!known));
    return rows;
}

/* --- Showing them -----------------------------------------------------------------------------*/

static int
layer_of(ScopeContexts *self)
{
    int n, router = scope_focus_router(self->focus, self->document);
    const MoeRouterInfo *info = scope_document_routers(self->document, &n);
    return router < 0 ? -1 : info[router].layer;
}

/* An expert that isn't known yet is the busiest. */
static void
show_title(ScopeContexts *self, int expert, bool textless)
{
    int layer = layer_of(self);
    bool chosen = scope_focus_get(self->focus, SCOPE_FOCUS_EXPERT) >= 0;
    g_autofree char *title =
        expert < 0 ? g_strdup_printf(_("Tokens of layer %d"), layer)
        : chosen   ? g_strdup_printf(_("Tokens of layer %d, expert %d"), layer, expert)
                 : g_strdup_printf(_("Tokens of layer %d, expert %d, its busiest"), layer, expert);
    g_autofree char *words =
        g_strconcat(title, textless ? _(" (token ids weren’t recorded: no text)") : NULL, NULL);
    gtk_label_set_label(self->title, words);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->title), words);
}

static void
on_found(gpointer owner, gpointer result, const GError *error)
{
    ScopeContexts *self = SCOPE_CONTEXTS(owner);
    bool textless = result && g_object_get_data(result, "scope-textless");
    if (result)
        show_title(self, GPOINTER_TO_INT(g_object_get_data(result, "scope-expert")), textless);
    for (int i = BEFORE; i <= AFTER; i++)
        scope_table_show_column(self->table, i, !textless);
    scope_table_set_empty(self->table,
                          error ? error->message : _("No token that counts picks this expert."));
    scope_table_set_rows(self->table, result);
}

static void
find(ScopeContexts *self, int router)
{
    ScopeSteps steps = scope_steps_of(self->focus, self->document);
    Query *query = g_new0(Query, 1);
    query->query = (MoeContextQuery){
        .router = router,
        .expert = (int)scope_focus_get(self->focus, SCOPE_FOCUS_EXPERT),
        .by = gtk_drop_down_get_selected(self->order) ? MOE_CONTEXTS_BY_LIFT : MOE_CONTEXTS_BY_GATE,
        .top = TOP,
        .each = EACH,
        .window = WINDOW,
        .steps = steps.steps,
        .step = steps.step};
    query->filter = g_strdup(scope_focus_get_filter(self->focus));
    const ScopeJob job = {find_contexts, query, query_free, g_object_unref, on_found};
    scope_job_start(&self->running, self, self->document, query->filter, &job);
}

static void
look(ScopeContexts *self)
{
    scope_job_give_up(&self->running);
    self->stale = true;
    if (!self->document || !gtk_widget_get_mapped(GTK_WIDGET(self)))
        return;
    self->stale = false;
    int router = scope_focus_router(self->focus, self->document);
    show_title(self, (int)scope_focus_get(self->focus, SCOPE_FOCUS_EXPERT), false);
    if (router >= 0 && scope_document_trace(self->document)) {
        find(self, router);
        return;
    }
    scope_table_set_rows(self->table, NULL);
    scope_table_set_empty(self->table,
                          _("A summary has no single tokens; open its trace to read them."));
}

static void
on_focus_changed(ScopeContexts *self, guint what)
{
    if (what & (SCOPE_FOCUS_LAYER | SCOPE_FOCUS_EXPERT | SCOPE_FOCUS_FILTER | SCOPE_FOCUS_STEP))
        look(self);
}

static void
on_activated(ScopeContexts *self, ScopeRow *row)
{
    scope_focus_set(self->focus, SCOPE_FOCUS_TOKEN, scope_row_get_target(row).token);
    gtk_widget_activate_action(GTK_WIDGET(self), "win.view", "s", "tokens");
}

void
scope_contexts_show(ScopeContexts *contexts, ScopeDocument *document, ScopeFocus *focus)
{
    if (contexts->document)
        g_signal_handlers_disconnect_by_func(contexts->document, look, contexts);
    if (contexts->focus)
        g_signal_handlers_disconnect_by_func(contexts->focus, on_focus_changed, contexts);
    g_set_object(&contexts->document, document);
    g_set_object(&contexts->focus, focus);
    g_signal_connect_object(document, "grown", G_CALLBACK(look), contexts, G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), contexts,
                            G_CONNECT_SWAPPED);
    look(contexts);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_contexts_map(GtkWidget *widget)
{
    GTK_WIDGET_CLASS(scope_contexts_parent_class)->map(widget);
    if (SCOPE_CONTEXTS(widget)->stale)
        look(SCOPE_CONTEXTS(widget));
}

static void
scope_contexts_dispose(GObject *object)
{
    ScopeContexts *self = SCOPE_CONTEXTS(object);
    scope_job_give_up(&self->running);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_CONTEXTS);
    G_OBJECT_CLASS(scope_contexts_parent_class)->dispose(object);
}

static void
scope_contexts_class_init(ScopeContextsClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_contexts_dispose;
    widget_class->map = scope_contexts_map;
    g_type_ensure(SCOPE_TYPE_TABLE);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/contexts.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeContexts, box);
    gtk_widget_class_bind_template_child(widget_class, ScopeContexts, title);
    gtk_widget_class_bind_template_child(widget_class, ScopeContexts, order);
    gtk_widget_class_bind_template_child(widget_class, ScopeContexts, table);
    gtk_widget_class_bind_template_callback(widget_class, look);
    gtk_widget_class_bind_template_callback(widget_class, on_activated);
}

static void
scope_contexts_init(ScopeContexts *self)
{
    static const ScopeColumn columns[] = {
        [SCORE] = {N_("Score"), true, false, PANGO_ELLIPSIZE_NONE},
        [BEFORE] = {N_("Before"), false, true, PANGO_ELLIPSIZE_START},
        [TOKEN] = {N_("Token"), false, false, PANGO_ELLIPSIZE_NONE},
        [AFTER] = {N_("After"), false, true, PANGO_ELLIPSIZE_END},
        [DOMAIN] = {N_("Domain"), false, false, PANGO_ELLIPSIZE_NONE},
        [DOCUMENT] = {N_("Document"), true, false, PANGO_ELLIPSIZE_NONE},
        [POSITION] = {N_("Position"), true, false, PANGO_ELLIPSIZE_NONE},
    };
    gtk_widget_init_template(GTK_WIDGET(self));
    gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
    scope_table_set_columns(self->table, columns, G_N_ELEMENTS(columns), _("Tokens of the expert"));
}

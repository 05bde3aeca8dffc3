/* SPDX-License-Identifier: MIT
 *
 * A search goes on from the token in focus, among the tokens that count: the filter's, at the step
 * in focus. It wraps around where nothing is left.
 */
#include "scope-search.h"

#include "scope-chooser.h"
#include "scope-job.h"
#include "scope-steps.h"

#include <glib/gi18n.h>
#include <moescope/concordance.h>
#include <moescope/token-texts.h>

/* Of the drop-down, in its order. */
enum { BY_TEXT, BY_ID, BY_EXPERT };

struct _ScopeSearch {
    GtkWidget parent_instance;
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    GCancellable *running;

    GtkWidget *box;
    GtkSearchEntry *entry;
    GtkDropDown *kind;
    GtkLabel *result;
};

G_DEFINE_FINAL_TYPE(ScopeSearch, scope_search, GTK_TYPE_WIDGET)

/* --- Searching, in a thread -------------------------------------------------------------------*/

typedef struct Query {
    MoeTokenQuery query;
    char *text, *filter; /* of the query */
    bool back;
    gint64 from;
} Query;

static void
query_free(gpointer data)
{
    Query *query = data;
    g_free(query->text);
    g_free(query->filter);
    g_free(query);
}

typedef struct Found {
    int64_t token; /* -1: none */
    bool wrapped;
} Found;

static bool
step(MoeTokenFinder *finder, bool back, int64_t from, int64_t *token, GError **error)
{
    const MoeProgress *progress = scope_document_progress();
    return back ? moe_token_finder_previous(finder, from, token, progress, error)
                : moe_token_finder_next(finder, from, token, progress, error);
}

static gpointer
search(MoeFigureInput *input, gpointer data, GError **error)
{
    Query *query = data;
    const MoeTrace *trace = moe_figure_input_trace(input, 0);
    g_autoptr(GHashTable) texts = moe_token_texts_new();
    moe_token_texts_add(texts, moe_trace_meta_json(trace));
    g_autoptr(MoeTokenFilter) filter = NULL;
    if (*query->filter && !(filter = moe_token_filter_parse(query->filter, error)))
        return NULL;
    query->query.text = query->text;
    query->query.filter = filter;
    g_autoptr(MoeTokenFinder) finder = moe_token_finder_new(trace, &query->query, texts, error);
    Found found = {-1, false};
    if (!finder || !step(finder, query->back, query->from, &found.token, error))
        return NULL;
    if (found.token < 0) {
        found.wrapped = true;
        if (!step(finder, query->back, query->back ? G_MAXINT64 : 0, &found.token, error))
            return NULL;
    }
    return g_memdup2(&found, sizeof found);
}

static void
on_found(gpointer owner, gpointer result, const GError *error)
{
    ScopeSearch *self = SCOPE_SEARCH(owner);
    const Found *found = result;
    bool all = !*scope_focus_get_filter(self->focus);
    const char *says = error              ? error->message
                       : found->token < 0 ? all ? _("Not found") : _("Not found in what counts")
                       : found->wrapped ? _("Went around")
                                          : "";
    gtk_label_set_label(self->result, says);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->result), *says ? says : NULL);
    if (found && found->token >= 0)
        scope_focus_set(self->focus, SCOPE_FOCUS_TOKEN, found->token);
}

/* --- Asking -----------------------------------------------------------------------------------*/

/* What the entry asks for; false: nothing that can be looked for. */
static bool
read_query(ScopeSearch *self, Query *query)
{
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    guint kind = gtk_drop_down_get_selected(self->kind);
    gint64 number = -1;
    ScopeSteps steps = scope_steps_of(self->focus, self->document);
    query->query = (MoeTokenQuery){
        .id = -1, .expert = -1, .slot = -1, .steps = steps.steps, .step = steps.step};
    query->filter = g_strdup(scope_focus_get_filter(self->focus));
    if (kind == BY_TEXT) {
        query->text = g_strdup(text);
        return *text != '\0';
    }
    if (!g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &number, NULL))
        return false;
    if (kind == BY_ID)
        query->query.id = (int32_t)number;
    else
        query->query.expert = (int)number;
    query->query.router = MAX(scope_focus_router(self->focus, self->document), 0);
    return true;
}

static void
look(ScopeSearch *self, bool back, bool from_here)
{
    if (!self->document || !scope_document_trace(self->document))
        return;
    Query *query = g_new0(Query, 1);
    if (!read_query(self, query)) {
        bool blank = !*gtk_editable_get_text(GTK_EDITABLE(self->entry));
        gtk_label_set_label(self->result, blank ? "" : _("A whole number is expected"));
        query_free(query);
        return;
    }
    gint64 token = scope_focus_get(self->focus, SCOPE_FOCUS_TOKEN);
    query->back = back;
    query->from = back ? (token < 0 ? G_MAXINT64 : token) : MAX(token + !from_here, 0);
    gtk_label_set_label(self->result, _("Searching …"));
    const ScopeJob job = {search, query, query_free, g_free, on_found};
    scope_job_start(&self->running, self, self->document, "", &job);
}

static void
on_changed(ScopeSearch *self)
{
    look(self, false, true);
}

static void
on_next(ScopeSearch *self)
{
    look(self, false, false);
}

static void
on_previous(ScopeSearch *self)
{
    look(self, true, false);
}

static void
on_kind(ScopeSearch *self)
{
    static const char *const hints[] = {
        N_("Find words in the text"), N_("Find a token by its id"),
        N_("Find what an expert of the layer takes, by its number")};
    guint kind = gtk_drop_down_get_selected(self->kind);
    if (!self->entry || kind >= G_N_ELEMENTS(hints))
        return;
    g_object_set(self->entry, "placeholder-text", _(hints[kind]), NULL);
    on_changed(self);
}

/* --- The object -------------------------------------------------------------------------------*/

void
scope_search_show(ScopeSearch *search, ScopeDocument *document, ScopeFocus *focus)
{
    scope_job_give_up(&search->running);
    g_set_object(&search->document, document);
    g_set_object(&search->focus, focus);
    gtk_label_set_label(search->result, "");
}

void
scope_search_grab(ScopeSearch *search)
{
    gtk_widget_grab_focus(GTK_WIDGET(search->entry));
}

static void
scope_search_dispose(GObject *object)
{
    ScopeSearch *self = SCOPE_SEARCH(object);
    scope_job_give_up(&self->running);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_SEARCH);
    G_OBJECT_CLASS(scope_search_parent_class)->dispose(object);
}

static void
scope_search_class_init(ScopeSearchClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_search_dispose;
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/search.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeSearch, box);
    gtk_widget_class_bind_template_child(widget_class, ScopeSearch, entry);
    gtk_widget_class_bind_template_child(widget_class, ScopeSearch, kind);
    gtk_widget_class_bind_template_child(widget_class, ScopeSearch, result);
    gtk_widget_class_bind_template_callback(widget_class, on_changed);
    gtk_widget_class_bind_template_callback(widget_class, on_next);
    gtk_widget_class_bind_template_callback(widget_class, on_previous);
    gtk_widget_class_bind_template_callback(widget_class, on_kind);
}

static void
scope_search_init(ScopeSearch *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    on_kind(self);
}

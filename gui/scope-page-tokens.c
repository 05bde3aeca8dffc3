/* SPDX-License-Identifier: MIT
 *
 * The text, a piece of a document at a time, coloured by what the router of a layer did; its map
 * over all layers; and the contexts of an expert. What is in focus brings its piece into view.
 */
#include "scope-chooser.h"
#include "scope-contexts.h"
#include "scope-job.h"
#include "scope-pages.h"
#include "scope-search.h"
#include "scope-steps.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <moescope/concordance.h>

#define SCOPE_TYPE_PAGE_TOKENS (scope_page_tokens_get_type())
G_DECLARE_FINAL_TYPE(ScopePageTokens, scope_page_tokens, SCOPE, PAGE_TOKENS, ScopePage)

/* So long a pointer rests. */
#define REST_MS 60

/* Of the height, the text. */
#define HALF 0.615

/* Tokens of a piece of text and of the map; documents that can be turned to. */
enum { PIECE = 500, MAP = 40, MOST_DOCUMENTS = 100000 };

struct _ScopePageTokens {
    ScopePage parent_instance;
    GCancellable *running;       /* of reading where documents begin, or NULL */
    MoeTokenDocument *documents; /* [n_documents] */
    gint64 n_documents, shown;   /* the one that is shown; -1: none */
    gint64 from;                 /* its first token that is shown */

    ScopeSearch *search;
    ScopeChooser *chooser, *slots;
    GtkDropDown *colour;
    GtkLabel *place;
    GtkPaned *halves;
    GtkWidget *back, *forward;
    ScopePane *text, *map, *scores;
    guint pointing; /* a timeout: the pointer rests on a token; or 0 */
    gint64 pointed; /* the token under the pointer; -1: none */
    ScopeContexts *contexts;
};

G_DEFINE_FINAL_TYPE(ScopePageTokens, scope_page_tokens, SCOPE_TYPE_PAGE)

/* --- The piece that is shown ------------------------------------------------------------------*/

static void
set_number(ScopePane *pane, const char *name, gint64 value)
{
    g_autofree char *setting = g_strdup_printf("%s=%" G_GINT64_FORMAT, name, value);
    scope_pane_set_option(pane, setting);
}

static void
set_piece(ScopePane *pane, const MoeTokenDocument *document, gint64 from, gint64 tokens)
{
    set_number(pane, "document", document->doc);
    set_number(pane, "from", document->before + from);
    set_number(pane, "tokens", tokens);
    if (document->step >= 0)
        set_number(pane, "steps", document->step);
}

static void
show_place(ScopePageTokens *self, const MoeTokenDocument *document)
{
    const char *const *domains = scope_document_domains(scope_page_get_document(SCOPE_PAGE(self)));
    gint64 last = MIN(self->from + PIECE, document->n);
    g_autofree char *first = scope_text_count(self->from), *end = scope_text_count(last - 1);
    g_autofree char *all = scope_text_count(document->n);
    g_autofree char *text = g_strdup_printf(
        _("Document %d%s%s · %s–%s of %s"), document->doc, document->domain >= 0 ? " · " : "",
        document->domain >= 0 ? domains[document->domain] : "", first, end, all);
    gtk_label_set_label(self->place, text);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->place), text);
}

/* Shows a piece of a document, and the map around `token` of it. */
static void
show_piece(ScopePageTokens *self, gint64 document, gint64 token)
{
    const MoeTokenDocument *at = &self->documents[document];
    gint64 from = token / PIECE * PIECE, around = MAX(token - MAP / 4, 0);
    self->shown = document;
    self->from = from;
    set_piece(self->text, at, from, PIECE);
    set_piece(self->map, at, CLAMP(around, 0, MAX(at->n - MAP, 0)), MAP);
    show_place(self, at);
    gtk_widget_set_sensitive(self->back, document > 0 || from > 0);
    gtk_widget_set_sensitive(self->forward,
                             document + 1 < self->n_documents || from + PIECE < at->n);
    scope_page_pane_changed(SCOPE_PAGE(self)); /* the inspector shows these options */
}

/* The document of a token of the trace; -1: none. */
static gint64
document_of(ScopePageTokens *self, gint64 token)
{
    gint64 low = 0, high = self->n_documents;
    while (low < high) {
        gint64 middle = (low + high) / 2;
        if (self->documents[middle].first + self->documents[middle].n <= token)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->n_documents && self->documents[low].first <= token ? low : -1;
}

/* Where the last step that was recorded begins: a run says most at its end. */
static gint64
first_of_last_step(ScopePageTokens *self)
{
    gint64 first = self->n_documents - 1;
    while (first > 0 && self->documents[first - 1].step == self->documents[first].step)
        first--;
    return first;
}

static void
show_token(ScopePageTokens *self)
{
    gint64 token = scope_focus_get(scope_page_get_focus(SCOPE_PAGE(self)), SCOPE_FOCUS_TOKEN);
    gint64 document = token < 0 ? -1 : document_of(self, token);
    if (document >= 0)
        show_piece(self, document, token - self->documents[document].first);
    else if (self->shown < 0 && self->n_documents > 0)
        show_piece(self, first_of_last_step(self), 0);
}

/* The same piece at the step in focus, or the first document that it has. */
static void
show_step(ScopePageTokens *self)
{
    ScopePage *page = SCOPE_PAGE(self);
    ScopeSteps steps = scope_steps_of(scope_page_get_focus(page), scope_page_get_document(page));
    gint64 first = -1;
    if (steps.steps != MOE_STEPS_ONE || self->shown < 0)
        return;
    const MoeTokenDocument *shown = &self->documents[self->shown];
    for (gint64 i = 0; i < self->n_documents; i++) {
        const MoeTokenDocument *at = &self->documents[i];
        if (at->step != steps.step)
            continue;
        first = first < 0 ? i : first;
        if (at->doc == shown->doc && at->before == shown->before) {
            show_piece(self, i, MIN(self->from, at->n - 1));
            return;
        }
    }
    if (first >= 0)
        show_piece(self, first, 0);
}

static void
turn(ScopePageTokens *self, int direction)
{
    if (self->shown < 0)
        return;
    gint64 document = self->shown, from = self->from + direction * PIECE;
    if (from < 0 && document > 0)
        from = (self->documents[--document].n - 1) / PIECE * PIECE;
    else if (from >= self->documents[document].n && document + 1 < self->n_documents)
        document++, from = 0;
    if (from >= 0 && from < self->documents[document].n)
        show_piece(self, document, from);
}

static void
on_back(ScopePageTokens *self)
{
    turn(self, -1);
}

static void
on_forward(ScopePageTokens *self)
{
    turn(self, 1);
}

static void
on_colour(ScopePageTokens *self)
{
    static const char *const colours[] = {"colour=expert", "colour=gate", "colour=entropy"};
    guint i = gtk_drop_down_get_selected(self->colour);
    const MoeFigure *figure = self->text ? scope_pane_get_figure(self->text) : NULL;
    if (figure && g_str_equal(figure->name, "text") && i < G_N_ELEMENTS(colours))
        scope_pane_set_option(self->text, colours[i]);
}

/* --- One token --------------------------------------------------------------------------------*/

/* Of the token under the pointer, or else of the one in focus. */
static void
show_scores(ScopePageTokens *self)
{
    gint64 chosen = scope_focus_get(scope_page_get_focus(SCOPE_PAGE(self)), SCOPE_FOCUS_TOKEN);
    set_number(self->scores, "token", MAX(self->pointed >= 0 ? self->pointed : chosen, 0));
}

static gboolean
on_rest(gpointer user)
{
    ScopePageTokens *self = SCOPE_PAGE_TOKENS(user);
    self->pointing = 0;
    show_scores(self);
    return G_SOURCE_REMOVE;
}

/* A pointer that only passes doesn't have the scores of all that it passes read. */
static void
on_pointed(ScopePageTokens *self, const MoeDatum *datum)
{
    gint64 token = -1;
    for (int i = 0; datum && i < datum->n_keys; i++)
        if (g_str_equal(datum->keys[i].name, "token"))
            token = (gint64)datum->keys[i].number;
    g_clear_handle_id(&self->pointing, g_source_remove);
    self->pointed = token;
    if (self->scores && gtk_widget_get_mapped(GTK_WIDGET(self->scores)))
        self->pointing = g_timeout_add(REST_MS, on_rest, self);
}

/* --- Documents --------------------------------------------------------------------------------*/

typedef struct Documents {
    MoeTokenDocument *list;
    int64_t n;
    bool ids; /* of tokens are known */
} Documents;

static void
documents_free(gpointer data)
{
    Documents *documents = data;
    g_free(documents->list);
    g_free(documents);
}

/* Whether the first chunk of tokens knows an id: recordings tell them of all tokens or of none. */
static bool
has_ids(const MoeTrace *trace)
{
    MoeArray ids;
    int chunk = 0;
    bool any = false;
    while (chunk < moe_trace_chunks(trace) && moe_trace_tokens(trace, chunk) == 0)
        chunk++;
    g_autofree char *name = g_strdup_printf("tokens/%05d.id", chunk);
    if (!moe_trace_has(trace, name) || !moe_trace_read(trace, name, &ids, NULL))
        return false;
    for (int64_t i = 0; i < moe_array_count(&ids) && !any; i++)
        any = moe_array_value(&ids, i) >= 0;
    g_free((gpointer)ids.data);
    return any;
}

static gpointer
find_documents(MoeFigureInput *input, gpointer data, GError **error)
{
    Documents *documents = g_new0(Documents, 1);
    const MoeTrace *trace = moe_figure_input_trace(input, 0);
    documents->list = moe_token_documents(trace, MOST_DOCUMENTS, &documents->n, error);
    documents->ids = has_ids(trace);
    if (documents->list)
        return documents;
    documents_free(documents);
    return NULL;
}

/* Tokens without ids have no text to be coloured: a map shows them by their places. */
static void
choose_figure(ScopePageTokens *self, bool ids)
{
    const char *name = ids ? "text" : "token-map";
    gtk_widget_set_sensitive(GTK_WIDGET(self->colour), ids);
    if (g_str_equal(scope_pane_get_figure(self->text)->name, name))
        return;
    scope_pane_set_figure(self->text, name);
    scope_pane_set_option(self->text, "caption=false");
    if (ids)
        scope_pane_bind(self->text, "layer", SCOPE_FOCUS_LAYER);
    scope_pane_bind(self->text, "slot", SCOPE_FOCUS_SLOT);
    on_colour(self);
    self->shown = -1;
}

static void
on_documents(gpointer owner, gpointer result, const GError *error)
{
    ScopePageTokens *self = SCOPE_PAGE_TOKENS(owner);
    Documents *documents = result;
    g_clear_pointer(&self->documents, g_free);
    self->n_documents = 0;
    if (!documents) {
        gtk_label_set_label(self->place, error->message);
        return;
    }
    self->documents = g_steal_pointer(&documents->list);
    self->n_documents = documents->n;
    choose_figure(self, documents->ids);
    if (self->shown >= self->n_documents)
        self->shown = -1;
    show_token(self);
    show_step(self);
}

static void
read_documents(ScopePageTokens *self)
{
    static const ScopeJob job = {
        .work = find_documents, .free_result = documents_free, .done = on_documents};
    ScopeDocument *document = scope_page_get_document(SCOPE_PAGE(self));
    if (scope_document_trace(document))
        scope_job_start(&self->running, self, document, "", &job);
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
on_focus_changed(ScopePageTokens *self, guint what)
{
    if (what & SCOPE_FOCUS_TOKEN) {
        show_token(self);
        show_scores(self);
    }
    if (what & SCOPE_FOCUS_STEP)
        show_step(self);
}

static void
scope_page_tokens_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePageTokens *self = SCOPE_PAGE_TOKENS(page);
    scope_page_divide(page, self->halves, HALF);
    scope_search_show(self->search, document, focus);
    scope_chooser_show(self->chooser, document, focus);
    scope_chooser_show(self->slots, document, focus);
    scope_pane_set_document(self->text, document, focus);
    scope_pane_set_document(self->map, document, focus);
    scope_pane_set_document(self->scores, document, focus);
    scope_contexts_show(self->contexts, document, focus);
    g_signal_connect_object(document, "grown", G_CALLBACK(read_documents), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), self,
                            G_CONNECT_SWAPPED);
    self->shown = -1;
    read_documents(self);
}

static void
scope_page_tokens_find(ScopePage *page)
{
    scope_search_grab(SCOPE_PAGE_TOKENS(page)->search);
}

static void
scope_page_tokens_dispose(GObject *object)
{
    ScopePageTokens *self = SCOPE_PAGE_TOKENS(object);
    scope_job_give_up(&self->running);
    g_clear_handle_id(&self->pointing, g_source_remove);
    g_clear_pointer(&self->documents, g_free);
    self->n_documents = 0;
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_PAGE_TOKENS);
    G_OBJECT_CLASS(scope_page_tokens_parent_class)->dispose(object);
}

static void
scope_page_tokens_class_init(ScopePageTokensClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    ScopePageClass *page_class = SCOPE_PAGE_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_tokens_dispose;
    page_class->show = scope_page_tokens_show;
    page_class->find = scope_page_tokens_find;
    g_type_ensure(SCOPE_TYPE_SEARCH);
    g_type_ensure(SCOPE_TYPE_CHOOSER);
    g_type_ensure(SCOPE_TYPE_PANE);
    g_type_ensure(SCOPE_TYPE_CONTEXTS);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/page-tokens.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, search);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, chooser);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, slots);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, colour);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, place);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, back);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, forward);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, text);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, map);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, scores);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, contexts);
    gtk_widget_class_bind_template_child(widget_class, ScopePageTokens, halves);
    gtk_widget_class_bind_template_callback(widget_class, on_back);
    gtk_widget_class_bind_template_callback(widget_class, on_forward);
    gtk_widget_class_bind_template_callback(widget_class, on_colour);
    gtk_widget_class_bind_template_callback(widget_class, on_pointed);
}

static void
scope_page_tokens_init(ScopePageTokens *self)
{
    self->shown = self->pointed = -1;
    gtk_widget_init_template(GTK_WIDGET(self));
    scope_chooser_set_parts(self->chooser, SCOPE_FOCUS_LAYER | SCOPE_FOCUS_EXPERT, FALSE);
    scope_chooser_set_parts(self->slots, SCOPE_FOCUS_SLOT, FALSE);
    scope_pane_set_figure(self->text, "text");
    scope_pane_bind(self->text, "layer", SCOPE_FOCUS_LAYER);
    scope_pane_bind(self->text, "slot", SCOPE_FOCUS_SLOT);
    scope_pane_set_option(self->text, "caption=false");
    scope_pane_set_figure(self->map, "token-map");
    scope_pane_set_option(self->map, "caption=false");
    scope_pane_set_figure(self->scores, "token-scores");
    scope_pane_set_option(self->scores, "caption=false");
    scope_pane_bind(self->scores, "layer", SCOPE_FOCUS_LAYER);
    scope_page_watch(SCOPE_PAGE(self), self->text);
    scope_page_watch(SCOPE_PAGE(self), self->map);
    scope_page_watch(SCOPE_PAGE(self), self->scores);
}

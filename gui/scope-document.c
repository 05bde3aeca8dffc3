/* SPDX-License-Identifier: MIT
 *
 * A document shows one source at a time. Threads hold on to the source they began with, so that a
 * run that grows can be opened anew beside them.
 */
#include "scope-document.h"

#include "scope-document-private.h"

#include "scope-text.h"

#include <glib/gi18n.h>

/* How often a run that is being recorded is looked at. */
#define LOOK_EVERY_MS 1000

/* A summary of a large model takes tens of megabytes, and there is one a filter. */
#define MOST_INPUTS 6

struct _ScopeDocument {
    GObject parent_instance;
    char **paths; /* what was opened, several as one */
    char *name;
    char **choices; /* of an import, or NULL */
    ScopeOpened opened;
    MoeRouterInfo *routers; /* [n_routers], their names the source's */
    int n_routers;
    char **domains;
    ScopeDocument *other; /* or NULL */
    gulong other_grown;
    GQueue inputs; /* of ScopeInput, the latest first */
    guint look;    /* at the file, while it may grow; or 0 */
    bool looking;  /* a thread does */
};

G_DEFINE_FINAL_TYPE(ScopeDocument, scope_document, G_TYPE_OBJECT)

enum { PROP_LIVE = 1, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { GROWN, PROGRESS, N_SIGNALS };
static guint signals[N_SIGNALS];

static const MoeTrace *
trace_of(ScopeDocument *self)
{
    return scope_source_trace(self->opened.source);
}

static const MoeSummary *
summary_of(ScopeDocument *self)
{
    return scope_source_summary(self->opened.source);
}

/* --- Sources ----------------------------------------------------------------------------------*/

static void
forget_inputs(ScopeDocument *self)
{
    g_queue_clear_full(&self->inputs, (GDestroyNotify)scope_input_unref);
}

static void
read_routers(ScopeDocument *self)
{
    const MoeTrace *trace = trace_of(self);
    const MoeSummary *summary = summary_of(self);
    self->n_routers = trace ? moe_trace_routers(trace) : moe_summary_routers(summary);
    g_free(self->routers);
    self->routers = g_new(MoeRouterInfo, self->n_routers);
    for (int i = 0; i < self->n_routers; i++)
        self->routers[i] = *(trace ? moe_trace_router(trace, i) : moe_summary_router(summary, i));
}

static void
read_domains(ScopeDocument *self)
{
    const MoeTrace *trace = trace_of(self);
    const MoeSummary *summary = summary_of(self);
    int n = trace ? moe_trace_domains(trace) : moe_summary_domains(summary);
    g_strfreev(self->domains);
    self->domains = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++)
        self->domains[i] =
            g_strdup(trace ? moe_trace_domain_name(trace, i) : moe_summary_domain_name(summary, i));
}

/* Takes the source. */
static void
turn_to(ScopeDocument *self, ScopeSource *source)
{
    forget_inputs(self);
    g_clear_pointer(&self->opened.source, scope_source_unref);
    self->opened.source = source;
    read_routers(self);
    read_domains(self);
}

/* --- Following a run --------------------------------------------------------------------------*/

static void
look_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    ScopeDocument *self = source;
    ScopeSource *now = data;
    g_autoptr(GError) nothing = NULL;
    /* What can't be read now, since it is being written, can be next time. */
    ScopeSource *next = scope_source_outdated(now)
                            ? scope_source_open(self->opened.file, self->name, &nothing)
                            : NULL;
    g_task_return_pointer(task, next, (GDestroyNotify)scope_source_unref);
}

static void
stop_looking(ScopeDocument *self)
{
    g_clear_handle_id(&self->look, g_source_remove);
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_LIVE]);
}

static void
on_looked(GObject *object, GAsyncResult *result, gpointer user)
{
    ScopeDocument *self = SCOPE_DOCUMENT(object);
    ScopeSource *next = g_task_propagate_pointer(G_TASK(result), NULL);
    self->looking = false;
    if (!next)
        return;
    turn_to(self, next);
    if (!scope_source_unfinished(next))
        stop_looking(self);
    g_signal_emit(self, signals[GROWN], 0);
}

static gboolean
look(gpointer document)
{
    ScopeDocument *self = document;
    if (self->looking)
        return G_SOURCE_CONTINUE;
    g_autoptr(GTask) task = g_task_new(self, NULL, on_looked, NULL);
    self->looking = true;
    g_task_set_task_data(task, scope_source_ref(self->opened.source),
                         (GDestroyNotify)scope_source_unref);
    g_task_run_in_thread(task, look_in_thread);
    return G_SOURCE_CONTINUE;
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_document_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_LIVE)
        g_value_set_boolean(value, SCOPE_DOCUMENT(object)->look != 0);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_document_dispose(GObject *object)
{
    ScopeDocument *self = SCOPE_DOCUMENT(object);
    g_clear_handle_id(&self->look, g_source_remove);
    g_clear_signal_handler(&self->other_grown, self->other);
    g_clear_object(&self->other);
    forget_inputs(self);
    G_OBJECT_CLASS(scope_document_parent_class)->dispose(object);
}

static void
scope_document_finalize(GObject *object)
{
    ScopeDocument *self = SCOPE_DOCUMENT(object);
    scope_opened_clear(&self->opened);
    g_free(self->routers);
    g_strfreev(self->domains);
    g_strfreev(self->choices);
    g_strfreev(self->paths);
    g_free(self->name);
    G_OBJECT_CLASS(scope_document_parent_class)->finalize(object);
}

static void
scope_document_class_init(ScopeDocumentClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->get_property = scope_document_get_property;
    object_class->dispose = scope_document_dispose;
    object_class->finalize = scope_document_finalize;
    props[PROP_LIVE] =
        g_param_spec_boolean("live", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    signals[GROWN] = g_signal_new("grown", SCOPE_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
    signals[PROGRESS] =
        g_signal_new("progress", SCOPE_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0,
                     NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DOUBLE);
}

static void
scope_document_init(ScopeDocument *self)
{
    g_queue_init(&self->inputs);
}

ScopeDocument *
scope_document_new(char **paths, char **choices, ScopeOpened *opened)
{
    ScopeDocument *self = g_object_new(SCOPE_TYPE_DOCUMENT, NULL);
    self->paths = g_strdupv(paths);
    self->name = g_path_get_basename(paths[0]);
    self->choices = g_strdupv(choices);
    self->opened = *opened;
    *opened = (ScopeOpened){0};
    read_routers(self);
    read_domains(self);
    return self;
}

void
scope_document_follow(ScopeDocument *document)
{
    if (scope_source_unfinished(document->opened.source) && !document->look)
        document->look = g_timeout_add(LOOK_EVERY_MS, look, document);
}

/* --- What it is -------------------------------------------------------------------------------*/

const char *
scope_document_name(ScopeDocument *document)
{
    return document->name;
}

const char *
scope_document_path(ScopeDocument *document)
{
    return document->paths[0];
}

const char *
scope_document_file(ScopeDocument *document)
{
    return document->opened.file;
}

char *
scope_document_word(ScopeDocument *document)
{
    return scope_document_imported(document) ? scope_text_imported(document->paths[0])
                                             : scope_text_path(document->paths[0]);
}

char *
scope_document_import_command(ScopeDocument *document)
{
    return scope_document_imported(document)
               ? scope_text_import_command((const char *const *)document->paths,
                                           (const char *const *)document->choices)
               : NULL;
}

bool
scope_document_imported(ScopeDocument *document)
{
    return document->opened.imported != NULL;
}

bool
scope_document_outdated(ScopeDocument *document)
{
    return !document->look && scope_source_outdated(document->opened.source);
}

const char *
scope_document_notes(ScopeDocument *document)
{
    return document->opened.notes;
}

/* "12,345 tokens" behind what is there. */
static void
append_count(GString *text, int64_t n, const char *things)
{
    g_autofree char *digits = scope_text_count(n);
    g_string_append_printf(text, "%s%s %s", text->len ? " · " : "", digits, things);
}

/* A run that adds nothing any more has maybe died: when it did is told. */
static void
append_unfinished(GString *text, gint64 quiet_s)
{
    gint64 minutes = quiet_s / 60, hours = minutes / 60, days = hours / 24;
    if (minutes < 1)
        g_string_append(text, _(" · unfinished so far"));
    else if (hours < 1)
        g_string_append_printf(text, _(" · unfinished, nothing added for %d min"), (int)minutes);
    else if (days < 2)
        g_string_append_printf(text, _(" · unfinished, nothing added for %d h"), (int)hours);
    else
        g_string_append_printf(text, _(" · unfinished, nothing added for %d days"), (int)days);
}

char *
scope_document_summary(ScopeDocument *document)
{
    const MoeTrace *trace = trace_of(document);
    GString *text = g_string_new(NULL);
    int steps, domains = (int)g_strv_length(document->domains);
    scope_document_steps(document, &steps);
    gint64 tokens =
        trace ? moe_trace_tokens(trace, -1) : moe_summary_tokens_counted(summary_of(document));
    append_count(text, document->n_routers,
                 ngettext("MoE layer", "MoE layers", (gulong)document->n_routers));
    append_count(text, tokens, ngettext("token", "tokens", (gulong)tokens));
    if (steps > 1) /* a text that was recorded several times is counted as often */
        append_count(text, steps, ngettext("step", "steps", (gulong)steps));
    if (domains > 0)
        append_count(text, domains, ngettext("domain", "domains", (gulong)domains));
    if (!trace)
        g_string_append(text, _(" · a summary"));
    if (scope_source_unfinished(document->opened.source))
        append_unfinished(text, scope_source_quiet_for(document->opened.source));
    return g_string_free(text, FALSE);
}

const MoeTrace *
scope_document_trace(ScopeDocument *document)
{
    return trace_of(document);
}

const MoeRouterInfo *
scope_document_routers(ScopeDocument *document, int *n)
{
    *n = document->n_routers;
    return document->routers;
}

const char *const *
scope_document_domains(ScopeDocument *document)
{
    return (const char *const *)document->domains;
}

const int32_t *
scope_document_steps(ScopeDocument *document, int *n)
{
    return scope_source_steps(document->opened.source, n);
}

/* --- Comparing --------------------------------------------------------------------------------*/

static void
on_other_grown(ScopeDocument *self)
{
    g_signal_emit(self, signals[GROWN], 0);
}

void
scope_document_set_other(ScopeDocument *document, ScopeDocument *other)
{
    if (other == document->other)
        return;
    g_clear_signal_handler(&document->other_grown, document->other);
    g_set_object(&document->other, other);
    if (other)
        document->other_grown =
            g_signal_connect_swapped(other, "grown", G_CALLBACK(on_other_grown), document);
    g_signal_emit(document, signals[GROWN], 0);
}

ScopeDocument *
scope_document_get_other(ScopeDocument *document)
{
    return document->other;
}

/* --- Inputs -----------------------------------------------------------------------------------*/

ScopeInput *
scope_document_input(ScopeDocument *document, const char *filter, bool both, bool glimpse,
                     GError **error)
{
    const ScopeChosen chosen = {
        .source = document->opened.source,
        .other = both && document->other ? document->other->opened.source : NULL,
        .filter = filter,
        .glimpse = glimpse,
    };
    for (GList *i = document->inputs.head; i; i = i->next)
        if (scope_input_is(i->data, &chosen)) {
            g_queue_unlink(&document->inputs, i);
            g_queue_push_head_link(&document->inputs, i);
            return scope_input_ref(i->data);
        }
    ScopeInput *input = scope_input_new(&chosen, scope_document_counting(), error);
    if (!input)
        return NULL;
    g_queue_push_head(&document->inputs, scope_input_ref(input));
    if (document->inputs.length > MOST_INPUTS)
        scope_input_unref(g_queue_pop_tail(&document->inputs));
    return input;
}

bool
scope_document_glimpses(ScopeDocument *document, const MoeFigure *figure)
{
    return figure->tallies != 0 && scope_document_filters(figure) &&
           !(figure->most_inputs > 1 && document->other) &&
           scope_source_sample(document->opened.source) > 0;
}

void
scope_document_tell(ScopeDocument *document, GQuark of, double done)
{
    g_signal_emit(document, signals[PROGRESS], of, done);
}

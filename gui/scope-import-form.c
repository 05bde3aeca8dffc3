/* SPDX-License-Identifier: MIT
 *
 * The importer's message names the options of the import command that it lacks ("give --experts
 * N"); each of those is a row here, and what it never asks for can be told further down.
 */
#include "scope-import-form.h"

#include "scope-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* When something is asked for. */
typedef enum When {
    WANTED, /* the importer wants to know */
    ALWAYS, /* whenever anything is asked for */
    MORE,   /* likewise, but folded away; both may stay empty */
} When;

typedef enum What {
    TEXT,   /* or one of the choices */
    TEXTS,  /* one for all files or, with commas between, one for each */
    SWITCH, /* an option without a value */
} What;

/* An option of the import command, and how to ask for it. */
typedef struct Question {
    const char *option, *title, *help;
    const char *const *choices; /* NULL: free text */
    When when;
    What what;
} Question;

static const char *const scores[] = {"softmax", "sigmoid", "unknown", NULL};
static const char *const selections[] = {"top-k", "groups", "expert-choice", "unknown", NULL};
static const char *const gates[] = {"as-scored", "sum-to-one", NULL};
static const char *const id_types[] = {"int32", "int16", "uint16", "int8", "uint8", "int64", NULL};

static const Question questions[] = {
    {"experts", N_("Experts per layer"), N_("How many routed experts each layer has"), NULL, WANTED,
     TEXT},
    {"k", N_("Experts per token"), N_("How many of them each token gets (k)"), NULL, WANTED, TEXT},
    {"score", N_("Scores"), N_("How the router makes scores of its logits"), scores, WANTED, TEXT},
    {"select", N_("Selection"), N_("By which rule experts are chosen"), selections, WANTED, TEXT},
    {"gates", N_("Gates"), N_("Whether the gates of a token's picks were made to sum to one"),
     gates, WANTED, TEXT},
    {"layers", N_("Layers"), N_("Which layers these are: 0,7,15 or 1-26"), NULL, WANTED, TEXT},
    {"axes", N_("Axes"),
     N_("Of one array for all layers: T token, L layer, E expert, B sequence, S token in it"), NULL,
     WANTED, TEXT},
    {"id-type", N_("Type of ids"), N_("What bare ids in base64 are, where files don't say"),
     id_types, WANTED, TEXT},
    {"model", N_("Model"), N_("Which one, of a file that has several"), NULL, WANTED, TEXT},
    {"domain", N_("Domain"),
     N_("What the text is (prose, code, …), {file} for the name of each file; may stay empty"),
     NULL, ALWAYS, TEXTS},
    {"kinds", N_("Kinds of experts"),
     N_("In the order of their ids, where they aren’t all alike: ffn:8,zero:1,copy:1"), NULL, MORE,
     TEXT},
    {"shared", N_("Shared experts"), N_("Experts beside these that every token passes"), NULL, MORE,
     TEXT},
    {"logits", N_("Keep the logits"), N_("Where the files have any: for views of scores"), NULL,
     MORE, SWITCH},
};

struct _ScopeImportForm {
    GtkBox parent_instance;
    char **paths;                                /* of the files, NULL at the end */
    GtkWidget *control[G_N_ELEMENTS(questions)]; /* NULL: not asked */
    GtkLabel *reason[G_N_ELEMENTS(questions)];   /* in the importer's words */

    GtkLabel *message;
    GtkBox *rows, *more;
    GtkLabel *command;
    GtkWidget *go;
};

G_DEFINE_FINAL_TYPE(ScopeImportForm, scope_import_form, GTK_TYPE_BOX)

enum { ANSWERED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- Answers ----------------------------------------------------------------------------------*/

/* (transfer full) */
static char *
answer(GtkWidget *control)
{
    if (GTK_IS_EDITABLE(control))
        return g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(control))));
    GtkStringObject *chosen = gtk_drop_down_get_selected_item(GTK_DROP_DOWN(control));
    return g_strdup(chosen ? gtk_string_object_get_string(chosen) : "");
}

static void
add_choice(GStrvBuilder *choices, const Question *question, GtkWidget *control)
{
    g_autofree char *option = g_strconcat("--", question->option, NULL);
    if (question->what == SWITCH) {
        if (gtk_switch_get_active(GTK_SWITCH(control)))
            g_strv_builder_add(choices, option);
        return;
    }
    g_autofree char *text = answer(control);
    g_auto(GStrv) parts = g_strsplit(text, question->what == TEXTS ? "," : "\n", -1);
    for (char **part = parts; *part; part++)
        if (*g_strstrip(*part))
            g_strv_builder_add_many(choices, option, *part, NULL);
}

char **
scope_import_form_get_choices(ScopeImportForm *form)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++)
        if (form->control[i])
            add_choice(builder, &questions[i], form->control[i]);
    return g_strv_builder_end(builder);
}

/* The same as a command, and whether everything that has to be there is. */
static void
refresh(ScopeImportForm *self)
{
    g_auto(GStrv) choices = scope_import_form_get_choices(self);
    g_autofree char *command =
        scope_text_import_command((const char **)self->paths, (const char **)choices);
    bool whole = true;
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
        bool wanted = questions[i].when == WANTED && self->control[i];
        g_autofree char *text = wanted ? answer(self->control[i]) : NULL;
        whole &= !text || *text;
    }
    gtk_label_set_label(self->command, command);
    gtk_widget_set_sensitive(self->go, whole);
}

static void
go_on(ScopeImportForm *self)
{
    if (gtk_widget_get_sensitive(self->go))
        g_signal_emit(self, signals[ANSWERED], 0);
}

/* --- Questions --------------------------------------------------------------------------------*/

static GtkWidget *
control_new(ScopeImportForm *self, const Question *question)
{
    GtkWidget *control;
    if (question->what == SWITCH) {
        control = gtk_switch_new();
        gtk_widget_set_halign(control, GTK_ALIGN_END);
        g_signal_connect_object(control, "notify::active", G_CALLBACK(refresh), self,
                                G_CONNECT_SWAPPED);
    } else if (question->choices) {
        control = gtk_drop_down_new_from_strings(question->choices);
        g_signal_connect_object(control, "notify::selected", G_CALLBACK(refresh), self,
                                G_CONNECT_SWAPPED);
    } else {
        control = gtk_entry_new();
        g_signal_connect_object(control, "changed", G_CALLBACK(refresh), self, G_CONNECT_SWAPPED);
        g_signal_connect_object(control, "activate", G_CALLBACK(go_on), self, G_CONNECT_SWAPPED);
    }
    gtk_widget_set_name(control, question->option);
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _(question->title), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   _(question->help), -1);
    return control;
}

static GtkLabel *
note_new(const char *text)
{
    GtkWidget *note = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(note), 0);
    gtk_label_set_wrap(GTK_LABEL(note), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(note), 48);
    gtk_widget_add_css_class(note, "note");
    return GTK_LABEL(note);
}

static void
add_row(ScopeImportForm *self, gsize i)
{
    GtkWidget *row = gtk_grid_new(), *title = gtk_label_new(_(questions[i].title));
    GtkWidget *control = control_new(self, &questions[i]);
    self->control[i] = control;
    self->reason[i] = note_new(_(questions[i].help));
    gtk_grid_set_column_spacing(GTK_GRID(row), 18);
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_mnemonic_widget(GTK_LABEL(title), control);
    gtk_widget_set_hexpand(title, TRUE);
    gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
    if (questions[i].what != SWITCH)
        gtk_widget_set_size_request(control, 170, -1);
    gtk_grid_attach(GTK_GRID(row), title, 0, 0, 1, 1);
    gtk_grid_attach(GTK_GRID(row), GTK_WIDGET(self->reason[i]), 0, 1, 1, 1);
    gtk_grid_attach(GTK_GRID(row), control, 1, 0, 1, 2);
    gtk_box_append(questions[i].when == MORE ? self->more : self->rows, row);
}

/* The option that a line of the message asks for; those it only names are left out. -1: none. */
static int
asked(const char *line)
{
    const char *given = strstr(line, "give --");
    for (int i = 0; given && i < (int)G_N_ELEMENTS(questions); i++) {
        const char *end = given + strlen("give --");
        if (g_str_has_prefix(end, questions[i].option) &&
            !g_ascii_isalnum(end[strlen(questions[i].option)]))
            return i;
    }
    return -1;
}

/* A line becomes the question's reason: "nothing in the files says how the router scores". Lines
 * that ask for nothing here are said above. */
static void
take_line(ScopeImportForm *self, const char *line, GString *others)
{
    int i = asked(line);
    if (i < 0) {
        g_string_append_printf(others, "%s%s", others->len ? "\n" : "", line);
        return;
    }
    if (!self->control[i])
        add_row(self, (gsize)i);
    const char *end = strstr(line, ": give --");
    g_autofree char *reason = end ? g_strndup(line, (gsize)(end - line)) : g_strdup(line);
    *reason = g_ascii_toupper(*reason);
    gtk_label_set_label(self->reason[i], reason);
}

/* (transfer full) */
static char **
paths_of(GListModel *files)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    for (guint i = 0; i < g_list_model_get_n_items(files); i++) {
        g_autoptr(GFile) file = g_list_model_get_item(files, i);
        g_strv_builder_add(paths, g_file_peek_path(file));
    }
    return g_strv_builder_end(paths);
}

/* Folders of logs are mostly called what the text is. */
static void
suggest_domains(ScopeImportForm *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
        bool folders =
            questions[i].what == TEXTS && self->control[i] && self->paths[0] && self->paths[1];
        g_autoptr(GString) names = g_string_new(NULL);
        for (char **path = self->paths; folders && *path; path++) {
            g_autofree char *name = g_path_get_basename(*path);
            folders = g_file_test(*path, G_FILE_TEST_IS_DIR);
            g_string_append_printf(names, "%s%s", names->len ? "," : "", name);
        }
        if (folders && !*gtk_editable_get_text(GTK_EDITABLE(self->control[i])))
            gtk_editable_set_text(GTK_EDITABLE(self->control[i]), names->str);
    }
}

void
scope_import_form_ask(ScopeImportForm *form, GListModel *files, const char *message)
{
    g_auto(GStrv) lines = g_strsplit(message, "\n", -1);
    g_autoptr(GString) others = g_string_new(NULL);
    g_strfreev(form->paths);
    form->paths = paths_of(files);
    for (char **line = lines; *line; line++)
        take_line(form, *line, others);
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++)
        if (questions[i].when != WANTED && !form->control[i])
            add_row(form, i);
    suggest_domains(form);
    gtk_label_set_label(form->message, others->str);
    gtk_widget_set_visible(GTK_WIDGET(form->message), others->len > 0);
    refresh(form);
    gtk_widget_child_focus(GTK_WIDGET(form->rows), GTK_DIR_TAB_FORWARD);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
copy_command(ScopeImportForm *self)
{
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)),
                           gtk_label_get_text(self->command));
}

static void
scope_import_form_finalize(GObject *object)
{
    g_strfreev(SCOPE_IMPORT_FORM(object)->paths);
    G_OBJECT_CLASS(scope_import_form_parent_class)->finalize(object);
}

static void
scope_import_form_class_init(ScopeImportFormClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->finalize = scope_import_form_finalize;
    signals[ANSWERED] = g_signal_new("answered", SCOPE_TYPE_IMPORT_FORM, G_SIGNAL_RUN_LAST, 0, NULL,
                                     NULL, NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/import-form.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeImportForm, message);
    gtk_widget_class_bind_template_child(widget_class, ScopeImportForm, rows);
    gtk_widget_class_bind_template_child(widget_class, ScopeImportForm, more);
    gtk_widget_class_bind_template_child(widget_class, ScopeImportForm, command);
    gtk_widget_class_bind_template_child(widget_class, ScopeImportForm, go);
    gtk_widget_class_bind_template_callback(widget_class, go_on);
    gtk_widget_class_bind_template_callback(widget_class, copy_command);
}

static void
scope_import_form_init(ScopeImportForm *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
}

/* SPDX-License-Identifier: MIT
 *
 * Training a model from the window: a recipe, its parameters as a form, start, stop, go on. The
 * moescope program does it; the run opens in a tab of its own as soon as it has recorded something,
 * and is followed there.
 */
#include "scope-pages.h"
#include "scope-recipe-form.h"
#include "scope-run.h"
#include "scope-samples.h"
#include "scope-tabs.h"

#include <glib/gi18n.h>
#include <string.h>

#define SCOPE_TYPE_PAGE_RUN (scope_page_run_get_type())
G_DECLARE_FINAL_TYPE(ScopePageRun, scope_page_run, SCOPE, PAGE_RUN, ScopePage)

struct _ScopePageRun {
    ScopePage parent_instance;
    ScopeRun *run;
    GFile *data;                  /* the text; NULL: the sample corpus */
    GtkFileChooserNative *dialog; /* or NULL */

    GtkDropDown *variant, *size;
    bool filling; /* the sizes */
    GtkButton *text;
    GtkEntry *folder;
    GtkSearchEntry *search;
    ScopeRecipeForm *form;
    GtkWidget *start, *stop, *resume;
    GtkProgressBar *progress;
    GtkLabel *state;
    GtkWidget *log_frame; /* not seen before the program says something */
    GtkTextView *log;
};

G_DEFINE_FINAL_TYPE(ScopePageRun, scope_page_run, SCOPE_TYPE_PAGE)

/* --- The recipe -------------------------------------------------------------------------------*/

static GtkStringList *
variants_new(void)
{
    int n;
    const MoePreset *const *presets = moe_presets_list(&n);
    GtkStringList *variants = gtk_string_list_new(NULL);
    for (int i = 0; i < n; i++)
        if (g_str_equal(presets[i]->key, "moe.variant"))
            gtk_string_list_append(variants, presets[i]->name);
    return variants;
}

static const char *
variant_of(ScopePageRun *self)
{
    GtkStringObject *chosen = gtk_drop_down_get_selected_item(self->variant);
    return chosen ? gtk_string_object_get_string(chosen) : "smoe";
}

/* A folder that isn't there yet, named after the variant. */
static void
propose_folder(ScopePageRun *self)
{
    const char *variant = variant_of(self);
    g_autofree char *runs = g_build_filename(g_get_home_dir(), "moescope-runs", NULL);
    g_autofree char *path = g_build_filename(runs, variant, NULL);
    for (int i = 2; g_file_test(path, G_FILE_TEST_EXISTS); i++) {
        g_autofree char *name = g_strdup_printf("%s-%d", variant, i);
        g_free(path);
        path = g_build_filename(runs, name, NULL);
    }
    gtk_editable_set_text(GTK_EDITABLE(self->folder), path);
}

/* The file of the sample that is chosen; NULL: the preset is. (transfer full) */
static char *
sample_of(ScopePageRun *self)
{
    GtkStringObject *size = gtk_drop_down_get_selected_item(self->size);
    if (!size || gtk_drop_down_get_selected(self->size) == 0)
        return NULL;
    g_autofree char *name =
        g_strdup_printf("%s-%s", variant_of(self), gtk_string_object_get_string(size));
    return scope_samples_recipe(name);
}

static MoeRecipe *
recipe_new(ScopePageRun *self, GError **error)
{
    g_autofree char *sample = sample_of(self);
    if (sample)
        return moe_recipe_load(sample, error);
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autofree char *setting = g_strdup_printf("moe.variant=%s", variant_of(self));
    return moe_recipe_set(recipe, setting, error) ? g_steal_pointer(&recipe) : NULL;
}

static void
on_recipe(ScopePageRun *self)
{
    g_autoptr(GError) error = NULL;
    if (!self->form || self->filling)
        return;
    MoeRecipe *recipe = recipe_new(self, &error);
    if (!recipe)
        gtk_label_set_label(self->state, error->message);
    scope_recipe_form_set_recipe(self->form, recipe);
}

/* The sizes that there are sample recipes of. */
static void
on_variant(ScopePageRun *self)
{
    static const char *const sizes[] = {"tiny", "small", "base"};
    g_autoptr(GtkStringList) there = gtk_string_list_new(NULL);
    if (!self->form)
        return;
    gtk_string_list_append(there, _("preset"));
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *name = g_strdup_printf("%s-%s", variant_of(self), sizes[i]);
        g_autofree char *path = scope_samples_recipe(name);
        if (path)
            gtk_string_list_append(there, sizes[i]);
    }
    self->filling = true;
    gtk_drop_down_set_model(self->size, G_LIST_MODEL(there));
    gtk_drop_down_set_selected(
        self->size, g_list_model_get_n_items(G_LIST_MODEL(there)) > 1 ? 1 : 0); /* the smallest */
    self->filling = false;
    on_recipe(self);
    propose_folder(self);
}

static void
on_searched(ScopePageRun *self)
{
    scope_recipe_form_search(self->form, gtk_editable_get_text(GTK_EDITABLE(self->search)));
}

/* --- The text ---------------------------------------------------------------------------------*/

static void
on_response(ScopePageRun *self, int response)
{
    if (response == GTK_RESPONSE_ACCEPT) {
        g_clear_object(&self->data);
        self->data = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->dialog));
        g_autofree char *name = g_file_get_basename(self->data);
        gtk_button_set_label(self->text, name);
    }
    g_clear_object(&self->dialog);
}

static void
on_text(ScopePageRun *self)
{
    GtkRoot *window = gtk_widget_get_root(GTK_WIDGET(self));
    g_clear_object(&self->dialog);
    self->dialog = gtk_file_chooser_native_new(_("Text to Train On"), GTK_WINDOW(window),
                                               GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, NULL);
    g_signal_connect_object(self->dialog, "response", G_CALLBACK(on_response), self,
                            G_CONNECT_SWAPPED);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->dialog));
}

/* --- The run ----------------------------------------------------------------------------------*/

/* The folder of the run that can go on: what was run here, or what the document is of. */
static const char *
resumable(ScopePageRun *self)
{
    ScopeDocument *document = scope_page_get_document(SCOPE_PAGE(self));
    const char *own = scope_run_get_folder(self->run);
    const char *folder = own ? own : document ? scope_document_path(document) : NULL;
    g_autofree char *checkpoints = folder ? g_build_filename(folder, "checkpoints", NULL) : NULL;
    return checkpoints && g_file_test(checkpoints, G_FILE_TEST_IS_DIR) ? folder : NULL;
}

/* A button that has the keyboard and can no longer be pressed hands it to the one that can: GTK
 * would give it to the sidebar, whose rows turn to their views. */
static void
set_pressable(ScopePageRun *self, bool start, bool stop, bool resume)
{
    GtkWidget *const buttons[] = {self->start, self->stop, self->resume};
    const bool can[] = {start, stop, resume};
    GtkWidget *next = NULL;
    bool had = false;
    for (gsize i = 0; i < G_N_ELEMENTS(buttons); i++) {
        had |= gtk_widget_has_focus(buttons[i]) && !can[i];
        if (can[i])
            gtk_widget_set_sensitive(buttons[i], TRUE);
        next = can[i] ? buttons[i] : next;
    }
    if (had)
        gtk_widget_grab_focus(next ? next : GTK_WIDGET(self->folder));
    for (gsize i = 0; i < G_N_ELEMENTS(buttons); i++)
        gtk_widget_set_sensitive(buttons[i], can[i]);
}

static void
show_state(ScopePageRun *self)
{
    bool running = scope_run_is_running(self->run);
    set_pressable(self, !running, running, !running && resumable(self));
    gtk_widget_set_visible(GTK_WIDGET(self->progress), running);
}

static void
append_log(ScopePageRun *self, const char *line)
{
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(self->log);
    GtkTextIter end;
    gtk_widget_set_visible(self->log_frame, TRUE);
    gtk_text_buffer_get_end_iter(buffer, &end);
    gtk_text_buffer_insert(buffer, &end, line, -1);
    gtk_text_buffer_insert(buffer, &end, "\n", 1);
    gtk_text_view_scroll_to_mark(self->log, gtk_text_buffer_get_insert(buffer), 0, FALSE, 0, 0);
}

static void
launch(ScopePageRun *self, const GPtrArray *arguments, const char *folder, gint64 steps)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *words = g_strjoinv(" ", (char **)arguments->pdata);
    g_autofree char *command = g_strdup_printf("$ moescope %s", words);
    append_log(self, command);
    gtk_progress_bar_set_fraction(self->progress, 0);
    if (scope_run_start(self->run, (const char *const *)arguments->pdata, folder, steps, &error))
        gtk_label_set_label(self->state, _("Starting …"));
    else
        gtk_label_set_label(self->state, error->message);
    show_state(self);
}

static gint64
steps_of(ScopePageRun *self)
{
    const MoeRecipe *recipe = scope_recipe_form_get_recipe(self->form);
    return recipe ? moe_recipe_int(recipe, "train.steps") : 0;
}

static void
on_start(ScopePageRun *self)
{
    g_auto(GStrv) changes = scope_recipe_form_get_changes(self->form);
    const char *folder = gtk_editable_get_text(GTK_EDITABLE(self->folder));
    g_autofree char *parent = g_path_get_dirname(folder), *sample = sample_of(self);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    if (g_mkdir_with_parents(parent, 0755) != 0) {
        gtk_label_set_label(self->state, _("The folder for the run can’t be made."));
        return;
    }
    g_ptr_array_add(arguments, (gpointer) "train");
    g_ptr_array_add(arguments, sample ? sample : (gpointer)variant_of(self));
    g_ptr_array_add(arguments, (gpointer) "--out");
    g_ptr_array_add(arguments, (gpointer)folder);
    if (self->data) {
        g_ptr_array_add(arguments, (gpointer) "--data");
        g_ptr_array_add(arguments, (gpointer)g_file_peek_path(self->data));
    }
    for (char **change = changes; *change; change++) {
        g_ptr_array_add(arguments, (gpointer) "--set");
        g_ptr_array_add(arguments, *change);
    }
    g_ptr_array_add(arguments, NULL);
    launch(self, arguments, folder, steps_of(self));
}

static void
on_stop(ScopePageRun *self)
{
    scope_run_stop(self->run);
    gtk_label_set_label(self->state, _("Saving …"));
    set_pressable(self, false, false, false);
}

static void
on_resume(ScopePageRun *self)
{
    g_autofree char *folder = g_strdup(resumable(self));
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, (gpointer) "train");
    g_ptr_array_add(arguments, (gpointer) "--resume");
    g_ptr_array_add(arguments, folder);
    g_ptr_array_add(arguments, NULL);
    launch(self, arguments, folder, 0);
}

static void
on_progress(ScopePageRun *self, double fraction, const char *words)
{
    if (fraction >= 0)
        gtk_progress_bar_set_fraction(self->progress, CLAMP(fraction, 0, 1));
    else
        gtk_progress_bar_pulse(self->progress);
    gtk_label_set_label(self->state, words);
}

/* Into a tab of its own, where it is followed from view "training"; a run that is open there
 * already is turned to, at the view that it is at. */
static void
on_recorded(ScopePageRun *self)
{
    GtkWidget *tabs = gtk_widget_get_ancestor(GTK_WIDGET(self), SCOPE_TYPE_TABS);
    int before = tabs ? scope_tabs_count(SCOPE_TABS(tabs)) : 0;
    gtk_widget_activate_action(GTK_WIDGET(self), "win.open-path", "s",
                               scope_run_get_folder(self->run));
    if (tabs && scope_tabs_count(SCOPE_TABS(tabs)) > before)
        scope_views_turn(scope_tab_get_views(scope_tabs_get_current(SCOPE_TABS(tabs))), "training");
}

static void
on_ended(ScopePageRun *self, const char *words)
{
    gtk_label_set_label(self->state, words);
    append_log(self, words);
    show_state(self);
}

/* --- What the recipe is, in the inspector -----------------------------------------------------*/

static GtkWidget *
scope_page_run_make_inspector(ScopePage *page)
{
    GtkWidget *about = gtk_label_new(NULL);
    g_autofree char *text = g_markup_printf_escaped(
        "<b>%s</b>\n%s\n\n<b>%s</b>\n%s\n\n<b>%s</b>\n%s", _("A run"),
        _("Start trains a model by the recipe, with what was changed in the form. As soon as it "
          "has recorded something, the run opens in a tab of its own, and is followed there."),
        _("Stop"),
        _("Saves and ends. Resume goes on from there, to the same bits as if it had never "
          "stopped."),
        _("The command"),
        _("The moescope program does the work; the log shows what it was told. If it crashes, the "
          "window stays."));
    gtk_label_set_markup(GTK_LABEL(about), text);
    gtk_label_set_xalign(GTK_LABEL(about), 0);
    gtk_label_set_wrap(GTK_LABEL(about), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(about), 28);
    return about;
}

/* --- The page ---------------------------------------------------------------------------------*/

/* Of the run that the document is of, where nothing was started here. */
static void
show_document(ScopePageRun *self)
{
    gboolean live = FALSE;
    g_object_get(scope_page_get_document(SCOPE_PAGE(self)), "live", &live, NULL);
    if (!scope_run_get_folder(self->run))
        gtk_label_set_label(self->state, live ? _("This run goes on where it was started, or was "
                                                  "broken off")
                                              : _("Nothing runs"));
    show_state(self);
}

static void
scope_page_run_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    g_signal_connect_object(document, "grown", G_CALLBACK(show_document), page, G_CONNECT_SWAPPED);
    show_document(SCOPE_PAGE_RUN(page));
}

static void
scope_page_run_find(ScopePage *page)
{
    gtk_widget_grab_focus(GTK_WIDGET(SCOPE_PAGE_RUN(page)->search));
}

static void
scope_page_run_dispose(GObject *object)
{
    ScopePageRun *self = SCOPE_PAGE_RUN(object);
    if (self->run)
        g_signal_handlers_disconnect_by_data(self->run, self);
    if (self->run && scope_run_is_running(self->run))
        scope_run_stop(self->run);
    g_clear_object(&self->run);
    g_clear_object(&self->data);
    g_clear_object(&self->dialog);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_PAGE_RUN);
    G_OBJECT_CLASS(scope_page_run_parent_class)->dispose(object);
}

static void
bind_children(GtkWidgetClass *class)
{
    gtk_widget_class_bind_template_child(class, ScopePageRun, variant);
    gtk_widget_class_bind_template_child(class, ScopePageRun, size);
    gtk_widget_class_bind_template_child(class, ScopePageRun, text);
    gtk_widget_class_bind_template_child(class, ScopePageRun, folder);
    gtk_widget_class_bind_template_child(class, ScopePageRun, search);
    gtk_widget_class_bind_template_child(class, ScopePageRun, form);
    gtk_widget_class_bind_template_child(class, ScopePageRun, start);
    gtk_widget_class_bind_template_child(class, ScopePageRun, stop);
    gtk_widget_class_bind_template_child(class, ScopePageRun, resume);
    gtk_widget_class_bind_template_child(class, ScopePageRun, progress);
    gtk_widget_class_bind_template_child(class, ScopePageRun, state);
    gtk_widget_class_bind_template_child(class, ScopePageRun, log_frame);
    gtk_widget_class_bind_template_child(class, ScopePageRun, log);
    gtk_widget_class_bind_template_callback(class, on_variant);
    gtk_widget_class_bind_template_callback(class, on_recipe);
    gtk_widget_class_bind_template_callback(class, on_text);
    gtk_widget_class_bind_template_callback(class, on_searched);
    gtk_widget_class_bind_template_callback(class, on_start);
    gtk_widget_class_bind_template_callback(class, on_stop);
    gtk_widget_class_bind_template_callback(class, on_resume);
}

static void
scope_page_run_class_init(ScopePageRunClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_run_dispose;
    SCOPE_PAGE_CLASS(class)->show = scope_page_run_show;
    SCOPE_PAGE_CLASS(class)->find = scope_page_run_find;
    SCOPE_PAGE_CLASS(class)->make_inspector = scope_page_run_make_inspector;
    g_type_ensure(SCOPE_TYPE_RECIPE_FORM);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/page-run.ui");
    bind_children(widget_class);
}

static void
scope_page_run_init(ScopePageRun *self)
{
    self->run = scope_run_new();
    gtk_widget_init_template(GTK_WIDGET(self));
    g_signal_connect_swapped(self->run, "line", G_CALLBACK(append_log), self);
    g_signal_connect_swapped(self->run, "progress", G_CALLBACK(on_progress), self);
    g_signal_connect_swapped(self->run, "recorded", G_CALLBACK(on_recorded), self);
    g_signal_connect_swapped(self->run, "ended", G_CALLBACK(on_ended), self);
    g_autoptr(GtkStringList) variants = variants_new();
    gtk_drop_down_set_model(self->variant, G_LIST_MODEL(variants));
    on_variant(self);
}

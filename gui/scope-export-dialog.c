/* SPDX-License-Identifier: MIT
 *
 * The dialog draws the figure once more, for itself: the one on the screen keeps its theme.
 */
#include "scope-export-dialog.h"

#include "scope-dialogs.h"
#include "scope-picture.h"
#include "scope-state.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <string.h>

#define DEFAULT_THEME "paper-full"

/* What can be written. */
static const struct {
    const char *title, *ending;
    bool has_theme, has_dpi;
} formats[] = {
    {N_("PDF, for papers"), "pdf", true, false},
    {N_("EPS, for old LaTeX"), "eps", true, false},
    {N_("SVG, to edit"), "svg", true, false},
    {N_("PNG, for slides and pages"), "png", true, true},
    {N_("CSV, the numbers"), "csv", false, false},
};

struct _ScopeExportDialog {
    GtkWindow parent_instance;
    MoeScene *scene; /* NULL until it is drawn */
    char *command;   /* that draws it, without theme and file */
    char *stem;      /* of the file's name */
    GCancellable *cancellable;

    GtkDropDown *format, *theme;
    GtkSpinButton *dpi;
    GtkWidget *theme_row, *dpi_row;
    GtkLabel *size, *command_label, *problem, *numbers;
    GtkStack *stack;
    GtkDrawingArea *picture;
    GtkWidget *save, *copy;
};

G_DEFINE_FINAL_TYPE(ScopeExportDialog, scope_export_dialog, GTK_TYPE_WINDOW)

/* --- Choices ----------------------------------------------------------------------------------*/

static const char *
theme_of(ScopeExportDialog *self)
{
    return moe_themes()[gtk_drop_down_get_selected(self->theme)];
}

/* Dots an inch; 0: the theme's own. */
static double
dpi_of(ScopeExportDialog *self)
{
    return gtk_spin_button_get_value(self->dpi);
}

static char *
file_name(ScopeExportDialog *self)
{
    return g_strdup_printf("%s.%s", self->stem,
                           formats[gtk_drop_down_get_selected(self->format)].ending);
}

/* The command that writes the same file. */
static char *
whole_command(ScopeExportDialog *self)
{
    guint format = gtk_drop_down_get_selected(self->format);
    g_autofree char *name = file_name(self), *target = scope_text_path(name);
    g_autoptr(GString) command = g_string_new(self->command);
    if (formats[format].has_theme && !g_str_equal(theme_of(self), DEFAULT_THEME))
        g_string_append_printf(command, " --theme %s", theme_of(self));
    if (formats[format].has_dpi && dpi_of(self) > 0)
        g_string_append_printf(command, " --dpi %g", dpi_of(self));
    g_string_append_printf(command, " %s %s", formats[format].has_theme ? "-o" : "--data", target);
    return g_string_free(g_steal_pointer(&command), FALSE);
}

/* --- Preview ----------------------------------------------------------------------------------*/

/* "139.7 × 92.1 mm", and of a PNG the pixels. */
static void
show_size(ScopeExportDialog *self)
{
    double width, height, dpi = dpi_of(self);
    moe_scene_size(self->scene, &width, &height);
    g_autofree char *mm =
        g_strdup_printf(_("%.1f × %.1f mm"), width / 72 * 25.4, height / 72 * 25.4);
    g_autofree char *px =
        gtk_widget_get_visible(self->dpi_row) && dpi > 0
            ? g_strdup_printf(_("%s, %.0f × %.0f pixels"), mm, width / 72 * dpi, height / 72 * dpi)
            : g_strdup(mm);
    gtk_label_set_label(self->size, px);
}

/* As much of the numbers as can be seen. */
static void
show_numbers(ScopeExportDialog *self)
{
    g_autofree char *csv = moe_scene_to_csv(self->scene);
    char *end = csv;
    for (int line = 0; line < 40 && end; line++)
        end = strchr(end + 1, '\n');
    if (end)
        *end = '\0';
    gtk_label_set_label(self->numbers, csv);
    gtk_label_set_label(self->size, "");
}

static void
draw_preview(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer dialog)
{
    ScopeExportDialog *self = dialog;
    if (self->scene)
        scope_picture_draw(self->scene, cr, width, height);
}

static void
show_preview(ScopeExportDialog *self)
{
    bool picture = formats[gtk_drop_down_get_selected(self->format)].has_theme;
    if (picture) {
        moe_scene_set_theme(self->scene, theme_of(self), NULL); /* one of the list */
        gtk_widget_queue_draw(GTK_WIDGET(self->picture));
        show_size(self);
    } else {
        show_numbers(self);
    }
    gtk_stack_set_visible_child_name(self->stack, picture ? "picture" : "numbers");
}

static void
refresh(ScopeExportDialog *self)
{
    guint format = gtk_drop_down_get_selected(self->format);
    if (!self->command)
        return;
    g_autofree char *command = whole_command(self);
    gtk_widget_set_visible(self->theme_row, formats[format].has_theme);
    gtk_widget_set_visible(self->dpi_row, formats[format].has_dpi);
    gtk_label_set_label(self->command_label, command);
    gtk_widget_set_sensitive(self->save, self->scene != NULL);
    gtk_widget_set_sensitive(self->copy, self->scene != NULL);
    if (self->scene)
        show_preview(self);
}

static void
show_problem(ScopeExportDialog *self, const char *message)
{
    g_autofree char *sentence = message ? scope_text_sentence(message) : g_strdup("");
    gtk_label_set_label(self->problem, sentence);
    gtk_widget_set_visible(GTK_WIDGET(self->problem), message != NULL);
}

void
scope_export_dialog_take(ScopeExportDialog *dialog, MoeScene *scene, const GError *error)
{
    moe_scene_free(dialog->scene);
    dialog->scene = scene;
    show_problem(dialog, error ? error->message : NULL);
    refresh(dialog);
}

static void
on_drawn(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeExportDialog) self = SCOPE_EXPORT_DIALOG(user);
    g_autoptr(GError) error = NULL;
    MoeScene *scene = scope_document_draw_finish(SCOPE_DOCUMENT(source), result, &error);
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        scope_export_dialog_take(self, scene, error);
}

/* --- Out --------------------------------------------------------------------------------------*/

bool
scope_export_dialog_save(ScopeExportDialog *dialog, const char *path, GError **error)
{
    g_return_val_if_fail(dialog->scene, false);
    return moe_scene_set_theme(dialog->scene, theme_of(dialog), error) &&
           scope_picture_save(dialog->scene, path, dpi_of(dialog), error);
}

static void
on_file_chosen(GtkWindow *window, GFile *file)
{
    ScopeExportDialog *self = SCOPE_EXPORT_DIALOG(window);
    g_autoptr(GError) error = NULL;
    const char *path = g_file_peek_path(file);
    if (!path)
        show_problem(self, _("The figure can only be written to a folder of this machine."));
    else if (!scope_export_dialog_save(self, path, &error))
        show_problem(self, error->message);
    else
        gtk_window_close(window);
}

static void
on_save(ScopeExportDialog *self)
{
    g_autofree char *name = file_name(self);
    scope_state_set_text("theme", theme_of(self));
    scope_state_set_text("format", formats[gtk_drop_down_get_selected(self->format)].ending);
    scope_dialogs_save(GTK_WINDOW(self), _("Export the Figure"), name, on_file_chosen);
}

static void
on_copy(ScopeExportDialog *self)
{
    g_autoptr(GError) error = NULL;
    if (!moe_scene_set_theme(self->scene, theme_of(self), &error)) {
        show_problem(self, error->message);
        return;
    }
    g_autoptr(GdkContentProvider) content =
        scope_picture_content(self->scene, dpi_of(self), &error);
    show_problem(self, error ? error->message : NULL);
    if (content)
        gdk_clipboard_set_content(gtk_widget_get_clipboard(GTK_WIDGET(self)), content);
}

static void
on_copy_command(ScopeExportDialog *self)
{
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)),
                           gtk_label_get_text(self->command_label));
}

/* --- The object -------------------------------------------------------------------------------*/

/* What a preset is for; of one that isn't known here, its name. */
static const char *
theme_title(const char *theme)
{
    static const char *const titles[][2] = {
        {"paper-column", N_("Paper, one column: 82.5 mm")},
        {"paper-full", N_("Paper, full width: 139.7 mm")},
        {"acl-column", N_("ACL, one column: 77 mm")},
        {"acl-full", N_("ACL, full width: 160 mm")},
        {"icml-full", N_("ICML, full width: 171.5 mm")},
        {"report", N_("Page of a report: 171.5 mm")},
        {"slide", N_("Slide, in large type")},
        {"screen", N_("Screen, light")},
        {"dark", N_("Screen, dark")},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(titles); i++)
        if (g_str_equal(theme, titles[i][0]))
            return _(titles[i][1]);
    return theme;
}

static void
list_choices(ScopeExportDialog *self)
{
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    g_autoptr(GtkStringList) themes = gtk_string_list_new(NULL);
    g_autofree char *theme = scope_state_get_text("theme", DEFAULT_THEME);
    g_autofree char *ending = scope_state_get_text("format", "pdf");
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        gtk_string_list_append(titles, _(formats[i].title));
    for (guint i = 0; moe_themes()[i]; i++)
        gtk_string_list_append(themes, theme_title(moe_themes()[i]));
    gtk_drop_down_set_model(self->format, G_LIST_MODEL(titles));
    gtk_drop_down_set_model(self->theme, G_LIST_MODEL(themes));
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_str_equal(formats[i].ending, ending))
            gtk_drop_down_set_selected(self->format, i);
    for (guint i = 0; moe_themes()[i]; i++)
        if (g_str_equal(moe_themes()[i], theme))
            gtk_drop_down_set_selected(self->theme, i);
}

static void
scope_export_dialog_dispose(GObject *object)
{
    ScopeExportDialog *self = SCOPE_EXPORT_DIALOG(object);
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    G_OBJECT_CLASS(scope_export_dialog_parent_class)->dispose(object);
}

static void
scope_export_dialog_finalize(GObject *object)
{
    ScopeExportDialog *self = SCOPE_EXPORT_DIALOG(object);
    moe_scene_free(self->scene);
    g_free(self->command);
    g_free(self->stem);
    G_OBJECT_CLASS(scope_export_dialog_parent_class)->finalize(object);
}

static void
scope_export_dialog_class_init(ScopeExportDialogClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_export_dialog_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_export_dialog_finalize;
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/export-dialog.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, format);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, theme);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, dpi);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, theme_row);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, dpi_row);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, size);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, command_label);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, problem);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, numbers);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, picture);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, save);
    gtk_widget_class_bind_template_child(widget_class, ScopeExportDialog, copy);
    gtk_widget_class_bind_template_callback(widget_class, refresh);
    gtk_widget_class_bind_template_callback(widget_class, on_save);
    gtk_widget_class_bind_template_callback(widget_class, on_copy);
    gtk_widget_class_bind_template_callback(widget_class, on_copy_command);
    gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
scope_export_dialog_init(ScopeExportDialog *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    gtk_drawing_area_set_draw_func(self->picture, draw_preview, self, NULL);
    list_choices(self);
}

static void
draw(ScopePane *pane, ScopeDocument *document, ScopeFocus *focus, GCancellable *cancellable,
     GAsyncReadyCallback ready, gpointer user)
{
    g_auto(GStrv) settings = scope_pane_get_settings(pane);
    scope_document_draw_async(document, scope_pane_get_figure(pane), (const char *const *)settings,
                              scope_focus_get_filter(focus), false, cancellable, ready, user);
}

GtkWidget *
scope_export_dialog_new_for(GtkWindow *parent, const char *command, const char *stem)
{
    ScopeExportDialog *self = g_object_new(SCOPE_TYPE_EXPORT_DIALOG, "transient-for", parent, NULL);
    self->stem = g_strdup(stem);
    self->command = g_strdup(command);
    refresh(self);
    return GTK_WIDGET(self);
}

GtkWidget *
scope_export_dialog_new(GtkWindow *parent, ScopeDocument *document, ScopeFocus *focus,
                        ScopePane *pane)
{
    g_autofree char *name = scope_text_stem(scope_document_path(document));
    g_autofree char *stem = g_strdup_printf("%s-%s", name, scope_pane_get_figure(pane)->name);
    g_autofree char *command = scope_pane_get_command(pane);
    GtkWidget *dialog = scope_export_dialog_new_for(parent, command, stem);
    ScopeExportDialog *self = SCOPE_EXPORT_DIALOG(dialog);
    self->cancellable = g_cancellable_new();
    draw(pane, document, focus, self->cancellable, on_drawn, g_object_ref(self));
    return dialog;
}

/* --- Copying without the dialog ---------------------------------------------------------------*/

void
scope_export_copy_scene(GtkWidget *widget, MoeScene *scene)
{
    g_autofree char *theme = scope_state_get_text("theme", DEFAULT_THEME);
    if (!moe_scene_set_theme(scene, theme, NULL))
        moe_scene_set_theme(scene, DEFAULT_THEME, NULL);
    g_autoptr(GdkContentProvider) content = scope_picture_content(scene, 0, NULL);
    if (content)
        gdk_clipboard_set_content(gtk_widget_get_clipboard(widget), content);
}

static void
on_drawn_to_copy(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GtkWidget) widget = user;
    g_autoptr(MoeScene) scene = scope_document_draw_finish(SCOPE_DOCUMENT(source), result, NULL);
    if (scene) /* what is on the screen says why there is none */
        scope_export_copy_scene(widget, scene);
}

void
scope_export_copy(GtkWidget *widget, ScopeDocument *document, ScopeFocus *focus, ScopePane *pane)
{
    draw(pane, document, focus, NULL, on_drawn_to_copy, g_object_ref(widget));
}

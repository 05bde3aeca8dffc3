/* SPDX-License-Identifier: MIT
 *
 * The controls are set while `following` is true, so that they don't answer back.
 */
#include "scope-chooser.h"

#include <glib/gi18n.h>

struct _ScopeChooser {
    GtkBox parent_instance;
    guint parts;
    gboolean all, following;
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    GtkDropDown *layers;     /* those that aren't among the parts are NULL */
    GtkSpinButton *expert, *slot;
};

G_DEFINE_FINAL_TYPE(ScopeChooser, scope_chooser, GTK_TYPE_BOX)

int
scope_focus_router(ScopeFocus *focus, ScopeDocument *document)
{
    int n;
    const MoeRouterInfo *routers = scope_document_routers(document, &n);
    gint64 layer = scope_focus_get(focus, SCOPE_FOCUS_LAYER);
    for (int i = 0; i < n; i++)
        if (routers[i].layer == layer)
            return i;
    return n > 0 ? n / 2 : -1;
}

/* --- Following the focus ----------------------------------------------------------------------*/

static void
show_layer(ScopeChooser *self)
{
    int router = scope_focus_router(self->focus, self->document);
    gboolean none = scope_focus_get(self->focus, SCOPE_FOCUS_LAYER) < 0;
    guint row = self->all ? (none ? 0 : (guint)router + 1) : (guint)router;
    gtk_drop_down_set_selected(self->layers, router < 0 ? GTK_INVALID_LIST_POSITION : row);
}

static void
show_number(ScopeChooser *self, GtkSpinButton *spin, ScopeFocusPart part, int low, int high)
{
    gtk_spin_button_set_range(spin, low, high);
    gtk_spin_button_set_value(spin, (double)scope_focus_get(self->focus, part));
}

/* No expert is a word: what is shown then. */
static gboolean
on_expert_output(GtkSpinButton *spin)
{
    int expert = gtk_spin_button_get_value_as_int(spin);
    g_autofree char *text = g_strdup_printf("%d", expert);
    gtk_editable_set_text(GTK_EDITABLE(spin), expert < 0 ? _("busiest") : text);
    return TRUE;
}

/* A value that stays the same isn't put out again, though it may never have been. */
static void
show_expert(ScopeChooser *self, int experts)
{
    show_number(self, self->expert, SCOPE_FOCUS_EXPERT, -1, experts - 1);
    on_expert_output(self->expert);
}

static void
follow(ScopeChooser *self)
{
    int n, router = scope_focus_router(self->focus, self->document);
    const MoeRouterInfo *info = scope_document_routers(self->document, &n);
    self->following = TRUE;
    if (self->layers)
        show_layer(self);
    if (router >= 0) {
        int slots = info[router].k > 0 ? info[router].k : info[router].experts;
        if (self->expert)
            show_expert(self, info[router].experts);
        if (self->slot)
            show_number(self, self->slot, SCOPE_FOCUS_SLOT, 0, slots - 1);
    }
    self->following = FALSE;
}

/* --- Leading it -------------------------------------------------------------------------------*/

static void
on_layer(ScopeChooser *self)
{
    int n;
    const MoeRouterInfo *info;
    if (self->following || !self->document)
        return;
    int row = (int)gtk_drop_down_get_selected(self->layers) - (self->all ? 1 : 0);
    info = scope_document_routers(self->document, &n);
    if (row < n)
        scope_focus_set(self->focus, SCOPE_FOCUS_LAYER, row < 0 ? -1 : info[row].layer);
}

static void
on_expert(ScopeChooser *self)
{
    if (!self->following && self->focus)
        scope_focus_set(self->focus, SCOPE_FOCUS_EXPERT,
                        gtk_spin_button_get_value_as_int(self->expert));
}

static void
on_slot(ScopeChooser *self)
{
    if (!self->following && self->focus)
        scope_focus_set(self->focus, SCOPE_FOCUS_SLOT,
                        gtk_spin_button_get_value_as_int(self->slot));
}

static int
on_expert_input(GtkSpinButton *spin, double *value)
{
    const char *text = gtk_editable_get_text(GTK_EDITABLE(spin));
    gint64 number = -1;
    if (!g_ascii_string_to_signed(text, 10, -1, G_MAXINT32, &number, NULL) &&
        g_ascii_isdigit(*text))
        return GTK_INPUT_ERROR;
    *value = (double)number;
    return TRUE;
}

/* --- The object -------------------------------------------------------------------------------*/

static void
add(ScopeChooser *self, const char *name, GtkWidget *control)
{
    GtkWidget *label = gtk_label_new_with_mnemonic(name);
    g_auto(GStrv) parts = g_strsplit(name, "_", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, plain,
                                   -1);
    gtk_box_append(GTK_BOX(self), label);
    gtk_box_append(GTK_BOX(self), control);
}

void
scope_chooser_set_parts(ScopeChooser *chooser, guint parts, gboolean all)
{
    chooser->all = all;
    chooser->parts = parts;
    if (parts & SCOPE_FOCUS_LAYER) {
        GtkWidget *layers = gtk_drop_down_new(NULL, NULL);
        gtk_widget_set_name(layers, "layer");
        chooser->layers = GTK_DROP_DOWN(layers);
        add(chooser, _("_Layer"), layers);
        g_signal_connect_swapped(layers, "notify::selected", G_CALLBACK(on_layer), chooser);
    }
    if (parts & SCOPE_FOCUS_EXPERT) {
        GtkWidget *expert = gtk_spin_button_new_with_range(-1, 1, 1);
        gtk_widget_set_name(expert, "expert");
        gtk_editable_set_width_chars(GTK_EDITABLE(expert), 6);
        gtk_editable_set_max_width_chars(GTK_EDITABLE(expert), 6);
        chooser->expert = GTK_SPIN_BUTTON(expert);
        gtk_spin_button_set_numeric(chooser->expert, FALSE); /* or no word could stand there */
        g_signal_connect(expert, "output", G_CALLBACK(on_expert_output), NULL);
        g_signal_connect(expert, "input", G_CALLBACK(on_expert_input), NULL);
        add(chooser, _("E_xpert"), expert);
        g_signal_connect_swapped(expert, "value-changed", G_CALLBACK(on_expert), chooser);
    }
    if (parts & SCOPE_FOCUS_SLOT) {
        GtkWidget *slot = gtk_spin_button_new_with_range(0, 1, 1);
        gtk_widget_set_name(slot, "slot");
        gtk_editable_set_width_chars(GTK_EDITABLE(slot), 2);
        gtk_editable_set_max_width_chars(GTK_EDITABLE(slot), 2);
        chooser->slot = GTK_SPIN_BUTTON(slot);
        add(chooser, _("_Choice"), slot);
        gtk_widget_set_tooltip_text(slot, _("Which of a token's choices is shown: 0 is the first"));
        g_signal_connect_swapped(slot, "value-changed", G_CALLBACK(on_slot), chooser);
    }
}

static GtkStringList *
layers_of(ScopeChooser *self)
{
    int n;
    const MoeRouterInfo *info = scope_document_routers(self->document, &n);
    GtkStringList *list = gtk_string_list_new(NULL);
    if (self->all)
        gtk_string_list_append(list, _("All"));
    for (int i = 0; i < n; i++)
        gtk_string_list_take(list, g_strdup_printf("%d", info[i].layer));
    return list;
}

void
scope_chooser_show(ScopeChooser *chooser, ScopeDocument *document, ScopeFocus *focus)
{
    if (chooser->focus)
        g_signal_handlers_disconnect_by_func(chooser->focus, follow, chooser);
    g_set_object(&chooser->document, document);
    g_set_object(&chooser->focus, focus);
    if (!document || !focus)
        return;
    if (chooser->layers) {
        g_autoptr(GtkStringList) layers = layers_of(chooser);
        chooser->following = TRUE;
        gtk_drop_down_set_model(chooser->layers, G_LIST_MODEL(layers));
        chooser->following = FALSE;
    }
    g_signal_connect_object(focus, "changed", G_CALLBACK(follow), chooser, G_CONNECT_SWAPPED);
    follow(chooser);
}

static void
scope_chooser_dispose(GObject *object)
{
    ScopeChooser *self = SCOPE_CHOOSER(object);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    G_OBJECT_CLASS(scope_chooser_parent_class)->dispose(object);
}

static void
scope_chooser_class_init(ScopeChooserClass *class)
{
    G_OBJECT_CLASS(class)->dispose = scope_chooser_dispose;
}

static void
scope_chooser_init(ScopeChooser *self)
{
    gtk_box_set_spacing(GTK_BOX(self), 8);
}

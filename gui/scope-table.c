/* SPDX-License-Identifier: MIT
 *
 * A column view over rows, sorted and searched by models that stand between.
 */
#include "scope-table.h"

#include "scope-table-menu.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Of names and of texts that may be cut, seen at least. */
#define NAME_CHARS 22
#define TEXT_CHARS 10

struct _ScopeTable {
    GtkWidget parent_instance;
    ScopeColumn columns[SCOPE_ROW_COLUMNS];
    int n_columns;
    GtkColumnViewColumn *rest; /* what is left where no column takes it */
    char *search;              /* in lower case, or NULL */

    GtkStack *stack;
    GtkColumnView *view;
    GtkLabel *empty;
    GtkFilterListModel *found;
    GtkSortListModel *sorted;
};

G_DEFINE_FINAL_TYPE(ScopeTable, scope_table, GTK_TYPE_WIDGET)

enum { ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- Cells ------------------------------------------------------------------------------------*/

static int
column_of(gpointer object)
{
    return GPOINTER_TO_INT(g_object_get_data(object, "scope-column"));
}

static void
cell_setup(GtkSignalListItemFactory *factory, GtkListItem *item, ScopeTable *self)
{
    const ScopeColumn *column = &self->columns[column_of(factory)];
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(label), column->number ? 1 : 0);
    gtk_label_set_single_line_mode(GTK_LABEL(label), TRUE);
    if (column->expand || column->ellipsize)
        gtk_label_set_ellipsize(GTK_LABEL(label),
                                column->ellipsize ? column->ellipsize : PANGO_ELLIPSIZE_END);
    if (column->ellipsize)
        gtk_label_set_width_chars(GTK_LABEL(label), column->expand ? TEXT_CHARS : NAME_CHARS);
    if (column->ellipsize == PANGO_ELLIPSIZE_START)
        gtk_label_set_xalign(GTK_LABEL(label), 1);
    if (column->number)
        gtk_widget_add_css_class(label, "numeric");
    gtk_list_item_set_child(item, label);
}

static void
cell_bind(GtkSignalListItemFactory *factory, GtkListItem *item, ScopeTable *self)
{
    GtkWidget *label = gtk_list_item_get_child(item);
    const char *text = scope_row_text(gtk_list_item_get_item(item), column_of(factory));
    if (self->columns[column_of(factory)].formula) {
        g_autofree char *markup = scope_text_formula(text);
        gtk_label_set_markup(GTK_LABEL(label), markup);
    } else {
        gtk_label_set_label(GTK_LABEL(label), text);
    }
    gtk_widget_set_tooltip_text(label,
                                gtk_label_get_ellipsize(GTK_LABEL(label)) && *text ? text : NULL);
}

static int
compare_rows(gconstpointer a, gconstpointer b, gpointer column)
{
    int i = GPOINTER_TO_INT(column);
    ScopeRow *x = (ScopeRow *)a, *y = (ScopeRow *)b;
    if (!scope_row_is_number(x, i) || !scope_row_is_number(y, i))
        return g_utf8_collate(scope_row_text(x, i), scope_row_text(y, i));
    double p = scope_row_key(x, i), q = scope_row_key(y, i);
    if (isnan(p) || isnan(q))
        return isnan(p) - isnan(q);
    return (p > q) - (p < q);
}

static void
add_column(ScopeTable *self, int i)
{
    const ScopeColumn *column = &self->columns[i];
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_object_set_data(G_OBJECT(factory), "scope-column", GINT_TO_POINTER(i));
    g_signal_connect(factory, "setup", G_CALLBACK(cell_setup), self);
    g_signal_connect(factory, "bind", G_CALLBACK(cell_bind), self);
    g_autoptr(GtkColumnViewColumn) shown = gtk_column_view_column_new(_(column->title), factory);
    g_autoptr(GtkSorter) sorter =
        GTK_SORTER(gtk_custom_sorter_new(compare_rows, GINT_TO_POINTER(i), NULL));
    gtk_column_view_column_set_sorter(shown, sorter);
    gtk_column_view_column_set_expand(shown, column->expand);
    gtk_column_view_column_set_resizable(shown, TRUE);
    gtk_column_view_append_column(self->view, shown);
}

/* Heads of numbers stand above their last digits, the arrow of the order before them. GTK has no
 * property for it: where a head isn't made as GTK 4 makes it, it stays at the left. */
static void
align_heads(ScopeTable *self)
{
    GtkWidget *row = gtk_widget_get_first_child(GTK_WIDGET(self->view));
    GtkWidget *head = row ? gtk_widget_get_first_child(row) : NULL;
    for (int i = 0; head && i < self->n_columns; i++, head = gtk_widget_get_next_sibling(head)) {
        GtkWidget *box = gtk_widget_get_first_child(head);
        GtkWidget *label = box && GTK_IS_BOX(box) ? gtk_widget_get_first_child(box) : NULL;
        if (!label || !GTK_IS_LABEL(label) || !self->columns[i].number)
            continue;
        gtk_widget_set_hexpand(label, TRUE);
        gtk_label_set_xalign(GTK_LABEL(label), 1);
        gtk_box_reorder_child_after(GTK_BOX(box), label, gtk_widget_get_last_child(box));
    }
}

/* Columns narrower than the view would have GTK 4.8 show that it was scrolled too far: what is left
 * is an empty column. */
static void
fill_rest(ScopeTable *self)
{
    GListModel *columns = gtk_column_view_get_columns(self->view);
    bool filled = false;
    for (int i = 0; i < self->n_columns; i++) {
        g_autoptr(GtkColumnViewColumn) column = g_list_model_get_item(columns, (guint)i);
        filled |= gtk_column_view_column_get_visible(column) && self->columns[i].expand;
    }
    gtk_column_view_column_set_visible(self->rest, !filled);
}

static void
add_rest(ScopeTable *self)
{
    self->rest = gtk_column_view_column_new(NULL, NULL);
    gtk_column_view_column_set_expand(self->rest, TRUE);
    gtk_column_view_append_column(self->view, self->rest);
    g_object_unref(self->rest); /* the view has it */
    fill_rest(self);
}

void
scope_table_set_columns(ScopeTable *table, const ScopeColumn *columns, int n, const char *name)
{
    g_return_if_fail(n <= SCOPE_ROW_COLUMNS && table->n_columns == 0);
    memcpy(table->columns, columns, (gsize)n * sizeof *columns);
    table->n_columns = n;
    for (int i = 0; i < n; i++)
        add_column(table, i);
    align_heads(table);
    add_rest(table);
    gtk_accessible_update_property(GTK_ACCESSIBLE(table->view), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                   -1);
}

void
scope_table_show_column(ScopeTable *table, int i, gboolean shown)
{
    GListModel *columns = gtk_column_view_get_columns(table->view);
    g_autoptr(GtkColumnViewColumn) column = g_list_model_get_item(columns, (guint)i);
    g_return_if_fail(column != NULL);
    gtk_column_view_column_set_visible(column, shown);
    fill_rest(table);
}

/* --- Rows -------------------------------------------------------------------------------------*/

static void
show_state(ScopeTable *self)
{
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->sorted));
    gtk_stack_set_visible_child_name(self->stack, n > 0 ? "rows" : "empty");
}

void
scope_table_set_rows(ScopeTable *table, GListModel *rows)
{
    gtk_filter_list_model_set_model(table->found, rows);
    show_state(table);
}

void
scope_table_set_empty(ScopeTable *table, const char *text)
{
    g_autofree char *sentence = scope_text_sentence(text);
    gtk_label_set_label(table->empty, sentence);
}

static gboolean
row_matches(gpointer item, gpointer user)
{
    ScopeTable *self = SCOPE_TABLE(user);
    for (int i = 0; self->search && i < self->n_columns; i++) {
        g_autofree char *text = g_utf8_strdown(scope_row_text(item, i), -1);
        if (strstr(text, self->search))
            return TRUE;
    }
    return !self->search;
}

void
scope_table_search(ScopeTable *table, const char *text)
{
    g_free(table->search);
    table->search = text && *text ? g_utf8_strdown(text, -1) : NULL;
    gtk_filter_changed(gtk_filter_list_model_get_filter(table->found), GTK_FILTER_CHANGE_DIFFERENT);
    show_state(table);
}

/* As RFC 4180 has it. */
static void
add_field(GString *csv, const char *text, char end)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted)
        g_string_append_c(csv, '"');
    for (; *text; text++)
        g_string_append(csv, quoted && *text == '"' ? "\"\"" : (char[]){*text, '\0'});
    if (quoted)
        g_string_append_c(csv, '"');
    g_string_append_c(csv, end);
}

static void
add_number(GString *csv, double value, char end)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(csv, "%s%c",
                           isnan(value) ? "" : g_ascii_dtostr(text, sizeof text, value), end);
}

/* In small letters and in English, for programs. */
static void
add_head(GString *csv, const char *title, char end)
{
    g_autofree char *name = g_ascii_strdown(title, -1);
    add_field(csv, name, end);
}

char *
scope_table_to_csv(ScopeTable *table)
{
    GListModel *rows = G_LIST_MODEL(table->sorted);
    GString *csv = g_string_new(NULL);
    int last = table->n_columns - 1;
    for (int i = 0; i <= last; i++)
        add_head(csv, table->columns[i].title, i < last ? ',' : '\n');
    for (guint r = 0; r < g_list_model_get_n_items(rows); r++) {
        g_autoptr(ScopeRow) row = g_list_model_get_item(rows, r);
        for (int i = 0; i <= last; i++)
            if (scope_row_is_number(row, i))
                add_number(csv, scope_row_key(row, i), i < last ? ',' : '\n');
            else
                add_field(csv, scope_row_text(row, i), i < last ? ',' : '\n');
    }
    return g_string_free(csv, FALSE);
}

gboolean
scope_table_save(ScopeTable *table, const char *path, GError **error)
{
    g_autofree char *csv = scope_table_to_csv(table);
    return g_file_set_contents(path, csv, -1, error);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
on_activate(ScopeTable *self, guint position)
{
    g_autoptr(ScopeRow) row = g_list_model_get_item(G_LIST_MODEL(self->sorted), position);
    if (row)
        g_signal_emit(self, signals[ACTIVATED], 0, row);
}

static void
scope_table_dispose(GObject *object)
{
    scope_table_menu_drop(SCOPE_TABLE(object));
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_TABLE);
    G_OBJECT_CLASS(scope_table_parent_class)->dispose(object);
}

static void
scope_table_finalize(GObject *object)
{
    g_free(SCOPE_TABLE(object)->search);
    G_OBJECT_CLASS(scope_table_parent_class)->finalize(object);
}

static void
scope_table_class_init(ScopeTableClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_table_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_table_finalize;
    signals[ACTIVATED] = g_signal_new("activated", SCOPE_TYPE_TABLE, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 1, SCOPE_TYPE_ROW);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(widget_class, "table");
    gtk_widget_class_set_template_from_resource(widget_class, "/org/moescope/Moescope/ui/table.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeTable, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeTable, view);
    gtk_widget_class_bind_template_child(widget_class, ScopeTable, empty);
    gtk_widget_class_bind_template_callback(widget_class, on_activate);
    scope_table_menu_install(widget_class);
}

static void
scope_table_init(ScopeTable *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
    gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
    GtkFilter *filter = GTK_FILTER(gtk_custom_filter_new(row_matches, self, NULL));
    self->found = gtk_filter_list_model_new(NULL, filter);
    GtkSorter *sorter = g_object_ref(gtk_column_view_get_sorter(self->view));
    self->sorted = gtk_sort_list_model_new(G_LIST_MODEL(self->found), sorter);
    g_autoptr(GtkSelectionModel) selection =
        GTK_SELECTION_MODEL(gtk_single_selection_new(g_object_ref(G_LIST_MODEL(self->sorted))));
    gtk_single_selection_set_autoselect(GTK_SINGLE_SELECTION(selection), FALSE);
    gtk_single_selection_set_can_unselect(GTK_SINGLE_SELECTION(selection), TRUE);
    gtk_column_view_set_model(self->view, selection);
    g_object_unref(self->sorted); /* the view's models hold each other */
    scope_table_menu_attach(self);
    show_state(self);
}

/* SPDX-License-Identifier: MIT
 *
 * scope-page.h: a view of a document, one of those that the sidebar lists. Each is a class of its
 * own in scope-page-NAME.c; scope-pages.c lists them all. The base class unparents all
 * children in the end and lays the one child out over the whole page.
 */
#ifndef SCOPE_PAGE_H
#define SCOPE_PAGE_H

#include "scope-document.h"
#include "scope-focus.h"
#include "scope-pane.h"
#include "scope-table.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_PAGE (scope_page_get_type())
G_DECLARE_DERIVABLE_TYPE(ScopePage, scope_page, SCOPE, PAGE, GtkWidget)

struct _ScopePageClass {
    GtkWidgetClass parent_class;
    /* Shows what `page` has got as document and focus. The focus may be connected to with
     * g_signal_connect_object(). Chain up isn't needed. */
    void (*show)(ScopePage *page, ScopeDocument *document, ScopeFocus *focus);
    /* The pane that Export means, NULL: nothing to export. Without this it is, of those that
     * scope_page_watch() has and that can be seen, the one last pointed at. */
    ScopePane *(*get_pane)(ScopePage *page);
    /* The table that Export means where there is no pane; NULL: there is none. */
    ScopeTable *(*get_table)(ScopePage *page);
    /* What the inspector shows beside this page, made once; NULL: the options of get_pane(). */
    GtkWidget *(*make_inspector)(ScopePage *page);
    /* Puts the caret where text can be searched for; NULL: nothing to search. */
    void (*find)(ScopePage *page);
};

/* A row of the sidebar. */
typedef struct ScopePageInfo {
    const char *name;  /* "overview": in the state that is remembered, and for tests */
    const char *title; /* "Overview" */
    const char *icon;  /* a symbolic icon of ours or the desktop's */
    const char *help;  /* one line: what one sees here */
    GType (*type)(void);
    /* Whether there is something to see; otherwise says what is missing and how to record it
     * (transfer full). The page stays in the list, as an empty state that says so. */
    bool (*suits)(ScopeDocument *document, char **why);
    bool sample; /* a sample that is trained has what may be missing */
} ScopePageInfo;

/* All of them, in the order of the sidebar, ended by one without name. */
extern const ScopePageInfo scope_pages[];
/* The keys that turn to one of them, as gtk_accelerator_parse() takes them: Ctrl+1 … Ctrl+0, and
 * Alt+1 … for the eleventh on. (transfer full) */
char *scope_page_key(const ScopePageInfo *info);

/* What the page shows; NULL before. (transfer none) */
ScopeDocument *scope_page_get_document(ScopePage *page);
ScopeFocus *scope_page_get_focus(ScopePage *page);
void scope_page_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus);
ScopePane *scope_page_get_pane(ScopePage *page);
ScopeTable *scope_page_get_table(ScopePage *page);
/* For pages, from within init(): that of several panes the one is meant that was pressed last, at
 * first the first. */
void scope_page_watch(ScopePage *page, ScopePane *pane);
/* For pages, when get_pane() has become another. Property "pane" tells of it. */
void scope_page_pane_changed(ScopePage *page);
/* For pages, before they are seen: the upper part of two has this share of the height, and as much
 * as its template gives it. */
void scope_page_divide(ScopePage *page, GtkPaned *halves, double share);
/* What the inspector shows beside the page (floating), or NULL: the options of its pane. */
GtkWidget *scope_page_make_inspector(ScopePage *page);
/* Whether there was something to search. */
bool scope_page_find(ScopePage *page);

G_END_DECLS

#endif

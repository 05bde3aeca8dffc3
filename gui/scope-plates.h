/* SPDX-License-Identifier: MIT
 *
 * scope-plates.h: a page that is a row of figures to switch between, below what chooses the part of
 * the document that they show. A page of this kind is a table: see SCOPE_DEFINE_PLATES.
 */
#ifndef SCOPE_PLATES_H
#define SCOPE_PLATES_H

#include "scope-page.h"

G_BEGIN_DECLS

/* One figure. It is left out where the registry has none of that name. */
typedef struct ScopePlate {
    const char *figure;
    const char *title;    /* on its button, marked with N_(); NULL: the figure's */
    const char *settings; /* "norm=lift sort=load", or NULL */
    struct {
        const char *option;
        ScopeFocusPart part;
    } bound[3]; /* options that follow the focus, where the figure has them */
} ScopePlate;

#define SCOPE_TYPE_PLATES (scope_plates_get_type())
G_DECLARE_DERIVABLE_TYPE(ScopePlates, scope_plates, SCOPE, PLATES, ScopePage)

struct _ScopePlatesClass {
    ScopePageClass parent_class;
    const ScopePlate *plates; /* ended by one without figure */
    guint parts;              /* of the focus, that are chosen above */
};

/* The pane that is shown. (transfer none) */
ScopePane *scope_plates_get_pane(ScopePlates *page);

/* Puts a widget below the switcher, above the figures; from within init(). */
void scope_plates_add_bar(ScopePlates *page, GtkWidget *bar);

/* Defines scope_page_NAME_get_type(), a page of the `plates`, with choosers of `parts`. */
#define SCOPE_DEFINE_PLATES(TypeName, name, plates_, parts_)           \
    typedef struct {                                                   \
        ScopePlates parent_instance;                                   \
    } TypeName;                                                        \
    typedef struct {                                                   \
        ScopePlatesClass parent_class;                                 \
    } TypeName##Class;                                                 \
    G_DEFINE_TYPE(TypeName, scope_page_##name, SCOPE_TYPE_PLATES)      \
    static void scope_page_##name##_class_init(TypeName##Class *class) \
    {                                                                  \
        SCOPE_PLATES_CLASS(class)->plates = plates_;                   \
        SCOPE_PLATES_CLASS(class)->parts = parts_;                     \
    }                                                                  \
    static void scope_page_##name##_init(TypeName *self)               \
    {                                                                  \
    }

G_END_DECLS

#endif

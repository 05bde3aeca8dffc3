/* SPDX-License-Identifier: MIT
 *
 * scope-field.h: a value of a table of fields (MoeField) to change: a control that suits its type,
 * and a note below it that says what it means, or what is wrong with what was given.
 */
#ifndef SCOPE_FIELD_H
#define SCOPE_FIELD_H

#include <gtk/gtk.h>
#include <moescope/recipe.h>

G_BEGIN_DECLS

/* Takes a value that was given; false with the error that the note shows. */
typedef bool (*ScopeFieldTake)(gpointer owner, const MoeField *field, const char *value,
                               GError **error);

/* Both floating, to be put into a row; the control goes on to need the note. */
typedef struct ScopeField {
    GtkWidget *control; /* named like the field */
    GtkLabel *note;
} ScopeField;

/* `choices`: what a drop-down offers, NULL where it is no choice. `owner` has to live as long as
 * the control. */
ScopeField scope_field_new(const MoeField *field, GtkStringList *choices, const char *value,
                           ScopeFieldTake take, gpointer owner);
/* What a field's table offers; NULL where it lists nothing. (transfer full) */
GtkStringList *scope_field_choices(const MoeField *field);

G_END_DECLS

#endif

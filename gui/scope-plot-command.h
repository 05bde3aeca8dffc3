/* SPDX-License-Identifier: MIT
 *
 * scope-plot-command.h: what to type for a figure that a window shows.
 */
#ifndef SCOPE_PLOT_COMMAND_H
#define SCOPE_PLOT_COMMAND_H

#include "scope-document.h"

G_BEGIN_DECLS

/* "moescope plot load esft.npz --set layers=3 --where 'domain=law'", for a shell; of a file that
 * another program wrote, its import before. Options that are as they would be anyway are left out.
 * `settings`: "option=value" each, NULL at the end. (transfer full) */
char *scope_plot_command(ScopeDocument *document, const MoeFigure *figure,
                         const char *const *settings, const char *filter);

G_END_DECLS

#endif

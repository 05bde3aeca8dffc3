/* SPDX-License-Identifier: MIT
 *
 * view.h: what moescope metrics prints that isn't a metric of the registry: a table for each router
 * and domain, in four formats.
 */
#ifndef CMD_VIEW_H
#define CMD_VIEW_H

#include "metrics.h"

/* A router in a domain, as a view prints it. */
typedef struct CmdViewPlace {
    const CmdSource *source;
    const MetricsQuery *query;
    int router, domain;
    GHashTable *texts; /* of token ids */
    const char *checked;
} CmdViewPlace;

typedef struct CmdView {
    unsigned tallies;     /* what it looks at; MOE_TALLY_ADJACENT it can't do without */
    const char *csv_head; /* columns behind those that say the place, before those of the end */
    /* Prints below the title; `markdown` or not. */
    void (*text)(GString *out, const CmdViewPlace *place, bool markdown);
    void (*csv)(GString *out, const CmdViewPlace *place);
    /* Members of an open object. */
    void (*json)(GString *out, const CmdViewPlace *place);
} CmdView;

extern const CmdView cmd_experts_view, cmd_olmoe_view;

void cmd_view_begin(GString *out, const CmdView *view, MetricsFormat format);
/* Adds all routers and domains asked for. Fails with MOE_ERROR_DATA where there is none. */
bool cmd_view_add(GString *out, const CmdView *view, const CmdSource *source,
                  const MetricsQuery *query, MetricsFormat format, GError **error);
/* Prints it. */
void cmd_view_end(GString *out, MetricsFormat format);

/* The fields that begin each line of CSV: trace, router, layer, scope, domain. */
void cmd_view_csv_place(GString *out, const CmdViewPlace *place);
/* Those that end it: of which tokens, and what the checker found. */
void cmd_view_csv_end(GString *out, const CmdViewPlace *place);

#endif

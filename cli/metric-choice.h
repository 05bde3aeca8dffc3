/* SPDX-License-Identifier: MIT
 *
 * metric-choice.h: which metrics, layers and domains are asked for.
 */
#ifndef CMD_METRIC_CHOICE_H
#define CMD_METRIC_CHOICE_H

#include <moescope/metrics.h>

/* The groups that a metric is in: "load", "gates", "order", …, by what it looks at. `names`: to be
 * told, "load, gates, …". */
bool cmd_metric_in_group(const MoeMetric *metric, const char *group);
const char *cmd_metric_groups(void);

/* Metrics by name or group, given[] may hold several with commas; each once, in the order given.
 * NULL: all, or a dozen that tell most, of kinds of experts as well where `kinds`, and of so many
 * devices where `ranks` isn't 0. NULL, having complained, for an unknown one. (transfer full, of
 * const MoeMetric *) */
GPtrArray *cmd_metrics_choose(char **given, bool all, bool kinds, int ranks);

/* Layers first … last. */
typedef struct LayerRange {
    int first, last;
} LayerRange;
/* "0,3-5" (NULL: none); NULL, having complained. (transfer full, of LayerRange) */
GArray *cmd_layers_parse(const char *text);
/* Whether it is one of them; none are all. */
bool cmd_layers_have(const GArray *layers, int layer);
/* Layers of a trace's routers that are; NULL: all are. (transfer full) */
int *cmd_layers_of(const MoeTrace *trace, const GArray *layers, int *n);

/* Domains of a summary by name: given[] are names, names with commas between, or "all" for all and
 * what is of no known domain. Indices, ascending, with MOE_DOMAIN_UNKNOWN in front. NULL, with
 * *error, where there is no such domain. (transfer full, of int) */
GArray *cmd_domains_choose(const MoeSummary *summary, char **given, GError **error);
/* Kinds of a router's experts (NULL: it says none), likewise; given NULL: no kind. */
GArray *cmd_kinds_choose(const MoeKinds *kinds, char **given, GError **error);

#endif

/* SPDX-License-Identifier: MIT
 *
 * synth.h: what the drawing of made-up decisions and their expected statistics have in common.
 */
#ifndef MOESCOPE_TRACE_SYNTH_H
#define MOESCOPE_TRACE_SYNTH_H

#include <json-glib/json-glib.h>
#include <moescope/trace-tools.h>

enum { SYNTH_GATE_ROWS = 256 };

/* Weights of the experts, [routers][domains][experts]; a router's add up to 1 in each domain.
 * (transfer full) */
double *moe__synth_weights(const MoeTraceSynth *synth);
/* The rows of gates to draw from, [SYNTH_GATE_ROWS][k], as they come out of f16. (transfer full) */
float *moe__synth_gates(const MoeTraceSynth *synth);
/* meta.json's "expected". (transfer full) */
JsonObject *moe__synth_expected(const MoeTraceSynth *synth, const double *weights,
                                const float *gates);

#endif

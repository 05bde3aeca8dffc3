/* SPDX-License-Identifier: MIT */
#include "model/recorder.h"

#include <math.h>
#include <string.h>

/* Picks in rows as wide as a trace wants them where k varies: E, the picks in front. */
typedef struct {
    bool wanted;
    int64_t size; /* of each array */
    int32_t *expert;
    float *gate;
    uint8_t *dropped;
    int32_t *slot;
} Widened;

struct MoeRecorder {
    MoeModel *model;
    MoeTraceOptions options;
    MoeTracePicks *picks; /* one a router, pointing into routings and buffers */
    float **buffer;       /* one a router: entropy [U], margin [U], logits [U, E] */
    int64_t *buffer_size;
    Widened *widened; /* one a router */
    int32_t *step;
    int64_t n_step;
};

MoeRecorder *
moe__recorder_new(MoeModel *model, const MoeRouterInfo *infos, const MoeTraceOptions *options)
{
    int n = moe_model_routers(model);
    MoeRecorder *recorder = g_new0(MoeRecorder, 1);
    recorder->model = model;
    recorder->options = *options;
    recorder->picks = g_new0(MoeTracePicks, MAX(n, 1));
    recorder->buffer = g_new0(float *, MAX(n, 1));
    recorder->buffer_size = g_new0(int64_t, MAX(n, 1));
    recorder->widened = g_new0(Widened, MAX(n, 1));
    for (int i = 0; i < n; i++)
        recorder->widened[i].wanted = infos[i].k == 0;
    return recorder;
}

static void
widened_clear(Widened *wide)
{
    g_free(wide->expert);
    g_free(wide->gate);
    g_free(wide->dropped);
    g_free(wide->slot);
}

void
moe__recorder_free(MoeRecorder *recorder)
{
    if (!recorder)
        return;
    for (int i = 0; i < moe_model_routers(recorder->model); i++)
        g_free(recorder->buffer[i]);
    for (int i = 0; i < moe_model_routers(recorder->model); i++)
        widened_clear(&recorder->widened[i]);
    g_free(recorder->widened);
    g_free(recorder->buffer);
    g_free(recorder->buffer_size);
    g_free(recorder->picks);
    g_free(recorder->step);
    g_free(recorder);
}

/* Entropy of softmax(z) in nats. */
static float
entropy_of(const float *z, int n)
{
    float top = z[0];
    for (int e = 1; e < n; e++)
        top = MAX(top, z[e]);
    double sum = 0, weighted = 0;
    for (int e = 0; e < n; e++) {
        double p = exp((double)z[e] - top);
        sum += p;
        weighted += p * ((double)z[e] - top);
    }
    return (float)(log(sum) - weighted / sum);
}

/* The smallest selection score picked minus the largest one not picked: what a perturbation has to
 * overcome to change the set. */
static float
margin_of(const float *z, int n, const int32_t *expert, int k)
{
    float least = INFINITY, best = -INFINITY;
    for (int j = 0; j < k; j++)
        if (expert[j] >= 0)
            least = MIN(least, z[expert[j]]);
    for (int e = 0; e < n; e++) {
        bool picked = false;
        for (int j = 0; j < k; j++)
            picked = picked || expert[j] == e;
        if (!picked)
            best = MAX(best, z[e]);
    }
    return isfinite(least) && isfinite(best) ? least - best : NAN;
}

void
moe__recorder_observe(MoeRouting *routing, void *user)
{
    MoeRecorder *recorder = user;
    bool stats = recorder->options.score_stats, logits = recorder->options.logits;
    if (!stats && !logits)
        return;
    const MoePicks *picks = &routing->picks;
    int64_t U = picks->units;
    int E = picks->experts, k = picks->k, router = moe_layer_index(routing->layer);
    int64_t size = U * (2 + E);
    if (recorder->buffer_size[router] < size) {
        recorder->buffer[router] = g_renew(float, recorder->buffer[router], size);
        recorder->buffer_size[router] = size;
    }
    float *entropy = recorder->buffer[router], *margin = entropy + U, *copy = margin + U;
    const float *z = routing->logits->data;
    for (int64_t u = 0; stats && u < U; u++) {
        entropy[u] = entropy_of(z + u * E, E);
        margin[u] = margin_of(routing->selection + u * E, E, picks->expert + u * k, k);
    }
    if (logits)
        memcpy(copy, z, (size_t)(U * E) * sizeof(float));
    recorder->picks[router].entropy = stats ? entropy : NULL;
    recorder->picks[router].margin = stats ? margin : NULL;
    recorder->picks[router].logits = logits ? copy : NULL;
}

/* The arrays of a pass, k wide, in rows of E. */
static void
widen(Widened *wide, const MoePicks *picks)
{
    int64_t U = picks->units, E = picks->experts, k = picks->k;
    if (wide->size < U * E) {
        wide->size = U * E;
        wide->expert = g_renew(int32_t, wide->expert, wide->size);
        wide->gate = g_renew(float, wide->gate, wide->size);
        wide->dropped = g_renew(uint8_t, wide->dropped, wide->size);
        wide->slot = g_renew(int32_t, wide->slot, wide->size);
    }
    for (int64_t u = 0; u < U; u++)
        for (int64_t j = 0; j < E; j++) {
            bool picked = j < k;
            wide->expert[u * E + j] = picked ? picks->expert[u * k + j] : -1;
            wide->gate[u * E + j] = picked ? picks->gate[u * k + j] : 0;
            wide->dropped[u * E + j] = picked ? picks->dropped[u * k + j] : 0;
            wide->slot[u * E + j] = picked && picks->slot ? picks->slot[u * k + j] : -1;
        }
}

static void
take_picks(Widened *wide, const MoePicks *picks, MoeTracePicks *out)
{
    out->expert = picks->expert;
    out->gate = picks->gate;
    out->dropped = picks->dropped;
    out->slot = picks->slot;
    if (!wide->wanted || picks->k == picks->experts)
        return;
    widen(wide, picks);
    out->expert = wide->expert;
    out->gate = wide->gate;
    out->dropped = wide->dropped;
    out->slot = picks->slot ? wide->slot : NULL;
}

bool
moe__recorder_append(MoeRecorder *recorder, MoeTraceWriter *writer, const MoeBatch *batch,
                     const MoeRouting *routings, const float *loss, int64_t step, GError **error)
{
    int64_t n = (int64_t)batch->rows * batch->length;
    if (recorder->n_step < n) {
        recorder->step = g_renew(int32_t, recorder->step, n);
        recorder->n_step = n;
    }
    for (int64_t i = 0; i < n; i++)
        recorder->step[i] = (int32_t)step;
    for (int i = 0; i < moe_model_routers(recorder->model); i++)
        take_picks(&recorder->widened[i], &routings[i].picks, &recorder->picks[i]);
    MoeTraceTokens tokens = {
        .n = n,
        .id = batch->id,
        .doc = batch->doc,
        .pos = batch->pos,
        .domain = batch->domain,
        .step = recorder->step,
        .loss = loss,
    };
    return moe_trace_writer_append(writer, &tokens, recorder->picks, error);
}

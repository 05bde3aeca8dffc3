/* SPDX-License-Identifier: MIT
 *
 * AdamW. All trainable values are cut into chunks once; norm and update run over the chunks, so
 * that many small parameters spread over threads as one large one does, and the partial sums of
 * the norm, and with them its bits, don't depend on the number of threads. The update reads and
 * writes each number once: it is bound by memory.
 */
#include "base/quote.h"
#include "nn/params.h"
#include "tensor/cpu.h"

#include <math.h>
#include <string.h>

#define CHUNK 16384

typedef struct {
    int param;
    int64_t from, count;
} Chunk;

struct MoeAdamW {
    MoeAdamWOptions options;
    MoeParams *params;
    MoeArena *arena;
    int n;                  /* trainable parameters */
    const MoeParam **param; /* [n], the caller's */
    MoeTensor **m, **v;     /* [n] running means of the gradient and of its square */
    int64_t steps;          /* taken */
    GArray *chunks;
    double *partial; /* [chunks] sums of squares */
};

static void
add_state(MoeAdamW *adamw, const MoeParam *param)
{
    int i = adamw->n++;
    const MoeTensor *x = param->tensor;
    adamw->param[i] = param;
    adamw->m[i] = moe_tensor_zeros(adamw->arena, x->ndim, x->shape);
    adamw->v[i] = moe_tensor_zeros(adamw->arena, x->ndim, x->shape);
    int64_t n = moe_tensor_count(x);
    for (int64_t from = 0; from < n; from += CHUNK) {
        Chunk chunk = {i, from, MIN(CHUNK, n - from)};
        g_array_append_val(adamw->chunks, chunk);
    }
}

MoeAdamW *
moe_adamw_new(MoeParams *params, const MoeAdamWOptions *options)
{
    MoeAdamW *adamw = g_new0(MoeAdamW, 1);
    int n = moe_params_count(params);
    adamw->options = *options;
    adamw->params = params;
    adamw->arena = moe_arena_new();
    adamw->param = g_new0(const MoeParam *, n);
    adamw->m = g_new0(MoeTensor *, n);
    adamw->v = g_new0(MoeTensor *, n);
    adamw->chunks = g_array_new(FALSE, FALSE, sizeof(Chunk));
    for (int i = 0; i < n; i++)
        if (!(moe_params_get(params, i)->flags & MOE_PARAM_UNTRAINED))
            add_state(adamw, moe_params_get(params, i));
    adamw->partial = g_new0(double, adamw->chunks->len);
    return adamw;
}

void
moe_adamw_free(MoeAdamW *adamw)
{
    if (!adamw)
        return;
    moe_arena_free(adamw->arena);
    g_array_unref(adamw->chunks);
    g_free(adamw->partial);
    g_free(adamw->param);
    g_free(adamw->m);
    g_free(adamw->v);
    g_free(adamw);
}

MOE_CLONES static double
adamw_sum_of_squares(const float *x, int64_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/* The factors of one step, as the loop over elements wants them. */
typedef struct {
    float scale;             /* of the gradient */
    float keep;              /* 1 - lr λ */
    float new1, beta2, new2; /* 1 - β1, β2, 1 - β2 */
    float rate;              /* lr / (1 - β1^t) */
    float root;              /* 1 / sqrt(1 - β2^t) */
    float eps;
} Step;

MOE_CLONES static void
adamw_update(float *restrict x, float *restrict m, float *restrict v, const float *restrict grad,
             int64_t n, const Step *s)
{
    const Step c = *s;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float g = grad[i] * c.scale;
        m[i] += c.new1 * (g - m[i]);
        v[i] = c.beta2 * v[i] + c.new2 * g * g;
        x[i] = c.keep * x[i] - c.rate * m[i] / (sqrtf(v[i]) * c.root + c.eps);
    }
}

/* The global norm of all gradients, before scaling. A gradient that never came is zero. */
static double
global_norm(MoeAdamW *adamw)
{
    double sum = 0;
#pragma omp parallel for schedule(static)
    for (guint i = 0; i < adamw->chunks->len; i++) {
        const Chunk *chunk = &g_array_index(adamw->chunks, Chunk, i);
        MoeTensor *x = adamw->param[chunk->param]->tensor;
        adamw->partial[i] = 0;
        if (!x->needs_grad)
            continue;
        if (!x->has_grad)
            memset(x->grad + chunk->from, 0, (size_t)chunk->count * sizeof(float));
        adamw->partial[i] = adamw_sum_of_squares(x->grad + chunk->from, chunk->count);
    }
    for (guint i = 0; i < adamw->chunks->len; i++)
        sum += adamw->partial[i];
    return sqrt(sum);
}

static void
update(MoeAdamW *adamw, const Step *decayed, const Step *exempt)
{
#pragma omp parallel for schedule(static)
    for (guint i = 0; i < adamw->chunks->len; i++) {
        const Chunk *chunk = &g_array_index(adamw->chunks, Chunk, i);
        int64_t from = chunk->from;
        const MoeParam *param = adamw->param[chunk->param];
        if (!param->tensor->needs_grad)
            continue;
        adamw_update(param->tensor->data + from, adamw->m[chunk->param]->data + from,
                     adamw->v[chunk->param]->data + from, param->tensor->grad + from, chunk->count,
                     param->flags & MOE_PARAM_NO_DECAY ? exempt : decayed);
    }
}

bool
moe_adamw_step(MoeAdamW *adamw, double lr, double scale, double *grad_norm)
{
    const MoeAdamWOptions *o = &adamw->options;
    double norm = global_norm(adamw) * scale;
    if (grad_norm)
        *grad_norm = norm;
    if (!isfinite(norm))
        return false;
    /* As torch.nn.utils.clip_grad_norm_, with its 1e-6. */
    double clip = o->clip > 0 ? MIN(1, o->clip / (norm + 1e-6)) : 1;
    double t = (double)++adamw->steps;
    Step exempt = {
        .scale = (float)(scale * clip),
        .keep = 1,
        .new1 = (float)(1 - o->beta1),
        .beta2 = (float)o->beta2,
        .new2 = (float)(1 - o->beta2),
        .rate = (float)(lr / (1 - pow(o->beta1, t))),
        .root = (float)(1 / sqrt(1 - pow(o->beta2, t))),
        .eps = (float)o->eps,
    };
    Step decayed = exempt;
    decayed.keep = (float)(1 - lr * o->decay);
    update(adamw, &decayed, &exempt);
    moe_params_touch(adamw->params);
    return true;
}

/* Names and tensors of the state: "m.NAME" and "v.NAME"; the names belong to `names`. */
static MoeNamed *
state_named(const MoeAdamW *adamw, GStringChunk *names)
{
    MoeNamed *named = g_new(MoeNamed, 2 * adamw->n);
    for (int i = 0; i < adamw->n; i++) {
        g_autofree char *m = g_strconcat("m.", adamw->param[i]->name, NULL);
        g_autofree char *v = g_strconcat("v.", adamw->param[i]->name, NULL);
        named[2 * i] = (MoeNamed){g_string_chunk_insert(names, m), adamw->m[i]};
        named[2 * i + 1] = (MoeNamed){g_string_chunk_insert(names, v), adamw->v[i]};
    }
    return named;
}

bool
moe_adamw_save(const MoeAdamW *adamw, const char *path, GError **error)
{
    GStringChunk *names = g_string_chunk_new(1024);
    g_autofree MoeNamed *named = state_named(adamw, names);
    g_autofree char *steps = g_strdup_printf("%" G_GINT64_FORMAT, adamw->steps);
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    moe__named_write(named, 2 * adamw->n, writer);
    moe_safetensors_writer_set(writer, "steps", steps);
    g_string_chunk_free(names);
    return moe_safetensors_writer_save(writer, path, error);
}

bool
moe_adamw_load(MoeAdamW *adamw, const char *path, GError **error)
{
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, error);
    int64_t steps;
    if (!file)
        return false;
    const char *text = moe_safetensors_metadata(file, "steps");
    if (!text || !g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &steps, NULL)) {
        g_autofree char *found = moe__quote(text ? text : "");
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: metadata \"steps\": found %s, expected the number of steps taken",
                    moe_safetensors_path(file), found);
        return false;
    }
    GStringChunk *names = g_string_chunk_new(1024);
    g_autofree MoeNamed *named = state_named(adamw, names);
    bool good = moe__named_read(named, 2 * adamw->n, file, error);
    g_string_chunk_free(names);
    if (good)
        adamw->steps = steps;
    return good;
}

/* SPDX-License-Identifier: MIT */
#include "model-naive.h"

#include "model/block.h"

#include <math.h>

static const MoeRecipe *
recipe_of(const Naive *naive)
{
    return moe_model_recipe(naive->model);
}

static int
width(const Naive *naive)
{
    return (int)moe_recipe_int(recipe_of(naive), "model.d_model");
}

static int
rows(const Naive *naive)
{
    return naive->batch->rows * naive->batch->length;
}

static MoeTensor *
find(const Naive *naive, int block, const char *name)
{
    g_autofree char *full =
        block < 0 ? g_strdup(name) : g_strdup_printf("blocks.%d.%s", block, name);
    return moe_params_find(moe_model_params(naive->model), full);
}

/* Value i of a parameter; 0 where there is none, a bias. */
static double
at(const Naive *naive, const MoeTensor *x, int64_t i)
{
    if (!x)
        return 0;
    return (double)x->data[i] + (x == naive->moved ? naive->step * naive->along[i] : 0);
}

/* y = W_g x + b_g for group g of the weights. */
static void
linear(const Naive *naive, const double *x, int in, const MoeTensor *w, const MoeTensor *b, int g,
       double *y, int out)
{
    for (int o = 0; o < out; o++) {
        y[o] = at(naive, b, (int64_t)g * out + o);
        for (int i = 0; i < in; i++)
            y[o] += at(naive, w, ((int64_t)g * out + o) * in + i) * x[i];
    }
}

static void
norm(const Naive *naive, int block, const char *name, const double *x, double *y)
{
    int d = width(naive);
    double eps = moe_recipe_real(recipe_of(naive), "model.norm_eps"), mean = 0, square = 0;
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    const MoeTensor *w = find(naive, block, weight), *b = find(naive, block, bias);
    for (int i = 0; b && i < d; i++)
        mean += x[i] / d;
    for (int i = 0; i < d; i++)
        square += (x[i] - mean) * (x[i] - mean) / d;
    for (int i = 0; i < d; i++)
        y[i] = (x[i] - mean) / sqrt(square + eps) * at(naive, w, i) + at(naive, b, i);
}

/* The pair (x_i, x_{i+D/2}) of a head turned by position · base^(-2i/D). */
static void
rotate(const Naive *naive, double *x, int D, int position)
{
    double base = moe_recipe_real(recipe_of(naive), "model.rope_base");
    for (int i = 0; base > 0 && i < D / 2; i++) {
        double angle = position * pow(base, -2.0 * i / D), a = x[i], b = x[i + D / 2];
        x[i] = a * cos(angle) - b * sin(angle);
        x[i + D / 2] = a * sin(angle) + b * cos(angle);
    }
}

/* Position t of one head over one sequence: qkv [T, 3d], out [d]. */
static void
attend(const double *qkv, int t, int d, int from, int D, double *out)
{
    double sum = 0;
    const double *q = qkv + (size_t)t * 3 * d + from;
    for (int i = 0; i < D; i++)
        out[from + i] = 0;
    for (int s = 0; s <= t; s++) {
        const double *k = qkv + (size_t)s * 3 * d + d + from, *v = k + d;
        double score = 0;
        for (int i = 0; i < D; i++)
            score += q[i] * k[i] / sqrt(D);
        sum += exp(score);
        for (int i = 0; i < D; i++)
            out[from + i] += exp(score) * v[i];
    }
    for (int i = 0; i < D; i++)
        out[from + i] /= sum;
}

/* y [N, d] of the normed x [N, d]. */
static void
attention(const Naive *naive, int block, const double *x, double *y)
{
    int d = width(naive), heads = (int)moe_recipe_int(recipe_of(naive), "model.heads");
    int D = d / heads, T = naive->batch->length;
    g_autofree double *qkv = g_new(double, 3 * d * T);
    g_autofree double *mixed = g_new(double, d);
    for (int row = 0; row < naive->batch->rows; row++) {
        for (int t = 0; t < T; t++) {
            double *here = qkv + (size_t)t * 3 * d;
            linear(naive, x + (size_t)(row * T + t) * d, d, find(naive, block, "attn.qkv.weight"),
                   find(naive, block, "attn.qkv.bias"), 0, here, 3 * d);
            for (int h = 0; h < 2 * heads; h++)
                rotate(naive, here + h * D, D, t);
        }
        for (int t = 0; t < T; t++) {
            for (int h = 0; h < heads; h++)
                attend(qkv, t, d, h * D, D, mixed);
            linear(naive, mixed, d, find(naive, block, "attn.out.weight"),
                   find(naive, block, "attn.out.bias"), 0, y + (size_t)(row * T + t) * d, d);
        }
    }
}

static double
activate(const char *name, double x)
{
    if (g_str_equal(name, "relu"))
        return x > 0 ? x : 0;
    if (g_str_equal(name, "gelu"))
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    return x / (1 + exp(-x)); /* silu, also inside swiglu */
}

/* A two-layer network, group g of the weights "STEM1" and "STEM2". y [d]. */
static void
feed_forward(const Naive *naive, int block, const char *stem, int g, const double *x, double *y)
{
    const char *activation = moe_recipe_text(recipe_of(naive), "moe.activation");
    bool glu = g_str_equal(activation, "swiglu");
    const char *part[] = {"w1", "b1", "w2", "b2"};
    const MoeTensor *p[4];
    for (int i = 0; i < 4; i++) {
        g_autofree char *name = g_strconcat(stem, part[i], NULL);
        p[i] = find(naive, block, name);
    }
    int d = width(naive), hidden = (int)moe_tensor_last(p[2]), h1 = glu ? 2 * hidden : hidden;
    g_autofree double *h = g_new(double, h1);
    linear(naive, x, d, p[0], p[1], g, h, h1);
    for (int i = 0; i < hidden; i++)
        h[i] = activate(activation, h[i]) * (glu ? h[hidden + i] : 1);
    linear(naive, h, hidden, p[2], p[3], g, y, d);
}

/* gate = softmax-selected over the picks; padding has none. Adds to the mean probabilities P and
 * the mean squared logsumexp. */
static void
moe_token(const Naive *naive, int block, const MoePicks *picks, int64_t t, const double *x,
          double *y, double *P, double *z_loss)
{
    int d = width(naive), E = picks->experts, k = picks->k;
    g_autofree double *z = g_new(double, E);
    g_autofree double *one = g_new(double, d);
    double all = 0, selected = 0;
    linear(naive, x, d, find(naive, block, "moe.router.weight"),
           find(naive, block, "moe.router.bias"), 0, z, E);
    for (int e = 0; e < E; e++)
        all += exp(z[e]);
    for (int e = 0; e < E; e++)
        P[e] += exp(z[e]) / all / (double)picks->units;
    *z_loss += log(all) * log(all) / (double)picks->units;
    for (int j = 0; j < k; j++)
        selected += picks->expert[t * k + j] < 0 ? 0 : exp(z[picks->expert[t * k + j]]);
    for (int i = 0; i < d; i++)
        y[i] = 0;
    for (int j = 0; j < k && picks->expert[t * k] >= 0; j++) {
        int e = picks->expert[t * k + j];
        feed_forward(naive, block, "moe.experts.", e, x, one);
        for (int i = 0; i < d; i++)
            y[i] += exp(z[e]) / selected * one[i];
    }
}

/* y [N, d] of the normed x [N, d]. Returns the balance losses times their coefficients. */
static double
moe_rows(const Naive *naive, int block, const MoePicks *picks, const double *x, double *y)
{
    const MoeRecipe *recipe = recipe_of(naive);
    int d = width(naive), E = picks->experts;
    g_autofree double *P = g_new0(double, E);
    double z_loss = 0, balance = 0, total = 0;
    for (int t = 0; t < rows(naive); t++)
        moe_token(naive, block, picks, t, x + (size_t)t * d, y + (size_t)t * d, P, &z_loss);
    for (int e = 0; e < E; e++)
        total += (double)picks->load[e];
    for (int e = 0; e < E; e++)
        balance +=
            moe_recipe_real(recipe, "balance.switch") * E * P[e] * (double)picks->load[e] / total;
    if (!moe_recipe_has(recipe, "moe.balance", "switch"))
        balance = 0;
    if (moe_recipe_has(recipe, "moe.balance", "z-loss"))
        balance += moe_recipe_real(recipe, "balance.z_loss") * z_loss;
    return balance;
}

/* x += dropout(y). */
static void
add_residual(const Naive *naive, int block, int site, double *x, const double *y)
{
    double p = naive->train ? moe_recipe_real(recipe_of(naive), "model.dropout") : 0;
    MoeRng rng = moe_rng(naive->seed, moe__block_dropout_stream(block, site));
    for (int i = 0; i < rows(naive) * width(naive); i++)
        if (p == 0 || moe_rng_u32(&rng) >= (uint32_t)(p * 0x1p32))
            x[i] += y[i] / (1 - p);
}

static void
norm_rows(const Naive *naive, int block, const char *name, const double *x, double *y)
{
    for (int t = 0; t < rows(naive); t++)
        norm(naive, block, name, x + (size_t)t * width(naive), y + (size_t)t * width(naive));
}

double *
naive_logits(const Naive *naive, double *balance)
{
    int d = width(naive), N = rows(naive), V = moe_model_vocabulary(naive->model), router = 0;
    g_autofree double *x = g_new(double, N *d), *n = g_new(double, N *d);
    g_autofree double *y = g_new(double, N *d);
    const MoeTensor *table = find(naive, -1, "embed.weight"),
                    *head = find(naive, -1, "head.weight");
    double *logits = g_new(double, N *V), losses = 0;
    for (int i = 0; i < N * d; i++)
        x[i] = at(naive, table, (int64_t)naive->batch->id[i / d] * d + i % d);
    for (int b = 0; b < moe_recipe_int(recipe_of(naive), "model.layers"); b++) {
        norm_rows(naive, b, "norm1", x, n);
        attention(naive, b, n, y);
        add_residual(naive, b, 0, x, y);
        norm_rows(naive, b, "norm2", x, n);
        if (find(naive, b, "moe.router.weight"))
            losses += moe_rows(naive, b, &naive->routings[router++].picks, n, y);
        else
            for (int t = 0; t < N; t++)
                feed_forward(naive, b, "ffn.", 0, n + (size_t)t * d, y + (size_t)t * d);
        add_residual(naive, b, 1, x, y);
    }
    norm_rows(naive, -1, "norm", x, n);
    for (int t = 0; t < N; t++)
        linear(naive, n + (size_t)t * d, d, head ? head : table, NULL, 0, logits + (size_t)t * V,
               V);
    if (balance)
        *balance = naive->train ? losses : 0;
    return logits;
}

double
naive_loss(const Naive *naive)
{
    double balance, loss = 0;
    int V = moe_model_vocabulary(naive->model), counted = 0;
    g_autofree double *logits = naive_logits(naive, &balance);
    for (int t = 0; t < rows(naive); t++) {
        int32_t target = naive->batch->target[t];
        double sum = 0;
        if (target < 0)
            continue;
        for (int v = 0; v < V; v++)
            sum += exp(logits[t * V + v]);
        loss += log(sum) - logits[t * V + target];
        counted++;
    }
    return loss / counted + balance;
}

/* SPDX-License-Identifier: MIT
 *
 * From a fixture to a layer that has run.
 */
#include "parity.h"

#include <string.h>

Parity *
parity_new(const MoeSafetensors *file)
{
    Parity *p = g_new0(Parity, 1);
    p->file = file;
    p->seen = g_hash_table_new(g_str_hash, g_str_equal);
    p->problems = g_string_new(NULL);
    p->recipe = moe_recipe_new();
    p->params = moe_params_new();
    p->tape = moe_tape_new(true);
    p->keep = moe_arena_new();
    p->lasting = moe_arena_new();
    p->x_name = "x";
    p->least = PARITY_LEAST;
    return p;
}

void
parity_free(Parity *p)
{
    g_hash_table_unref(p->seen);
    g_string_free(p->problems, TRUE);
    g_free(p->where);
    moe_layer_free(p->layer);
    moe_recipe_free(p->recipe);
    moe_params_free(p->params);
    moe_tape_free(p->tape);
    moe_arena_free(p->keep);
    moe_arena_free(p->lasting);
    g_free(p);
}

void
parity_problem(Parity *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append(p->problems, "\n    ");
    g_string_append_vprintf(p->problems, format, args);
    va_end(args);
}

int
parity_size(Parity *p, const char *key)
{
    const char *text = moe_safetensors_metadata(p->file, key);
    int64_t value;
    if (text && g_ascii_string_to_signed(text, 10, 1, 1 << 20, &value, NULL))
        return (int)value;
    parity_problem(p, "__metadata__ %s: found %s, expected a whole number of 1 or more", key,
                   text ? text : "nothing");
    return 0;
}

const MoeStored *
parity_find(Parity *p, const char *name)
{
    const MoeStored *stored = moe_safetensors_find(p->file, name);
    if (stored)
        g_hash_table_add(p->seen, (gpointer)stored->name);
    return stored;
}

int
parity_rows(Parity *p, const char *name)
{
    const MoeStored *stored = moe_safetensors_find(p->file, name);
    if (stored && stored->ndim == 2 && stored->shape[0] > 0 && stored->shape[0] < G_MAXINT)
        return (int)stored->shape[0];
    parity_problem(p, "%s: expected a matrix", name);
    return 0;
}

bool
parity_has(Parity *p, const char *name, int64_t count)
{
    const MoeStored *stored = moe_safetensors_find(p->file, name);
    if (stored && stored->count != count)
        parity_problem(p, "%s: found %" G_GINT64_FORMAT " values, expected %" G_GINT64_FORMAT, name,
                       stored->count, count);
    return stored && stored->count == count;
}

float *
parity_read(Parity *p, const char *name, int64_t count)
{
    g_autoptr(GError) error = NULL;
    const MoeStored *stored = parity_find(p, name);
    if (!stored || stored->count != count) {
        parity_problem(p, "%s: found %" G_GINT64_FORMAT " values, expected %" G_GINT64_FORMAT, name,
                       stored ? stored->count : 0, count);
        return NULL;
    }
    g_autofree float *values = g_new(float, count);
    if (moe_stored_read_floats(stored, values, &error))
        return g_steal_pointer(&values);
    parity_problem(p, "%s: %s", name, error->message);
    return NULL;
}

int64_t *
parity_read_integers(Parity *p, const char *name, int64_t count)
{
    const MoeStored *stored = parity_find(p, name);
    bool bytes = stored && (stored->type == MOE_STORED_U8 || stored->type == MOE_STORED_BOOL);
    if (!stored || !(bytes || stored->type == MOE_STORED_I64) || stored->count != count) {
        parity_problem(p,
                       "%s: found %" G_GINT64_FORMAT " values of %s, expected %" G_GINT64_FORMAT
                       " of I64, U8 or BOOL",
                       name, stored ? stored->count : 0,
                       stored ? moe_stored_type_name(stored->type) : "no type", count);
        return NULL;
    }
    int64_t *values = g_new(int64_t, count);
    for (int64_t i = 0; i < count; i++)
        if (bytes)
            values[i] = ((const uint8_t *)stored->data)[i];
        else
            memcpy(&values[i], (const char *)stored->data + (size_t)i * sizeof *values,
                   sizeof *values);
    return values;
}

void
parity_set(Parity *p, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *assignment = g_strconcat(key, "=", value, NULL);
    if (!moe_recipe_set(p->recipe, assignment, &error))
        parity_problem(p, "%s", error->message);
}

void
parity_set_int(Parity *p, const char *key, int value)
{
    g_autofree char *text = g_strdup_printf("%d", value);
    parity_set(p, key, text);
}

void
parity_reset(Parity *p, const char *group)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    for (int i = 0; i < n; i++)
        if (g_str_has_prefix(field[i]->name, group))
            parity_set(p, field[i]->name, field[i]->fallback);
}

const char *
parity_text(Parity *p, const char *key)
{
    const char *text = moe_safetensors_metadata(p->file, key);
    if (!text)
        parity_problem(p, "__metadata__ has no %s", key);
    return text ? text : "";
}

bool
parity_flag(const Parity *p, const char *key)
{
    const char *text = moe_safetensors_metadata(p->file, key);
    return text && (g_ascii_strcasecmp(text, "true") == 0 || g_str_equal(text, "1"));
}

static void
load_weights(Parity *p, const ParityName *names)
{
    p->loaded = 0;
    for (const ParityName *name = names; name->fixture; name++)
        parity_load_name(p, name);
    int64_t size = moe_params_size(p->params, false);
    if (!p->partial && p->loaded != size && !p->problems->len)
        parity_problem(
            p, "its weights fill %" G_GINT64_FORMAT " of the layer's %" G_GINT64_FORMAT " values",
            p->loaded, size);
}

static void
set_input(Parity *p, int64_t n, int d_model, const float *values, int sequences)
{
    p->x = moe_params_add(p->params, "x", 2, (int64_t[]){n, d_model}, 0);
    memcpy(p->x->data, values, (size_t)(n * d_model) * sizeof *values);
    p->context = (MoeContext){.tape = p->tape,
                              .keep = p->keep,
                              .train = true,
                              .sequences = sequences,
                              .length = (int)(n / sequences)};
}

/* A file whose __metadata__ claims more than it holds isn't worth the memory. */
static void
check_size(Parity *p)
{
    int64_t held = 0, claimed = moe_recipe_int(p->recipe, "moe.experts");
    if (!p->partial)
        claimed *= moe_recipe_int(p->recipe, "moe.hidden");
    for (int i = 0; i < moe_safetensors_count(p->file); i++)
        held += moe_safetensors_get(p->file, i)->count;
    if (claimed > held)
        parity_problem(p,
                       "__metadata__ claims %" G_GINT64_FORMAT
                       " hidden units of experts, but the file holds only %" G_GINT64_FORMAT
                       " values",
                       claimed, held);
}

static bool
build(Parity *p, int d_model, const ParityName *names)
{
    g_autoptr(GError) error = NULL;
    /* Rules of a recipe look at the model's width: of those only the layer's matter here. */
    parity_set_int(p, "model.d_model", d_model);
    parity_set_int(p, "model.heads", 1);
    parity_set(p, "model.rope_base", "0");
    if (!moe_recipe_check(p->recipe, &error))
        parity_problem(p, "%s", error->message);
    else
        check_size(p);
    if (p->problems->len)
        return false;
    moe_tape_reset(p->tape);
    moe_layer_free(p->layer);
    moe_params_free(p->params);
    p->params = moe_params_new();
    MoeLayerSize size = {.d_model = d_model, .prefix = "moe."};
    p->layer = moe_layer_new(p->recipe, &size, p->params, 1);
    load_weights(p, names);
    return p->problems->len == 0;
}

bool
parity_build(Parity *p, int d_model, const ParityName *names)
{
    const MoeStored *x = parity_find(p, p->x_name);
    if (!x || x->ndim < 2 || x->shape[x->ndim - 1] != d_model || x->count == 0) {
        parity_problem(p, "%s: expected rows of %d values", p->x_name, d_model);
        return false;
    }
    g_autofree float *values = parity_read(p, p->x_name, x->count);
    if (!values || !build(p, d_model, names))
        return false;
    set_input(p, x->count / d_model, d_model, values, x->ndim == 3 ? (int)x->shape[0] : 1);
    return true;
}

bool
parity_build_on(Parity *p, int64_t n, int d_model, const float *x, const ParityName *names)
{
    if (!build(p, d_model, names))
        return false;
    set_input(p, n, d_model, x, 1);
    return true;
}

void
parity_forward(Parity *p)
{
    moe_tape_reset(p->tape);
    moe_arena_reset(p->keep);
    moe_params_drop_grads(p->params);
    if (p->context.train)
        moe_layer_before_step(p->layer, p->context.step);
    p->y = moe_layer_forward(p->layer, &p->context, p->x, &p->routing);
}

void
parity_unfreeze(Parity *p)
{
    for (int i = 0; i < moe_params_count(p->params); i++) {
        MoeTensor *x = moe_params_get(p->params, i)->tensor;
        if (!x->needs_grad)
            moe_tensor_require_grad(p->lasting, x);
    }
}

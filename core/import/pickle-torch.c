/* SPDX-License-Identifier: MIT
 *
 * pickle-torch.c: what torch's tensors and storages are pickled as (torch/_utils.py,
 * torch/serialization.py, torch/storage.py). A tensor is a layout over a storage; the storage's
 * values lie elsewhere: behind the pickle, in another member of the archive, or in a whole legacy
 * stream within the pickle.
 */
#include "import/legacy.h"
#include "import/pickle-machine.h"

#include "base/quote.h"

enum { NESTING_MAX = 4 };

/* The storage of this key, made when it is first seen. NULL and an error if that contradicts what
 * was said of it before. */
static MoePyStorage *
find_storage(MoeMachine *machine, const char *key, MoeStoredType type, uint64_t size)
{
    MoePyStorage *storage = g_hash_table_lookup(machine->doc->storages, key);
    if (storage) {
        if (storage->type == type && storage->size == size)
            return storage;
        moe__machine_fail(machine, MOE_ERROR_FORMAT, "storage %s has two types or sizes", key);
        return NULL;
    }
    size_t n = strlen(key) + 1;
    storage = moe__py_allocate(machine->doc, sizeof *storage);
    char *copy = storage ? moe__py_allocate(machine->doc, n) : NULL;
    if (!copy) {
        moe__machine_push(machine, NULL);
        return NULL;
    }
    memcpy(copy, key, n);
    *storage = (MoePyStorage){.key = copy, .type = type, .size = size};
    g_hash_table_insert(machine->doc->storages, copy, storage);
    return storage;
}

/* ("storage", torch.FloatStorage, key, device, elements), in legacy streams with a None behind. */
bool
moe__push_storage(MoeMachine *machine, const MoePy *id)
{
    static const char expected[] = "(\"storage\", type, key, device, elements), a storage's name";
    MoeStoredType type;
    int64_t elements, size;
    if (id->kind == MOE_PY_TUPLE && id->count >= 5 && moe__global_is_unread(id->items[1]))
        return moe__machine_push(machine, moe__py_new(machine->doc, MOE_PY_UNREAD));
    if (id->kind != MOE_PY_TUPLE || id->count < 5 || !moe__py_is(id->items[0], "storage") ||
        !moe__global_type(id->items[1], &type) || !moe__argument_integer(id, 4, &elements))
        return moe__call_mismatch(machine, expected);
    g_autofree char *key = moe__py_string(id->items[2]);
    bool view = id->count > 5 && id->items[5]->kind != MOE_PY_NONE;
    if (!key || view || elements < 0 ||
        __builtin_mul_overflow(elements, (int64_t)moe_stored_type_size(type), &size))
        return moe__call_mismatch(machine, expected);
    MoePyStorage *storage = find_storage(machine, key, type, (uint64_t)size);
    if (!storage)
        return false;
    MoePy *value = moe__py_new(machine->doc, MOE_PY_STORAGE);
    if (value)
        value->storage = storage;
    return moe__machine_push(machine, value);
}

/* Whether the metadata of a tensor say that its values stand for their negatives. */
static bool
is_negated(const MoePy *arguments, int i)
{
    const MoePy *metadata = moe__argument(arguments, i, MOE_PY_DICT);
    const MoePy *negated = metadata ? moe__py_get(metadata, "neg") : NULL;
    int64_t truth = 0;
    return negated && moe__py_integer(negated, &truth) && truth != 0;
}

static bool
push_tensor(MoeMachine *machine, const MoePy *arguments, MoeStoredType type)
{
    MoePy *array = moe__py_new_array(machine->doc);
    if (!array)
        return moe__machine_push(machine, NULL);
    MoeLayout *layout = &array->array->layout;
    const MoePyStorage *storage = arguments->items[0]->storage;
    int strides;
    layout->type = type;
    if (!moe__argument_integer(arguments, 1, &layout->offset) ||
        !moe__argument_lengths(arguments, 2, layout->shape, &layout->ndim) ||
        !moe__argument_lengths(arguments, 3, layout->strides, &strides) || strides != layout->ndim)
        return moe__call_mismatch(machine, "_rebuild_tensor(storage, offset, size, stride, …)");
    if (!moe__layout_fits(layout, storage->size))
        return moe__machine_fail(
            machine, MOE_ERROR_FORMAT,
            "a tensor of type %s with %d axes, from element "
            "%" G_GINT64_FORMAT " on, leaves its storage of %" G_GUINT64_FORMAT " bytes",
            moe_stored_type_name(type), layout->ndim, layout->offset, storage->size);
    array->array->storage = storage;
    return moe__machine_push(machine, array);
}

/* _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata). */
bool
moe__call_rebuild_tensor(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *storage = moe__argument(arguments, 0, MOE_PY_STORAGE);
    if (moe__argument(arguments, 0, MOE_PY_UNREAD) || is_negated(arguments, 6))
        return moe__machine_push(machine, moe__py_new(machine->doc, MOE_PY_UNREAD));
    if (!storage)
        return moe__call_mismatch(machine, "_rebuild_tensor_v2(storage, …)");
    return push_tensor(machine, arguments, storage->storage->type);
}

/* _rebuild_tensor_v3(untyped storage, offset, size, stride, requires_grad, hooks, dtype, metadata):
 * of types that have no storage class of their own. */
bool
moe__call_rebuild_typed(MoeMachine *machine, const MoePy *arguments)
{
    MoeStoredType type;
    if (!moe__argument(arguments, 0, MOE_PY_STORAGE) || arguments->count < 7 ||
        !moe__global_type(arguments->items[6], &type))
        return moe__call_mismatch(machine, "_rebuild_tensor_v3(storage, …, dtype, …)");
    if (is_negated(arguments, 7))
        return moe__machine_push(machine, moe__py_new(machine->doc, MOE_PY_UNREAD));
    return push_tensor(machine, arguments, type);
}

/* _rebuild_parameter(tensor, requires_grad, hooks). */
bool
moe__call_rebuild_parameter(MoeMachine *machine, const MoePy *arguments)
{
    MoePy *tensor = moe__argument(arguments, 0, MOE_PY_ARRAY);
    tensor = tensor ? tensor : moe__argument(arguments, 0, MOE_PY_UNREAD);
    return tensor ? moe__machine_push(machine, tensor)
                  : moe__call_mismatch(machine, "_rebuild_parameter(tensor, …)");
}

/* _load_from_bytes(bytes): a storage as pickle.dump() writes it, a legacy stream of its own whose
 * keys are not those of the file around it. */
bool
moe__call_load_from_bytes(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *bytes = moe__argument(arguments, 0, MOE_PY_BYTES);
    if (!bytes)
        return moe__call_mismatch(machine, "_load_from_bytes(bytes)");
    if (machine->nesting >= NESTING_MAX)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "streams nest over %d deep",
                                 NESTING_MAX);
    if (!moe__py_charge(machine->doc, (uint64_t)bytes->count)) /* the same bytes, many times */
        return moe__machine_push(machine, NULL);
    g_autofree char *name =
        g_strdup_printf("%s: byte %zu: nested stream", machine->name, machine->opcode);
    GHashTable *outer = machine->doc->storages;
    machine->doc->storages = g_hash_table_new(g_str_hash, g_str_equal);
    MoePy *value = moe__legacy_read(machine->doc, bytes->bytes, (size_t)bytes->count, name,
                                    machine->nesting + 1, machine->error);
    g_hash_table_unref(machine->doc->storages);
    machine->doc->storages = outer;
    return value && moe__machine_push(machine, value);
}

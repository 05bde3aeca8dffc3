/* SPDX-License-Identifier: MIT
 *
 * pickle-global.c: the functions and classes that are known by name, and what calling them does.
 * Everything else that a pickle names is refused here.
 */
#include "import/pickle-machine.h"

#include "base/quote.h"

static bool call_dict(MoeMachine *machine, const MoePy *arguments);
static bool call_set(MoeMachine *machine, const MoePy *arguments);
static bool call_size(MoeMachine *machine, const MoePy *arguments);
static bool call_values(MoeMachine *machine, const MoePy *arguments);
static bool call_bytearray(MoeMachine *machine, const MoePy *arguments);

/* numpy 2 renamed core to _core; Python 2 had builtins under another name. `type` is MOE_N_STORED
 * where a global stands for none; `call` is NULL where a global only is an argument. */
static const struct {
    const char *module, *name;
    MoeCallFunc call;
    MoeStoredType type;
} known[] = {
    {"collections", "OrderedDict", call_dict, MOE_N_STORED},
    {"collections", "Counter", call_dict, MOE_N_STORED},
    {"collections", "defaultdict", call_dict, MOE_N_STORED},
    {"builtins", "set", call_set, MOE_N_STORED},
    {"builtins", "frozenset", call_set, MOE_N_STORED},
    {"builtins", "bytearray", call_bytearray, MOE_N_STORED},
    {"builtins", "bytes", call_bytearray, MOE_N_STORED}, /* empty ones below protocol 3 */
    {"builtins", "int", NULL, MOE_N_STORED},
    {"builtins", "float", NULL, MOE_N_STORED},
    {"builtins", "list", NULL, MOE_N_STORED},
    {"builtins", "dict", NULL, MOE_N_STORED},
    {"_codecs", "encode", moe__call_encode, MOE_N_STORED},
    {"numpy", "ndarray", NULL, MOE_N_STORED},
    {"numpy", "dtype", moe__call_dtype, MOE_N_STORED},
    {"numpy.core.multiarray", "_reconstruct", moe__call_reconstruct, MOE_N_STORED},
    {"numpy.core.multiarray", "scalar", moe__call_scalar, MOE_N_STORED},
    {"numpy.core.numeric", "_frombuffer", moe__call_frombuffer, MOE_N_STORED},
    {"torch", "Size", call_size, MOE_N_STORED},
    /* Such as stand beside arrays: kept as what they were made of. */
    {"torch", "device", call_values, MOE_N_STORED},
    {"builtins", "slice", call_values, MOE_N_STORED},
    {"builtins", "range", call_values, MOE_N_STORED},
    {"pathlib", "PosixPath", call_values, MOE_N_STORED},
    {"pathlib", "PurePosixPath", call_values, MOE_N_STORED},
    {"datetime", "datetime", call_values, MOE_N_STORED},
    {"datetime", "date", call_values, MOE_N_STORED},
    {"datetime", "timedelta", call_values, MOE_N_STORED},
    {"torch._utils", "_rebuild_tensor_v2", moe__call_rebuild_tensor, MOE_N_STORED},
    {"torch._utils", "_rebuild_tensor_v3", moe__call_rebuild_typed, MOE_N_STORED},
    {"torch._utils", "_rebuild_parameter", moe__call_rebuild_parameter, MOE_N_STORED},
    {"torch.storage", "_load_from_bytes", moe__call_load_from_bytes, MOE_N_STORED},
    {"torch.storage", "UntypedStorage", NULL, MOE_STORED_U8},
    {"torch", "BoolStorage", NULL, MOE_STORED_BOOL},
    {"torch", "ByteStorage", NULL, MOE_STORED_U8},
    {"torch", "CharStorage", NULL, MOE_STORED_I8},
    {"torch", "ShortStorage", NULL, MOE_STORED_I16},
    {"torch", "IntStorage", NULL, MOE_STORED_I32},
    {"torch", "LongStorage", NULL, MOE_STORED_I64},
    {"torch", "HalfStorage", NULL, MOE_STORED_F16},
    {"torch", "BFloat16Storage", NULL, MOE_STORED_BF16},
    {"torch", "FloatStorage", NULL, MOE_STORED_F32},
    {"torch", "DoubleStorage", NULL, MOE_STORED_F64},
    {"torch", "ComplexFloatStorage", NULL, MOE_N_STORED}, /* such as is_unread() knows */
    {"torch", "ComplexDoubleStorage", NULL, MOE_N_STORED},
    {"torch", "bool", NULL, MOE_STORED_BOOL},
    {"torch", "uint8", NULL, MOE_STORED_U8},
    {"torch", "int8", NULL, MOE_STORED_I8},
    {"torch", "int16", NULL, MOE_STORED_I16},
    {"torch", "uint16", NULL, MOE_STORED_U16},
    {"torch", "int32", NULL, MOE_STORED_I32},
    {"torch", "uint32", NULL, MOE_STORED_U32},
    {"torch", "int64", NULL, MOE_STORED_I64},
    {"torch", "uint64", NULL, MOE_STORED_U64},
    {"torch", "float8_e4m3fn", NULL, MOE_STORED_F8_E4M3},
    {"torch", "float8_e5m2", NULL, MOE_STORED_F8_E5M2},
    {"torch", "float16", NULL, MOE_STORED_F16},
    {"torch", "bfloat16", NULL, MOE_STORED_BF16},
    {"torch", "float32", NULL, MOE_STORED_F32},
    {"torch", "float64", NULL, MOE_STORED_F64},
};

/* --- Names ------------------------------------------------------------------------------------*/

static bool
same(const char *text, const uint8_t *bytes, size_t n)
{
    return strlen(text) == n && memcmp(text, bytes, n) == 0;
}

static bool
same_module(const char *module, const uint8_t *bytes, size_t n)
{
    g_autofree char *renamed = g_str_has_prefix(module, "numpy.core.")
                                   ? g_strconcat("numpy._core.", module + 11, NULL)
                                   : NULL;
    return same(module, bytes, n) || (renamed && same(renamed, bytes, n)) ||
           (g_str_equal(module, "builtins") && same("__builtin__", bytes, n));
}

static bool
push_global(MoeMachine *machine, const uint8_t *module, size_t module_n, const uint8_t *name,
            size_t name_n)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (!same(known[i].name, name, name_n) || !same_module(known[i].module, module, module_n))
            continue;
        MoePy *global = moe__py_new(machine->doc, MOE_PY_GLOBAL);
        if (global)
            global->integer = (int64_t)i;
        return moe__machine_push(machine, global);
    }
    g_autofree char *text =
        g_strdup_printf("%.*s.%.*s", (int)MIN(module_n, 256), module, (int)MIN(name_n, 256), name);
    g_autofree char *quoted = moe__quote(text);
    return moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                             "the pickle asks for %s, which is not among the functions and classes "
                             "that are known to be harmless",
                             quoted);
}

bool
moe__op_global(MoeMachine *machine, int unused)
{
    (void)unused;
    size_t module_n, name_n;
    const uint8_t *module = moe__machine_take_line(machine, &module_n);
    const uint8_t *name = module ? moe__machine_take_line(machine, &name_n) : NULL;
    return name && push_global(machine, module, module_n, name, name_n);
}

bool
moe__op_stack_global(MoeMachine *machine, int unused)
{
    (void)unused;
    MoePy *name = moe__machine_pop(machine), *module = name ? moe__machine_pop(machine) : NULL;
    if (!module)
        return false;
    if (name->kind != MOE_PY_STRING || module->kind != MOE_PY_STRING)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "the name of a global is no string");
    return push_global(machine, module->bytes, (size_t)module->count, name->bytes,
                       (size_t)name->count);
}

bool
moe__global_type(const MoePy *global, MoeStoredType *out)
{
    if (global->kind != MOE_PY_GLOBAL)
        return false;
    *out = known[global->integer].type;
    return *out != MOE_N_STORED;
}

bool
moe__global_is_unread(const MoePy *global)
{
    return global->kind == MOE_PY_GLOBAL && g_str_equal(known[global->integer].module, "torch") &&
           g_str_has_prefix(known[global->integer].name, "Complex");
}

/* --- Arguments --------------------------------------------------------------------------------*/

MoePy *
moe__argument(const MoePy *arguments, int i, MoePyKind kind)
{
    return i < arguments->count && arguments->items[i]->kind == kind ? arguments->items[i] : NULL;
}

MoePy *
moe__argument_bytes(const MoePy *arguments, int i)
{
    MoePy *bytes = moe__argument(arguments, i, MOE_PY_BYTES);
    return bytes ? bytes : moe__argument(arguments, i, MOE_PY_STRING);
}

bool
moe__argument_integer(const MoePy *arguments, int i, int64_t *out)
{
    return i < arguments->count && moe__py_integer(arguments->items[i], out);
}

bool
moe__argument_lengths(const MoePy *arguments, int i, int64_t *out, int *n)
{
    const MoePy *tuple = moe__argument(arguments, i, MOE_PY_TUPLE);
    if (!tuple || tuple->count > MOE_VALUES_AXES)
        return false;
    *n = (int)tuple->count;
    for (int j = 0; j < *n; j++)
        if (!moe__argument_integer(tuple, j, &out[j]))
            return false;
    return true;
}

bool
moe__call_mismatch(MoeMachine *machine, const char *expected)
{
    return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                             "a call has other arguments than %s, with arrays of at most %d axes",
                             expected, MOE_VALUES_AXES);
}

/* --- Calls ------------------------------------------------------------------------------------*/

/* (), (dict), (list of pairs) or, of a defaultdict, (factory[, dict]). */
static bool
call_dict(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *from = arguments->count > 0 ? arguments->items[arguments->count - 1] : NULL;
    MoePy *dict = moe__py_new(machine->doc, MOE_PY_DICT);
    if (!dict)
        return moe__machine_push(machine, NULL);
    int64_t n = from && (from->kind == MOE_PY_DICT || from->kind == MOE_PY_LIST) ? from->count : 0;
    for (int64_t i = 0; i < n; i++) {
        bool listed = from->kind == MOE_PY_LIST;
        const MoePy *item = from->items[i];
        if (listed &&
            ((item->kind != MOE_PY_LIST && item->kind != MOE_PY_TUPLE) || item->count != 2))
            return moe__call_mismatch(machine, "a dict or a list of pairs");
        MoePy **pair = listed ? item->items : &from->items[2 * i];
        if (!moe__py_insert(machine->doc, dict, pair[0], pair[1]))
            return moe__machine_push(machine, NULL);
    }
    return moe__machine_push(machine, dict);
}

static bool
copy_items(MoeMachine *machine, MoePyKind kind, const MoePy *from)
{
    MoePy *copy = moe__py_new(machine->doc, kind);
    for (int64_t i = 0; copy && i < from->count; i++)
        if (!moe__py_append(machine->doc, copy, from->items[i]))
            copy = NULL;
    return moe__machine_push(machine, copy);
}

static bool
call_set(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *list = moe__argument(arguments, 0, MOE_PY_LIST);
    return list ? copy_items(machine, MOE_PY_SET, list) : moe__call_mismatch(machine, "set(list)");
}

static bool
call_size(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *tuple = moe__argument(arguments, 0, MOE_PY_TUPLE);
    return tuple ? copy_items(machine, MOE_PY_TUPLE, tuple)
                 : moe__call_mismatch(machine, "torch.Size(tuple)");
}

/* A value that is no more to us than the arguments it is made of. */
static bool
call_values(MoeMachine *machine, const MoePy *arguments)
{
    return copy_items(machine, MOE_PY_TUPLE, arguments);
}

/* () or (bytes), or (str, "latin-1") below protocol 3. */
static bool
call_bytearray(MoeMachine *machine, const MoePy *arguments)
{
    MoePy *bytes = moe__argument(arguments, 0, MOE_PY_BYTES);
    if (bytes)
        return moe__machine_push(machine, bytes);
    if (arguments->count == 0)
        return moe__machine_push(machine, moe__py_new(machine->doc, MOE_PY_BYTES));
    return moe__call_encode(machine, arguments);
}

bool
moe__op_reduce(MoeMachine *machine, int unused)
{
    (void)unused;
    const MoePy *arguments = moe__machine_pop(machine);
    const MoePy *global = arguments ? moe__machine_pop(machine) : NULL;
    if (!global)
        return false;
    if (global->kind != MOE_PY_GLOBAL || arguments->kind != MOE_PY_TUPLE)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "%s is called with %s, a function and a tuple are expected",
                                 moe__py_kind_name((MoePyKind)global->kind),
                                 moe__py_kind_name((MoePyKind)arguments->kind));
    MoeCallFunc call = known[global->integer].call;
    if (call)
        return call(machine, arguments);
    return moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                             "%s.%s is called, which is only known as an argument",
                             known[global->integer].module, known[global->integer].name);
}

/* Attributes of dicts (an OrderedDict's _metadata) tell nothing about routing. */
bool
moe__op_build(MoeMachine *machine, int unused)
{
    (void)unused;
    const MoePy *state = moe__machine_pop(machine);
    MoePy *object = state ? moe__machine_top(machine) : NULL;
    if (!object)
        return false;
    if (object->kind == MOE_PY_ARRAY)
        return moe__build_array(machine, object, state);
    if (object->kind == MOE_PY_DTYPE)
        return moe__build_dtype(machine, object, state);
    return object->kind == MOE_PY_DICT ||
           moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                             "%s is given a state, an array, a dtype or a dict is expected",
                             moe__py_kind_name((MoePyKind)object->kind));
}

bool
moe__op_persistent_id(MoeMachine *machine, int unused)
{
    (void)unused;
    const MoePy *id = moe__machine_pop(machine);
    return id && moe__push_storage(machine, id);
}

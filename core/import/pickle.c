/* SPDX-License-Identifier: MIT
 *
 * pickle.c: takes opcodes one by one and hands them to what executes them.
 */
#include "import/pickle.h"

#include "import/pickle-machine.h"

enum { PROTOCOL_MAX = 5 };

bool
moe__machine_fail(MoeMachine *machine, MoeError code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(machine->error, MOE_ERROR, (gint)code, "%s: byte %zu: %s", machine->name,
                machine->opcode, what);
    return false;
}

const uint8_t *
moe__machine_take(MoeMachine *machine, uint64_t n)
{
    size_t left = machine->length - machine->at;
    if (n > left) {
        moe__machine_fail(machine, MOE_ERROR_TRUNCATED,
                          "the pickle ends after %zu bytes, %" G_GUINT64_FORMAT
                          " more are expected",
                          machine->length, n - left);
        return NULL;
    }
    const uint8_t *bytes = machine->bytes + machine->at;
    machine->at += (size_t)n;
    return bytes;
}

bool
moe__machine_take_count(MoeMachine *machine, int n, uint64_t *out)
{
    const uint8_t *bytes = moe__machine_take(machine, (uint64_t)n);
    *out = 0;
    for (int i = n - 1; bytes && i >= 0; i--)
        *out = *out << 8 | bytes[i];
    return bytes != NULL;
}

const uint8_t *
moe__machine_take_line(MoeMachine *machine, size_t *length)
{
    const uint8_t *begin = machine->bytes + machine->at;
    const uint8_t *end = memchr(begin, '\n', machine->length - machine->at);
    if (!end) {
        moe__machine_fail(machine, MOE_ERROR_TRUNCATED, "the pickle ends within a line");
        return NULL;
    }
    *length = (size_t)(end - begin);
    machine->at += *length + 1;
    return begin;
}

bool
moe__machine_push(MoeMachine *machine, MoePy *value)
{
    if (!value)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "the pickle asks for far more memory than its size warrants");
    g_ptr_array_add(machine->stack, value);
    return true;
}

MoePy *
moe__machine_top(MoeMachine *machine)
{
    guint n = machine->marks->len;
    guint floor = n > 0 ? g_array_index(machine->marks, guint, n - 1) : 0;
    if (machine->stack->len > floor)
        return machine->stack->pdata[machine->stack->len - 1];
    moe__machine_fail(machine, MOE_ERROR_FORMAT, "a value is taken from an empty stack");
    return NULL;
}

MoePy *
moe__machine_pop(MoeMachine *machine)
{
    MoePy *value = moe__machine_top(machine);
    if (value)
        g_ptr_array_set_size(machine->stack, (gint)machine->stack->len - 1);
    return value;
}

static bool
op_protocol(MoeMachine *machine, int unused)
{
    (void)unused;
    const uint8_t *version = moe__machine_take(machine, 1);
    if (version && *version > PROTOCOL_MAX)
        return moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                                 "pickle protocol %d, 0 to %d are known", *version, PROTOCOL_MAX);
    return version != NULL;
}

/* Frames only help readers that can't look ahead. */
static bool
op_frame(MoeMachine *machine, int size)
{
    return moe__machine_take(machine, (uint64_t)size) != NULL;
}

static bool
op_stop(MoeMachine *machine, int unused)
{
    (void)unused;
    if (machine->stack->len != 1 || machine->marks->len != 0)
        return moe__machine_fail(
            machine, MOE_ERROR_FORMAT,
            "%u values and %u marks are left at the end, one value is expected",
            machine->stack->len, machine->marks->len);
    machine->stopped = true;
    return true;
}

static bool
op_refuse(MoeMachine *machine, int opcode)
{
    return moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                             "opcode 0x%02x makes an instance of a class or takes a value from "
                             "outside of the file; neither is ever done here",
                             (unsigned)opcode);
}

/* Names its class, which the message then tells. */
static bool
op_instance(MoeMachine *machine, int opcode)
{
    return moe__op_global(machine, 0) && op_refuse(machine, opcode);
}

/* In the order of pickle.py. What isn't here is no opcode. */
static const struct {
    MoeOpFunc run;
    int argument;
} opcodes[256] = {
    ['('] = {moe__op_mark},
    ['.'] = {op_stop},
    ['0'] = {moe__op_pop},
    ['1'] = {moe__op_pop_mark},
    ['2'] = {moe__op_dup},
    ['F'] = {moe__op_float_line},
    ['I'] = {moe__op_int_line},
    ['J'] = {moe__op_int, 4},
    ['K'] = {moe__op_int, 1},
    ['L'] = {moe__op_int_line},
    ['M'] = {moe__op_int, 2},
    ['N'] = {moe__op_none},
    ['P'] = {op_refuse, 'P'}, /* a persistent id as a line; torch's are tuples */
    ['Q'] = {moe__op_persistent_id},
    ['R'] = {moe__op_reduce},
    ['S'] = {moe__op_string_line},
    ['T'] = {moe__op_string, 4},
    ['U'] = {moe__op_string, 1},
    ['V'] = {moe__op_unicode_line},
    ['X'] = {moe__op_string, 4},
    ['a'] = {moe__op_append, false},
    ['b'] = {moe__op_build},
    ['c'] = {moe__op_global},
    ['d'] = {moe__op_marked, MOE_PY_DICT},
    ['}'] = {moe__op_empty, MOE_PY_DICT},
    ['e'] = {moe__op_append, true},
    ['g'] = {moe__op_get, 0},
    ['h'] = {moe__op_get, 1},
    ['i'] = {op_instance, 'i'},
    ['j'] = {moe__op_get, 4},
    ['l'] = {moe__op_marked, MOE_PY_LIST},
    [']'] = {moe__op_empty, MOE_PY_LIST},
    ['o'] = {op_refuse, 'o'},
    ['p'] = {moe__op_put, 0},
    ['q'] = {moe__op_put, 1},
    ['r'] = {moe__op_put, 4},
    ['s'] = {moe__op_set_item, false},
    ['t'] = {moe__op_marked, MOE_PY_TUPLE},
    [')'] = {moe__op_empty, MOE_PY_TUPLE},
    ['u'] = {moe__op_set_item, true},
    ['G'] = {moe__op_float},
    [0x80] = {op_protocol},
    [0x81] = {moe__op_reduce}, /* NEWOBJ: the known classes are called either way */
    [0x82] = {op_refuse, 0x82},
    [0x83] = {op_refuse, 0x83},
    [0x84] = {op_refuse, 0x84},
    [0x85] = {moe__op_tuple, 1},
    [0x86] = {moe__op_tuple, 2},
    [0x87] = {moe__op_tuple, 3},
    [0x88] = {moe__op_bool, true},
    [0x89] = {moe__op_bool, false},
    [0x8a] = {moe__op_long, 1},
    [0x8b] = {moe__op_long, 4},
    ['B'] = {moe__op_bytes, 4},
    ['C'] = {moe__op_bytes, 1},
    [0x8c] = {moe__op_string, 1},
    [0x8d] = {moe__op_string, 8},
    [0x8e] = {moe__op_bytes, 8},
    [0x8f] = {moe__op_empty, MOE_PY_SET},
    [0x90] = {moe__op_add_items},
    [0x91] = {moe__op_marked, MOE_PY_SET},
    [0x92] = {op_refuse, 0x92},
    [0x93] = {moe__op_stack_global},
    [0x94] = {moe__op_memoize},
    [0x95] = {op_frame, 8},
    [0x96] = {moe__op_bytes, 8},
    [0x97] = {op_refuse, 0x97},
    [0x98] = {op_refuse, 0x98},
};

static bool
run(MoeMachine *machine)
{
    while (!machine->stopped) {
        machine->opcode = machine->at;
        const uint8_t *opcode = moe__machine_take(machine, 1);
        if (!opcode)
            return false;
        if (!opcodes[*opcode].run)
            return moe__machine_fail(machine, MOE_ERROR_FORMAT, "0x%02x is no pickle opcode",
                                     *opcode);
        if (!opcodes[*opcode].run(machine, opcodes[*opcode].argument))
            return false;
    }
    const char *problem = moe__py_check(machine->doc, machine->stack->pdata[0]);
    return !problem || moe__machine_fail(machine, MOE_ERROR_FORMAT, "%s", problem);
}

MoePy *
moe__pickle_next(MoePyDoc *doc, const uint8_t *bytes, size_t length, size_t *at, const char *name,
                 int nesting, GError **error)
{
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    g_autoptr(GPtrArray) memo = g_ptr_array_new();
    g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(guint));
    MoeMachine machine = {
        .doc = doc,
        .bytes = bytes,
        .length = length,
        .at = *at,
        .name = name,
        .nesting = nesting,
        .stack = stack,
        .marks = marks,
        .memo = memo,
        .error = error,
    };
    bool ok = run(&machine);
    *at = machine.at;
    return ok ? stack->pdata[0] : NULL;
}

MoePyDoc *
moe__pickle_read(GBytes *bytes, const char *name, GError **error)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_autoptr(MoePyDoc) doc = moe__py_doc_new(bytes, name);
    size_t at = 0;
    doc->root = moe__pickle_next(doc, data, length, &at, name, 0, error);
    if (!doc->root)
        return NULL;
    if (at != length) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: byte %zu: the pickle ends here, %zu bytes follow", name, at, length - at);
        return NULL;
    }
    return g_steal_pointer(&doc);
}

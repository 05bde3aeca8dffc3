/* SPDX-License-Identifier: MIT
 *
 * pickle-container.c: tuples, lists, dicts and sets; marks and the memo.
 */
#include "import/pickle-machine.h"

static bool
spent(MoeMachine *machine)
{
    return moe__machine_push(machine, NULL);
}

bool
moe__op_mark(MoeMachine *machine, int unused)
{
    (void)unused;
    g_array_append_val(machine->marks, machine->stack->len);
    return true;
}

/* Takes the last mark; the values from `*first` on stood above it. */
static bool
take_mark(MoeMachine *machine, guint *first)
{
    if (machine->marks->len == 0)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "there is no mark");
    *first = g_array_index(machine->marks, guint, machine->marks->len - 1);
    g_array_set_size(machine->marks, machine->marks->len - 1);
    return true;
}

/* POP takes a mark if that is what is on top. */
bool
moe__op_pop(MoeMachine *machine, int unused)
{
    guint n = machine->marks->len;
    if (n > 0 && g_array_index(machine->marks, guint, n - 1) == machine->stack->len)
        return moe__op_pop_mark(machine, unused);
    return moe__machine_pop(machine) != NULL;
}

bool
moe__op_pop_mark(MoeMachine *machine, int unused)
{
    (void)unused;
    guint first = 0;
    if (!take_mark(machine, &first))
        return false;
    g_ptr_array_set_size(machine->stack, (gint)first);
    return true;
}

bool
moe__op_dup(MoeMachine *machine, int unused)
{
    (void)unused;
    MoePy *value = moe__machine_top(machine);
    return value && moe__machine_push(machine, value);
}

bool
moe__op_empty(MoeMachine *machine, int kind)
{
    return moe__machine_push(machine, moe__py_new(machine->doc, (MoePyKind)kind));
}

/* Moves the values from `first` on from the stack into the container. */
static bool
fill(MoeMachine *machine, MoePy *container, guint first)
{
    MoePy **values = (MoePy **)machine->stack->pdata;
    guint n = machine->stack->len, step = container->kind == MOE_PY_DICT ? 2 : 1;
    if ((n - first) % step != 0)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "a key has no value");
    for (guint i = first; i < n; i += step) {
        bool ok = step == 2 ? moe__py_insert(machine->doc, container, values[i], values[i + 1])
                            : moe__py_append(machine->doc, container, values[i]);
        if (!ok)
            return spent(machine);
    }
    g_ptr_array_set_size(machine->stack, (gint)first);
    return true;
}

bool
moe__op_marked(MoeMachine *machine, int kind)
{
    guint first = 0;
    if (!take_mark(machine, &first))
        return false;
    MoePy *container = moe__py_new(machine->doc, (MoePyKind)kind);
    if (!container)
        return spent(machine);
    return fill(machine, container, first) && moe__machine_push(machine, container);
}

bool
moe__op_tuple(MoeMachine *machine, int n)
{
    MoePy *items[3], *tuple = moe__py_new(machine->doc, MOE_PY_TUPLE);
    for (int i = n - 1; i >= 0; i--) {
        items[i] = moe__machine_pop(machine);
        if (!items[i])
            return false;
    }
    for (int i = 0; i < n; i++)
        if (!tuple || !moe__py_append(machine->doc, tuple, items[i]))
            return spent(machine);
    return moe__machine_push(machine, tuple);
}

/* Adds what stands above the mark, or the last `n` values, to the container below. */
static bool
extend(MoeMachine *machine, MoePyKind kind, bool marked, guint n)
{
    guint first = machine->stack->len - MIN(n, machine->stack->len);
    if (marked && !take_mark(machine, &first))
        return false;
    guint marks = machine->marks->len;
    guint floor = marks > 0 ? g_array_index(machine->marks, guint, marks - 1) : 0;
    if (first <= floor)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "there is nothing to add a value to");
    MoePy *container = machine->stack->pdata[first - 1];
    if (container->kind != kind)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "%s is there, %s is expected",
                                 moe__py_kind_name((MoePyKind)container->kind),
                                 moe__py_kind_name(kind));
    return fill(machine, container, first);
}

bool
moe__op_append(MoeMachine *machine, int marked)
{
    return extend(machine, MOE_PY_LIST, marked, 1);
}

bool
moe__op_set_item(MoeMachine *machine, int marked)
{
    return extend(machine, MOE_PY_DICT, marked, 2);
}

bool
moe__op_add_items(MoeMachine *machine, int unused)
{
    (void)unused;
    return extend(machine, MOE_PY_SET, true, 0);
}

/* The number of a memo entry: `size` bytes, or a line of digits. Pickle counts them from 0, so
 * that none can be higher than the pickle has bytes. */
static bool
take_number(MoeMachine *machine, int size, uint64_t *out)
{
    if (size > 0) {
        if (!moe__machine_take_count(machine, size, out))
            return false;
    } else {
        size_t n;
        const uint8_t *line = moe__machine_take_line(machine, &n);
        if (!line)
            return false;
        g_autofree char *text = g_strndup((const char *)line, n);
        if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, out, NULL))
            return moe__machine_fail(machine, MOE_ERROR_FORMAT, "a memo's number is expected");
    }
    if (*out < MIN(machine->length, G_MAXINT))
        return true;
    return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                             "memo entry %" G_GUINT64_FORMAT " in a pickle of %zu bytes", *out,
                             machine->length);
}

static bool
put(MoeMachine *machine, uint64_t number)
{
    MoePy *value = moe__machine_top(machine);
    if (!value)
        return false;
    if (number >= machine->memo->len)
        g_ptr_array_set_size(machine->memo, (gint)number + 1);
    machine->memo->pdata[number] = value;
    return true;
}

bool
moe__op_put(MoeMachine *machine, int size)
{
    uint64_t number;
    return take_number(machine, size, &number) && put(machine, number);
}

bool
moe__op_memoize(MoeMachine *machine, int unused)
{
    (void)unused;
    return put(machine, machine->memo->len);
}

bool
moe__op_get(MoeMachine *machine, int size)
{
    uint64_t number;
    if (!take_number(machine, size, &number))
        return false;
    MoePy *value = number < machine->memo->len ? machine->memo->pdata[number] : NULL;
    if (!value)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "memo entry %" G_GUINT64_FORMAT " was never stored", number);
    return moe__machine_push(machine, value);
}

/* SPDX-License-Identifier: MIT
 *
 * pickle-numpy.c: what numpy's arrays, scalars and dtypes are pickled as (numpy/_core/src/
 * multiarray/methods.c: array_reduce, array_setstate; descriptor.c: arraydescr_reduce).
 *
 * An array of objects, which is how ragged data are kept, or of texts becomes a list of them. Of
 * other types than numbers nobody may ask, so that they are known to be there, and no more.
 */
#include "import/pickle-machine.h"

#include "base/quote.h"

enum { TEXT_MOST = 1 << 20 }; /* characters of a text */

static bool
spent(MoeMachine *machine)
{
    return moe__machine_push(machine, NULL);
}

/* _reconstruct(ndarray, (0,), b'b'): an array that BUILD fills. */
bool
moe__call_reconstruct(MoeMachine *machine, const MoePy *arguments)
{
    if (!moe__argument(arguments, 0, MOE_PY_GLOBAL))
        return moe__call_mismatch(machine, "_reconstruct(ndarray, (0,), b'b')");
    return moe__machine_push(machine, moe__py_new_array(machine->doc));
}

/* "U4" has four characters, "S4" as many bytes; what isn't sane isn't read. */
static void
set_other_type(MoePy *dtype, const MoePy *code)
{
    g_autofree char *text = g_strndup((const char *)code->bytes, (gsize)MIN(code->count, 64));
    bool wide = *text == 'U';
    gint64 n = wide || *text == 'S' ? g_ascii_strtoll(text + 1, NULL, 10) : 0;
    if (n < 1 || n > TEXT_MOST) {
        dtype->type = (MoeStoredType)MOE_DTYPE_UNREAD;
        return;
    }
    dtype->type = (MoeStoredType)(wide ? MOE_DTYPE_WIDE : MOE_DTYPE_CHARS);
    dtype->count = wide ? 4 * n : n;
}

/* dtype("f4", align, copy): kind and bytes; the order of bytes comes with BUILD. */
bool
moe__call_dtype(MoeMachine *machine, const MoePy *arguments)
{
    static const struct {
        const char *code;
        MoeStoredType type;
    } codes[] = {
        {"b1", MOE_STORED_BOOL},
        {"i1", MOE_STORED_I8},
        {"u1", MOE_STORED_U8},
        {"i2", MOE_STORED_I16},
        {"u2", MOE_STORED_U16},
        {"i4", MOE_STORED_I32},
        {"u4", MOE_STORED_U32},
        {"i8", MOE_STORED_I64},
        {"u8", MOE_STORED_U64},
        {"f2", MOE_STORED_F16},
        {"f4", MOE_STORED_F32},
        {"f8", MOE_STORED_F64},
        {"O8", (MoeStoredType)MOE_DTYPE_OBJECTS},
    };
    const MoePy *code = moe__argument_bytes(arguments, 0);
    if (!code)
        return moe__call_mismatch(machine, "dtype(str, bool, bool)");
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (code->count != 2 || memcmp(code->bytes, codes[i].code, 2) != 0)
            continue;
        MoePy *dtype = moe__py_new(machine->doc, MOE_PY_DTYPE);
        if (dtype)
            dtype->type = codes[i].type;
        return moe__machine_push(machine, dtype);
    }
    MoePy *dtype = moe__py_new(machine->doc, MOE_PY_DTYPE);
    if (dtype)
        set_other_type(dtype, code);
    return moe__machine_push(machine, dtype);
}

/* The state: (version, byte order, subarray, names, fields, …). */
bool
moe__build_dtype(MoeMachine *machine, MoePy *dtype, const MoePy *state)
{
    if (dtype->type == (MoeStoredType)MOE_DTYPE_UNREAD)
        return true;
    const MoePy *order = state->kind == MOE_PY_TUPLE ? moe__argument_bytes(state, 1) : NULL;
    if (!order || order->count != 1 || !memchr("<|=", order->bytes[0], 3))
        return moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                                 "a numpy dtype that isn't little-endian");
    for (int i = 2; i < MIN(state->count, 5); i++)
        if (state->items[i]->kind != MOE_PY_NONE)
            return moe__machine_fail(machine, MOE_ERROR_UNSUPPORTED,
                                     "a numpy dtype with fields or subarrays");
    return true;
}

/* Gives an array its bytes, which have to be exactly those of its shape. */
static bool
set_values(MoeMachine *machine, MoePyArray *array, const MoePy *bytes, bool fortran)
{
    MoePyStorage *storage = moe__py_allocate(machine->doc, sizeof *storage);
    int64_t count;
    if (!storage)
        return spent(machine);
    moe__layout_pack(&array->layout, fortran);
    if (!moe__layout_count(&array->layout, &count) ||
        count * (int64_t)moe_stored_type_size(array->layout.type) != bytes->count)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "an array has %" G_GINT64_FORMAT
                                 " bytes, which is not what its shape and type take",
                                 bytes->count);
    storage->type = array->layout.type;
    storage->data = bytes->bytes;
    storage->size = (uint64_t)bytes->count;
    array->storage = storage;
    return true;
}

/* A dtype of numbers, or NULL. */
static const MoePy *
number_type(const MoePy *arguments, int i)
{
    const MoePy *dtype = moe__argument(arguments, i, MOE_PY_DTYPE);
    return dtype && dtype->type < MOE_N_STORED ? dtype : NULL;
}

/* The state of an array of objects has a list of them, in C order. */
static bool
build_objects(MoeMachine *machine, MoePy *array, const MoePy *list)
{
    MoeLayout *layout = &array->array->layout;
    int64_t count;
    layout->type = MOE_STORED_U64; /* one pointer each, for the count */
    if (!moe__layout_count(layout, &count) || count != list->count)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "an array of objects has %" G_GINT64_FORMAT
                                 " of them, which is not what its shape takes",
                                 list->count);
    array->kind = MOE_PY_LIST;
    array->items = NULL;
    array->count = 0;
    for (int64_t i = 0; i < list->count; i++)
        if (!moe__py_append(machine->doc, array, list->items[i]))
            return spent(machine);
    return true;
}

static bool
is_text(const MoePy *dtype)
{
    return dtype->type == (MoeStoredType)MOE_DTYPE_WIDE ||
           dtype->type == (MoeStoredType)MOE_DTYPE_CHARS;
}

/* Texts in C order; in another, or of another type, it is an array that isn't read. */
static bool
build_others(MoeMachine *machine, MoePy *array, const MoePy *dtype, const MoePy *bytes,
             bool fortran)
{
    MoeLayout *layout = &array->array->layout;
    int64_t count;
    layout->type = MOE_STORED_U8;
    bool sane = moe__layout_count(layout, &count);
    array->kind = MOE_PY_UNREAD;
    if (!is_text(dtype) || !bytes || (fortran && layout->ndim > 1))
        return true;
    if (!sane || count != bytes->count / dtype->count || bytes->count % dtype->count)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "an array of texts has %" G_GINT64_FORMAT
                                 " bytes, which is not what its shape and type take",
                                 bytes->count);
    array->kind = MOE_PY_LIST;
    array->items = NULL;
    array->count = 0;
    return moe__py_add_texts(machine->doc, array, bytes->bytes, count, dtype->count,
                             dtype->type == (MoeStoredType)MOE_DTYPE_WIDE) ||
           spent(machine);
}

/* The state: (version, shape, dtype, Fortran order, bytes). */
bool
moe__build_array(MoeMachine *machine, MoePy *array, const MoePy *state)
{
    static const char expected[] = "(1, shape, dtype, bool, bytes), an array's state";
    MoeLayout *layout = &array->array->layout;
    int64_t fortran;
    if (state->kind != MOE_PY_TUPLE || array->array->storage)
        return moe__call_mismatch(machine, expected);
    const MoePy *dtype = moe__argument(state, 2, MOE_PY_DTYPE);
    const MoePy *bytes = moe__argument_bytes(state, 4);
    const MoePy *objects = moe__argument(state, 4, MOE_PY_LIST);
    bool numbers = dtype && dtype->type < MOE_N_STORED;
    bool others = dtype && dtype->type > MOE_N_STORED;
    if (!dtype || !(numbers ? bytes != NULL : others || objects) ||
        !moe__argument_integer(state, 3, &fortran) ||
        !moe__argument_lengths(state, 1, layout->shape, &layout->ndim))
        return moe__call_mismatch(machine, expected);
    if (others)
        return build_others(machine, array, dtype, bytes, fortran != 0);
    if (!numbers)
        return build_objects(machine, array, objects);
    layout->type = dtype->type;
    return set_values(machine, array->array, bytes, fortran != 0);
}

/* _frombuffer(bytes, dtype, shape, "C" or "F"): protocol 5. */
bool
moe__call_frombuffer(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *bytes = moe__argument_bytes(arguments, 0);
    const MoePy *dtype = moe__argument(arguments, 1, MOE_PY_DTYPE);
    const MoePy *order = moe__argument(arguments, 3, MOE_PY_STRING);
    MoePy *array = moe__py_new_array(machine->doc);
    if (!array)
        return spent(machine);
    MoeLayout *layout = &array->array->layout;
    if (!bytes || !dtype || !order ||
        !moe__argument_lengths(arguments, 2, layout->shape, &layout->ndim))
        return moe__call_mismatch(machine, "_frombuffer(bytes, dtype, shape, order)");
    bool fortran = moe__py_is(order, "F");
    layout->type = dtype->type;
    return (dtype->type < MOE_N_STORED ? set_values(machine, array->array, bytes, fortran)
                                       : build_others(machine, array, dtype, bytes, fortran)) &&
           moe__machine_push(machine, array);
}

/* scalar(dtype, bytes) becomes a plain number, or a text. */
bool
moe__call_scalar(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *any = moe__argument(arguments, 0, MOE_PY_DTYPE);
    const MoePy *dtype = number_type(arguments, 0);
    const MoePy *bytes = moe__argument_bytes(arguments, 1);
    uint64_t aligned = 0;
    if (any && is_text(any) && bytes && bytes->count == any->count)
        return moe__machine_push(machine, moe__py_text(machine->doc, bytes->bytes, any->count,
                                                       any->type == (MoeStoredType)MOE_DTYPE_WIDE));
    if (any && any->type > MOE_N_STORED)
        return moe__machine_push(machine, moe__py_new(machine->doc, MOE_PY_UNREAD));
    if (!dtype || !bytes || bytes->count != (int64_t)moe_stored_type_size(dtype->type))
        return moe__call_mismatch(machine, "scalar(dtype, bytes)");
    memcpy(&aligned, bytes->bytes, (size_t)bytes->count);
    const MoeValues values = {.type = dtype->type, .count = 1, .data = &aligned};
    int64_t integer;
    bool exact = moe__values_integer(&values, 0, &integer);
    MoePy *value = moe__py_new(machine->doc, !exact                           ? MOE_PY_FLOAT
                                             : dtype->type == MOE_STORED_BOOL ? MOE_PY_BOOL
                                                                              : MOE_PY_INT);
    if (value && value->kind == MOE_PY_BOOL)
        value->truth = integer != 0;
    else if (value && exact)
        value->integer = integer;
    else if (value)
        value->number = moe__values_number(&values, 0);
    return moe__machine_push(machine, value);
}

/* _codecs.encode(str, "latin1"): how protocols below 3 write bytes. Each character is a byte. */
bool
moe__call_encode(MoeMachine *machine, const MoePy *arguments)
{
    const MoePy *text = moe__argument(arguments, 0, MOE_PY_STRING);
    const MoePy *codec = moe__argument(arguments, 1, MOE_PY_STRING);
    if (!text || !(moe__py_is(codec, "latin1") || moe__py_is(codec, "latin-1")))
        return moe__call_mismatch(machine, "encode(str, \"latin1\")");
    uint8_t *bytes = moe__py_allocate(machine->doc, (uint64_t)text->count);
    if (!bytes)
        return spent(machine);
    uint64_t n = 0;
    for (int64_t i = 0; i < text->count; i++) {
        uint8_t byte = text->bytes[i];
        if (byte >= 0x80) {
            uint8_t next = i + 1 < text->count ? text->bytes[i + 1] : 0;
            if ((byte & 0xfe) != 0xc2 || (next & 0xc0) != 0x80)
                return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                         "a character beyond Latin-1 stands for a byte");
            byte = (uint8_t)((byte & 3) << 6 | (next & 0x3f));
            i++;
        }
        bytes[n++] = byte;
    }
    return moe__machine_push(machine, moe__py_new_bytes(machine->doc, MOE_PY_BYTES, bytes, n));
}

/* SPDX-License-Identifier: MIT
 *
 * pickle-machine.h: the stack machine that a pickle is written for.
 */
#ifndef MOESCOPE_IMPORT_PICKLE_MACHINE_H
#define MOESCOPE_IMPORT_PICKLE_MACHINE_H

#include "import/python-doc.h"

typedef struct MoeMachine {
    MoePyDoc *doc;
    const uint8_t *bytes;
    size_t length, at;
    size_t opcode;    /* where the one that is being executed stands */
    const char *name; /* of the file */
    int nesting;      /* streams around this one */
    bool stopped;
    GPtrArray *stack; /* MoePy */
    GArray *marks;    /* guint: stack heights */
    GPtrArray *memo;  /* MoePy or NULL */
    GError **error;
} MoeMachine;

/* Sets "NAME: byte N: …" and returns false. */
bool moe__machine_fail(MoeMachine *machine, MoeError code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The next `n` bytes, or NULL with an error. */
const uint8_t *moe__machine_take(MoeMachine *machine, uint64_t n);
/* The next `n` (1 … 8) bytes as an unsigned number, little-endian. */
bool moe__machine_take_count(MoeMachine *machine, int n, uint64_t *out);
/* The bytes up to the next newline, which is taken too. */
const uint8_t *moe__machine_take_line(MoeMachine *machine, size_t *length);
/* Pushes a new value; NULL means that the budget of memory is spent, which is an error. */
bool moe__machine_push(MoeMachine *machine, MoePy *value);
/* The top of the stack, above the last mark; NULL with an error if there is nothing. */
MoePy *moe__machine_pop(MoeMachine *machine);
MoePy *moe__machine_top(MoeMachine *machine);

/* Executes what an opcode with this argument does. */
typedef bool (*MoeOpFunc)(MoeMachine *machine, int argument);

/* pickle-scalar.c: numbers and texts. The argument is the size of the number or of the count. */
bool moe__op_none(MoeMachine *machine, int unused);
bool moe__op_bool(MoeMachine *machine, int truth);
bool moe__op_int(MoeMachine *machine, int size);
bool moe__op_long(MoeMachine *machine, int size);
bool moe__op_float(MoeMachine *machine, int unused);
bool moe__op_string(MoeMachine *machine, int size);
bool moe__op_bytes(MoeMachine *machine, int size);
bool moe__op_int_line(MoeMachine *machine, int unused);
bool moe__op_float_line(MoeMachine *machine, int unused);
bool moe__op_string_line(MoeMachine *machine, int unused);
bool moe__op_unicode_line(MoeMachine *machine, int unused);

/* pickle-container.c: tuples, lists, dicts, sets; marks and the memo. */
bool moe__op_mark(MoeMachine *machine, int unused);
bool moe__op_pop(MoeMachine *machine, int unused);
bool moe__op_pop_mark(MoeMachine *machine, int unused);
bool moe__op_dup(MoeMachine *machine, int unused);
bool moe__op_empty(MoeMachine *machine, int kind);
bool moe__op_marked(MoeMachine *machine, int kind);
bool moe__op_tuple(MoeMachine *machine, int n);
bool moe__op_append(MoeMachine *machine, int marked);
bool moe__op_set_item(MoeMachine *machine, int marked);
bool moe__op_add_items(MoeMachine *machine, int unused);
bool moe__op_put(MoeMachine *machine, int size);
bool moe__op_get(MoeMachine *machine, int size);
bool moe__op_memoize(MoeMachine *machine, int unused);

/* pickle-global.c: what is known by name. */
bool moe__op_global(MoeMachine *machine, int unused);
bool moe__op_stack_global(MoeMachine *machine, int unused);
bool moe__op_reduce(MoeMachine *machine, int unused);
bool moe__op_build(MoeMachine *machine, int unused);
bool moe__op_persistent_id(MoeMachine *machine, int unused);

/* What a known name does when it is called with a tuple of arguments: pushes the result. */
typedef bool (*MoeCallFunc)(MoeMachine *machine, const MoePy *arguments);
/* The type that a global of torch stands for (torch.FloatStorage, torch.float32), if it does. */
bool moe__global_type(const MoePy *global, MoeStoredType *out);
/* Whether it stands for one that isn't read (torch.ComplexFloatStorage). */
bool moe__global_is_unread(const MoePy *global);

/* Argument `i` if it is there and of this kind, else NULL. */
MoePy *moe__argument(const MoePy *arguments, int i, MoePyKind kind);
/* A bytes argument; a Python 2 str counts. */
MoePy *moe__argument_bytes(const MoePy *arguments, int i);
bool moe__argument_integer(const MoePy *arguments, int i, int64_t *out);
/* A tuple of at most MOE_VALUES_AXES integers. */
bool moe__argument_lengths(const MoePy *arguments, int i, int64_t *out, int *n);
/* "NAME is called with …, expected EXPECTED" */
bool moe__call_mismatch(MoeMachine *machine, const char *expected);

/* pickle-numpy.c: types of numpy beside numbers. Of texts the dtype's count is the bytes of each.
 */
enum { MOE_DTYPE_OBJECTS = MOE_N_STORED, MOE_DTYPE_WIDE, MOE_DTYPE_CHARS, MOE_DTYPE_UNREAD };
bool moe__call_reconstruct(MoeMachine *machine, const MoePy *arguments);
bool moe__call_scalar(MoeMachine *machine, const MoePy *arguments);
bool moe__call_dtype(MoeMachine *machine, const MoePy *arguments);
bool moe__call_frombuffer(MoeMachine *machine, const MoePy *arguments);
bool moe__call_encode(MoeMachine *machine, const MoePy *arguments);
bool moe__build_array(MoeMachine *machine, MoePy *array, const MoePy *state);
bool moe__build_dtype(MoeMachine *machine, MoePy *dtype, const MoePy *state);

/* pickle-torch.c */
bool moe__call_rebuild_tensor(MoeMachine *machine, const MoePy *arguments);
bool moe__call_rebuild_typed(MoeMachine *machine, const MoePy *arguments);
bool moe__call_rebuild_parameter(MoeMachine *machine, const MoePy *arguments);
bool moe__call_load_from_bytes(MoeMachine *machine, const MoePy *arguments);
bool moe__push_storage(MoeMachine *machine, const MoePy *id);

#endif

/* SPDX-License-Identifier: MIT
 *
 * tensor.h: arenas, tensors and the tape.
 *
 * Define by run: calling an operation (ops.h) computes its result at once; if the tape is
 * recording and some input needs a gradient, the operation also leaves a node on the tape.
 * moe_tape_backward() walks the nodes in reverse. Everything an operation makes lives in the
 * tape's arena and is gone after moe_tape_reset(); parameters live in arenas of their own.
 */
#ifndef MOESCOPE_TENSOR_H
#define MOESCOPE_TENSOR_H

#include <moescope/base.h>

G_BEGIN_DECLS

/* --- Arena ------------------------------------------------------------------------------------
 * Memory that is given out in pieces and taken back all at once. Pieces are aligned to 64 bytes
 * and not initialised. Memory is kept between resets. Running out of memory aborts, as in GLib. */
typedef struct MoeArena MoeArena;
typedef struct MoeArenaMark {
    size_t chunk, used;
} MoeArenaMark;

MOE_API MoeArena *moe_arena_new(void);
MOE_API void moe_arena_free(MoeArena *arena);
MOE_API void *moe_arena_alloc(MoeArena *arena, size_t bytes);
MOE_API void *moe_arena_alloc0(MoeArena *arena, size_t bytes);
/* Takes back everything, or everything that came after `mark`. */
MOE_API void moe_arena_reset(MoeArena *arena);
MOE_API MoeArenaMark moe_arena_mark(const MoeArena *arena);
MOE_API void moe_arena_release(MoeArena *arena, MoeArenaMark mark);
/* Bytes held from the system. */
MOE_API size_t moe_arena_size(const MoeArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeArena, moe_arena_free)

/* --- Tensor -----------------------------------------------------------------------------------
 * Dense float32, row-major, contiguous, up to four axes. A scalar has ndim 0. A view (reshape,
 * detach) shares `data` with the tensor it was made from; `base` is where its gradient lives. */
#define MOE_MAX_DIMS 4

typedef struct MoeTensor MoeTensor;
struct MoeTensor {
    int ndim;
    int64_t shape[MOE_MAX_DIMS];
    float *data;
    float *grad;     /* same shape; NULL until the first gradient arrives */
    bool has_grad;   /* grad holds values (else it is memory to be overwritten) */
    bool needs_grad; /* a trainable parameter lies behind it */
    bool keeps_grad; /* moe_tensor_keep_grad() */
    MoeTensor *base; /* NULL unless this is a view */
};

/* A tensor in `arena`, contents undefined / zero. */
MOE_API MoeTensor *moe_tensor_new(MoeArena *arena, int ndim, const int64_t *shape);
MOE_API MoeTensor *moe_tensor_zeros(MoeArena *arena, int ndim, const int64_t *shape);
/* Makes x a leaf whose gradient is wanted, with memory for it in `arena`, the one x lives in (once:
 * later calls keep that memory). Parameters need it: a leaf without memory of its own borrows the
 * tape's, which is gone after moe_tape_reset(). Freezing is needs_grad = false. */
MOE_API void moe_tensor_require_grad(MoeArena *arena, MoeTensor *x);
/* Shorthands: moe_tensor_1d(arena, n), moe_tensor_2d(arena, rows, columns), … */
MOE_API MoeTensor *moe_tensor_1d(MoeArena *arena, int64_t n0);
MOE_API MoeTensor *moe_tensor_2d(MoeArena *arena, int64_t n0, int64_t n1);
MOE_API MoeTensor *moe_tensor_3d(MoeArena *arena, int64_t n0, int64_t n1, int64_t n2);
/* Number of elements; the last axis (1 for a scalar); elements / last axis. */
MOE_API int64_t moe_tensor_count(const MoeTensor *x);
MOE_API int64_t moe_tensor_last(const MoeTensor *x);
MOE_API int64_t moe_tensor_rows(const MoeTensor *x);
MOE_API bool moe_tensor_same_shape(const MoeTensor *a, const MoeTensor *b);
/* "[2, 3]". (transfer full) */
MOE_API char *moe_tensor_shape_string(const MoeTensor *x);

/* --- Tape -------------------------------------------------------------------------------------*/
typedef struct MoeTape MoeTape;

/* A tape with an arena of its own. A tape that doesn't record computes only: inference. */
MOE_API MoeTape *moe_tape_new(bool record);
MOE_API void moe_tape_free(MoeTape *tape);
MOE_API MoeArena *moe_tape_arena(MoeTape *tape);
MOE_API bool moe_tape_recording(const MoeTape *tape);
/* Forgets all nodes and takes back all memory. */
MOE_API void moe_tape_reset(MoeTape *tape);
/* Runs every node's backward, last to first, starting from d(root)/d(root) = `seed` (root must be
 * a scalar). Gradients of parameters accumulate over calls until moe_tensor_drop_grad(). The nodes
 * are used up: another backward needs another forward. */
MOE_API void moe_tape_backward(MoeTape *tape, MoeTensor *root, float seed);
/* The same from a given cotangent, of the root's shape. */
MOE_API void moe_tape_backward_from(MoeTape *tape, MoeTensor *root, const float *cotangent);
/* Keeps the gradient of an intermediate result: without, its memory is handed on as soon as what it
 * was computed from has it. After backward it stands at moe_tensor_owner(x), until the tape is
 * reset. */
MOE_API void moe_tensor_keep_grad(MoeTensor *x);
/* The tensor that x is a view of, or x itself: where its gradient is. */
MOE_API MoeTensor *moe_tensor_owner(MoeTensor *x);
/* Marks the gradient as absent; its memory stays for the next step. */
MOE_API void moe_tensor_drop_grad(MoeTensor *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTape, moe_tape_free)

/* --- For those who write operations -----------------------------------------------------------
 * An operation is one constant MoeOp and one public function that fills a node and calls
 * moe_tape_run(). Forward reads in[]->data and `args` and fills out->data. Backward reads
 * out->grad and adds to the gradient of every input that needs one. Reference is the definition,
 * naive and in double, with the same arguments: the tests hold the other two against it. */
#define MOE_MAX_INPUTS 6

typedef struct MoeNode MoeNode;
typedef struct MoeOp {
    const char *name;
    void (*forward)(MoeNode *node);
    void (*backward)(MoeNode *node);
    void (*reference)(const MoeNode *node, const double *const in[], double *out);
} MoeOp;

struct MoeNode {
    const MoeOp *op;
    MoeTape *tape;
    int n_in;
    MoeTensor *in[MOE_MAX_INPUTS]; /* an optional input may be NULL */
    MoeTensor *out;
    void *args;  /* the operation's own, constant over the step, in the arena */
    void *saved; /* what forward leaves for backward, in the arena */
};

/* Makes a node with an output of the given shape, runs its forward, and records it if the tape
 * records and an input needs a gradient. `args` is copied into the arena (may be NULL, 0). */
MOE_API MoeTensor *moe_tape_run(MoeTape *tape, const MoeOp *op, int n_in, MoeTensor *const *in,
                                int ndim, const int64_t *shape, const void *args, size_t args_size);
/* Whether backward has to fill the gradient of input i. */
MOE_API bool moe_node_wants(const MoeNode *node, int i);
/* The gradient of input i, to add to: zeroed on first use. */
MOE_API float *moe_node_grad(MoeNode *node, int i);
/* The gradient of input i for kernels that can overwrite: *accumulate tells whether it already
 * holds values (add to them) or not (overwrite every element). */
MOE_API float *moe_node_grad_beta(MoeNode *node, int i, bool *accumulate);
/* Scratch that lives until the tape is reset. */
MOE_API void *moe_node_alloc(MoeNode *node, size_t bytes);

/* Every built-in operation, ended by NULL. The tests walk it. */
MOE_API const MoeOp *const *moe_op_table(void);

G_END_DECLS

#endif

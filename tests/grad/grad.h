/* SPDX-License-Identifier: MIT
 *
 * grad.h: how an operation is held against its own reference.
 *
 * A case is a function that asks for random inputs, calls the public function and returns its
 * result. The walk (grad.c) calls it several times over; asking again gives the same tensors and
 * the same indices. To add cases: write cases-<what>.c with a table, declare it here, list it in
 * op-table.c and meson.build.
 */
#ifndef MOE_TESTS_GRAD_H
#define MOE_TESTS_GRAD_H

#include <moescope/ops.h>
#include <moescope/tensor.h>

typedef struct GradRun GradRun;
typedef struct GradCase {
    const char *op;   /* the name in the table of operations */
    const char *what; /* what sets this function apart from others of the op; may be NULL */
    MoeTensor *(*build)(GradRun *run, const int64_t n[4]);
    int64_t n[4];           /* sizes, as the function likes to read them */
    double tolerance;       /* of the values, relative to the largest; 0: 2e-6 */
    double slope_tolerance; /* of the gradients, relative to the largest; 0: 2e-5 */
} GradCase;

/* Tables, each ended by a case without a name. */
extern const GradCase grad_cases_products[];
extern const GradCase grad_cases_rows[];
extern const GradCase grad_cases_elementwise[];
extern const GradCase grad_cases_last_axis[];
extern const GradCase grad_cases_transformer[];

/* The shape of an input, for the functions below: GRAD_SHAPE(3, 4) is two arguments. */
#define GRAD_SHAPE(...)                                                          \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) \
    {                                                                            \
        __VA_ARGS__                                                              \
    }
#define GRAD_SCALAR 0, NULL

MoeTape *grad_tape(GradRun *run);
/* The next input: standard normal, or uniform in low … high. Its gradient is wanted. */
MoeTensor *grad_normal(GradRun *run, int ndim, const int64_t *shape);
MoeTensor *grad_uniform(GradRun *run, float low, float high, int ndim, const int64_t *shape);
/* n random numbers in from … below-1. */
const int32_t *grad_index(GradRun *run, int64_t n, int32_t from, int32_t below);

/* Checks of one case; aborts the test with a sentence that names the place. */
void grad_check_case(const GradCase *c);

#endif

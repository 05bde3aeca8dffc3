/* SPDX-License-Identifier: MIT
 *
 * What people saved as router logits may be something else: probabilities, sigmoids, or the gates
 * of the picks, scattered over a row of zeros. The first rows tell.
 */
#ifndef MOE_IMPORT_LOGIT_SCALE_H
#define MOE_IMPORT_LOGIT_SCALE_H

#include "import/logit-pass.h"

typedef enum {
    MOE_LOGIT_SCALE_LOGITS,
    MOE_LOGIT_SCALE_SOFTMAX,   /* probabilities: every row sums to one */
    MOE_LOGIT_SCALE_SIGMOIDS,  /* every value lies within 0 … 1 */
    MOE_LOGIT_SCALE_SCATTERED, /* gates of picks: each row has equally many values above zero */
} MoeLogitScale;

typedef struct MoeLogitSample {
    int64_t rows; /* 0: every row is padding, which tells nothing */
    MoeLogitScale scale;
    int picks; /* of SCATTERED: values above zero in a row */
} MoeLogitSample;

/* What the first rows of a pass that aren't padding are; `sigmoid`: the caller says that the router
 * scores so. Fails with MOE_ERROR_DATA where some are probabilities and others can't be, and as the
 * reader of the arrays does. */
bool moe__logit_sample(const MoeArrays *arrays, const MoeLogitPass *pass, bool sigmoid,
                       MoeLogitSample *out, GError **error);
/* A value of the file as a logit; not for SCATTERED. */
double moe__logit_of(MoeLogitScale scale, double value);
/* The picks and gates [k] of a scattered row of E values, of which zeros are none; false if there
 * are more than k, or others than numbers above zero. */
bool moe__logit_gathered(const MoeValues *values, int64_t at, int E, int k, int32_t *expert,
                         double *gate);

#endif

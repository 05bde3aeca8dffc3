/* SPDX-License-Identifier: MIT
 *
 * Learning rate by step.
 */
#include <moescope/nn.h>

#include <math.h>

enum { CONSTANT, COSINE, LINEAR }; /* the order of optim.schedule's choices */

double
moe_schedule_lr(const MoeSchedule *schedule, int64_t step)
{
    double lr = schedule->lr, floor = schedule->lr * schedule->floor;
    if (step < schedule->warmup)
        return lr * (double)(step + 1) / (double)schedule->warmup;
    /* 0 at the first step after warm-up, 1 at the last step: that one runs at the floor. */
    double rest = (double)(schedule->steps - 1 - schedule->warmup);
    double done = rest > 0 ? MIN((double)(step - schedule->warmup) / rest, 1.0) : 0;
    switch (schedule->kind) {
    case COSINE:
        return floor + (lr - floor) * 0.5 * (1 + cos(G_PI * done));
    case LINEAR:
        return lr + (floor - lr) * done;
    case CONSTANT:
        break;
    }
    return lr;
}

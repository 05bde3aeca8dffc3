/* SPDX-License-Identifier: MIT
 *
 * .npy arrays, as columns of a trace and as anyone's.
 */
#include "fuzz.h"

#include "import/numpy.h"
#include "trace/npy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL, reason = NULL;
    g_auto(MoeValues) values = {0};
    MoeArray array;
    g_assert_true(moe__npy_values(data, size, &values, &error) == !error);
    for (int64_t i = 0; !error && i < MIN(values.count, 64); i++)
        moe__values_number(&values, i);
    g_assert_true(moe__npy_parse(data, size, &array, &reason) == !reason);
    g_assert_true(reason || !error); /* a trace's reader takes nothing that the other refuses */
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Where the rooms' built-ins are registered, through the calls that plugins use too. The order is
 * that of the groups in a recipe as it is written out.
 */
#include "check/check.h"
#include "export/exporters.h"
#include "figure/figures.h"
#include "import/importers.h"
#include "model/register.h"
#include "moe/builtin.h"
#include "nn/fields.h"
#include "report/sections.h"
#include "stats/metrics.h"
#include "text/fields.h"

void
moe_init(void)
{
    static gsize done = 0;
    if (!g_once_init_enter(&done))
        return;
    moe__text_register();
    moe__model_register();
    moe__moe_register();
    moe__nn_register();
    moe__metrics_register();
    moe__check_register();
    moe__figure_register();
    moe__import_register();
    moe__export_register();
    moe__report_register();
    g_once_init_leave(&done, 1);
}

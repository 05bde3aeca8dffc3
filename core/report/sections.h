/* SPDX-License-Identifier: MIT
 *
 * sections.h: the sections of this room enter the table, as those of plugins do.
 */
#ifndef REPORT_SECTIONS_H
#define REPORT_SECTIONS_H

void moe__report_register(void);

#endif

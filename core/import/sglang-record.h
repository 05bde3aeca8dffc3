/* SPDX-License-Identifier: MIT
 *
 * A record of SGLang's expert distribution recorder: the picks of one forward pass, and the pieces
 * of texts that it was of.
 */
#ifndef MOE_IMPORT_SGLANG_RECORD_H
#define MOE_IMPORT_SGLANG_RECORD_H

#include "import/python.h"
#include "import/sequences.h"

typedef struct MoeSglang {
    const MoePyDoc *doc; /* of the file */
    const char *path;
    int64_t number;              /* of the record; -1: what is wrong is wrong with the file */
    MoeValues ids;               /* topk_ids_of_layer [layers, tokens, slots], -1: no pick */
    MoeValues positions, tokens; /* [tokens]; data NULL: not recorded */
    GArray *pieces;              /* MoePiece */
} MoeSglang;

void moe__sglang_init(MoeSglang *record);
/* Empties it. */
void moe__sglang_reset(MoeSglang *record);
void moe__sglang_clear(MoeSglang *record);
/* Reads `node`; the shapes fit each other. Fails with MOE_ERROR_FORMAT, and as reading values does.
 */
bool moe__sglang_read(MoeSglang *record, const MoePy *node, GError **error);
/* Fills the pieces, whose documents aren't known yet. Those that begin with padding are left out.
 */
bool moe__sglang_cut(MoeSglang *record, const MoePy *node, GError **error);
/* Sets MOE_ERROR_FORMAT, "PATH: record N: MESSAGE". Returns false. */
bool moe__sglang_fail(const MoeSglang *record, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif

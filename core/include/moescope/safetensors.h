/* SPDX-License-Identifier: MIT
 *
 * safetensors.h: named arrays in a file, as PyTorch users exchange them
 * (https://github.com/huggingface/safetensors): u64 length of the header, the header as JSON, the
 * values, little-endian. The reader maps the file and gives pointers into it.
 */
#ifndef MOESCOPE_SAFETENSORS_H
#define MOESCOPE_SAFETENSORS_H

#include <moescope/base.h>

G_BEGIN_DECLS

/* In the order in which the official writer sorts. */
typedef enum {
    MOE_STORED_BOOL,
    MOE_STORED_U8,
    MOE_STORED_I8,
    MOE_STORED_F8_E5M2,
    MOE_STORED_F8_E4M3,
    MOE_STORED_I16,
    MOE_STORED_U16,
    MOE_STORED_F16,
    MOE_STORED_BF16,
    MOE_STORED_I32,
    MOE_STORED_U32,
    MOE_STORED_F32,
    MOE_STORED_F64,
    MOE_STORED_I64,
    MOE_STORED_U64,
    MOE_N_STORED,
} MoeStoredType;
/* Bytes of one value; "BF16". */
MOE_API size_t moe_stored_type_size(MoeStoredType type);
MOE_API const char *moe_stored_type_name(MoeStoredType type);

/* One array. `data` points to count · size bytes, row-major, which need not be aligned: read them
 * with memcpy() or moe_stored_read_floats(). */
typedef struct MoeStored {
    const char *name;
    MoeStoredType type;
    int ndim;
    const int64_t *shape; /* [ndim] */
    int64_t count;        /* product of shape; 1 for a scalar */
    const void *data;
} MoeStored;

/* "[2, 3]". (transfer full) */
MOE_API char *moe_stored_shape_string(const MoeStored *stored);
/* Converts all values to float. F64, F32, F16, BF16; others fail with MOE_ERROR_UNSUPPORTED.
 * `out` has room for `count`. */
MOE_API bool moe_stored_read_floats(const MoeStored *stored, float *out, GError **error);

/* --- Reading ----------------------------------------------------------------------------------*/

typedef struct MoeSafetensors MoeSafetensors;

/* Maps and checks a file: the header is JSON of the right form, names differ, every array's bytes
 * are its shape times its type's, and the arrays cover the values without gap or overlap. Errors:
 * MOE_ERROR_FORMAT, _TRUNCATED, _UNSUPPORTED (a type), G_FILE_ERROR; they name the file, the array
 * and what was expected. The file must not be cut short while it is open. */
MOE_API MoeSafetensors *moe_safetensors_open(const char *path, GError **error);
MOE_API void moe_safetensors_free(MoeSafetensors *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeSafetensors, moe_safetensors_free)
MOE_API const char *moe_safetensors_path(const MoeSafetensors *file);
/* The arrays in the order of their values in the file; valid until moe_safetensors_free(). */
MOE_API int moe_safetensors_count(const MoeSafetensors *file);
MOE_API const MoeStored *moe_safetensors_get(const MoeSafetensors *file, int i);
/* By name, or NULL. */
MOE_API const MoeStored *moe_safetensors_find(const MoeSafetensors *file, const char *name);
/* The value of `key` in __metadata__, or NULL. (transfer none) */
MOE_API const char *moe_safetensors_metadata(const MoeSafetensors *file, const char *key);

/* --- Writing ----------------------------------------------------------------------------------
 * Collect, then write. The same content gives the same bytes, whatever the order of the calls: as
 * the official writer does, arrays stand by falling alignment of their type, then by name, and
 * spaces pad the header to eight bytes. */
typedef struct MoeSafetensorsWriter MoeSafetensorsWriter;

MOE_API MoeSafetensorsWriter *moe_safetensors_writer_new(void);
MOE_API void moe_safetensors_writer_free(MoeSafetensorsWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeSafetensorsWriter, moe_safetensors_writer_free)
/* A pair for __metadata__, copied; a later value for the same key replaces the earlier one. */
MOE_API void moe_safetensors_writer_set(MoeSafetensorsWriter *writer, const char *key,
                                        const char *value);
/* An array. Name and shape are copied; `data` is borrowed until the file is written. The name must
 * be new, and not "__metadata__". */
MOE_API void moe_safetensors_writer_add(MoeSafetensorsWriter *writer, const char *name,
                                        MoeStoredType type, int ndim, const int64_t *shape,
                                        const void *data);
/* Writes beside `path` and renames: a reader sees the old file or the new one. G_FILE_ERROR. */
MOE_API bool moe_safetensors_writer_save(MoeSafetensorsWriter *writer, const char *path,
                                         GError **error);

G_END_DECLS

#endif

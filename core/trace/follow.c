/* SPDX-License-Identifier: MIT
 *
 * follow.c: a trace that is being written, looked at again. It is opened anew and takes the place
 * of what was there if all that was there is still the same.
 */
#include "trace/reader.h"

G_GNUC_PRINTF(3, 4)
static bool
refuse(const MoeTrace *trace, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: %s; open it anew", trace->zip->path, what);
    return false;
}

static bool
same_member(const MoeZipEntry *a, const MoeZipEntry *b)
{
    return g_str_equal(a->name, b->name) && a->offset == b->offset && a->data == b->data &&
           a->method == b->method && a->crc == b->crc && a->size == b->size &&
           a->packed == b->packed;
}

/* Whether `later` has all that `trace` has, where it was. */
static bool
check_same(const MoeTrace *trace, const MoeTrace *later, GError **error)
{
    if (moe_trace_chunks(later) < moe_trace_chunks(trace))
        return refuse(trace, error, "it was cut back from %d to %d chunks", moe_trace_chunks(trace),
                      moe_trace_chunks(later));
    for (guint i = 0; i < trace->members->len; i++) {
        const char *name = g_ptr_array_index(trace->members, i);
        const MoeZipEntry *new = moe__zip_reader_find(later->zip, name);
        if (!new || !same_member(moe__zip_reader_find(trace->zip, name), new))
            return refuse(trace, error,
                          "it was cut back and goes on differently, from member %s on", name);
    }
    return true;
}

#define SWAP(a, b)                \
    do {                          \
        __typeof__(a) kept = (a); \
        (a) = (b);                \
        (b) = kept;               \
    } while (0)

/* Routers, domains and the text of meta.json stay where callers have seen them. */
static void
take_over(MoeTrace *trace, MoeTrace *later)
{
    SWAP(trace->zip, later->zip);
    SWAP(trace->chunks, later->chunks);
    SWAP(trace->members, later->members);
    SWAP(trace->attachments, later->attachments);
    SWAP(trace->series, later->series);
    SWAP(trace->measures, later->measures);
    trace->tokens = later->tokens;
    trace->astray = later->astray;
    trace->gap = later->gap;
}

bool
moe_trace_refresh(MoeTrace *trace, bool *grown, GError **error)
{
    MoeZipChange change = moe__zip_reader_change(trace->zip);
    *grown = false;
    if (change == MOE_ZIP_SAME)
        return true;
    if (change == MOE_ZIP_REPLACED)
        return refuse(trace, error, "another file has taken its place, or none");
    g_autoptr(MoeTrace) later = moe_trace_open(trace->zip->path, error);
    if (!later || !check_same(trace, later, error))
        return false;
    *grown = moe_trace_chunks(later) > moe_trace_chunks(trace);
    take_over(trace, later);
    return true;
}

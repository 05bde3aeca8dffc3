/* SPDX-License-Identifier: MIT
 *
 * attach.c: members below "summary/", behind the chunks of a finished trace: what was made of it
 * and goes with it. They are replaced in place, so that a trace of any size takes as long as they
 * do: the directory is cut off, they are written, and a new directory.
 */
#include "trace/tools.h"
#include "trace/zip-array.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* --- Reading ----------------------------------------------------------------------------------*/

const char *const *
moe_trace_attachments(const MoeTrace *trace, int *n)
{
    *n = (int)trace->attachments->len;
    return (const char *const *)trace->attachments->pdata;
}

bool
moe_trace_attached(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    const MoeZipEntry *entry = moe__zip_find(trace->zip, MOE_ATTACHED, name);
    if (entry && trace->zip->complete)
        return moe__zip_read(trace->zip, entry, out, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: nothing named \"%s\" is attached",
                trace->zip->path, name);
    return false;
}

static void
add_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

static void
add_number(GChecksum *sum, uint64_t number)
{
    number = GUINT64_TO_LE(number);
    g_checksum_update(sum, (const guchar *)&number, sizeof number);
}

static void
add_router(GChecksum *sum, const MoeRouterInfo *router)
{
    const int numbers[] = {router->layer,           router->experts, router->k,
                           router->units_per_token, router->shared,  router->gates_sum_to_one,
                           router->causal};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        add_number(sum, (uint64_t)numbers[i]);
    add_text(sum, router->score);
    add_text(sum, router->select);
    add_text(sum, router->gate);
    if (router->kinds) /* those without have the fingerprint that they always had */
        add_text(sum, router->kinds);
}

char *
moe_trace_fingerprint(const MoeTrace *trace)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    add_text(sum, MOE_TRACE_SCHEMA);
    add_number(sum, (uint64_t)trace->meta.n_routers);
    for (int r = 0; r < trace->meta.n_routers; r++)
        add_router(sum, &trace->meta.routers[r]);
    add_number(sum, (uint64_t)trace->meta.n_domains);
    for (int d = 0; d < trace->meta.n_domains; d++)
        add_text(sum, trace->meta.domains[d]);
    for (guint i = 0; i < trace->members->len; i++) {
        const char *member = g_ptr_array_index(trace->members, i);
        if (moe__trace_member_chunk(member) < 0)
            continue;
        const MoeZipEntry *entry = moe__zip_reader_find(trace->zip, member);
        add_text(sum, member);
        add_number(sum, entry->size);
        add_number(sum, entry->crc);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* --- Writing ----------------------------------------------------------------------------------*/

/* Opens the file and keeps other programs from changing it until it is closed; -1: an error. */
static int
lock(const char *path, GError **error)
{
    int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int code = errno;
    if (fd >= 0 && code == EWOULDBLOCK)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: another program is writing to it at this moment", path);
    else
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                    "%s: cannot open for writing: %s", path, g_strerror(code));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool
check_members(const MoeAttachment *members, int n, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < n; i++) {
        if (!moe__zip_check_name(members[i].name, error))
            return false;
        if (!g_hash_table_add(names, (char *)members[i].name)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "\"%s\" is to be attached twice",
                        members[i].name);
            return false;
        }
    }
    return true;
}

/* The members that stay, and where they end. */
static bool
find_cut(const MoeTrace *trace, GArray *kept, uint64_t *cut, GError **error)
{
    const GArray *entries = trace->zip->entries;
    if (!trace->zip->complete) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s isn't finished: nothing can be attached to it before (\"moescope trace "
                    "repair\" finishes what was cut off)",
                    trace->zip->path);
        return false;
    }
    for (guint i = 0; i < entries->len; i++) {
        MoeZipEntry entry = g_array_index(entries, MoeZipEntry, i);
        if (g_str_has_prefix(entry.name, MOE_ATTACHED))
            continue;
        if (kept->len < i) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                        "%s: member %s stands behind what is attached; \"moescope trace "
                        "recompress\" puts them in order",
                        trace->zip->path, entry.name);
            return false;
        }
        *cut = entry.data + entry.packed;
        entry.name = g_strdup(entry.name);
        g_array_append_val(kept, entry);
    }
    return true;
}

/* A member that was packed, or wasn't. */
typedef struct Packed {
    bool good;
    MoeZipPacked bytes;
} Packed;

static void
pack_member(const MoeAttachment *member, Packed *packed)
{
    packed->good = member->array
                       ? moe__zip_pack_array(member->array, &packed->bytes)
                       : moe__zip_pack_bytes(member->bytes, member->n_bytes, &packed->bytes);
}

/* Packs some members at a time, on all threads, and adds them in order. */
static bool
add_members(MoeZipWriter *writer, const MoeAttachment *members, int n, GError **error)
{
    enum { AT_ONCE = 64 };
    bool ok = true;
    for (int first = 0; ok && first < n; first += AT_ONCE) {
        Packed packed[AT_ONCE] = {0};
        int some = MIN(AT_ONCE, n - first);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
        for (int i = 0; i < some; i++)
            pack_member(&members[first + i], &packed[i]);
        for (int i = 0; i < some; i++) {
            const MoeAttachment *member = &members[first + i];
            g_autofree char *name =
                g_strconcat(MOE_ATTACHED, member->name, member->array ? ".npy" : NULL, NULL);
            if (ok)
                ok = moe__zip_add_packed(writer, name, packed[i].good, &packed[i].bytes, error);
            moe__zip_packed_clear(&packed[i].bytes);
        }
    }
    return ok;
}

/* Cuts the file and writes the members and a directory, which comes to the disk after them. */
static bool
write_behind(const char *path, uint64_t cut, const GArray *kept, const MoeAttachment *members,
             int n, GError **error)
{
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_resume(path, cut, kept, NULL, error);
    return writer && add_members(writer, members, n, error) &&
           moe__zip_writer_sync(writer, error) && moe__zip_writer_finish(writer, error);
}

bool
moe_trace_attach(const char *path, const MoeAttachment *members, int n, GError **error)
{
    g_return_val_if_fail(n >= 0, false);
    int fd = check_members(members, n, error) ? lock(path, error) : -1;
    if (fd < 0)
        return false;
    uint64_t cut = 0;
    g_autoptr(GArray) kept = moe__zip_entries_new();
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    bool ok = trace && find_cut(trace, kept, &cut, error);
    if (ok && !write_behind(path, cut, kept, members, n, error)) {
        ok = false;
        write_behind(path, cut, kept, NULL, 0, NULL); /* no room, say: finished, nothing attached */
    }
    close(fd);
    return ok;
}

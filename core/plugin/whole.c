/* SPDX-License-Identifier: MIT
 *
 * Whether a file is a whole shared object of this machine. The dynamic linker maps what the headers
 * promise without looking at the file's length: one that was copied by half would end the program.
 */
#include "plugin/plugin.h"

#include <link.h>
#include <string.h>

#ifdef __LP64__
#define CLASS ELFCLASS64
#else
#define CLASS ELFCLASS32
#endif

static bool
refuse(GError **error, const char *why)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "not a plugin: %s", why);
    return false;
}

static bool
is_inside(uint64_t offset, uint64_t size, uint64_t length)
{
    return offset <= length && size <= length - offset;
}

static bool
check_segments(const char *bytes, uint64_t length, const ElfW(Ehdr) * header, GError **error)
{
    for (int i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        memcpy(&segment, bytes + header->e_phoff + (uint64_t)i * sizeof segment, sizeof segment);
        if (!is_inside(segment.p_offset, segment.p_filesz, length))
            return refuse(error, "a shared object that is cut off");
    }
    return true;
}

static bool
check_bytes(const char *bytes, uint64_t length, GError **error)
{
    ElfW(Ehdr) header;
    if (length < sizeof header)
        return refuse(error, "too short for a shared object");
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return refuse(error, "no shared object");
    if (header.e_ident[EI_CLASS] != CLASS || header.e_type != ET_DYN ||
        header.e_phentsize != sizeof(ElfW(Phdr)))
        return refuse(error, "no shared object of this machine");
    /* The headers of sections stand at the very end of what linkers write. */
    if (!is_inside(header.e_phoff, (uint64_t)header.e_phnum * sizeof(ElfW(Phdr)), length) ||
        !is_inside(header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, length))
        return refuse(error, "a shared object that is cut off");
    return check_segments(bytes, length, &header, error);
}

bool
moe__plugin_is_whole(const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return refuse(error, "no regular file");
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    if (!file)
        return refuse(error,
                      g_file_test(path, G_FILE_TEST_EXISTS) ? "it can't be read" : "no such file");
    return check_bytes(g_mapped_file_get_contents(file), g_mapped_file_get_length(file), error);
}

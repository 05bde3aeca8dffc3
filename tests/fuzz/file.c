/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

int
fuzz_file(const uint8_t *data, size_t size, char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, data, size), ==, (ssize_t)size);
    g_snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

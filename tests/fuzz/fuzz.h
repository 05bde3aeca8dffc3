/* SPDX-License-Identifier: MIT
 *
 * fuzz.h: what a fuzz target is. Each file here but replay.c is one, for libFuzzer
 * (clang -fsanitize=fuzzer) or for replay.c, which stands in for it in the test run.
 */
#ifndef MOESCOPE_TESTS_FUZZ_H
#define MOESCOPE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Reads `data` with one reader. May refuse it; must not crash, leak, or report both or neither of a
 * result and an error. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory for readers that take a path: its descriptor, and the path (at least 32 bytes)
 * under which it can be opened until that is closed. */
int fuzz_file(const uint8_t *data, size_t size, char path[32]);

#endif

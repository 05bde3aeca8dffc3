/* SPDX-License-Identifier: MIT
 *
 * place.h: a temporary folder to run moescope in: text/ with two domains, and tiny.ini, a recipe
 * of STEPS steps of some milliseconds each.
 */
#ifndef TESTS_CLI_PLACE_H
#define TESTS_CLI_PLACE_H

#include <glib.h>
#include <stdbool.h>

enum { PLACE_STEPS = 400 };

/* Makes the folder and makes it the working directory; removes it and all that is in it. */
void place_enter(void);
void place_leave(void);

bool place_has(const char *file);
/* Waits, up to half a minute, until a file is there; asserts that it comes. */
void place_wait_for(const char *file);
/* Asserts that two files are the same bytes. */
void place_expect_same(const char *a, const char *b);
/* Asserts it of the last checkpoints of two runs. */
void place_expect_same_end(const char *a, const char *b);
/* The first `length` bytes of a file as another. */
void place_cut(const char *from, const char *to, gsize length);
/* A file as another, but for the byte so far behind the first place where `mark` stands. */
void place_spoil(const char *from, const char *to, const char *mark, gsize behind);
/* Asserts what the first bytes of a file are. */
void place_expect_begins(const char *file, const char *bytes);
/* That it holds this text somewhere. */
void place_expect_holds(const char *file, const char *part);

#endif

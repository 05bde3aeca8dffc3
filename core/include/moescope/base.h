/* SPDX-License-Identifier: MIT
 *
 * base.h: what every room of libmoescope leans on: errors, threads, progress, random numbers.
 */
#ifndef MOESCOPE_BASE_H
#define MOESCOPE_BASE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/* Marks a function as part of the public interface; everything else stays inside the library. */
#define MOE_API __attribute__((visibility("default")))

/* The error domain of the library. File and system errors pass through as G_FILE_ERROR or
 * G_IO_ERROR; everything else is one of these. A message names the place (file, member, byte,
 * line, key), what was found there and what was expected. */
#define MOE_ERROR (moe_error_quark())
typedef enum {
    MOE_ERROR_FORMAT,      /* the bytes aren't what their format says */
    MOE_ERROR_TRUNCATED,   /* the input ends too early */
    MOE_ERROR_UNSUPPORTED, /* valid, but not something this version reads or does */
    MOE_ERROR_RECIPE,      /* a recipe key or value is wrong */
    MOE_ERROR_DATA,        /* the data can't serve the request (too short, empty, mismatched) */
    MOE_ERROR_NUMERIC,     /* a loss or value became non-finite */
    MOE_ERROR_CANCELLED,   /* the caller's progress function asked to stop */
} MoeError;

MOE_API GQuark moe_error_quark(void);

/* Registers the built-in fields, parts, presets, metrics, checks and figures. Call it once before
 * anything else; further calls do nothing. Not thread-safe on the first call. */
MOE_API void moe_init(void);

/* The version of the library that runs, "MAJOR.MINOR.MICRO". (transfer none) */
MOE_API const char *moe_version(void);

/* One line that says what does the arithmetic: BLAS library, its flavour and CPU kernel, threads.
 * (transfer full) */
MOE_API char *moe_engine_description(void);

/* Sets how many threads loops and matrix products use, up to MOE_THREADS_MOST; 0 means all that
 * this process may run on. Results are bit-identical from run to run at the same count. */
#define MOE_THREADS_MOST 1024
MOE_API void moe_set_threads(int threads);
MOE_API int moe_threads(void);
/* For the first line of a program's main(): keeps threads that have no work from spinning for long,
 * unless the user has chosen (OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME). OpenMP's libraries
 * read their environment when they are loaded, so the program is started once more, with the same
 * arguments; returns in that second start. */
MOE_API void moe_bound_spinning(char **argv);
/* For a program's main(), before other threads: up to 128 MiB that were freed stay with the program
 * for what comes next. Does nothing where the C library isn't glibc. */
MOE_API void moe_keep_memory(void);

/* Progress of long work. `done` of `total` units (total 0: unknown); `what` is a short line that
 * says what is going on. Return false to ask the work to stop: it then cleans up after itself and
 * fails with MOE_ERROR_CANCELLED, or, where its function says so, finishes early in good order. */
typedef bool (*MoeProgressFunc)(int64_t done, int64_t total, const char *what, void *user);
typedef struct MoeProgress {
    MoeProgressFunc func; /* may be NULL */
    void *user;
} MoeProgress;

/* Reports to `progress` (which may be NULL). Returns false if the work should stop. */
MOE_API bool moe_progress(const MoeProgress *progress, int64_t done, int64_t total,
                          const char *what);

/* Random numbers: Philox 4x32-10 (Salmon et al., SC 2011), a counter-based generator. A stream is
 * named by (seed, stream); its n-th number depends on nothing else, so that work can be cut
 * anywhere and resumed, or spread over threads, without changing a bit. */
typedef struct MoeRng {
    uint64_t seed, stream, counter;
    uint32_t block[4];
    int left;
} MoeRng;

MOE_API MoeRng moe_rng(uint64_t seed, uint64_t stream);
MOE_API uint32_t moe_rng_u32(MoeRng *rng);
/* Uniform in [0, 1) with 24 bits. */
MOE_API float moe_rng_uniform(MoeRng *rng);
/* Standard normal (Box-Muller, one number per two draws: stateless but for the counter). */
MOE_API float moe_rng_normal(MoeRng *rng);
/* Uniform in 0 … n-1 without bias; n > 0. */
MOE_API uint64_t moe_rng_below(MoeRng *rng, uint64_t n);
/* The four words of block `counter` of stream (seed, stream), without any state. */
MOE_API void moe_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4]);

/* Writes `length` bytes to `path` beside the target and renames, so that a reader sees the old
 * file or the new one, never half of one. A device or a pipe is written to as it is. */
MOE_API bool moe_file_replace(const char *path, const void *data, size_t length, GError **error);

/* "Did you mean …?": the one of `candidates` (ended by NULL) nearest to `word` by edit distance
 * (insert, delete, replace, swap two neighbours), or NULL if none is near. (transfer none) */
MOE_API const char *moe_nearest(const char *word, const char *const *candidates);

G_END_DECLS

#endif

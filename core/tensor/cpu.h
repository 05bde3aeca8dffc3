/* SPDX-License-Identifier: MIT
 *
 * cpu.h: per-CPU copies of hot loops, and when a loop is worth two threads.
 *
 * MOE_CLONES before a static function makes the compiler build it three times (baseline, AVX2,
 * AVX-512) and the loader pick one. Sanitizers instrument what runs before the loader's choice is
 * safe, so there the plain function alone is built. The names must be of instruction sets, not of
 * CPUs: "arch=haswell" is picked on Intel's Haswell and on nothing else. Clang 14 asks for two
 * more things: the function must be static (others couldn't find it), and its name must be unique
 * in the library (its resolver is global even so).
 */
#ifndef MOE_TENSOR_CPU_H
#define MOE_TENSOR_CPU_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MOE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOE_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && !defined(MOE_SANITIZED)
#ifdef __clang__
#define MOE_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define MOE_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
#else
#define MOE_CLONES
#endif

/* A helper of cloned functions: it must become part of each clone to be compiled for its CPU. */
#define MOE_INLINE static inline __attribute__((always_inline))

/* Brings memory that is about to be added to, so many times, into the cache: cells are many, and
 * their turn comes in no order that a CPU could foresee. Does nothing where more would be fetched
 * than is added to, or more than stays there. */
static inline void
moe__fetch_to_add(const void *memory, unsigned long bytes, long additions)
{
    const unsigned long line = 64, most = 64 << 10;
    if (bytes > most || additions < (long)(bytes / line))
        return;
    for (unsigned long at = 0; at < bytes; at += line)
        __builtin_prefetch((const char *)memory + at, 1);
}

/* Elements from which a loop of a few operations each is spread over threads. */
#define MOE_PARALLEL_ELEMENTS 32768

#endif

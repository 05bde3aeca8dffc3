/* SPDX-License-Identifier: MIT
 *
 * cpu.h: per-CPU copies of hot loops, and when a loop is worth two threads.
 *
 * MOE_CLONES before a function makes the compiler build it three times (baseline, AVX2 with FMA,
 * AVX-512) and the loader pick one. Sanitizers run before the loader's choice is safe, so there
 * the plain function alone is built. Clang 14 gives the resolver of even a static function a
 * global name: names of cloned functions must be unique in the library.
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
#define MOE_CLONES __attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512")))
#else
#define MOE_CLONES
#endif

/* A helper of cloned functions: it must become part of each clone to be compiled for its CPU. */
#define MOE_INLINE static inline __attribute__((always_inline))

/* Elements from which a loop of a few operations each is spread over threads. */
#define MOE_PARALLEL_ELEMENTS 32768

#endif

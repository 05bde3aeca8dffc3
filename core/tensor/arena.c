/* SPDX-License-Identifier: MIT
 *
 * Chunks that double in size; a mark is (chunk, bytes used in it). Under AddressSanitizer what
 * isn't given out is poisoned, and pieces stand apart, so that overruns are seen.
 */
#include <moescope/tensor.h>

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define MOE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOE_ASAN 1
#endif
#endif

#ifdef MOE_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define REDZONE        64
#else
#define POISON(p, n)   ((void)0)
#define UNPOISON(p, n) ((void)0)
#define REDZONE        0
#endif

#define ALIGN       ((size_t)64)
#define FIRST_CHUNK ((size_t)1 << 20)
#define MAX_CHUNK   ((size_t)64 << 20)

typedef struct {
    char *memory;
    size_t size;
} Chunk;

struct MoeArena {
    Chunk *chunk;
    size_t n_chunks, current, used;
};

MoeArena *
moe_arena_new(void)
{
    return g_new0(MoeArena, 1);
}

void
moe_arena_free(MoeArena *arena)
{
    if (!arena)
        return;
    for (size_t i = 0; i < arena->n_chunks; i++) {
        UNPOISON(arena->chunk[i].memory, arena->chunk[i].size);
        free(arena->chunk[i].memory);
    }
    g_free(arena->chunk);
    g_free(arena);
}

static void
add_chunk(MoeArena *arena, size_t at_least)
{
    size_t last = arena->n_chunks ? arena->chunk[arena->n_chunks - 1].size : 0;
    size_t size = MAX(MAX(FIRST_CHUNK, MIN(2 * last, MAX_CHUNK)), at_least);
    void *memory = NULL;
    if (posix_memalign(&memory, ALIGN, size) != 0)
        g_error("out of memory: an arena of %zu bytes asked for %zu more", moe_arena_size(arena),
                size);
    POISON(memory, size);
    arena->chunk = g_renew(Chunk, arena->chunk, arena->n_chunks + 1);
    arena->chunk[arena->n_chunks++] = (Chunk){memory, size};
}

void *
moe_arena_alloc(MoeArena *arena, size_t bytes)
{
    size_t need = ((bytes + ALIGN - 1) & ~(ALIGN - 1)) + REDZONE;
    while (arena->current < arena->n_chunks &&
           arena->used + need > arena->chunk[arena->current].size) {
        arena->current++;
        arena->used = 0;
    }
    if (arena->current == arena->n_chunks)
        add_chunk(arena, need);
    char *p = arena->chunk[arena->current].memory + arena->used;
    arena->used += need;
    UNPOISON(p, bytes);
    return p;
}

void *
moe_arena_alloc0(MoeArena *arena, size_t bytes)
{
    void *p = moe_arena_alloc(arena, bytes);
    memset(p, 0, bytes);
    return p;
}

MoeArenaMark
moe_arena_mark(const MoeArena *arena)
{
    return (MoeArenaMark){arena->current, arena->used};
}

void
moe_arena_release(MoeArena *arena, MoeArenaMark mark)
{
    arena->current = mark.chunk;
    arena->used = mark.used;
#ifdef MOE_ASAN
    for (size_t i = mark.chunk; i < arena->n_chunks; i++) {
        size_t from = i == mark.chunk ? mark.used : 0;
        POISON(arena->chunk[i].memory + from, arena->chunk[i].size - from);
    }
#endif
}

void
moe_arena_reset(MoeArena *arena)
{
    moe_arena_release(arena, (MoeArenaMark){0, 0});
}

size_t
moe_arena_size(const MoeArena *arena)
{
    size_t size = 0;
    for (size_t i = 0; i < arena->n_chunks; i++)
        size += arena->chunk[i].size;
    return size;
}

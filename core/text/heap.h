/* SPDX-License-Identifier: MIT
 *
 * heap.h: a binary heap whose smallest entry, by (first, second), is on top.
 */
#ifndef MOE_TEXT_HEAP_H
#define MOE_TEXT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MoeHeapEntry {
    int64_t first, second;
    int32_t value; /* rides along */
} MoeHeapEntry;

/* Zero is empty; g_free(entries) frees. */
typedef struct MoeHeap {
    MoeHeapEntry *entries;
    size_t length, capacity;
} MoeHeap;

void moe__heap_push(MoeHeap *heap, MoeHeapEntry entry);
/* Takes the smallest entry off. Returns false if there is none. */
bool moe__heap_pop(MoeHeap *heap, MoeHeapEntry *entry);

#endif

/* SPDX-License-Identifier: MIT */
#include "text/heap.h"

#include <glib.h>

static bool
before(const MoeHeapEntry *a, const MoeHeapEntry *b)
{
    return a->first != b->first ? a->first < b->first : a->second < b->second;
}

void
moe__heap_push(MoeHeap *heap, MoeHeapEntry entry)
{
    if (heap->length == heap->capacity) {
        heap->capacity = MAX(2 * heap->capacity, 64);
        heap->entries = g_renew(MoeHeapEntry, heap->entries, heap->capacity);
    }
    size_t hole = heap->length++;
    while (hole > 0 && before(&entry, &heap->entries[(hole - 1) / 2])) {
        heap->entries[hole] = heap->entries[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap->entries[hole] = entry;
}

bool
moe__heap_pop(MoeHeap *heap, MoeHeapEntry *entry)
{
    if (heap->length == 0)
        return false;
    *entry = heap->entries[0];
    MoeHeapEntry last = heap->entries[--heap->length];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= heap->length)
            break;
        if (child + 1 < heap->length && before(&heap->entries[child + 1], &heap->entries[child]))
            child++;
        if (!before(&heap->entries[child], &last))
            break;
        heap->entries[hole] = heap->entries[child];
        hole = child;
    }
    if (heap->length > 0)
        heap->entries[hole] = last;
    return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BLOCK = 1 << 16, ARENA_BLOCK_MAX = 1 << 26, ARENA_BIG_BLOCK = 1 << 23 };

struct arena_block {
  struct arena_block *next;
  void *memory;
  size_t bytes;
};

static void (*exhausted_handler)(size_t bytes);

void arena_on_exhausted(void (*handler)(size_t bytes)) { exhausted_handler = handler; }

static _Noreturn void arena_exhausted(size_t bytes) {
  if (exhausted_handler) exhausted_handler(bytes);
  abort();
}

/* Zeroed. A big block comes as pages that cost nothing until they are touched, and as huge pages
   where the system has them: a machine of thousands of vCPUs would spend its time in page walks. */
static void *block_map(size_t bytes) {
  assert(bytes > 0);
  if (bytes < ARENA_BIG_BLOCK) return calloc(1, bytes);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  (void)madvise(memory, bytes, MADV_HUGEPAGE); /* as good as none if it is refused */
  return memory;
}

static void block_unmap(struct arena_block *block) {
  if (block->bytes < ARENA_BIG_BLOCK)
    free(block->memory);
  else
    (void)munmap(block->memory, block->bytes);
  free(block);
}

/* Where the first aligned byte is. */
static size_t block_start(const struct arena_block *block) {
  return (ARENA_LINE - (uintptr_t)block->memory % ARENA_LINE) % ARENA_LINE;
}

static void arena_grow(struct arena *arena, size_t bytes) {
  /* Blocks grow with what is there, so that there are few. */
  size_t room = arena->total < ARENA_BLOCK_MAX ? arena->total : ARENA_BLOCK_MAX;
  if (room < ARENA_BLOCK) room = ARENA_BLOCK;
  if (room < bytes) room = bytes;
  struct arena_block *block = malloc(sizeof *block);
  void *memory = block_map(room + ARENA_LINE);
  if (!block || !memory) {
    free(block);
    arena_exhausted(bytes);
  }
  *block = (struct arena_block){arena->blocks, memory, room + ARENA_LINE};
  arena->blocks = block;
  arena->used = block_start(arena->blocks);
  arena->room = room + ARENA_LINE;
}

void arena_reserve(struct arena *arena, size_t bytes) {
  if (bytes > SIZE_MAX / 2) arena_exhausted(bytes);
  if (!arena->blocks || arena->room - arena->used < bytes) arena_grow(arena, bytes);
}

void *arena_alloc(struct arena *arena, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) arena_exhausted(SIZE_MAX);
  if (bytes > SIZE_MAX / 2) arena_exhausted(bytes);
  if (bytes == 0) bytes = 1;
  size_t align = bytes >= ARENA_LINE ? ARENA_LINE : 16;
  bytes = (bytes + align - 1) & ~(align - 1);
  if (arena->blocks) {
    uintptr_t at = (uintptr_t)arena->blocks->memory + arena->used;
    arena->used += -at & (align - 1);
  }
  if (!arena->blocks || arena->used > arena->room || arena->room - arena->used < bytes)
    arena_grow(arena, bytes);
  void *memory = (char *)arena->blocks->memory + arena->used;
  arena->used += bytes;
  arena->total += bytes;
  return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length) {
  char *copy = arena_alloc(arena, length + 1, 1);
  memcpy(copy, text, length);
  return copy;
}

char *arena_strdup(struct arena *arena, const char *text) {
  return arena_strndup(arena, text, strlen(text));
}

/* How many bytes the block has left; *memory: where. */
static size_t arena_left(const struct arena *arena, char **memory) {
  if (!arena->blocks || arena->used >= arena->room) return 0;
  *memory = (char *)arena->blocks->memory + arena->used;
  return arena->room - arena->used;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
  va_list args;
  /* Written in place, in the hope that it fits; if it does not, that block is full anyway. */
  char *place = NULL;
  size_t left = arena_left(arena, &place);
  va_start(args, format);
  int length = vsnprintf(place, left, format, args);
  va_end(args);
  size_t size = (size_t)(length < 0 ? 0 : length) + 1, bytes = (size + 15) / 16 * 16;
  if (bytes <= left) {
    arena->used += bytes;
    arena->total += bytes;
    return place;
  }
  char *text = arena_alloc(arena, size, 1);
  va_start(args, format);
  (void)vsnprintf(text, size, format, args);
  va_end(args);
  return text;
}

void arena_reset(struct arena *arena) {
  struct arena_block *newest = arena->blocks;
  if (!newest || newest->bytes >= ARENA_BIG_BLOCK) {
    arena_free(arena);
    return;
  }
  struct arena older = {.blocks = newest->next};
  arena_free(&older);
  newest->next = NULL;
  memset(newest->memory, 0, arena->used);
  arena->used = block_start(newest);
  arena->total = 0;
}

void arena_free(struct arena *arena) {
  while (arena->blocks) {
    struct arena_block *block = arena->blocks;
    arena->blocks = block->next;
    block_unmap(block);
  }
  *arena = (struct arena){0};
}

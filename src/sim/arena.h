/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of zeroed memory that a machine is built in; nothing is freed singly, nothing is
   allocated after the first event. */
#ifndef COSTOP_SIM_ARENA_H
#define COSTOP_SIM_ARENA_H

#include <stddef.h>

/* What is touched together is aligned to this. */
enum { ARENA_LINE = 64 };

struct arena_block;
struct arena {
  struct arena_block *blocks;
  size_t used, room; /* of the newest block */
  size_t total;      /* bytes handed out */
};

/* Returns zeroed memory aligned to ARENA_LINE for sizes of that and more, else to 16; never NULL:
   when memory is exhausted it calls the handler set by arena_on_exhausted, which must not return.
 */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* bytes are going to be asked for: they come from one block, with huge pages if there are many. */
void arena_reserve(struct arena *arena, size_t bytes);
char *arena_strdup(struct arena *arena, const char *text);
/* The first length characters of text. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As arena_free, but keeps a block for what comes next: for work that repeats. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);
/* Process-wide; the default aborts. The command line installs one that says so and exits. */
void arena_on_exhausted(void (*handler)(size_t bytes));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_alloc((arena), (count), sizeof(type)))

#endif

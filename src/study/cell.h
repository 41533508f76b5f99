/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One value of a result, before anybody has decided how it looks. */
#ifndef COSTOP_STUDY_CELL_H
#define COSTOP_STUDY_CELL_H

#include <stdbool.h>
#include <stdint.h>

enum cell_kind { CELL_NONE /* not applicable */, CELL_TEXT, CELL_COUNT, CELL_REAL };

struct cell {
  enum cell_kind kind;
  union {
    const char *text;
    uint64_t count; /* exact beyond 2^53; nothing measured is negative */
    double real;    /* finite */
  };
};

static inline struct cell cell_none(void) { return (struct cell){.kind = CELL_NONE}; }
static inline struct cell cell_text(const char *text) {
  return (struct cell){.kind = CELL_TEXT, .text = text};
}
static inline struct cell cell_count(uint64_t count) {
  return (struct cell){.kind = CELL_COUNT, .count = count};
}
static inline struct cell cell_real(double real) {
  return (struct cell){.kind = CELL_REAL, .real = real};
}

static inline bool cell_is_number(const struct cell *cell) {
  return cell->kind == CELL_COUNT || cell->kind == CELL_REAL;
}
/* Of a number only. */
static inline double cell_number(const struct cell *cell) {
  return cell->kind == CELL_COUNT ? (double)cell->count : cell->real;
}

#endif

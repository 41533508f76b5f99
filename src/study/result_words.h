/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run_result as plain words and back, without loss: what the store keeps in named columns and
   what travels between machines. One row per member of the structs of result.h; to add a measure,
   add its row. */
#ifndef COSTOP_STUDY_RESULT_WORDS_H
#define COSTOP_STUDY_RESULT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "study/entity.h"
#include "study/result.h"

enum result_word_kind { WORD_INTEGER, WORD_REAL /* the bits of a double */ };

struct result_word {
  const char *name; /* a column: snake_case, with its unit */
  enum result_word_kind kind;
  size_t at; /* offset into host_result, vm_result, vcpu_result, lock_result or interrupt_result */
};

/* The words of an entity of this scope; *n gets their number. */
const struct result_word *result_words_of(enum scope scope, uint32_t *n);

/* How many entities of each scope a run has. */
void result_words_entities(const struct scenario *scenario, uint32_t n[SCOPES]);
/* Words that the entities of a run take, scope by scope as entity_first and entity_next go. Notes,
   status and message are not among them. */
size_t result_words_count(const struct scenario *scenario);
void result_words_pack(const struct run_result *run, int64_t *words);
/* A finished run with these words, without notes. */
struct run_result *result_words_unpack(const struct scenario *scenario, uint32_t replication,
                                       const int64_t *words, struct arena *arena);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/study.h"

#include "study/precision.h"

bool study_is_precise(const struct study *study, const struct replications *done) {
  for (uint32_t i = 0; i < study->n_precisions; i++)
    if (!precision_holds(&study->precisions[i], done)) return false;
  return true;
}

bool study_is_enough(const struct study *study, const struct replications *done) {
  if (done->n < study->min_reps) return false;
  return done->n >= study->max_reps || study_is_precise(study, done);
}

bool study_owns(const struct study *study, uint32_t cell, uint32_t replication) {
  uint64_t dealt = cell;
  if (study->n_precisions == 0)
    dealt = (uint64_t)cell * study->max_reps + (replication - study->first);
  return dealt % study->n_shards == study->shard;
}

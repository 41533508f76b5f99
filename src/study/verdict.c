/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/verdict.h"

/* Counts the entities that the expectation is about; judges them if there is room for that. */
static uint32_t verdict_judge(const struct replications *replications, const struct expect *expect,
                              struct arena *arena, struct verdict *verdicts) {
  const struct run_result *run = replications->runs[0];
  uint32_t n = 0;
  struct entity entity;
  for (bool more = entity_first(run, expect->scope, &entity); more;
       more = entity_next(run, &entity)) {
    if (!expect_means(expect, run, entity)) continue;
    if (verdicts) {
      struct stat_sum stat = replicate_stat(replications, expect->metric, entity);
      verdicts[n] = (struct verdict){.expect = expect,
                                     .entity = entity_name(run, entity, arena),
                                     .stat = stat,
                                     .holds = stat.n > 0 && expect_holds(expect, stat.mean)};
    }
    n++;
  }
  /* A lock that the VM does not use has no values: that is no reason to keep quiet. */
  if (n == 0 && verdicts)
    *verdicts = (struct verdict){.expect = expect, .entity = expect->member, .holds = false};
  return n > 0 ? n : 1;
}

struct verdicts verdict_reach(const struct replications *replications, const struct expect *expects,
                              uint32_t n_expects, struct arena *arena) {
  struct verdicts verdicts = {0};
  if (replications->n == 0) return verdicts;
  uint32_t n = 0;
  for (uint32_t i = 0; i < n_expects; i++)
    n += verdict_judge(replications, &expects[i], arena, NULL);
  struct verdict *items = ARENA_ARRAY(arena, n, struct verdict);
  for (uint32_t i = 0; i < n_expects; i++)
    verdicts.n += verdict_judge(replications, &expects[i], arena, items + verdicts.n);
  for (uint32_t i = 0; i < n; i++) verdicts.n_failed += !items[i].holds;
  verdicts.items = items;
  return verdicts;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/precision.h"

#include <math.h>
#include <stdlib.h>

const char *precision_parse(const struct scenario *scenario, const char *text, struct arena *arena,
                            struct precision *precision) {
  struct expect subject;
  const char *at = text, *fault = expect_parse_subject(scenario, &at, arena, &subject);
  if (fault) return fault;
  if (*at != '=') return "expected METRIC[@SCOPE]=PCT";
  char *end;
  double pct = strtod(at + 1, &end);
  if (end == at + 1 || *end) return "expected a number of per cent behind '='";
  if (!(pct > 0 && pct <= 100)) return "must be more than 0 and at most 100 per cent";
  *precision = (struct precision){.text = text,
                                  .scope = subject.scope,
                                  .metric = subject.metric,
                                  .vm = subject.vm,
                                  .member = subject.member,
                                  .pct = pct};
  return NULL;
}

bool precision_holds(const struct precision *precision, const struct replications *done) {
  if (done->n == 0) return false;
  const struct run_result *run = done->runs[0];
  const struct expect subject = {.vm = precision->vm, .member = precision->member};
  struct entity entity;
  for (bool more = entity_first(run, precision->scope, &entity); more;
       more = entity_next(run, &entity)) {
    if (!expect_means(&subject, run, entity)) continue;
    struct stat_sum stat = replicate_stat(done, precision->metric, entity);
    double half_width = stat_interval(&stat, REPLICATE_CONFIDENCE).half_width;
    /* Not a number, as long as there are not two values. */
    if (!(half_width <= precision->pct / 100 * fabs(stat.mean))) return false;
  }
  return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/comparison.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Values by replication; of those that have one. */
struct comparison_sample {
  uint32_t n;
  uint32_t *replications;
  double *values;
};

/* --- items --- */

struct item_list {
  struct arena *arena;
  struct comparison_item *items;
  uint32_t n;
};

static void list_add(struct item_list *list, struct expect subject, bool is_asked_for) {
  struct comparison_item *item = &list->items[list->n++];
  *item = (struct comparison_item){.subject = subject, .is_asked_for = is_asked_for};
  item->entity = subject.vm ? subject.vm : scope_names[SCOPE_HOST];
  if (subject.member) item->entity = arena_printf(list->arena, "%s/%s", subject.vm, subject.member);
}

/* Is it the first VM of its base name? */
static bool is_first(const struct scenario *scenario, uint32_t vm) {
  return vm == 0 || strcmp(scenario->vms[vm - 1].base_name, scenario->vms[vm].base_name) != 0;
}

const char *comparison_items_parse(const struct scenario *scenario, const char *const *texts,
                                   uint32_t n, struct arena *arena, struct comparison_items *items,
                                   uint32_t *at) {
  struct item_list list = {
      arena, ARENA_ARRAY(arena, (size_t)n * (scenario->n_vms + 1), struct comparison_item), 0};
  for (*at = 0; *at < n; (*at)++) {
    struct expect subject;
    const char *text = texts[*at];
    const char *fault = expect_parse_subject(scenario, &text, arena, &subject);
    if (fault) return fault;
    if (*text) return "expected METRIC[@SCOPE]";
    bool is_each = subject.scope == SCOPE_VM && !subject.vm;
    if (!is_each) list_add(&list, subject, true);
    for (uint32_t i = 0; is_each && i < scenario->n_vms; i++) {
      subject.vm = scenario->vms[i].base_name;
      if (is_first(scenario, i)) list_add(&list, subject, true);
    }
  }
  *items = (struct comparison_items){list.items, list.n};
  return NULL;
}

static struct expect subject_of(enum scope scope, const char *metric, const char *vm) {
  bool is_ambiguous;
  struct expect subject = {.scope = scope, .vm = vm};
  subject.metric = metric_find(scope, metric, &is_ambiguous);
  assert(subject.metric);
  return subject;
}

struct comparison_items comparison_items_default(const struct scenario *scenario,
                                                 struct arena *arena) {
  static const char *const metrics[] = {"throughput_per_s", "run_pct", "spin_pct", "ready_pct",
                                        "costop_pct"};
  enum { METRICS = sizeof metrics / sizeof *metrics, STAND_IN = 1 };
  size_t room = (size_t)scenario->n_vms * METRICS + 1;
  struct item_list list = {arena, ARENA_ARRAY(arena, room, struct comparison_item), 0};
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    if (!is_first(scenario, i)) continue;
    for (size_t k = 0; k < METRICS; k++) {
      list_add(&list, subject_of(SCOPE_VM, metrics[k], scenario->vms[i].base_name), false);
      list.items[list.n - 1].is_stand_in = k == STAND_IN;
    }
  }
  list_add(&list, subject_of(SCOPE_HOST, "utilisation_pct", NULL), false);
  return (struct comparison_items){list.items, list.n};
}

/* --- sides --- */

/* The mean over all entities that the item is about; false if none has a value. */
static bool value_in(const struct comparison_item *item, const struct run_result *run,
                     double *value) {
  struct stat_sum stat = {0};
  struct entity entity;
  for (bool more = entity_first(run, item->subject.scope, &entity); more;
       more = entity_next(run, &entity)) {
    if (!expect_means(&item->subject, run, entity)) continue;
    struct metric_subject subject = metric_subject(run, entity);
    struct cell cell = metric_value(item->subject.metric, &subject);
    if (cell_is_number(&cell)) stat_add(&stat, cell_number(&cell));
  }
  *value = stat.mean;
  return stat.n > 0;
}

static struct comparison_sample sample_read(const struct comparison_item *item,
                                            const struct replications *replications,
                                            struct arena *arena) {
  struct comparison_sample sample = {.replications = ARENA_ARRAY(arena, replications->n, uint32_t),
                                     .values = ARENA_ARRAY(arena, replications->n, double)};
  for (uint32_t i = 0; i < replications->n; i++) {
    if (!value_in(item, replications->runs[i], &sample.values[sample.n])) continue;
    sample.replications[sample.n++] = replications->runs[i]->replication;
  }
  return sample;
}

struct comparison_side comparison_read(const struct comparison_items *items,
                                       const struct replications *replications,
                                       struct arena *arena) {
  const struct scenario *scenario = replications->scenario;
  struct comparison_sample *samples = ARENA_ARRAY(arena, items->n, struct comparison_sample);
  for (uint32_t i = 0; i < items->n; i++)
    samples[i] = sample_read(&items->items[i], replications, arena);
  const char **vms = ARENA_ARRAY(arena, (size_t)scenario->n_vms + 1, const char *);
  uint32_t n = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    if (is_first(scenario, i)) vms[n++] = arena_strdup(arena, scenario->vms[i].base_name);
  return (struct comparison_side){.seed = scenario->run.seed, .vms = vms, .samples = samples};
}

/* --- rows --- */

static bool has_vm(const struct comparison_side *side, const char *vm) {
  for (const char *const *name = side->vms; *name; name++)
    if (strcmp(*name, vm) == 0) return true;
  return false;
}

static bool has_streams_in_common(const struct comparison_side *base,
                                  const struct comparison_side *other) {
  if (base->seed != other->seed) return false;
  for (const char *const *name = base->vms; *name; name++)
    if (has_vm(other, *name)) return true;
  return false;
}

static bool is_zero(const struct comparison_sample *sample) {
  for (uint32_t i = 0; i < sample->n; i++)
    if (sample->values[i] != 0) return false;
  return true;
}

/* Pairs of the replications that both have; replications ascend. */
static struct paired compare_pairs(const struct comparison_sample *base,
                                   const struct comparison_sample *other, struct arena *arena) {
  uint32_t room = base->n < other->n ? base->n : other->n, n = 0;
  double *left = ARENA_ARRAY(arena, room, double), *right = ARENA_ARRAY(arena, room, double);
  for (uint32_t i = 0, k = 0; i < base->n && k < other->n;) {
    if (base->replications[i] == other->replications[k]) {
      left[n] = base->values[i];
      right[n++] = other->values[k];
    }
    bool is_behind = base->replications[i] <= other->replications[k];
    k += base->replications[i] >= other->replications[k];
    i += is_behind;
  }
  if (n == 0) return (struct paired){0};
  return paired_compare(left, right, n, REPLICATE_CONFIDENCE);
}

static struct comparison_row *row_new(struct comparison *comparison) {
  /* Full at every power of two. */
  if ((comparison->n & (comparison->n - 1)) == 0) {
    size_t room = comparison->n ? 2 * (size_t)comparison->n : 1;
    struct comparison_row *rows = ARENA_ARRAY(comparison->arena, room, struct comparison_row);
    if (comparison->n > 0) memcpy(rows, comparison->rows, comparison->n * sizeof *rows);
    comparison->rows = rows;
  }
  return &comparison->rows[comparison->n++];
}

void comparison_add(struct comparison *comparison, const struct comparison_items *items,
                    const struct comparison_side *base, const struct comparison_side *other) {
  bool is_common = has_streams_in_common(base, other), was_zero = false;
  for (uint32_t i = 0; i < items->n; i++) {
    const struct comparison_item *item = &items->items[i];
    const struct comparison_sample *left = &base->samples[i], *right = &other->samples[i];
    if (left->n == 0 || right->n == 0) continue;
    bool is_needed = item->is_asked_for || !item->is_stand_in || was_zero;
    was_zero = is_zero(left) && is_zero(right);
    if (!is_needed || (was_zero && !item->is_asked_for)) continue;
    struct arena arena = {0};
    struct paired paired = {0};
    if (is_common) paired = compare_pairs(left, right, &arena);
    if (paired.n_base == 0)
      paired = paired_welch(left->values, left->n, right->values, right->n, REPLICATE_CONFIDENCE);
    arena_free(&arena);
    *row_new(comparison) =
        (struct comparison_row){.base = base, .other = other, .item = item, .paired = paired};
  }
}

void comparison_judge(struct comparison *comparison) {
  double *p = ARENA_ARRAY(comparison->arena, comparison->n, double);
  for (uint32_t i = 0; i < comparison->n; i++) p[i] = comparison->rows[i].paired.p;
  paired_holm(p, comparison->n, comparison->arena);
  for (uint32_t i = 0; i < comparison->n; i++) {
    struct comparison_row *row = &comparison->rows[i];
    row->p_holm = p[i];
    bool is_found = p[i] < 1 - REPLICATE_CONFIDENCE;
    row->found = !is_found ? 0 : row->paired.difference > 0 ? 1 : -1;
  }
}

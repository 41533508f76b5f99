/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/draft.h"

#include <string.h>

struct draft *draft_of(const struct scenario *from, struct arena *arena) {
  struct draft *draft = ARENA_NEW(arena, struct draft);
  draft->scenario = *from;
  draft->vms = ARENA_ARRAY(arena, from->n_vms + 1, struct vm_spec);
  draft->locks = ARENA_ARRAY(arena, from->n_locks + 1, struct lock_spec);
  draft->programs = ARENA_ARRAY(arena, from->n_programs, struct program);
  memcpy(draft->locks, from->locks, from->n_locks * sizeof *from->locks);
  memcpy(draft->vms, from->vms, from->n_vms * sizeof *from->vms);
  for (uint32_t i = 0; i < from->n_programs; i++) {
    const struct program *program = &from->programs[i];
    draft->programs[i] = *program;
    draft->ops[i] = ARENA_ARRAY(arena, program->n_ops, struct op);
    memcpy(draft->ops[i], program->ops, program->n_ops * sizeof *program->ops);
    draft->programs[i].ops = draft->ops[i];
  }
  for (uint32_t i = 0; i < from->n_vms; i++)
    draft->vms[i].guest.program = &draft->programs[from->vms[i].guest.program - from->programs];
  draft->scenario.vms = draft->vms;
  draft->scenario.locks = draft->locks;
  draft->scenario.programs = draft->programs;
  return draft;
}

static void change_dists(struct draft *draft, struct dist (*change)(struct dist dist, int64_t by),
                         int64_t by) {
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++)
    draft->vms[i].start = change(draft->vms[i].start, by);
  for (uint32_t i = 0; i < draft->scenario.n_programs; i++)
    for (uint32_t o = 0; o < draft->programs[i].n_ops; o++)
      if (draft->ops[i][o].dist.kind) draft->ops[i][o].dist = change(draft->ops[i][o].dist, by);
}

static struct dist settle(struct dist dist, int64_t unused) {
  (void)unused;
  return dist_constant(dist_round_ns(dist.mean_ns));
}

void draft_settle(struct draft *draft) { change_dists(draft, settle, 0); }

static void scale_params(const struct kind *kind, unsigned char *params, int64_t scale) {
  for (size_t i = 0; i < kind->n_params; i++) {
    const struct param *row = &kind->params[i];
    if (row->type != PARAM_DURATION) continue;
    int64_t value_ns;
    memcpy(&value_ns, params + row->offset, sizeof value_ns);
    if (row->word && value_ns == row->word_value) continue;
    value_ns *= scale;
    memcpy(params + row->offset, &value_ns, sizeof value_ns);
  }
}

static struct dist scale_dist(struct dist dist, int64_t scale) {
  if (dist_is_constant(&dist)) return dist_constant(dist.constant_ns * scale);
  scale_params(&dist.kind->kind, dist.params.bytes, scale);
  dist.kind->finish(&dist);
  return dist;
}

static void scale_hypervisor(struct hypervisor_spec *hypervisor, int64_t scale) {
  struct kind_choice *choices[] = {&hypervisor->scheduler, &hypervisor->coscheduling};
  for (int i = 0; i < 2; i++) scale_params(choices[i]->kind, choices[i]->params.bytes, scale);
  if (hypervisor->ple.window_ns != PLE_STANDARD) hypervisor->ple.window_ns *= scale;
  hypervisor->ple.exit_cost_ns *= scale;
  hypervisor->halt_polling.max_ns *= scale;
  hypervisor->halt_polling.start_ns *= scale;
  hypervisor->delay_preemption_ns *= scale;
}

void draft_scale(struct draft *draft, int64_t scale) {
  struct host_spec *host = &draft->scenario.host;
  host->context_switch_ns *= scale;
  host->migration_ns *= scale;
  for (int d = 0; d < DISTANCE_HOST; d++)
    if (host->near_migration_ns[d] != MIGRATION_FAR) host->near_migration_ns[d] *= scale;
  scale_hypervisor(&draft->scenario.hypervisor, scale);
  for (uint32_t i = 0; i < draft->scenario.n_locks; i++)
    scale_params(draft->locks[i].choice.kind, draft->locks[i].choice.params.bytes, scale);
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++) {
    struct guest_spec *guest = &draft->vms[i].guest;
    scale_params(guest->scheduler.kind, guest->scheduler.params.bytes, scale);
    guest->timeslice_ns *= scale;
    guest->switch_ns *= scale;
    guest->ipi_latency_ns *= scale;
  }
  change_dists(draft, scale_dist, scale);
  draft->scenario.run.duration_ns *= scale;
  draft->scenario.run.warmup_ns *= scale;
}

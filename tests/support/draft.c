/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/draft.h"

#include <string.h>

static struct op *copy_ops(struct program *program, struct arena *arena) {
  struct op *ops = ARENA_ARRAY(arena, program->n_ops, struct op);
  memcpy(ops, program->ops, program->n_ops * sizeof *ops);
  program->ops = ops;
  return ops;
}

static void copy_interrupts(struct guest_spec *guest, struct draft_interrupts *copy,
                            struct arena *arena) {
  for (uint32_t i = 0; i < guest->n_interrupts; i++) {
    copy->specs[i] = guest->interrupts[i];
    copy->ops[i] = copy_ops(&copy->specs[i].handler, arena);
  }
  guest->interrupts = copy->specs;
}

struct draft *draft_of(const struct scenario *from, struct arena *arena) {
  struct draft *draft = ARENA_NEW(arena, struct draft);
  draft->scenario = *from;
  draft->vms = ARENA_ARRAY(arena, from->n_vms + 1, struct vm_spec);
  draft->locks = ARENA_ARRAY(arena, from->n_locks + 1, struct lock_spec);
  draft->programs = ARENA_ARRAY(arena, from->n_programs, struct program);
  memcpy(draft->locks, from->locks, from->n_locks * sizeof *from->locks);
  memcpy(draft->vms, from->vms, from->n_vms * sizeof *from->vms);
  for (uint32_t i = 0; i < from->n_programs; i++) {
    draft->programs[i] = from->programs[i];
    draft->ops[i] = copy_ops(&draft->programs[i], arena);
  }
  draft->n_vms = from->n_vms;
  draft->interrupts = ARENA_ARRAY(arena, from->n_vms, struct draft_interrupts);
  for (uint32_t i = 0; i < from->n_vms; i++) {
    draft->vms[i].guest.program = &draft->programs[from->vms[i].guest.program - from->programs];
    copy_interrupts(&draft->vms[i].guest, &draft->interrupts[i], arena);
  }
  draft->scenario.vms = draft->vms;
  draft->scenario.locks = draft->locks;
  draft->scenario.programs = draft->programs;
  return draft;
}

static void change_ops(struct op *ops, uint32_t n,
                       struct dist (*change)(struct dist dist, int64_t by), int64_t by) {
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].dist.kind) ops[i].dist = change(ops[i].dist, by);
}

static void change_dists(struct draft *draft, struct dist (*change)(struct dist dist, int64_t by),
                         int64_t by) {
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++)
    draft->vms[i].start = change(draft->vms[i].start, by);
  for (uint32_t i = 0; i < draft->scenario.n_programs; i++)
    change_ops(draft->ops[i], draft->programs[i].n_ops, change, by);
  for (uint32_t i = 0; i < draft->n_vms; i++) {
    struct draft_interrupts *interrupts = &draft->interrupts[i];
    for (uint32_t k = 0; k < DRAFT_INTERRUPTS_MAX && interrupts->ops[k]; k++) {
      interrupts->specs[k].every = change(interrupts->specs[k].every, by);
      change_ops(interrupts->ops[k], interrupts->specs[k].handler.n_ops, change, by);
    }
  }
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
  for (uint32_t i = 0; i < draft->n_vms; i++)
    for (uint32_t k = 0; k < DRAFT_INTERRUPTS_MAX; k++)
      draft->interrupts[i].specs[k].entry_ns *= scale;
  change_dists(draft, scale_dist, scale);
  draft->scenario.run.duration_ns *= scale;
  draft->scenario.run.warmup_ns *= scale;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/replicate.h"

#include <string.h>

#include "study/machine.h"

static const void *replicate_copy(struct arena *arena, const void *from, size_t count,
                                  size_t size) {
  if (count == 0) return NULL;
  return memcpy(arena_alloc(arena, count, size), from, count * size);
}
#define COPY_ARRAY(arena, from, count) replicate_copy((arena), (from), (count), sizeof *(from))

/* What is worth keeping of a run, so that its machine (histograms, mostly) can go. */
static const struct run_result *replicate_keep(const struct run_result *run, struct arena *arena) {
  struct run_result *copy = ARENA_NEW(arena, struct run_result);
  *copy = *run;
  struct vm_result *vms = ARENA_ARRAY(arena, run->scenario->n_vms, struct vm_result);
  for (uint32_t i = 0; i < run->scenario->n_vms; i++) {
    vms[i] = run->vms[i];
    vms[i].vcpus = COPY_ARRAY(arena, run->vms[i].vcpus, vms[i].spec->guest.n_vcpus);
    vms[i].locks = COPY_ARRAY(arena, run->vms[i].locks, vms[i].n_locks);
    vms[i].interrupts = COPY_ARRAY(arena, run->vms[i].interrupts, vms[i].spec->guest.n_interrupts);
    vms[i].steal = COPY_ARRAY(arena, run->vms[i].steal, entity_n_stealers(run->scenario));
  }
  copy->vms = vms;
  struct run_note *notes = ARENA_ARRAY(arena, run->n_notes, struct run_note);
  for (uint32_t i = 0; i < run->n_notes; i++) {
    notes[i] = run->notes[i];
    notes[i].text = arena_strdup(arena, run->notes[i].text);
  }
  copy->notes = notes;
  return copy;
}

struct replications replicate_run(const struct scenario *scenario,
                                  const struct replicate_options *options, struct arena *arena) {
  const struct run_result **runs = ARENA_ARRAY(arena, options->n, const struct run_result *);
  struct replications done = {.scenario = scenario, .runs = runs, .status = RUN_DONE};
  struct arena own = {0}, *machine = options->scratch ? options->scratch : &own;
  while (done.n < options->n && done.status == RUN_DONE) {
    arena_reset(machine);
    const struct machine_options one = {
        .replication = options->first + done.n,
        .guard = options->guard,
        .trace = done.n == 0 ? options->trace : NULL,
        .interrupt = options->interrupt,
    };
    const struct run_result *run = machine_run(scenario, &one, machine);
    done.status = run->status;
    if (run->message) done.message = arena_strdup(arena, run->message);
    if (run->status == RUN_DONE) runs[done.n++] = replicate_keep(run, arena);
  }
  arena_free(&own);
  return done;
}

struct stat_sum replicate_stat(const struct replications *replications, const struct metric *metric,
                               struct entity entity) {
  struct stat_sum stat = {0};
  for (uint32_t i = 0; i < replications->n; i++) {
    struct metric_subject subject = metric_subject(replications->runs[i], entity);
    struct cell cell = metric_value(metric, &subject);
    if (cell_is_number(&cell)) stat_add(&stat, cell_number(&cell));
  }
  return stat;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenarios: a refusal comes with an error; what is accepted resolves to a scenario that resolves
   to itself, and a moment of it runs, every invariant checked after every event. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "study/machine.h"
#include "study/scenario_bind.h"

enum { MOMENT_NS = 20000, SMALL_HOST = 16, SMALL_MEMORY = 64 << 20 };

static void run_moment(const struct scenario *scenario, struct arena *arena) {
  struct scenario small = *scenario;
  small.run.warmup_ns = small.run.warmup_ns < MOMENT_NS ? small.run.warmup_ns : MOMENT_NS;
  small.run.duration_ns = small.run.duration_ns < MOMENT_NS ? small.run.duration_ns : MOMENT_NS;
  uint64_t vcpus = 0, threads = 0;
  for (uint32_t i = 0; i < small.n_vms; i++) {
    vcpus += small.vms[i].guest.n_vcpus;
    threads += small.vms[i].guest.n_threads;
  }
  if (small.host.n_pcpus > SMALL_HOST || vcpus > SMALL_HOST || threads > SMALL_HOST ||
      machine_memory(&small) > SMALL_MEMORY)
    return;
  struct machine_options options = {.guard.paranoid = true};
  const struct run_result *result = machine_run(&small, &options, arena);
  fuzz_require(result->status == RUN_DONE || result->message != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  char *text = fuzz_text(data, size);
  const struct scenario *scenario = fuzz_bind(text, size, &arena);
  if (scenario) {
    const char *resolved = conf_to_json(&arena, scenario_resolve(scenario, &arena));
    const struct scenario *again = fuzz_bind(resolved, strlen(resolved), &arena);
    fuzz_require(again != NULL);
    fuzz_require(strcmp(conf_to_json(&arena, scenario_resolve(again, &arena)), resolved) == 0);
    run_moment(scenario, &arena);
  }
  free(text);
  arena_free(&arena);
  return 0;
}

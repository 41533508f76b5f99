/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random scenarios through the machine and through the naive simulator: every integer must agree.

     oracle-oracle [N [FIRST]]   N scenarios from seed FIRST; default ORACLE_SCENARIOS, or 2000
     oracle-oracle trace SEED    the two timelines of one scenario, up to where they part
     oracle-oracle shrunk SEED   the same of the smallest part of it that still differs
     oracle-oracle show SEED     the scenario as JSON
     oracle-oracle alone SEED    a few numbers of the naive simulator; runs no machine */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "naive.h"
#include "naive_world.h"
#include "study/machine.h"
#include "support/generate.h"
#include "support/print_scenario.h"
#include "support/shrink.h"
#include "timeline.h"

enum { SCENARIOS = 2000, REPORTS_MAX = 3 };

static bool differs(const struct scenario *scenario) {
  struct arena arena = {0};
  bool is_same = compare_results(
      NULL, machine_run(scenario, &(struct machine_options){.guard.paranoid = true}, &arena),
      oracle_run(scenario, 0, &arena));
  arena_free(&arena);
  return !is_same;
}

static void say_difference(const struct scenario *scenario) {
  struct arena arena = {0};
  compare_results(stdout, machine_run(scenario, &(struct machine_options){0}, &arena),
                  oracle_run(scenario, 0, &arena));
  arena_free(&arena);
}

/* What the scenarios exercised: a generator that reaches nothing would agree with everything. */
struct reach {
  uint64_t iterations, deadlocks, costops, lhp_events, lwp_events, migrations, contended;
  uint64_t interrupts, coalesced, calls;
  int64_t spin_ns[SPIN_CAUSES];
};

static void count_reach(struct reach *reach, const struct run_result *result) {
  for (uint32_t i = 0; i < result->scenario->n_vms; i++) {
    const struct vm_result *vm = &result->vms[i];
    reach->iterations += vm->iterations;
    reach->deadlocks += vm->deadlocks;
    reach->costops += vm->total.costops;
    reach->lhp_events += vm->total.lhp_events;
    reach->lwp_events += vm->total.lwp_events;
    reach->migrations += vm->total.migrations;
    for (unsigned cause = 0; cause < SPIN_CAUSES; cause++)
      reach->spin_ns[cause] += vm->total.spin_ns[cause];
    for (uint32_t l = 0; l < vm->n_locks; l++) reach->contended += vm->locks[l].contended;
    for (uint32_t k = 0; k < vm->spec->guest.n_interrupts; k++) {
      const struct interrupt_result *source = &vm->interrupts[k];
      *(source->spec->kind == INTERRUPT_CALL ? &reach->calls : &reach->interrupts) += source->taken;
      reach->coalesced += source->coalesced;
    }
  }
}

static void print_reach(const struct reach *reach) {
  printf("iterations %" PRIu64 ", contended %" PRIu64 ", deadlocks %" PRIu64 ", costops %" PRIu64
         ", lhp %" PRIu64 ", lwp %" PRIu64 ", migrations %" PRIu64 ", interrupts %" PRIu64
         ", coalesced %" PRIu64 ", calls %" PRIu64 ", spin us",
         reach->iterations, reach->contended, reach->deadlocks, reach->costops, reach->lhp_events,
         reach->lwp_events, reach->migrations, reach->interrupts, reach->coalesced, reach->calls);
  for (unsigned cause = 0; cause < SPIN_CAUSES; cause++)
    printf(" %" PRId64, reach->spin_ns[cause] / 1000);
  puts("");
}

static bool is_wide(const struct reach *reach) {
  return reach->iterations && reach->deadlocks && reach->costops && reach->lhp_events &&
         reach->lwp_events && reach->migrations && reach->interrupts && reach->coalesced &&
         reach->calls && reach->spin_ns[SPIN_CONTENDED] && reach->spin_ns[SPIN_LHP_READY] &&
         reach->spin_ns[SPIN_LHP_COSTOP] && reach->spin_ns[SPIN_LWP] && reach->spin_ns[SPIN_SELF];
}

static int compare_many(uint64_t n, uint64_t first) {
  uint64_t n_different = 0, n_stuck = 0;
  struct reach reach = {0};
  for (uint64_t seed = first; seed < first + n; seed++) {
    struct arena arena = {0};
    const struct scenario *scenario = generate_scenario(seed, naive_world_knows, &arena);
    const struct run_result *result = oracle_run(scenario, 0, &arena);
    n_stuck += result->status != RUN_DONE;
    count_reach(&reach, result);
    bool is_different = differs(scenario);
    if (is_different) printf("seed %" PRIu64 " differs\n", seed);
    if (is_different && n_different++ < REPORTS_MAX) {
      say_difference(scenario);
      puts("shrunk:");
      scenario = shrink_scenario(scenario, differs, &arena);
      say_difference(scenario);
      print_scenario(stdout, scenario);
    }
    arena_free(&arena);
  }
  printf("%" PRIu64 " scenarios, %" PRIu64 " stuck, %" PRIu64 " different\n", n, n_stuck,
         n_different);
  print_reach(&reach);
  if (n >= SCENARIOS && !is_wide(&reach)) puts("the scenarios do not reach everything");
  return n_different == 0 && (n < SCENARIOS || is_wide(&reach)) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int look_at(const char *how, uint64_t seed) {
  struct arena arena = {0};
  const struct scenario *scenario = generate_scenario(seed, naive_world_knows, &arena);
  bool is_known = true;
  if (strcmp(how, "trace") == 0) {
    timeline_print(stdout, scenario);
  } else if (strcmp(how, "shrunk") == 0) {
    if (differs(scenario)) scenario = shrink_scenario(scenario, differs, &arena);
    print_scenario(stdout, scenario);
    timeline_print(stdout, scenario);
    say_difference(scenario);
  } else if (strcmp(how, "show") == 0) {
    print_scenario(stdout, scenario);
  } else if (strcmp(how, "alone") == 0) {
    struct reach reach = {0};
    count_reach(&reach, oracle_run(scenario, 0, &arena));
    print_reach(&reach);
  } else {
    is_known = false;
    fprintf(stderr, "unknown: %s\n", how);
  }
  arena_free(&arena);
  return is_known ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
  const char *wanted = getenv("ORACLE_SCENARIOS");
  if (argc > 2 && strtoull(argv[1], NULL, 10) == 0)
    return look_at(argv[1], strtoull(argv[2], NULL, 10));
  uint64_t n = wanted ? strtoull(wanted, NULL, 10) : SCENARIOS;
  if (argc > 1) n = strtoull(argv[1], NULL, 10);
  return compare_many(n, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
}

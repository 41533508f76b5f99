/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/warmup.h"

#include "sim/duration.h"
#include "study/batches.h"
#include "study/machine.h"
#include "study/mser.h"

/* 200 means of five: a cut is told to half a per cent of the pilot. */
enum { PILOT_PARTS = 1000 };

/* No study gets that far: the pilot's random numbers are not those of what it is for. */
#define PILOT_REPLICATION UINT32_MAX

static int64_t pilot_length(const struct scenario *scenario) {
  int64_t longest_ns, guess_ns = scenario->run.warmup_ns;
  (void)machine_horizon_fits(scenario, &longest_ns);
  int64_t room_ns = longest_ns - scenario->run.duration_ns;
  return scenario->run.duration_ns + (guess_ns > room_ns / 2 ? room_ns : 2 * guess_ns);
}

static struct mser cut(const struct batch_series *series) {
  double iterations = 0;
  for (uint32_t i = 0; i < series->n; i++) iterations += series->iterations[i];
  return mser_cut(iterations > 0 ? series->iterations : series->busy_ns, series->n);
}

struct warmup warmup_find(const struct scenario *scenario, const struct run_guard *guard,
                          const volatile sig_atomic_t *interrupt, struct arena *arena) {
  double iterations[PILOT_PARTS], busy_ns[PILOT_PARTS];
  struct batch_series series = {PILOT_PARTS, iterations, busy_ns};
  struct warmup warmup = {.pilot_ns = pilot_length(scenario)};
  struct scenario pilot = *scenario;
  pilot.run.warmup_ns = 0;
  pilot.run.duration_ns = warmup.pilot_ns;
  const struct machine_options options = {
      .replication = PILOT_REPLICATION, .guard = *guard, .series = &series, .interrupt = interrupt};
  struct arena machine = {0};
  const struct run_result *run = machine_run(&pilot, &options, &machine);
  warmup.status = run->status;
  if (run->message) warmup.message = arena_strdup(arena, run->message);
  arena_free(&machine);
  if (warmup.status != RUN_DONE) return warmup;
  struct mser mser = cut(&series);
  warmup.is_too_short = mser.is_too_short;
  warmup.warmup_ns =
      duration_round_up((int64_t)((__int128)warmup.pilot_ns * mser.cut / PILOT_PARTS));
  return warmup;
}

const char *warmup_text(const struct warmup *warmup, struct arena *arena) {
  char found[DURATION_TEXT_MAX], pilot[DURATION_TEXT_MAX];
  return arena_printf(arena, "%s, found by MSER-5 in a pilot of %s",
                      duration_format(warmup->warmup_ns, found),
                      duration_format(warmup->pilot_ns, pilot));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/auto_warmup.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "cli/diag_print.h"
#include "cli/limits.h"
#include "cli/load.h"
#include "sim/duration.h"
#include "study/scenario_bind.h"
#include "study/warmup.h"

#define WARMUP_PATH "run.warmup"

static bool is_swept(const struct grid *grid) {
  for (uint32_t i = 0; i < grid->n_axes; i++)
    if (strcmp(grid->axes[i].path, WARMUP_PATH) == 0) return true;
  return false;
}

/* The pilot, on a thread of its own, so that somebody looks at the clock meanwhile. */
struct pilot {
  const struct cli *cli;
  const struct scenario *scenario;
  struct warmup warmup;
  volatile sig_atomic_t must_stop;
  sem_t has_ended;
};

static void *pilot_work(void *context) {
  struct pilot *pilot = context;
  const struct cli *cli = pilot->cli;
  pilot->warmup = warmup_find(pilot->scenario, &cli->guard, &pilot->must_stop, cli->arena);
  sem_post(&pilot->has_ended);
  return NULL;
}

static void pilot_await(struct pilot *pilot) {
  const struct cli *cli = pilot->cli;
  for (;;) {
    const struct timespec until = limits_next_look();
    if (sem_clockwait(&pilot->has_ended, CLOCK_MONOTONIC, &until) == 0) return;
    if (*cli->interrupt || limits_is_late(cli))
      __atomic_store_n(&pilot->must_stop, 1, __ATOMIC_RELAXED);
  }
}

/* Under --max-wall and signals. */
static struct warmup pilot_run(const struct cli *cli, const struct scenario *scenario) {
  struct pilot pilot = {.cli = cli, .scenario = scenario};
  sem_init(&pilot.has_ended, 0, 0);
  pthread_t thread;
  if (pthread_create(&thread, NULL, pilot_work, &pilot) == 0) {
    pilot_await(&pilot);
    pthread_join(thread, NULL);
  } else {
    pilot.warmup = warmup_find(scenario, &cli->guard, cli->interrupt, cli->arena);
  }
  sem_destroy(&pilot.has_ended);
  return pilot.warmup;
}

static int explain(const struct cli *cli, const struct warmup *warmup, const char *text) {
  if (warmup->status == RUN_INTERRUPTED && !*cli->interrupt) {
    cli_error("--max-wall is over, and the pilot for the warm-up is not");
    return EXIT_LIMIT;
  }
  if (warmup->status == RUN_INTERRUPTED) {
    cli_error("interrupted in the pilot for the warm-up");
    return EXIT_SIGNAL + (int)*cli->interrupt;
  }
  if (warmup->status != RUN_DONE) {
    cli_error("the pilot for the warm-up: %s", warmup->message);
    return warmup->status == RUN_LIMITED ? EXIT_LIMIT : EX_DATAERR;
  }
  if (warmup->is_too_short)
    cli_warn(cli, "the pilot saw no end of the warm-up: %s, half of it, is taken; try a longer -d",
             text);
  else
    cli_note(cli, "warm-up: %s", text);
  return EX_OK;
}

const struct scenario *auto_warmup(const struct cli *cli, const struct scenario *scenario,
                                   const struct grid *grid, const char **found, int *exit_code) {
  if (is_swept(grid)) {
    cli_error("-w auto: the scenario sweeps " WARMUP_PATH);
    *exit_code = EX_USAGE;
    return NULL;
  }
  /* What there is to complain about has been said. */
  struct diags *diags = ARENA_NEW(cli->arena, struct diags);
  diags->arena = cli->arena;
  const struct scenario *first = grid_bind(grid, 0, diags, cli->arena), *warm = NULL;
  if (first) {
    struct warmup warmup = pilot_run(cli, first);
    char value[DURATION_TEXT_MAX];
    *found = warmup_text(&warmup, cli->arena);
    *exit_code = explain(cli, &warmup, *found);
    if (*exit_code != EX_OK) return NULL;
    duration_format(warmup.warmup_ns, value);
    const struct conf *root =
        scenario_set(scenario->written, WARMUP_PATH,
                     conf_string(cli->arena, arena_strdup(cli->arena, value)), diags, cli->arena);
    if (root) warm = scenario_bind(root, diags, cli->arena);
  }
  if (warm && diags->n_errors == 0) return warm;
  diags_print(diags, (struct diag_style){cli_has_color(cli, stderr), cli->verbosity < 0}, stderr);
  *exit_code = load_exit_code(diags);
  return NULL;
}

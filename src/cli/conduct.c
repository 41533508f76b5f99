/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/conduct.h"

#include <time.h>

#include "cli/agenda.h"
#include "cli/diag_print.h"
#include "cli/limits.h"
#include "cli/mpi_crew.h"
#include "cli/mpi_link.h"
#include "cli/progress.h"

enum {
  NS_PER_S = 1000000000,
  /* Units that are handed out in advance: enough to be away until the next look if each takes
     0.2 ms. */
  AHEAD_PER_WORKER = 256,
  AHEAD_MAX = 4096
};

struct conductor {
  const struct conduct *conduct;
  const struct cli *cli;
  struct crew *crew;
  struct mpi_crew *mpi; /* or NULL */
  struct agenda agenda;
  struct progress progress;
  struct arena scratch;
  uint32_t n_ahead;
  int64_t synced_ns;
  bool is_dirty; /* something was committed since */
  int signal;    /* that has ended it, or 0 */
  bool is_late;  /* --max-wall has */
};

/* --- the work --- */

/* Takes in what is finished, as one transaction, and hands out new work. */
static int conductor_turn(struct conductor *conductor, bool goes_on) {
  struct store *store = conductor->conduct->store;
  struct crew_unit *unit = crew_collect(conductor->crew);
  conductor->is_dirty |= unit != NULL;
  int code = store_begin(store);
  for (struct crew_unit *next; unit && code == EX_OK; unit = next) {
    next = unit->next;
    code = agenda_absorb(&conductor->agenda, unit);
  }
  if (code == EX_OK && goes_on) code = agenda_fill(&conductor->agenda, conductor->n_ahead);
  if (code == EX_OK) code = store_commit(store);
  bool is_time = limits_now_ns() - conductor->synced_ns >= NS_PER_S || !goes_on;
  if (code == EX_OK && conductor->is_dirty && is_time) {
    code = store_sync(store);
    conductor->synced_ns = limits_now_ns();
    conductor->is_dirty = false;
  }
  return code;
}

/* Fewer units than that need us back: before somebody has nothing to do, or, if there is nothing to
   be handed out, when all is done. */
static uint32_t conductor_enough(const struct conductor *conductor, uint32_t n_open) {
  uint32_t n_workers = conductor->agenda.n_workers;
  if (n_open == 0) return 1;
  if (conductor->conduct->study->n_precisions > 0)
    return n_open < n_workers + 1 ? n_open : n_workers + 1;
  return n_open < conductor->n_ahead ? 1 : conductor->n_ahead / 2;
}

static void conductor_wait(struct conductor *conductor) {
  const struct timespec until = limits_next_look();
  uint32_t n_open = conductor_enough(conductor, crew_n_open(conductor->crew));
  if (conductor->mpi)
    mpi_crew_wait(conductor->mpi, n_open, &until);
  else
    (void)crew_wait(conductor->crew, n_open, &until);
}

static bool conductor_must_stop(struct conductor *conductor) {
  const struct cli *cli = conductor->cli;
  conductor->signal = __atomic_load_n(cli->interrupt, __ATOMIC_RELAXED);
  conductor->is_late = limits_is_late(cli);
  return conductor->signal || conductor->is_late;
}

static uint32_t conductor_n_cells(const struct conductor *conductor) {
  const struct study *study = conductor->conduct->study;
  uint32_t n_cells = study->grid->n_cells;
  if (study->n_precisions == 0) return n_cells;
  return n_cells / study->n_shards + (study->shard < n_cells % study->n_shards);
}

static void conductor_show(struct conductor *conductor) {
  if (!progress_is_due(&conductor->progress)) return;
  const struct agenda *agenda = &conductor->agenda;
  struct progress_state state = {agenda->n_done, agenda->n_total, agenda->n_run, "replications",
                                 ""};
  if (agenda->n_total == 0)
    state = (struct progress_state){agenda->n_complete, conductor_n_cells(conductor),
                                    agenda->n_complete - agenda->n_complete_before, "cells", ""};
  uint32_t cell = agenda_current_cell(agenda);
  arena_reset(&conductor->scratch);
  if (cell != UINT32_MAX)
    state.detail = grid_cell_name(conductor->conduct->study->grid, cell, &conductor->scratch);
  progress_draw(&conductor->progress, &state);
}

static int conductor_work(struct conductor *conductor) {
  struct crew *crew = conductor->crew;
  conductor->synced_ns = limits_now_ns();
  int code = conductor_turn(conductor, true);
  while (code == EX_OK && agenda_is_waiting(&conductor->agenda) &&
         !agenda_is_complete(&conductor->agenda) && !conductor_must_stop(conductor)) {
    conductor_show(conductor);
    conductor_wait(conductor);
    code = conductor_turn(conductor, true);
  }
  crew_stop(crew);
  if (conductor->mpi) mpi_crew_stop(conductor->mpi, conductor->signal != 0);
  const struct timespec whenever = {.tv_sec = INT32_MAX};
  if (crew_n_open(crew) > 0) (void)crew_wait(crew, 1, &whenever);
  return code == EX_OK ? conductor_turn(conductor, false) : code;
}

/* --- what there is to say --- */

static const char *conductor_cell(struct conductor *conductor, uint32_t cell) {
  const char *name = grid_cell_name(conductor->conduct->study->grid, cell, &conductor->scratch);
  return arena_printf(&conductor->scratch, *name ? "cell %u (%s)" : "cell %u", cell, name);
}

static int conductor_blame(struct conductor *conductor) {
  const struct agenda_fault *fault = &conductor->agenda.fault;
  const char *cell = conductor_cell(conductor, fault->cell);
  if (fault->message) {
    cli_error("%s, replication %u: %s", cell, fault->replication, fault->message);
    return fault->is_limit ? EXIT_LIMIT : EX_DATAERR;
  }
  struct diags diags = {.arena = &conductor->scratch};
  (void)grid_bind(conductor->conduct->study->grid, fault->cell, &diags, &conductor->scratch);
  diags_print(&diags, (struct diag_style){cli_has_color(conductor->cli, stderr), true}, stderr);
  cli_error("%s cannot be run", cell);
  return EX_DATAERR;
}

/* How far it has come, and how to go on. */
static const char *conductor_state(struct conductor *conductor) {
  const struct agenda *agenda = &conductor->agenda;
  const char *how = conductor->cli->output ? "go on with the same command and --resume"
                                           : "with -o DIR, --resume could go on";
  if (conductor->conduct->study->n_shards > 1 && agenda->n_total > 0)
    return arena_printf(&conductor->scratch, "%llu of %llu replications are finished; %s",
                        (unsigned long long)agenda->n_done, (unsigned long long)agenda->n_total,
                        how);
  uint64_t n_replications = agenda->n_run;
  uint32_t n_complete = agenda->n_complete;
  (void)store_count(conductor->conduct->store, &n_replications, &n_complete);
  return arena_printf(&conductor->scratch,
                      "%u of %u cells are complete, %llu replication%s in all; %s", n_complete,
                      conductor_n_cells(conductor), (unsigned long long)n_replications,
                      n_replications == 1 ? "" : "s", how);
}

static int conductor_report(struct conductor *conductor) {
  const struct agenda *agenda = &conductor->agenda;
  const struct cli *cli = conductor->cli;
  if (agenda->fault.is_there) return conductor_blame(conductor);
  if (agenda->n_imprecise > 0)
    cli_warn(cli, "%u of %u cells are less precise than -p demands after %u replications (-M)",
             agenda->n_imprecise, conductor_n_cells(conductor),
             conductor->conduct->study->max_reps);
  if (agenda_is_complete(agenda)) {
    if (cli->verbosity > 0)
      cli_note(cli, "%llu replications took %.2f s, %u at a time",
               (unsigned long long)agenda->n_run, progress_elapsed_s(&conductor->progress),
               agenda->n_workers);
    return EX_OK;
  }
  const char *state = conductor_state(conductor);
  if (conductor->signal) {
    cli_error("interrupted: %s", state);
    return EXIT_SIGNAL + conductor->signal;
  }
  cli_error("--max-wall is over: %s", state);
  return EXIT_LIMIT;
}

/* --- beginning and end --- */

/* Threads of each process; mpirun starts one process on each core. */
static uint32_t count_jobs(const struct cli *cli, const struct study *study) {
  uint32_t n = cli->jobs;
  if (n == 0) n = mpi_link_size() > 1 ? 1 : limits_cores(study->memory);
  uint64_t n_units = (uint64_t)study->grid->n_cells * study->max_reps;
  return n < n_units ? n : (uint32_t)n_units;
}

uint32_t conduct_n_workers(const struct cli *cli, const struct study *study) {
  return count_jobs(cli, study) * mpi_link_size();
}

static int conductor_prepare(struct conductor *conductor) {
  const struct conduct *conduct = conductor->conduct;
  uint32_t n_workers = crew_size(conductor->crew);
  conductor->mpi = mpi_crew_start(conductor->crew, conduct->study, n_workers);
  if (conductor->mpi) n_workers += mpi_crew_size(conductor->mpi);
  conductor->n_ahead = AHEAD_MAX;
  if (n_workers < AHEAD_MAX / AHEAD_PER_WORKER) conductor->n_ahead = n_workers * AHEAD_PER_WORKER;
  conductor->agenda = (struct agenda){.study = conduct->study,
                                      .store = conduct->store,
                                      .crew = conductor->crew,
                                      .trace = conduct->trace,
                                      .n_workers = n_workers};
  conductor->progress = progress_start(conduct->cli);
  return agenda_start(&conductor->agenda);
}

int conduct_run(const struct conduct *conduct) {
  struct conductor conductor = {.conduct = conduct, .cli = conduct->cli};
  const struct crew_config config = {.n_workers = count_jobs(conduct->cli, conduct->study),
                                     .guard = conduct->study->guard};
  conductor.crew = crew_start(&config);
  uint32_t n_workers = crew_size(conductor.crew);
  if (n_workers == 0) {
    cli_error("no thread could be started");
    crew_end(conductor.crew);
    return EX_SOFTWARE;
  }
  if (n_workers < config.n_workers)
    cli_warn(conduct->cli, "only %u of %u threads could be started", n_workers, config.n_workers);
  int code = conductor_prepare(&conductor);
  if (code == EX_OK) code = conductor_work(&conductor);
  if (conductor.mpi) mpi_crew_end(conductor.mpi);
  crew_end(conductor.crew);
  progress_end(&conductor.progress);
  if (code == EX_OK) code = conductor_report(&conductor);
  agenda_end(&conductor.agenda);
  arena_free(&conductor.scratch);
  return code;
}

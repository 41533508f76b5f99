/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/agenda.h"

#include <stddef.h>
#include <string.h>
#include <sysexits.h>

enum { OPEN_CELLS_PER_WORKER = 2 };

/* Replications count from 0 here: study->first is added where they go out. */
struct agenda_cell {
  struct agenda_cell *next;
  struct shared_cell cell;
  uint32_t n_asked;   /* those before are in the store, out, or another process's business */
  uint32_t n_ours;    /* of them those that are this process's */
  uint32_t n_missing; /* of these those that are not in the store */
  uint32_t n_out;     /* given to the crew */
  bool is_complete;   /* what is still out is not wanted any more */
  /* Where precisions decide: */
  struct arena arena;
  const struct run_result **runs; /* NULL: not there */
  uint32_t runs_room;
  uint32_t n_prefix;      /* these are there, and they are not enough */
  struct crew_unit *kept; /* in whose arenas runs are */
};

static bool agenda_is_adaptive(const struct agenda *agenda) {
  return agenda->study->n_precisions > 0;
}

int agenda_start(struct agenda *agenda) {
  const struct study *study = agenda->study;
  if (!agenda_is_adaptive(agenda)) {
    uint64_t n_all = (uint64_t)study->grid->n_cells * study->max_reps;
    agenda->n_total = n_all / study->n_shards + (study->shard < n_all % study->n_shards);
  }
  uint64_t n_stored;
  uint32_t n_finished;
  int code = store_count(agenda->store, &n_stored, &n_finished);
  agenda->is_fresh = code == EX_OK && n_stored == 0;
  return code;
}

/* --- cells --- */

static struct agenda_cell *cell_new(struct agenda *agenda) {
  struct agenda_cell *cell = agenda->spare;
  if (cell) {
    agenda->spare = cell->next;
    return cell;
  }
  cell = ARENA_NEW(&agenda->arena, struct agenda_cell);
  shared_cell_init(&cell->cell);
  return cell;
}

static struct agenda_cell *cell_open(struct agenda *agenda, uint32_t number) {
  struct agenda_cell *cell = cell_new(agenda);
  shared_cell_open(&cell->cell, agenda->study->grid, number);
  cell->next = NULL;
  cell->n_asked = cell->n_ours = cell->n_missing = cell->n_out = 0;
  cell->is_complete = false;
  arena_reset(&cell->arena);
  cell->runs = NULL;
  cell->runs_room = cell->n_prefix = 0;
  cell->kept = NULL;
  *(agenda->open ? &agenda->last->next : &agenda->open) = cell;
  agenda->last = cell;
  agenda->n_open_cells++;
  return cell;
}

/* Nothing of it is out. at: what points to it. */
static void cell_close(struct agenda *agenda, struct agenda_cell **at, struct agenda_cell *before) {
  struct agenda_cell *cell = *at;
  for (struct crew_unit *unit = cell->kept, *next; unit; unit = next) {
    next = unit->next;
    crew_drop_unit(agenda->crew, unit);
  }
  *at = cell->next;
  if (agenda->last == cell) agenda->last = before;
  cell->next = agenda->spare;
  agenda->spare = cell;
  agenda->n_open_cells--;
}

static int cell_complete(struct agenda *agenda, struct agenda_cell *cell, uint32_t n_reps) {
  cell->is_complete = true;
  agenda->n_complete++;
  return store_finish_cell(agenda->store, cell->cell.number, n_reps);
}

/* Puts a run where it can be looked at. */
static void cell_keep(struct agenda_cell *cell, uint32_t at, const struct run_result *run) {
  if (at >= cell->runs_room) {
    uint32_t room = cell->runs_room ? cell->runs_room : 16;
    while (room <= at) room *= 2;
    const struct run_result **runs = ARENA_ARRAY(&cell->arena, room, const struct run_result *);
    if (cell->runs) memcpy(runs, cell->runs, cell->runs_room * sizeof(struct run_result *));
    cell->runs = runs;
    cell->runs_room = room;
  }
  cell->runs[at] = run;
}

static bool cell_has(const struct agenda_cell *cell, uint32_t at) {
  return at < cell->runs_room && cell->runs[at];
}

/* Looks at longer and longer prefixes, each of them once. */
static int cell_judge(struct agenda *agenda, struct agenda_cell *cell) {
  while (!cell->is_complete && cell_has(cell, cell->n_prefix)) {
    const struct replications prefix = {
        .scenario = shared_cell_scenario(&cell->cell), .runs = cell->runs, .n = ++cell->n_prefix};
    if (!study_is_enough(agenda->study, &prefix)) continue;
    if (!study_is_precise(agenda->study, &prefix)) agenda->n_imprecise++;
    return cell_complete(agenda, cell, prefix.n);
  }
  return EX_OK;
}

/* What an earlier session has left of a cell that needs its results. */
static int cell_recall(struct agenda *agenda, struct agenda_cell *cell) {
  if (!store_has_cell(agenda->store, cell->cell.number)) return EX_OK;
  const struct scenario *scenario = shared_cell_scenario(&cell->cell);
  if (!scenario) return EX_OK; /* workers will stumble over it, too */
  struct replications stored = {0};
  int code = store_get(agenda->store, cell->cell.number, scenario, &cell->arena, &stored);
  if (code != EX_OK) return code;
  for (uint32_t i = 0; i < stored.n; i++) {
    cell_keep(cell, stored.runs[i]->replication - agenda->study->first, stored.runs[i]);
    agenda->n_done++;
  }
  return cell_judge(agenda, cell);
}

/* With a fixed number nobody has to look at results. */
static int cell_check_fixed(struct agenda *agenda, struct agenda_cell *cell) {
  const struct study *study = agenda->study;
  if (cell->is_complete || cell->n_asked < study->max_reps || cell->n_missing > 0) return EX_OK;
  if (cell->n_ours == study->max_reps) return cell_complete(agenda, cell, study->max_reps);
  cell->is_complete = true; /* our part of it; whoever merges the parts completes it */
  return EX_OK;
}

/* --- giving --- */

static void cell_give(struct agenda *agenda, struct agenda_cell *cell, uint32_t at) {
  struct crew_unit *unit = crew_new_unit(agenda->crew);
  unit->cell = &cell->cell;
  unit->replication = agenda->study->first + at;
  if (cell->cell.number == 0 && at == 0) unit->trace = agenda->trace;
  cell->n_out++;
  agenda->n_out++;
  cell->n_missing++;
  crew_give(agenda->crew, unit);
}

/* The next replication below the limit that has to be run. */
static bool cell_next(struct agenda *agenda, struct agenda_cell *cell, uint32_t limit,
                      uint32_t *at) {
  const struct study *study = agenda->study;
  while (!cell->is_complete && cell->n_asked < limit) {
    *at = cell->n_asked++;
    if (agenda_is_adaptive(agenda)) {
      if (!cell_has(cell, *at)) return true;
      continue;
    }
    uint32_t number = cell->cell.number, replication = study->first + *at;
    if (!study_owns(study, number, replication)) continue;
    cell->n_ours++;
    if (agenda->is_fresh || !store_has(agenda->store, number, replication)) return true;
    agenda->n_done++;
  }
  return false;
}

/* So many replications are known to be needed. */
static uint32_t cell_n_needed(const struct agenda *agenda, const struct agenda_cell *cell) {
  const struct study *study = agenda->study;
  if (!agenda_is_adaptive(agenda)) return study->max_reps;
  return cell->n_prefix < study->min_reps ? study->min_reps : cell->n_prefix + 1;
}

/* Opens the next cell that is not complete; *opened is NULL if there is none. */
static int agenda_open_next(struct agenda *agenda, struct agenda_cell **opened) {
  const struct study *study = agenda->study;
  bool is_adaptive = agenda_is_adaptive(agenda);
  *opened = NULL;
  while (agenda->next_cell < study->grid->n_cells) {
    uint32_t number = agenda->next_cell++;
    if (is_adaptive && !study_owns(study, number, study->first)) continue;
    if (agenda->is_fresh || !store_is_finished(agenda->store, number)) {
      *opened = cell_open(agenda, number);
      return is_adaptive ? cell_recall(agenda, *opened) : EX_OK;
    }
    agenda->n_complete++;
    agenda->n_complete_before++;
    if (!is_adaptive) agenda->n_done += study->max_reps;
  }
  return EX_OK;
}

static bool agenda_may_open(const struct agenda *agenda, uint32_t n_wanted) {
  return crew_n_open(agenda->crew) < n_wanted &&
         (!agenda_is_adaptive(agenda) ||
          agenda->n_open_cells <= agenda->n_workers * OPEN_CELLS_PER_WORKER);
}

static void cell_give_known(struct agenda *agenda, struct agenda_cell *cell, uint32_t n_wanted) {
  uint32_t n_needed = cell_n_needed(agenda, cell), at;
  while (crew_n_open(agenda->crew) < n_wanted && cell_next(agenda, cell, n_needed, &at))
    cell_give(agenda, cell, at);
}

/* What open cells may need: one replication of each in turn. */
static void agenda_speculate(struct agenda *agenda) {
  uint32_t at;
  for (bool has_given = true; has_given;) {
    has_given = false;
    for (struct agenda_cell *cell = agenda->open; cell; cell = cell->next) {
      if (crew_n_open(agenda->crew) >= agenda->n_workers) return;
      if (!cell_next(agenda, cell, agenda->study->max_reps, &at)) continue;
      cell_give(agenda, cell, at);
      has_given = true;
    }
  }
}

/* Cells that are complete, and of which nothing is out any more, make room. */
static int agenda_sweep_out(struct agenda *agenda) {
  int code = EX_OK;
  struct agenda_cell **at = &agenda->open, *before = NULL;
  while (*at && code == EX_OK) {
    struct agenda_cell *cell = *at;
    if (!agenda_is_adaptive(agenda)) code = cell_check_fixed(agenda, cell);
    if (cell->is_complete && cell->n_out == 0) {
      cell_close(agenda, at, before);
    } else {
      before = cell;
      at = &cell->next;
    }
  }
  return code;
}

int agenda_fill(struct agenda *agenda, uint32_t n_wanted) {
  int code = agenda_sweep_out(agenda);
  if (code != EX_OK || agenda->fault.is_there) return code;
  for (struct agenda_cell *cell = agenda->open; cell; cell = cell->next)
    cell_give_known(agenda, cell, n_wanted);
  while (code == EX_OK && agenda_may_open(agenda, n_wanted)) {
    struct agenda_cell *cell;
    code = agenda_open_next(agenda, &cell);
    if (!cell) break;
    cell_give_known(agenda, cell, n_wanted);
    if (cell->n_out == 0 && code == EX_OK) code = agenda_sweep_out(agenda);
  }
  if (agenda_is_adaptive(agenda)) agenda_speculate(agenda);
  return code;
}

/* --- taking --- */

static void agenda_blame(struct agenda *agenda, const struct crew_unit *unit) {
  struct agenda_fault *fault = &agenda->fault;
  uint32_t cell = unit->cell->number;
  if (fault->is_there &&
      (fault->cell < cell || (fault->cell == cell && fault->replication < unit->replication)))
    return;
  *fault = (struct agenda_fault){.is_there = true,
                                 .is_limit = unit->status == RUN_LIMITED,
                                 .cell = cell,
                                 .replication = unit->replication};
  if (!unit->is_unbound) fault->message = arena_strdup(&agenda->arena, unit->message);
  crew_clear(agenda->crew);
}

int agenda_absorb(struct agenda *agenda, struct crew_unit *unit) {
  struct agenda_cell *cell =
      (struct agenda_cell *)(void *)((char *)unit->cell - offsetof(struct agenda_cell, cell));
  cell->n_out--;
  agenda->n_out--;
  if (unit->is_unbound || unit->status == RUN_STUCK || unit->status == RUN_LIMITED)
    agenda_blame(agenda, unit);
  if (!unit->run || cell->is_complete) {
    crew_drop_unit(agenda->crew, unit);
    return EX_OK;
  }
  int code = store_put(agenda->store, cell->cell.number, unit->run);
  cell->n_missing--;
  agenda->n_done++;
  agenda->n_run++;
  if (!agenda_is_adaptive(agenda)) {
    crew_drop_unit(agenda->crew, unit);
    return code;
  }
  unit->next = cell->kept;
  cell->kept = unit;
  cell_keep(cell, unit->replication - agenda->study->first, unit->run);
  return code == EX_OK ? cell_judge(agenda, cell) : code;
}

/* --- the whole --- */

bool agenda_is_complete(const struct agenda *agenda) {
  if (agenda->next_cell < agenda->study->grid->n_cells) return false;
  for (const struct agenda_cell *cell = agenda->open; cell; cell = cell->next)
    if (!cell->is_complete) return false;
  return true;
}

bool agenda_is_waiting(const struct agenda *agenda) { return agenda->n_out > 0; }

uint32_t agenda_current_cell(const struct agenda *agenda) {
  return agenda->open ? agenda->open->cell.number : UINT32_MAX;
}

static void agenda_destroy(struct agenda_cell *cells) {
  for (struct agenda_cell *cell = cells; cell; cell = cell->next) {
    shared_cell_destroy(&cell->cell);
    arena_free(&cell->arena);
  }
}

void agenda_end(struct agenda *agenda) {
  agenda_destroy(agenda->open);
  agenda_destroy(agenda->spare);
  arena_free(&agenda->arena);
}

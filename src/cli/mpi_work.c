/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/mpi_work.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "cli/mpi_link.h"
#include "cli/mpi_wire.h"

/* As in mpi_crew.c. */
enum { NS_PER_S = 1000000000, PAUSE_NS = 1000000 };

struct work_cell {
  struct work_cell *next;
  struct shared_cell cell;
  uint32_t n_out;
};

struct work {
  struct crew *crew;
  const struct grid *grid;
  struct work_cell *cells; /* the one used last comes first */
  struct arena arena;      /* of the study */
  struct arena scratch;    /* of a message on its way out */
};

/* --- a study --- */

static void work_begin(struct work *work, const struct mpi_link_message *message) {
  struct mpi_study study;
  const struct mpi_wire wire = {message->bytes, message->n_bytes};
  work->grid = mpi_wire_to_grid(wire, &study, &work->arena);
  work->crew = crew_start(&(struct crew_config){.n_workers = study.jobs, .guard = study.guard});
  /* mpirun notices, and ends the others. */
  if (!work->grid || crew_size(work->crew) == 0) exit(EX_SOFTWARE);
}

/* Cells stay bound as long as nobody else needs their place. */
static struct work_cell *work_find_cell(struct work *work, uint32_t number) {
  struct work_cell **idle = NULL, **at = &work->cells;
  for (; *at && (*at)->cell.number != number; at = &(*at)->next)
    if ((*at)->n_out == 0) idle = at;
  bool is_known = *at != NULL;
  if (!is_known && idle) at = idle;
  struct work_cell *cell = *at;
  if (cell) {
    *at = cell->next;
  } else {
    cell = ARENA_NEW(&work->arena, struct work_cell);
    shared_cell_init(&cell->cell);
  }
  cell->next = work->cells;
  work->cells = cell;
  if (!is_known) shared_cell_open(&cell->cell, work->grid, number);
  return cell;
}

static void work_give(struct work *work, const struct mpi_link_message *message) {
  struct mpi_unit about;
  memcpy(&about, message->bytes, sizeof about);
  struct work_cell *cell = work_find_cell(work, about.cell);
  struct crew_unit *unit = crew_new_unit(work->crew);
  unit->cell = &cell->cell;
  unit->replication = about.replication;
  cell->n_out++;
  crew_give(work->crew, unit);
}

static void work_send_results(struct work *work) {
  for (struct crew_unit *unit = crew_collect(work->crew), *next; unit; unit = next) {
    next = unit->next;
    arena_reset(&work->scratch);
    struct mpi_wire wire = mpi_wire_of_result(unit, &work->scratch);
    mpi_link_send(0, LINK_RESULT, wire.bytes, wire.n_bytes);
    work_find_cell(work, unit->cell->number)->n_out--;
    crew_drop_unit(work->crew, unit);
  }
}

/* Also if there is nothing to halt. */
static void work_halt(struct work *work) {
  if (work->crew) crew_stop(work->crew);
  if (work->crew) crew_end(work->crew);
  for (struct work_cell *cell = work->cells; cell; cell = cell->next)
    shared_cell_destroy(&cell->cell);
  arena_free(&work->arena);
  *work = (struct work){.scratch = work->scratch};
  mpi_link_send(0, LINK_HALTED, NULL, 0);
}

/* --- the program --- */

static void work_wait(struct work *work) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += PAUSE_NS;
  until.tv_sec += until.tv_nsec / NS_PER_S;
  until.tv_nsec %= NS_PER_S;
  if (work->crew)
    crew_wait(work->crew, UINT32_MAX, &until);
  else
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* false: that was the last message; *code is the exit code. */
static bool work_heed(struct work *work, const struct mpi_link_message *message, int *code) {
  switch (message->kind) {
    case LINK_STUDY:
      work_begin(work, message);
      break;
    case LINK_UNIT:
      work_give(work, message);
      break;
    case LINK_HALT:
      work_halt(work);
      break;
    case LINK_BYE:
      memcpy(code, message->bytes, sizeof *code);
      return false;
    case LINK_RESULT:
    case LINK_HALTED:
      break;
  }
  return true;
}

int mpi_work(void) {
  /* Whoever wants to stop the study tells process 0, which then tells us. */
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  struct work work = {0};
  int code = EX_OK;
  for (bool goes_on = true; goes_on;) {
    struct mpi_link_message message;
    if (mpi_link_receive(&message))
      goes_on = work_heed(&work, &message, &code);
    else
      work_wait(&work);
    if (work.crew) work_send_results(&work);
  }
  arena_free(&work.scratch);
  mpi_link_leave();
  return code;
}

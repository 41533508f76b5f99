/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/mpi_crew.h"

#include <time.h>

#include "cli/limits.h"
#include "cli/mpi_link.h"
#include "cli/mpi_wire.h"

enum {
  NS_PER_S = 1000000000,
  /* How long a message may lie before we look: waiting for one in MPI_Recv would keep a core
     busy. Processes get work in advance for as long as it may take us to send more. */
  PAUSE_NS = 1000000,
  AHEAD_NS = 100000000,
  AHEAD_MAX = 128
};

/* For an answer to a halt: a big machine is built, or ended, in one go. */
#define PATIENCE_NS (10 * (int64_t)NS_PER_S)

struct peer {
  uint32_t n_out;
  struct crew_unit *out; /* what it has got */
  uint64_t n_back;
};

struct mpi_crew {
  struct crew *crew;
  struct peer *peers; /* by rank; that of process 0 is not used */
  uint32_t size, jobs;
  int64_t started_ns;
  struct arena arena;
};

struct mpi_crew *mpi_crew_start(struct crew *crew, const struct study *study, uint32_t jobs) {
  if (mpi_link_size() == 1) return NULL;
  struct arena arena = {0};
  struct mpi_crew *mpi = ARENA_NEW(&arena, struct mpi_crew);
  mpi->crew = crew;
  mpi->size = mpi_link_size();
  mpi->jobs = jobs;
  mpi->peers = ARENA_ARRAY(&arena, mpi->size, struct peer);
  mpi->started_ns = limits_now_ns();
  mpi->arena = arena;
  const struct mpi_study about = {.jobs = jobs, .guard = study->guard};
  struct arena scratch = {0};
  struct mpi_wire wire = mpi_wire_of_study(&about, study->grid, &scratch);
  for (uint32_t rank = 1; rank < mpi->size; rank++)
    mpi_link_send(rank, LINK_STUDY, wire.bytes, wire.n_bytes);
  arena_free(&scratch);
  return mpi;
}

uint32_t mpi_crew_size(const struct mpi_crew *mpi) { return (mpi->size - 1) * mpi->jobs; }

/* How many units a peer should have: one for each of its threads, and more if they are short. */
static uint32_t peer_n_wanted(const struct mpi_crew *mpi, const struct peer *peer) {
  if (peer->n_back == 0) return mpi->jobs;
  int64_t unit_ns = (limits_now_ns() - mpi->started_ns) / (int64_t)peer->n_back + 1;
  int64_t n_ahead = AHEAD_NS / unit_ns;
  return mpi->jobs + (uint32_t)(n_ahead < AHEAD_MAX ? n_ahead : AHEAD_MAX);
}

static bool peer_give(struct mpi_crew *mpi, uint32_t rank) {
  struct peer *peer = &mpi->peers[rank];
  struct crew_unit *unit = crew_take(mpi->crew);
  if (!unit) return false;
  const struct mpi_unit about = {unit->cell->number, unit->replication};
  mpi_link_send(rank, LINK_UNIT, &about, sizeof about);
  unit->next = peer->out;
  peer->out = unit;
  peer->n_out++;
  return true;
}

static void peer_take(struct mpi_crew *mpi, const struct mpi_link_message *message) {
  struct peer *peer = &mpi->peers[message->from];
  const struct mpi_wire wire = {message->bytes, message->n_bytes};
  struct mpi_unit about = mpi_wire_to_unit(wire);
  struct crew_unit **at = &peer->out;
  while ((*at)->cell->number != about.cell || (*at)->replication != about.replication)
    at = &(*at)->next;
  struct crew_unit *unit = *at;
  *at = unit->next;
  peer->n_out--;
  peer->n_back++;
  mpi_wire_to_result(wire, unit);
  crew_hand_in(mpi->crew, unit);
}

/* Receives and sends all that there is. */
static void mpi_crew_pump(struct mpi_crew *mpi) {
  struct mpi_link_message message;
  while (mpi_link_receive(&message)) peer_take(mpi, &message);
  /* In turns: a few units go to as many processes as possible. */
  for (bool has_given = true; has_given;) {
    has_given = false;
    for (uint32_t rank = 1; rank < mpi->size; rank++)
      if (mpi->peers[rank].n_out < peer_n_wanted(mpi, &mpi->peers[rank]))
        has_given |= peer_give(mpi, rank);
  }
}

void mpi_crew_wait(struct mpi_crew *mpi, uint32_t n_open, const struct timespec *until) {
  int64_t until_ns = until->tv_sec * NS_PER_S + until->tv_nsec;
  bool is_enough = false;
  while (!is_enough && limits_now_ns() < until_ns) {
    mpi_crew_pump(mpi);
    int64_t wake_ns = limits_now_ns() + PAUSE_NS;
    if (wake_ns > until_ns) wake_ns = until_ns;
    is_enough =
        crew_wait(mpi->crew, n_open, &(struct timespec){wake_ns / NS_PER_S, wake_ns % NS_PER_S});
  }
}

/* Has all others drop what they are doing. When they have answered nothing is under way any more;
   false: not all of them have, in this time. */
static bool mpi_crew_halt(void) {
  const struct timespec pause = {.tv_nsec = PAUSE_NS};
  int64_t until_ns = limits_now_ns() + PATIENCE_NS;
  uint32_t n_missing = mpi_link_size() - 1;
  for (uint32_t rank = 1; rank <= n_missing; rank++) mpi_link_send(rank, LINK_HALT, NULL, 0);
  while (n_missing > 0) {
    struct mpi_link_message message;
    if (mpi_link_receive(&message))
      n_missing -= message.kind == LINK_HALTED;
    else if (limits_now_ns() < until_ns)
      nanosleep(&pause, NULL);
    else
      return false;
  }
  return true;
}

void mpi_crew_stop(struct mpi_crew *mpi, bool is_hasty) {
  mpi_crew_pump(mpi); /* what has come is kept */
  if (!is_hasty) (void)mpi_crew_halt();
  for (uint32_t rank = 1; rank < mpi->size; rank++) {
    for (struct crew_unit *unit = mpi->peers[rank].out, *next; unit; unit = next) {
      next = unit->next;
      unit->status = RUN_INTERRUPTED;
      crew_hand_in(mpi->crew, unit);
    }
  }
}

void mpi_crew_end(struct mpi_crew *mpi) {
  struct arena arena = mpi->arena;
  arena_free(&arena);
}

void mpi_crew_dismiss(int code) {
  if (mpi_link_size() == 1) return;
  /* Without an answer somebody is gone. mpirun sees that we do not take our leave, and ends the
     others. */
  if (!mpi_crew_halt()) return;
  for (uint32_t rank = 1; rank < mpi_link_size(); rank++)
    mpi_link_send(rank, LINK_BYE, &code, sizeof code);
  mpi_link_leave();
}

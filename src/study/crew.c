/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/crew.h"

#include <assert.h>
#include <signal.h>

#include "study/replicate.h"

struct crew_queue {
  struct crew_unit *head, **tail;
};

struct crew {
  pthread_t *workers;
  uint32_t n_workers;
  struct run_guard guard;
  struct arena arena;
  struct crew_unit *spare; /* the coordinator's own */
  struct crew_unit **all;
  uint32_t n_all, all_room;

  pthread_mutex_t lock; /* of the rest */
  pthread_cond_t has_work, has_news;
  struct crew_queue queued, finished;
  uint32_t n_open;     /* queued or running */
  uint32_t news_below; /* the coordinator wants to know when there are fewer open */
  bool is_over;
  volatile sig_atomic_t interrupt; /* read and written atomically, without the lock */
};

static void queue_add(struct crew_queue *queue, struct crew_unit *unit) {
  unit->next = NULL;
  *queue->tail = unit;
  queue->tail = &unit->next;
}

static struct crew_unit *queue_take(struct crew_queue *queue) {
  struct crew_unit *unit = queue->head;
  if (!unit) return NULL;
  queue->head = unit->next;
  if (!unit->next) queue->tail = &queue->head;
  return unit;
}

/* --- workers --- */

static void unit_run(struct crew *crew, struct crew_unit *unit, struct arena *scratch) {
  const struct scenario *scenario = shared_cell_scenario(unit->cell);
  unit->is_unbound = !scenario;
  if (!scenario) return;
  const struct replicate_options options = {.first = unit->replication,
                                            .n = 1,
                                            .guard = crew->guard,
                                            .interrupt = &crew->interrupt,
                                            .trace = unit->trace,
                                            .scratch = scratch};
  struct replications done = replicate_run(scenario, &options, &unit->arena);
  unit->status = done.status;
  unit->message = done.message;
  if (done.n > 0) unit->run = done.runs[0];
}

/* Under the lock. */
static void crew_finish(struct crew *crew, struct crew_unit *unit) {
  queue_add(&crew->finished, unit);
  crew->n_open--;
  if (crew->n_open < crew->news_below) pthread_cond_signal(&crew->has_news);
}

static void *crew_work(void *context) {
  struct crew *crew = context;
  struct arena scratch = {0};
  pthread_mutex_lock(&crew->lock);
  while (!crew->is_over) {
    struct crew_unit *unit = queue_take(&crew->queued);
    if (!unit) {
      pthread_cond_wait(&crew->has_work, &crew->lock);
      continue;
    }
    pthread_mutex_unlock(&crew->lock);
    unit_run(crew, unit, &scratch);
    pthread_mutex_lock(&crew->lock);
    crew_finish(crew, unit);
  }
  pthread_mutex_unlock(&crew->lock);
  arena_free(&scratch);
  return NULL;
}

/* --- the coordinator --- */

struct crew *crew_start(const struct crew_config *config) {
  struct arena arena = {0};
  struct crew *crew = ARENA_NEW(&arena, struct crew);
  crew->workers = ARENA_ARRAY(&arena, config->n_workers, pthread_t);
  crew->guard = config->guard;
  crew->arena = arena;
  crew->queued.tail = &crew->queued.head;
  crew->finished.tail = &crew->finished.head;
  pthread_mutex_init(&crew->lock, NULL);
  pthread_cond_init(&crew->has_work, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&crew->has_news, &monotonic);
  pthread_condattr_destroy(&monotonic);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (crew->n_workers < config->n_workers &&
         pthread_create(&crew->workers[crew->n_workers], NULL, crew_work, crew) == 0)
    crew->n_workers++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return crew;
}

uint32_t crew_size(const struct crew *crew) { return crew->n_workers; }

static void crew_remember(struct crew *crew, struct crew_unit *unit) {
  if (crew->n_all == crew->all_room) {
    crew->all_room = crew->all_room ? 2 * crew->all_room : 64;
    struct crew_unit **all = ARENA_ARRAY(&crew->arena, crew->all_room, struct crew_unit *);
    for (uint32_t i = 0; i < crew->n_all; i++) all[i] = crew->all[i];
    crew->all = all;
  }
  crew->all[crew->n_all++] = unit;
}

struct crew_unit *crew_new_unit(struct crew *crew) {
  struct crew_unit *unit = crew->spare;
  if (unit) {
    crew->spare = unit->next;
  } else {
    unit = ARENA_NEW(&crew->arena, struct crew_unit);
    crew_remember(crew, unit);
  }
  *unit = (struct crew_unit){.arena = unit->arena};
  return unit;
}

void crew_drop_unit(struct crew *crew, struct crew_unit *unit) {
  arena_reset(&unit->arena);
  unit->next = crew->spare;
  crew->spare = unit;
}

void crew_give(struct crew *crew, struct crew_unit *unit) {
  pthread_mutex_lock(&crew->lock);
  queue_add(&crew->queued, unit);
  crew->n_open++;
  pthread_cond_signal(&crew->has_work);
  pthread_mutex_unlock(&crew->lock);
}

struct crew_unit *crew_take(struct crew *crew) {
  pthread_mutex_lock(&crew->lock);
  const struct crew_unit *head = crew->queued.head;
  struct crew_unit *unit = head && head->trace ? NULL : queue_take(&crew->queued);
  pthread_mutex_unlock(&crew->lock);
  return unit;
}

void crew_hand_in(struct crew *crew, struct crew_unit *unit) {
  pthread_mutex_lock(&crew->lock);
  crew_finish(crew, unit);
  pthread_mutex_unlock(&crew->lock);
}

bool crew_wait(struct crew *crew, uint32_t n_open, const struct timespec *until) {
  pthread_mutex_lock(&crew->lock);
  crew->news_below = n_open;
  int result = 0;
  while (result == 0 && !(crew->finished.head && crew->n_open < n_open))
    result = pthread_cond_timedwait(&crew->has_news, &crew->lock, until);
  crew->news_below = 0;
  pthread_mutex_unlock(&crew->lock);
  return result == 0;
}

uint32_t crew_n_open(struct crew *crew) {
  pthread_mutex_lock(&crew->lock);
  uint32_t n_open = crew->n_open;
  pthread_mutex_unlock(&crew->lock);
  return n_open;
}

struct crew_unit *crew_collect(struct crew *crew) {
  pthread_mutex_lock(&crew->lock);
  struct crew_unit *finished = crew->finished.head;
  crew->finished = (struct crew_queue){.tail = &crew->finished.head};
  pthread_mutex_unlock(&crew->lock);
  return finished;
}

void crew_clear(struct crew *crew) {
  pthread_mutex_lock(&crew->lock);
  for (struct crew_unit *unit; (unit = queue_take(&crew->queued));) {
    unit->status = RUN_INTERRUPTED;
    crew_finish(crew, unit);
  }
  pthread_mutex_unlock(&crew->lock);
}

void crew_stop(struct crew *crew) {
  crew_clear(crew);
  __atomic_store_n(&crew->interrupt, 1, __ATOMIC_RELAXED);
}

void crew_end(struct crew *crew) {
  pthread_mutex_lock(&crew->lock);
  crew->is_over = true;
  pthread_cond_broadcast(&crew->has_work);
  pthread_mutex_unlock(&crew->lock);
  for (uint32_t i = 0; i < crew->n_workers; i++) pthread_join(crew->workers[i], NULL);
  pthread_mutex_destroy(&crew->lock);
  pthread_cond_destroy(&crew->has_work);
  pthread_cond_destroy(&crew->has_news);
  for (uint32_t i = 0; i < crew->n_all; i++) arena_free(&crew->all[i]->arena);
  struct arena arena = crew->arena;
  arena_free(&arena);
}

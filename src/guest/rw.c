/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/rw.h"

#include "guest/lock.h"

void rw_create(struct lock *lock, struct arena *arena) {
  uint32_t n = guest_n_contexts(lock->vm->spec);
  lock->parts = ARENA_ARRAY(arena, n, struct lock);
  for (uint32_t i = 0; i < n; i++)
    lock->parts[i] = (struct lock){
        .ops = lock->ops, .spec = lock->spec, .vm = lock->vm, .id = lock->id, .whole = lock};
}

struct lock *rw_take(struct lock *lock, const struct thread *t) {
  if (!t->is_reader) return lock;
  struct lock *part = &lock->parts[t->index];
  part->next_reader = lock->readers;
  lock->readers = part;
  return part;
}

void rw_return(struct lock *lock, struct lock *part) {
  if (part == lock) return;
  struct lock **link = &lock->readers;
  while (*link != part) link = &(*link)->next_reader;
  *link = part->next_reader;
}

enum spin_cause rw_cause(const struct lock *lock) {
  static const uint8_t badness[SPIN_CAUSES] = {
      [SPIN_LWP] = 1, [SPIN_LHP_READY] = 2, [SPIN_LHP_COSTOP] = 3};
  enum spin_cause worst = lock_part_cause(lock);
  for (const struct lock *part = lock->readers; part; part = part->next_reader) {
    enum spin_cause cause = lock_part_cause(part);
    if (badness[cause] > badness[worst]) worst = cause;
  }
  return worst;
}

static bool is_open_to(const struct lock *lock, const struct thread *t) {
  return !lock->owner && (t->is_reader || !lock->readers);
}

bool rw_is_free(const struct lock *lock, const struct thread *t) {
  return !lock->first_waiter && is_open_to(lock, t);
}

struct thread *rw_next_owner(struct lock *lock) {
  struct thread *first = lock->first_waiter;
  return first && is_open_to(lock, first) ? first : NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlocks: a thread waits for a lock, an owner of that for another, … a cycle that closes when
   its last wait begins. The run goes on; the cycle is counted and named. */
#include "guest/guest.h"

/* The part of the lock that t waits for after `part`, the first one after NULL; NULL: no more. */
static const struct lock *next_awaited(const struct thread *t, const struct lock *part) {
  const struct lock *lock = t->waits_for;
  if (!lock) return NULL;
  if (part) return part->next_reader;
  if (lock->readers) return lock->readers;
  return lock->owner ? lock : NULL;
}

/* Is there a way from t back to it? Then each on it has `came_from`, the last one being the
   result. */
static struct thread *find_cycle(struct thread *t) {
  uint32_t look = ++t->vm->guest->n_looks;
  struct thread *open = t;
  t->to = NULL;
  while (open) {
    struct thread *u = open;
    open = u->to;
    for (const struct lock *part = NULL; (part = next_awaited(u, part));) {
      struct thread *owner = part->owner;
      if (owner == t) return u;
      if (owner->n_look == look) continue;
      owner->n_look = look;
      owner->came_from = u;
      owner->to = open;
      open = owner;
    }
  }
  return NULL;
}

/* From t to last, which it comes back from. */
static __attribute__((cold)) void note_cycle(struct guest *guest, struct thread *t,
                                             struct thread *last) {
  if (guest->n_notes == GUEST_NOTES) {
    guest->n_notes_lost++;
    return;
  }
  struct guest_note *note = &guest->notes[guest->n_notes++];
  *note = (struct guest_note){.at_ns = guest->sim->now_ns, .vm = t->vm->id};
  struct thread *to = t;
  for (struct thread *u = last;; u = u->came_from) {
    u->to = to;
    to = u;
    if (u == t) break;
  }
  const struct thread *u = t;
  do {
    const struct lock *part = u->waits_for;
    if (part->readers) part = &part->parts[u->to->index];
    if (note->n_links < GUEST_NOTE_LINKS) {
      note->link[note->n_links].waiter = u->index;
      note->link[note->n_links].owner = u->to->index;
      note->link[note->n_links].lock = part->spec->name;
      note->link[note->n_links].owned_since_ns = part->owned_since_ns;
    }
    note->n_links++;
    u = u->to;
  } while (u != t);
}

void deadlock_look(struct thread *t) {
  const struct lock *lock = t->waits_for;
  if (!lock->readers && (!lock->owner || !lock->owner->waits_for)) return;
  struct thread *last = find_cycle(t);
  if (!last) return;
  t->vm->n_deadlocks++;
  note_cycle(t->vm->guest, t, last);
}

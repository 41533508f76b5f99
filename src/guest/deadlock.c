/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlocks: a thread waits for a lock, its owner for another, … a cycle that closes when its last
   wait begins. The run goes on; the cycle is counted and named. */
#include "guest/guest.h"

static const struct thread *blocker_of(const struct thread *t) {
  return t->waits_for ? t->waits_for->owner : NULL;
}

static bool closes_cycle(const struct thread *t) {
  const struct thread *u = blocker_of(t);
  for (uint32_t i = 0; u && i < t->vm->spec->n_threads; i++) {
    if (u == t) return true;
    u = blocker_of(u);
  }
  return false;
}

static __attribute__((cold)) void note_cycle(struct guest *guest, const struct thread *t) {
  if (guest->n_notes == GUEST_NOTES) {
    guest->n_notes_lost++;
    return;
  }
  struct guest_note *note = &guest->notes[guest->n_notes++];
  *note = (struct guest_note){.at_ns = guest->sim->now_ns, .vm = t->vm->id};
  const struct thread *u = t;
  do {
    const struct lock *lock = u->waits_for;
    if (note->n_links < GUEST_NOTE_LINKS) {
      note->link[note->n_links].waiter = u->index;
      note->link[note->n_links].owner = lock->owner->index;
      note->link[note->n_links].lock = lock->spec->name;
      note->link[note->n_links].owned_since_ns = lock->owned_since_ns;
    }
    note->n_links++;
    u = lock->owner;
  } while (u != t);
}

void deadlock_look(struct thread *t) {
  if (!closes_cycle(t)) return;
  t->vm->n_deadlocks++;
  note_cycle(t->vm->guest, t);
}

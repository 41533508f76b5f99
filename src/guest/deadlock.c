/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlocks: a thread waits for a lock, its owner for another, … a cycle that closes when its last
   wait begins. Who is interrupted waits for the handler on top of it, besides; with that, a cycle
   can close also when a lock passes to an interrupted thread. Who calls other vCPUs waits for those
   who keep interrupts disabled there. The run goes on; the cycle is counted and named. */
#include "guest/call.h"

/* The part of the lock that t waits for after `part`, the first one after NULL; NULL: no more. */
static const struct lock *next_awaited(const struct thread *t, const struct lock *part) {
  const struct lock *lock = t->waits_for;
  if (!lock) return NULL;
  if (part) return part->next_reader;
  if (lock->readers) return lock->readers;
  return lock->owner ? lock : NULL;
}

/* The part of what t waits for that owner owns; NULL: none. */
static const struct lock *part_of(const struct thread *t, const struct thread *owner) {
  const struct lock *part = next_awaited(t, NULL);
  while (part && part->owner != owner) part = next_awaited(t, part);
  return part;
}

static struct thread *handler_above(const struct thread *t) {
  return guest_is_interrupted(t) ? guest_vcpu_of(t)->handler->context : NULL;
}

struct search {
  struct thread *start, *open; /* found, and not gone on from yet */
};

/* u cannot go on before blocker does. True: that is where the search began. */
static bool come_by(struct search *search, struct thread *u, struct thread *blocker) {
  uint32_t look = search->start->vm->guest->n_looks;
  if (!blocker || blocker->n_look == look) return false;
  if (blocker == search->start) return true;
  blocker->n_look = look;
  blocker->came_from = u;
  blocker->to = search->open;
  search->open = blocker;
  return false;
}

/* Is there a way from t back to it? Then each on it has `came_from`, the last one being the
   result. */
static struct thread *find_cycle(struct thread *t) {
  struct search search = {.start = t, .open = t};
  t->vm->guest->n_looks++;
  t->to = NULL;
  while (search.open) {
    struct thread *u = search.open;
    search.open = u->to;
    if (come_by(&search, u, handler_above(u))) return u;
    for (const struct lock *part = NULL; (part = next_awaited(u, part));)
      if (come_by(&search, u, part->owner)) return u;
    for (uint32_t i = 0; u->phase == PHASE_CALL && i < u->vm->spec->n_vcpus; i++)
      if (come_by(&search, u, call_blocker(u, &u->vm->vcpus[i]))) return u;
  }
  return NULL;
}

struct guest_who deadlock_who(const struct thread *t) {
  if (!t->is_handler) return (struct guest_who){.number = t->index};
  const struct guest_vcpu *g = guest_vcpu_of(t);
  return (struct guest_who){g->v->index, g->handler->handles->spec->name};
}

const char *deadlock_taken_path(const struct lock *lock) {
  const struct thread *t = lock->owner;
  uint32_t number = (uint32_t)(lock->spec - lock->vm->guest->lock_specs), n_closed = 0;
  for (uint32_t pc = t->pc + (t->waits_for != lock->whole); pc-- > 0;) {
    const struct op *op = &t->ops[pc];
    if (op->target != number) continue;
    if (op->code == OP_UNLOCK && pc < t->pc) n_closed++;
    if (op->code == OP_LOCK && n_closed-- == 0) return op->path;
  }
  return "";
}

struct guest_note *deadlock_note(struct guest_vm *vm) {
  struct guest *guest = vm->guest;
  if (guest->n_notes == GUEST_NOTES) {
    guest->n_notes_lost++;
    return NULL;
  }
  struct guest_note *note = &guest->notes[guest->n_notes++];
  *note = (struct guest_note){.at_ns = guest_now(guest), .vm = vm->id};
  return note;
}

static struct guest_link link_of(const struct thread *t, const struct thread *blocker) {
  struct guest_link link = {.who = deadlock_who(t)};
  const struct lock *lock = part_of(t, blocker);
  if (!lock && t->phase == PHASE_CALL && handler_above(t) != blocker) {
    link.how = LINK_CALLS;
    link.path = t->ops[t->pc].path;
    link.since_ns = guest_vcpu_of(t)->handler->call->since_ns;
    link.called = guest_vcpu_of(blocker)->v->index;
    return link;
  }
  link.how = lock ? LINK_WAITS : LINK_INTERRUPTED;
  if (!lock) lock = t->held;
  link.lock = lock->spec->name;
  link.path = deadlock_taken_path(lock);
  link.since_ns = lock->owned_since_ns;
  return link;
}

/* From t to last, which it comes back from. */
static __attribute__((cold)) void note_cycle(struct thread *t, struct thread *last) {
  struct guest_note *note = deadlock_note(t->vm);
  if (!note) return;
  struct thread *to = t;
  for (struct thread *u = last;; u = u->came_from) {
    u->to = to;
    to = u;
    if (u == t) break;
  }
  const struct thread *u = t;
  do {
    if (note->n_links < GUEST_NOTE_LINKS) note->link[note->n_links] = link_of(u, u->to);
    note->n_links++;
    u = u->to;
  } while (u != t);
}

/* Does it wait for anybody? */
static bool may_be_kept(const struct thread *t) {
  return t && (t->waits_for || t->phase == PHASE_CALL || guest_is_interrupted(t));
}

void deadlock_look(struct thread *t) {
  const struct lock *lock = t->waits_for;
  if (lock && !lock->readers && !may_be_kept(lock->owner)) return;
  struct thread *last = find_cycle(t);
  if (!last) return;
  t->vm->n_deadlocks++;
  note_cycle(t, last);
}

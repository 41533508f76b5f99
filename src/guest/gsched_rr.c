/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns.

   Idea: the plain guest of textbooks; threads of one vCPU take turns.
   Rule: a FIFO for each vCPU, turns of guest_timeslice in guest time; a woken thread goes to its
   last vCPU if that is idle, else to the lowest idle one, else to its last; a vCPU about to halt
   takes the last ready thread of the sibling with the longest FIFO.
   Invariants: as long as a thread is ready beside another one, no vCPU that may take it halts.
   Cost: O(1); O(log vCPUs) to steal.
   Source: docs/model.md section 5. */
#include "guest/gsched.h"
#include "guest/guest.h"

static struct guest_vcpu *lowest_idle(const struct guest_vm *vm) {
  uint32_t w = 0;
  while (vm->idle[w] == 0) w++;
  return &vm->vcpus[w * 64 + (uint32_t)__builtin_ctzll(vm->idle[w])];
}

static struct guest_vcpu *rr_wake_place(const struct thread *t) {
  struct guest_vm *vm = t->vm;
  struct guest_vcpu *last = t->at;
  if (last->is_idle) return last;
  if (vm->spec->placement == PLACEMENT_PINNED || vm->n_idle == 0) return last;
  return lowest_idle(vm);
}

static int64_t rr_boundary_ns(const struct guest_vcpu *g) {
  int64_t timeslice_ns = g->vm->spec->timeslice_ns;
  int64_t now = guest_now(g->guest), used_ns = vcpu_guest_ns(g->v, now) - g->clock_ns;
  return now + timeslice_ns - used_ns % timeslice_ns;
}

static bool rr_turn_is_over(struct guest_vcpu *g) { return g->n_ready > 0; }

const struct gsched_ops gsched_rr = {
    .kind = {.name = "rr",
             .help = "threads of a vCPU take turns by guest_timeslice; idle vCPUs take work over"},
    .has_timeslices = true,
    .steals = true,
    .wake_place = rr_wake_place,
    .boundary_ns = rr_boundary_ns,
    .turn_is_over = rr_turn_is_over,
};

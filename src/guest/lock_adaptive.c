/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adaptive mutex.

   Idea: spin while the owner seems to run, for it will be done soon; else sleep.
   Rule: an arrival spins while the owner's thread is current on its vCPU (the guest cannot see that
   the vCPU itself may be preempted; with watches: vcpu it can, by the flag of the hypervisor's
   steal time), at most spin_limit, then sleeps as on a mutex. A release passes it to one of those
   who spin, executing, as tas does, and wakes the first in the queue. Cost: O(vCPUs / 64) per
   release, O(spinners) when the owner is switched out. Source: Solaris adaptive mutexes; Linux's
   mutex_spin_on_owner. */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"
#include "sim/time.h"

static const char *const watches_words[] = {"thread", "vcpu", NULL};
static const struct param adaptive_params[] = {
    LOCK_ROW_ACQUIRE,
    LOCK_ROW_BASE,
    LOCK_ROW_PER_WAITER,
    LOCK_ROW_BLOCK,
    LOCK_ROW_WAKE,
    LOCK_ROW_SPIN_LIMIT,
    {.key = "watches",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct lock_params, watches),
     .fallback = "thread",
     .choices = watches_words,
     .help = "what waiters see of the owner: that its thread is current, or that its vCPU is "
             "running, too"}};

static enum lock_answer adaptive_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  if (!lock->owner) return LOCK_OWN;
  return lock_owner_seems_to_run(lock) && lock->cost.spin_limit_ns > 0 ? LOCK_SPIN : LOCK_BLOCK;
}

/* Each as a step of its own at this instant, if it still executes then. */
static void adaptive_owner_moved(struct lock *lock) {
  if (lock->cost.watches == WATCHES_THREAD || lock_owner_seems_to_run(lock)) return;
  for (uint32_t w = 0; w < lock->vm->n_words; w++)
    for (uint64_t rest = lock->executing[w]; rest; rest &= rest - 1)
      spin_look_again(&lock->vm->vcpus[w * 64 + (uint32_t)__builtin_ctzll(rest)]);
}

static int64_t adaptive_spin_left_ns(const struct lock *lock, const struct thread *t) {
  if (lock->cost.watches == WATCHES_VCPU && lock->owner && !lock_owner_seems_to_run(lock))
    return guest_now(lock->vm->guest) - guest_vcpu_of(t)->phase_since_ns;
  int64_t limit_ns = lock->cost.spin_limit_ns;
  return limit_ns == TIME_NEVER_NS ? TIME_NEVER_NS : limit_ns - t->spun_ns;
}

const struct lock_ops lock_adaptive = {
    .kind = {.name = "adaptive",
             .help = "spins while the owner is current on its vCPU, else sleeps as on a mutex",
             .params = adaptive_params,
             .n_params = sizeof adaptive_params / sizeof *adaptive_params,
             .params_size = sizeof(struct lock_params)},
    .spins_while_owner_current = true,
    .at_limit = LIMIT_BLOCK,
    .max_disturbers = DISTURBERS_ALL,
    .request = adaptive_request,
    .next_owner = lock_race,
    .spin_left_ns = adaptive_spin_left_ns,
    .owner_moved = adaptive_owner_moved,
    .wakes_sleeper = true,
};

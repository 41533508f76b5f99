/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OSv.

   Idea: the share of recent time that a thread has run for says who is next: who has slept may run
   at once, and for long.
   Rule: a thread's share rises towards 1 while it is current and falls towards 0 otherwise, by
   e^(-t/decay). The least share is next. It makes way when its share is `hysteresis` of running
   above the least of those ready. Woken threads stay on their vCPU, which is interrupted only if
   that can matter; no vCPU takes work, but one with two threads more than another gives its last
   ready one away every balance_interval. An idle vCPU polls for a while before it halts.
   Invariants: queues are in the order of shares; whoever starts with the least share runs for
   `hysteresis` at least, unless somebody comes who has a smaller one.
   Cost: O(1), O(ready threads of the vCPU) to queue, O(vCPUs) to balance; two logarithms per
   switch. Source: OSv core/sched.cc, include/osv/sched.hh (tau, thyst, load_balance,
   send_wakeup_ipi, do_idle). */
#include <assert.h>

#include "guest/gsched.h"
#include "guest/guest.h"
#include "sim/decay.h"
#include "sim/time.h"

/* A share is kept as the time at which, looking back from any later one, it would have been 1: so
   it decays by itself. */
#define NEVER_RAN_NS (-(INT64_C(1) << 61))

struct osv_vcpu {
  int64_t since_ns;    /* its current thread has become so … */
  double share;        /* … with this share */
  int64_t make_way_ns; /* when that one's turn is over */
  int64_t balance_ns;
  bool is_ipi_sent;
};

struct osv {
  const struct gsched_osv_params *params;
  double hysteresis; /* e^(-hysteresis/decay) */
  int64_t *full_ns;  /* by thread */
  struct osv_vcpu *vcpus;
};

static struct osv *osv_of(const struct guest_vcpu *g) { return g->vm->gsched_state; }
static struct osv_vcpu *vcpu_of(const struct guest_vcpu *g) {
  return &osv_of(g)->vcpus[g->v->index];
}

static void *osv_create(struct guest_vm *vm, const void *params, struct arena *arena) {
  struct osv *osv = ARENA_NEW(arena, struct osv);
  const struct gsched_osv_params *p = params;
  *osv = (struct osv){.params = p,
                      .hysteresis = decay_exp((double)p->hysteresis_ns / (double)p->decay_ns),
                      .full_ns = ARENA_ARRAY(arena, vm->spec->n_threads, int64_t),
                      .vcpus = ARENA_ARRAY(arena, vm->spec->n_vcpus, struct osv_vcpu)};
  for (uint32_t i = 0; i < vm->spec->n_threads; i++) osv->full_ns[i] = NEVER_RAN_NS;
  vm->poll_ns = p->idle_poll_ns;
  return osv;
}

/* --- shares --- */

/* What is left of 1 after a while. */
static double decayed(const struct osv *osv, int64_t while_ns) {
  return decay_exp((double)while_ns / (double)osv->params->decay_ns);
}

static double share_of(const struct osv *osv, const struct thread *t, int64_t now_ns) {
  return decayed(osv, now_ns - osv->full_ns[t->index]);
}

/* How long it takes for 1 to grow to u, or shrink to it if that is less (negative). */
static int64_t growth_ns(const struct osv *osv, double u) {
  double growth_ns = decay_log(u) * (double)osv->params->decay_ns;
  return (int64_t)(growth_ns < 0 ? growth_ns - 0.5 : growth_ns + 0.5);
}

/* With c = e^(now/decay), share · c stays while a thread waits and rises as c does while it runs.
   `hysteresis` h lets the current one's be less by c·(1 - h), and rise from there as c·h does. */
static void decide(struct guest_vcpu *g) {
  struct osv *osv = osv_of(g);
  struct osv_vcpu *v = vcpu_of(g);
  v->make_way_ns = TIME_NEVER_NS;
  if (g->n_ready == 0 || !guest_thread_of(g)) return;
  int64_t now = guest_now(g->guest);
  double seems = osv->hysteresis - decayed(osv, now - v->since_ns) * (1 - v->share);
  double least = share_of(osv, g->head, now);
  v->make_way_ns = now;
  if (least > seems) v->make_way_ns += growth_ns(osv, 1 + (least - seems) / osv->hysteresis);
}

static void osv_started(struct guest_vcpu *g) {
  struct osv_vcpu *v = vcpu_of(g);
  v->since_ns = guest_now(g->guest);
  v->share = share_of(osv_of(g), g->current, v->since_ns);
  decide(g);
}

static void osv_stopping(struct guest_vcpu *g) {
  struct osv *osv = osv_of(g);
  const struct osv_vcpu *v = vcpu_of(g);
  int64_t now = guest_now(g->guest);
  if (now == v->since_ns) return;
  double share = 1 - decayed(osv, now - v->since_ns) * (1 - v->share);
  osv->full_ns[g->current->index] = now + growth_ns(osv, share);
}

/* --- queues --- */

static struct thread *osv_follower(const struct guest_vcpu *g, const struct thread *t) {
  const int64_t *full_ns = osv_of(g)->full_ns;
  struct thread *follower = NULL;
  for (struct thread *each = g->tail; each && full_ns[each->index] > full_ns[t->index];
       each = each->previous)
    follower = each;
  return follower;
}

static struct guest_vcpu *osv_wake_place(const struct thread *t) { return t->at; }

static int64_t next_balance_ns(const struct guest_vcpu *g) {
  int64_t interval_ns = osv_of(g)->params->balance_interval_ns, now = guest_now(g->guest);
  return now + interval_ns - now % interval_ns;
}

static int64_t osv_boundary_ns(const struct guest_vcpu *g) {
  const struct osv_vcpu *v = vcpu_of(g);
  int64_t now = guest_now(g->guest), at_ns = v->balance_ns;
  if (!g->must_resched && v->make_way_ns < at_ns) at_ns = v->make_way_ns;
  return at_ns > now ? at_ns : now;
}

static uint32_t load_of(const struct guest_vcpu *g) {
  return g->n_ready + (guest_thread_of(g) != NULL);
}

static void balance(struct guest_vcpu *g) {
  struct guest_vm *vm = g->vm;
  if (vm->spec->placement == PLACEMENT_PINNED || vm->spec->balance == BALANCE_NONE) return;
  struct guest_vcpu *least = &vm->vcpus[0];
  for (uint32_t i = 1; i < vm->spec->n_vcpus; i++)
    if (load_of(&vm->vcpus[i]) < load_of(least)) least = &vm->vcpus[i];
  if (load_of(least) + 1 >= load_of(g)) return;
  guest_move(g->tail, least);
}

static bool osv_turn_is_over(struct guest_vcpu *g) {
  struct osv_vcpu *v = vcpu_of(g);
  int64_t now = guest_now(g->guest);
  if (v->balance_ns <= now && g->n_ready > 0) {
    v->balance_ns = next_balance_ns(g);
    balance(g);
  }
  return g->n_ready > 0 && v->make_way_ns <= now;
}

/* --- interrupting --- */

/* While a vCPU is steady nobody is ready there, and the hypervisor alone knows its work's end. */
static void look_up(struct guest_vcpu *g) {
  if (!g->v->is_executing || g->v->is_steady) return;
  guest_set_boundary(g);
  guest_rearm(g);
}

static void osv_notified(struct guest_vcpu *g) {
  vcpu_of(g)->is_ipi_sent = false;
  decide(g);
  look_up(g);
}

/* With two that are ready already it looks up soon enough. One that has halted does so when it
   comes back. */
static void osv_came(struct guest_vcpu *g) {
  struct osv_vcpu *v = vcpu_of(g);
  struct guest *guest = g->guest;
  int64_t latency_ns = g->vm->ipi_latency_ns;
  if (g->n_ready == 1) {
    v->make_way_ns = TIME_NEVER_NS;
    v->balance_ns = next_balance_ns(g);
  }
  if (g->v->runstate == RS_IDLE || (g->n_ready <= 2 && latency_ns == 0)) {
    decide(g);
  } else if (g->n_ready <= 2 && !v->is_ipi_sent) {
    v->is_ipi_sent = true;
    calendar_set(&guest->sim->calendar, EVENT_IPI, g->v->id, guest_now(guest) + latency_ns);
  }
  look_up(g);
}

static void osv_halting(struct guest_vcpu *g) {
  if (vcpu_of(g)->is_ipi_sent) calendar_clear(&g->guest->sim->calendar, EVENT_IPI, g->v->id);
  vcpu_of(g)->is_ipi_sent = false;
  decide(g);
}

#define OSV_ROW(name, member, standard, least, most, text)                                     \
  {                                                                                            \
    .key = name, .type = PARAM_DURATION, .offset = offsetof(struct gsched_osv_params, member), \
    .fallback = standard, .min = least, .max = most, .help = text                              \
  }
static const struct param osv_params[] = {
    OSV_ROW("decay", decay_ns, "200ms", 1000, 1e15,
            "time in which the share of time that a thread has run for falls to 1/e"),
    OSV_ROW("hysteresis", hysteresis_ns, "5ms", 1000, 1e15,
            "running that a current thread is forgiven against those that are ready"),
    OSV_ROW("balance_interval", balance_interval_ns, "100ms", 1, 0x1p62,
            "how often a vCPU may give its last ready thread to the one with the fewest"),
    OSV_ROW("idle_poll", idle_poll_ns, "33us", 0, 0x1p62,
            "guest time that a vCPU looks out for work before it halts"),
};

static const char *osv_check(const void *params, const char **key) {
  const struct gsched_osv_params *p = params;
  *key = "hysteresis";
  return p->hysteresis_ns > p->decay_ns ? "is longer than decay" : NULL;
}

static const struct gsched_hooks osv_hooks = {
    .create = osv_create,
    .started = osv_started,
    .stopping = osv_stopping,
    .follower = osv_follower,
    .came = osv_came,
    .notified = osv_notified,
    .halting = osv_halting,
};

const struct gsched_ops gsched_osv = {
    .kind = {.name = "osv",
             .help = "OSv: least recent run time first, with hysteresis; vCPUs push threads away",
             .params = osv_params,
             .n_params = sizeof osv_params / sizeof *osv_params,
             .params_size = sizeof(struct gsched_osv_params),
             .check = osv_check},
    .wake_place = osv_wake_place,
    .boundary_ns = osv_boundary_ns,
    .turn_is_over = osv_turn_is_over,
    .hooks = &osv_hooks,
};

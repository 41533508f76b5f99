/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shares of OSv's threads, kept a second time from the records alone, with libm, and in shares
   instead of instants: who is next, and for how long. */
#include <check.h>

#include <math.h>
#include "support/suite.h"

#include "support/world.h"

enum { VCPUS = 3, THREADS = 10 };

static struct world world;
static void forget(void) { world_free(&world); }

/* Of one vCPU, all whose threads compute for ever and stay. */
struct observed {
  double decay_ns, hysteresis_ns;
  double share[THREADS]; /* at since_ns */
  int64_t since_ns;
  thread_id_t current;
  uint32_t n_turns;
};

static bool stays_at(thread_id_t thread, vcpu_id_t vcpu) { return thread % VCPUS == vcpu; }

static double least_share(const struct observed *seen, vcpu_id_t vcpu, thread_id_t but) {
  double least = INFINITY;
  for (thread_id_t t = 0; t < THREADS; t++)
    if (t != but && stays_at(t, vcpu)) least = fmin(least, seen->share[t]);
  return least;
}

static void expect_turn(const struct observed *seen, vcpu_id_t vcpu, int64_t now_ns) {
  double ahead = least_share(seen, vcpu, seen->current) - seen->share[seen->current];
  double turn_ns = seen->hysteresis_ns + seen->decay_ns * log1p(ahead);
  ck_assert_double_eq_tol((double)(now_ns - seen->since_ns), turn_ns, 4);
}

static void observe(struct observed *seen, const struct trace_record *record) {
  if (record->thread == ID_NONE) return; /* it makes way; the next record says for whom */
  if (seen->current != ID_NONE) expect_turn(seen, record->vcpu, record->at_ns);
  double left = exp(-(double)(record->at_ns - seen->since_ns) / seen->decay_ns);
  for (thread_id_t t = 0; t < THREADS; t++)
    seen->share[t] = t == seen->current ? 1 - (1 - seen->share[t]) * left : seen->share[t] * left;
  double least = least_share(seen, record->vcpu, seen->current);
  ck_assert_double_eq_tol(seen->share[record->thread], least, 1e-6);
  ck_assert(stays_at(record->thread, record->vcpu));
  seen->since_ns = record->at_ns;
  seen->current = record->thread;
  seen->n_turns++;
}

static const struct {
  const char *decay, *hysteresis;
  double decay_ns, hysteresis_ns;
  uint32_t n_turns; /* of a vCPU, at least */
} cases[] = {{"200ms", "5ms", 200e6, 5e6, 60},
             {"50ms", "5ms", 50e6, 5e6, 60},
             {"3s", "700us", 3e9, 7e5, 400},
             {"10ms", "10ms", 10e6, 10e6, 30}};

/* On pCPUs of their own: a guest that is preempted looks up when it is back. */
START_TEST(the_least_share_is_next_for_as_long_as_it_may) {
  struct observed seen[VCPUS];
  for (vcpu_id_t v = 0; v < VCPUS; v++)
    seen[v] = (struct observed){.decay_ns = cases[_i].decay_ns,
                                .hysteresis_ns = cases[_i].hysteresis_ns,
                                .current = ID_NONE};
  world_watch(&world,
              "{ 'host': { 'pcpus': 3 }, 'programs': { 'hog': [ { 'compute': '7ms' } ] },"
              "'vms': { 'a': { 'vcpus': %d, 'threads': %d, 'program': 'hog', 'balance': 'none',"
              "'guest_scheduler': { 'kind': 'osv', 'decay': '%s', 'hysteresis': '%s' } } },"
              "'run': { 'duration': '600ms' } }",
              VCPUS, THREADS, cases[_i].decay, cases[_i].hysteresis);
  for (size_t i = 0; i < world.n_records; i++)
    if (world.records[i].what == TRACE_CURRENT)
      observe(&seen[world.records[i].vcpu], &world.records[i]);
  for (vcpu_id_t v = 0; v < VCPUS; v++) ck_assert_uint_ge(seen[v].n_turns, cases[_i].n_turns);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("shares");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_loop_test(tests, the_least_share_is_next_for_as_long_as_it_may, 0,
                      sizeof cases / sizeof *cases);
  return suite_run(tests, "shares of OSv's threads");
}

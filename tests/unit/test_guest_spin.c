/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spin clocks against spinners that book every nanosecond by themselves. */
#include <check.h>
#include <string.h>

#include "guest/guest.h"
#include "hv/hv.h"
#include "support/suite.h"

enum { SPINNERS = 4, STEPS = 20000 };

static struct sim sim;
static struct hv hv;
static struct guest guest;
static struct guest_vm vm;
static struct vcpu vcpus[SPINNERS];
static struct guest_vcpu spinners[SPINNERS];
static struct spin_clock shared;

static void begin(void) {
  sim = (struct sim){0};
  hv = (struct hv){.sim = &sim};
  guest = (struct guest){.sim = &sim, .hv = &hv};
  vm = (struct guest_vm){.guest = &guest};
  shared = (struct spin_clock){0};
  for (int i = 0; i < SPINNERS; i++) {
    vcpus[i] = (struct vcpu){.runstate = RS_RUNNING, .activity = ACT_USEFUL};
    spinners[i] = (struct guest_vcpu){.v = &vcpus[i], .vm = &vm, .guest = &guest};
  }
}

START_TEST(everyone_pays_for_what_it_saw) {
  struct rng_stream stream;
  int64_t naive_ns[SPINNERS][SPIN_CAUSES] = {0}, lock_ns[SPIN_CAUSES] = {0};
  enum spin_cause cause = SPIN_CONTENDED;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "spin", "0");
  for (int step = 0; step < STEPS; step++) {
    uint32_t dice = (uint32_t)(rng_u64(&stream) >> 40);
    struct guest_vcpu *g = &spinners[dice % SPINNERS];
    if (dice / 8 % 3 == 0) {
      cause = (enum spin_cause)(dice / 64 % SPIN_CAUSES);
      spin_clock_set(&sim, &shared, cause);
    } else if (g->spin) {
      spin_end(g, lock_ns);
    } else {
      spin_begin(g, &shared, cause);
    }
    sim.now_ns++;
    for (int i = 0; i < SPINNERS; i++)
      if (spinners[i].spin) naive_ns[i][cause]++;
  }
  for (int i = 0; i < SPINNERS; i++)
    if (spinners[i].spin) spin_end(&spinners[i], lock_ns);
  for (int c = 0; c < SPIN_CAUSES; c++) {
    int64_t sum_ns = 0;
    for (int i = 0; i < SPINNERS; i++) {
      ck_assert_int_gt(naive_ns[i][c], 0);
      ck_assert_int_eq(vcpus[i].spin_ns[c], naive_ns[i][c]);
      sum_ns += naive_ns[i][c];
    }
    ck_assert_int_eq(lock_ns[c], sum_ns);
  }
  ck_assert_uint_eq(shared.n_spinners, 0);
}
END_TEST

/* Nobody spins from 10 to 30: the clock stands still. */
START_TEST(a_clock_without_spinners_stands_still) {
  int64_t lock_ns[SPIN_CAUSES] = {0};
  spin_begin(&spinners[0], &shared, SPIN_LWP);
  ck_assert_int_eq(vcpus[0].activity, ACT_SPIN);
  sim.now_ns = 10;
  spin_end(&spinners[0], lock_ns);
  sim.now_ns = 30;
  spin_begin(&spinners[1], &shared, SPIN_LWP);
  sim.now_ns = 35;
  spin_end(&spinners[1], NULL);
  ck_assert_int_eq(vcpus[0].spin_ns[SPIN_LWP], 10);
  ck_assert_int_eq(vcpus[1].spin_ns[SPIN_LWP], 5);
  ck_assert_int_eq(lock_ns[SPIN_LWP], 10);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("spin");
  tcase_add_checked_fixture(tests, begin, NULL);
  tcase_add_test(tests, everyone_pays_for_what_it_saw);
  tcase_add_test(tests, a_clock_without_spinners_stands_still);
  return suite_run(tests, "guest/spin");
}

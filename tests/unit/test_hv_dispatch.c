/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dispatch protocol alone, above a guest that computes for ever and writes down what it is
   told. This program has no other guest: nothing here may need machine.c. */
#include <check.h>
#include <string.h>

#include "hv/hv.h"
#include "sim/time.h"
#include "support/suite.h"

enum { LOG_ROOM = 1024, VCPUS = 4, HORIZON_NS = 10000 };

/* --- the guest --- */

static char told[LOG_ROOM]; /* "+0" vCPU 0 resumes, "-0" it is suspended */
static struct hv *hv;

static void tell(char what, const struct vcpu *v) {
  size_t n = strlen(told);
  ck_assert_uint_lt(n + 3, sizeof told);
  told[n] = what;
  told[n + 1] = (char)('0' + v->id);
  told[n + 2] = '\0';
}

static void expect_told(const char *expected) {
  ck_assert_str_eq(told, expected);
  told[0] = '\0';
}

void guest_resume(struct guest *guest, struct vcpu *v) {
  (void)guest;
  ck_assert(v->is_executing && v->runstate == RS_RUNNING);
  tell('+', v);
  hv_set_activity(hv, v, ACT_USEFUL);
  hv_arm(hv, v, TIME_NEVER_NS);
}

void guest_suspend(struct guest *guest, struct vcpu *v) {
  (void)guest;
  ck_assert(v->is_executing && v->runstate == RS_RUNNING);
  tell('-', v);
}

void guest_step(struct guest *guest, struct vcpu *v) {
  (void)guest;
  ck_abort_msg("vCPU %u was never armed", v->id);
}

void guest_runstate_changed(struct guest *guest, struct vcpu *v, enum runstate from) {
  (void)guest;
  ck_assert((v->listeners & LISTENER_GUEST) && v->runstate != from);
}

void guest_speed_changed(struct guest *guest, struct vcpu *v) {
  (void)guest;
  ck_abort_msg("vCPU %u shares no core", v->id);
}

bool guest_is_inside(const struct guest *guest, const struct vcpu *v) {
  (void)guest;
  (void)v;
  return false;
}

void guest_count_preemption(struct guest *guest, struct vcpu *v) {
  (void)guest;
  v->lhp_events++;
}

/* --- the machine around it --- */

static struct arena arena;
static struct sim sim;

/* One VM of two vCPUs, then two of one. */
static void create(uint32_t n_pcpus, const struct kind *scheduler, int64_t context_switch_ns,
                   int64_t migration_ns) {
  struct kind_choice sched = {.kind = scheduler}, cosched = {.kind = &cosched_none.kind};
  const struct sched_rr_params rr = {.timeslice_ns = 100};
  memcpy(sched.params.bytes, &rr, sizeof rr);
  struct hv_vm_config *vms = ARENA_ARRAY(&arena, 3, struct hv_vm_config);
  for (int i = 0; i < 3; i++) vms[i].n_vcpus = i == 0 ? 2 : 1;
  struct hv_config config = {.n_pcpus = n_pcpus,
                             .n_vms = 3,
                             .context_switch_ns = context_switch_ns,
                             .topology = {{1, n_pcpus, n_pcpus, n_pcpus}},
                             .scheduler = &sched,
                             .coscheduling = &cosched,
                             .horizon_ns = HORIZON_NS};
  for (int d = 0; d < DISTANCES; d++) config.migrations_ns[d] = migration_ns;
  sim = (struct sim){0};
  told[0] = '\0';
  hv = hv_create(&config, vms, &sim, &arena);
  const uint32_t n[EVENT_KINDS] = {[EVENT_STEP] = VCPUS, [EVENT_SLICE] = n_pcpus};
  calendar_init(&sim.calendar, &arena, n, HORIZON_NS);
}

static void end(void) { arena_free(&arena); }

static void settle(void) {
  while (hv->must_fill) hv_fill(hv);
  hv_check(hv);
}

static void run_until(int64_t until_ns) {
  settle();
  while (calendar_next_ns(&sim.calendar) <= until_ns) {
    struct event event = calendar_event(&sim.calendar, calendar_min(&sim.calendar));
    sim.now_ns = event.at_ns;
    if (event.kind == EVENT_SLICE)
      hv_dispatch(hv, event.index);
    else
      hv_on_step(hv, &hv->vcpus[event.index]);
    if (calendar_next_ns(&sim.calendar) > sim.now_ns) settle();
  }
  sim.now_ns = until_ns;
}

static void wake_all(void) {
  for (int i = 0; i < VCPUS; i++) hv_wake(hv, &hv->vcpus[i]);
}

static pcpu_id_t where(vcpu_id_t vcpu) {
  const struct vcpu *v = &hv->vcpus[vcpu];
  return v->runstate == RS_RUNNING ? v->pcpu : ID_NONE;
}

/* --- tests --- */

START_TEST(null_pins_each_vcpu_for_ever) {
  create(VCPUS, &sched_null.kind, 5, 5);
  wake_all();
  run_until(HORIZON_NS);
  expect_told("+0+1+2+3");
  for (uint32_t i = 0; i < VCPUS; i++) ck_assert_uint_eq(where(i), i);
  ck_assert_uint_eq(hv->n_context_switches, 0);
}
END_TEST

/* Two by two, in the order of the queue; all four equally. Only of v3 the guest wants to know. */
START_TEST(rr_serves_all_in_turn) {
  create(2, &sched_rr.kind, 0, 0);
  hv->vcpus[3].listeners |= LISTENER_GUEST;
  wake_all();
  run_until(99);
  expect_told("+0+1");
  run_until(100);
  expect_told("-0-1+2+3");
  ck_assert(where(2) == 0 && where(3) == 1 && where(0) == ID_NONE);
  run_until(2000);
  hv_settle(hv);
  for (int i = 0; i < VCPUS; i++) {
    ck_assert_int_eq(vcpu_running_ns(&hv->vcpus[i]), 1000);
    ck_assert_int_eq(hv->vcpus[i].time_ns[account_of(RS_READY)], 1000);
    ck_assert_uint_eq(hv->vcpus[i].preemptions, 10);
    ck_assert_uint_eq(hv->vcpus[i].lhp_events, i == 3 ? 10 : 0);
  }
}
END_TEST

START_TEST(rr_lets_run_on_who_is_alone) {
  create(2, &sched_rr.kind, 5, 5);
  hv_wake(hv, &hv->vcpus[3]);
  run_until(1050);
  expect_told("+3");
  ck_assert_uint_eq(hv->vcpus[3].dispatches, 11);
  ck_assert_uint_eq(hv->vcpus[3].preemptions, 0);
  ck_assert_int_eq(hv->pcpus[0].slice_end_ns, 1100);
}
END_TEST

/* v2 comes first to p1 at 100 (a switch), v1 to p0 at 200 (a switch and a migration). */
START_TEST(dispatch_costs_come_before_the_guest) {
  create(2, &sched_rr.kind, 5, 7);
  for (int i = 0; i < 3; i++) hv_wake(hv, &hv->vcpus[i]);
  run_until(104);
  expect_told("+0+1-1");
  ck_assert_int_eq(hv->vcpus[2].activity, ACT_OVERHEAD);
  run_until(105);
  expect_told("+2");
  run_until(211);
  expect_told("-0");
  ck_assert_uint_eq(where(1), 0);
  run_until(212);
  expect_told("+1");
  hv_settle(hv);
  ck_assert_int_eq(hv->vcpus[1].time_ns[ACT_OVERHEAD], 12);
  ck_assert_uint_eq(hv->vcpus[1].migrations, 1);
  ck_assert_uint_eq(hv->n_context_switches, 2);
}
END_TEST

/* What halts is not suspended; its pCPU goes to the queue's head at once. */
START_TEST(a_halt_frees_the_pcpu) {
  create(1, &sched_rr.kind, 0, 0);
  wake_all();
  run_until(30);
  hv_halt(hv, &hv->vcpus[0]);
  run_until(30);
  expect_told("+0+1");
  ck_assert_int_eq(hv->vcpus[0].runstate, RS_IDLE);
  ck_assert_int_eq(hv->pcpus[0].slice_end_ns, 130);
  hv_wake(hv, &hv->vcpus[0]);
  run_until(330);
  expect_told("-1+2-2+3-3+0");
}
END_TEST

/* Who yields lets the others go first, which is no preemption; who is alone goes on. */
START_TEST(a_yield_ends_the_slice) {
  create(1, &sched_rr.kind, 0, 0);
  hv_wake(hv, &hv->vcpus[0]);
  run_until(10);
  hv_yield(hv, &hv->vcpus[0]);
  run_until(10);
  ck_assert_int_eq(hv->pcpus[0].slice_end_ns, 110);
  hv_wake(hv, &hv->vcpus[1]);
  hv_yield(hv, &hv->vcpus[0]);
  run_until(10);
  expect_told("+0-0+1");
  ck_assert_uint_eq(hv->vcpus[0].preemptions, 0);
  run_until(110);
  expect_told("-1+0");
  ck_assert_uint_eq(hv->vcpus[1].preemptions, 1);
}
END_TEST

START_TEST(a_reset_forgets_the_past_only) {
  create(1, &sched_rr.kind, 0, 0);
  wake_all();
  run_until(150);
  hv_reset(hv);
  run_until(250);
  hv_settle(hv);
  ck_assert_int_eq(vcpu_running_ns(&hv->vcpus[1]), 50);
  ck_assert_int_eq(vcpu_running_ns(&hv->vcpus[2]), 50);
  ck_assert_int_eq(hv->vcpus[0].time_ns[account_of(RS_READY)], 100);
  ck_assert_int_eq(hv->pcpus[0].busy_ns, 100);
  ck_assert_uint_eq(hv->vcpus[0].dispatches + hv->vcpus[1].dispatches, 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("dispatch");
  tcase_add_checked_fixture(tests, NULL, end);
  tcase_add_test(tests, null_pins_each_vcpu_for_ever);
  tcase_add_test(tests, rr_serves_all_in_turn);
  tcase_add_test(tests, rr_lets_run_on_who_is_alone);
  tcase_add_test(tests, dispatch_costs_come_before_the_guest);
  tcase_add_test(tests, a_halt_frees_the_pcpu);
  tcase_add_test(tests, a_yield_ends_the_slice);
  tcase_add_test(tests, a_reset_forgets_the_past_only);
  return suite_run(tests, "hv/dispatch");
}

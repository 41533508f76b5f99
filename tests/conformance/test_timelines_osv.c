/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guest scheduler of OSv, drawn by hand. With a decay of 100,000 s shares grow as time does:
   whoever has run for x longer than another is x ahead of it. support/world.h says what the
   characters mean. */
#include <check.h>

#include <math.h>
#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

/* A VM on two pCPUs; m is a hand-off mutex. */
#define OSV(scheduler, program, vm, duration)                                                   \
  "{ 'host': { 'pcpus': 2 }, 'locks': { 'm': { 'kind': 'handoff' } }, 'programs': { 'p': "      \
  "[ " program " ] }, 'vms': { 'db': { 'guest_scheduler': { 'kind': 'osv' " scheduler " }, " vm \
  ", 'program': 'p' } }, 'run': { 'duration': '" duration "' } }"
#define LINEAR ", 'decay': '100000s', 'idle_poll': '0'"

/* t0 is forgiven 5 ms; then it is 5 ms ahead, which t1 makes up for and is forgiven 5 ms besides.
 */
START_TEST(two_hogs_alternate_every_10_ms) {
  world_watch(&world, OSV(LINEAR, "{ 'compute': '1s' }", "'vcpus': 1, 'threads': 2", "40ms"));
  world_expect(&world, MS,
               "db/t0 00000 .......... 0000000000 .......... 00000\n"
               "db/t1 ..... 0000000000 .......... 0000000000 .....\n"
               "db/v0 uuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuu\n");
}
END_TEST

/* The instants at which t, host-wide, becomes current. */
static uint32_t find_turns(thread_id_t t, int64_t *turns_ns, uint32_t room) {
  uint32_t n = 0;
  for (size_t i = 0; i < world.n_records && n < room; i++)
    if (world.records[i].what == TRACE_CURRENT && world.records[i].thread == t)
      turns_ns[n++] = world.records[i].at_ns;
  return n;
}

static void expect_about(int64_t is_ns, double should_ns) {
  ck_assert_msg(fabs((double)is_ns - should_ns) <= 3, "%jd is not %.1f", (intmax_t)is_ns,
                should_ns);
}

/* As OSv has it. Whoever makes way is ahead by what it was forgiven, 1 - e^-h of a share with h =
   5/200. The other one makes way when it is e^(l-h) - 1 ahead, so l = h + ln(2 - e^-h): 9.878 ms.
 */
START_TEST(what_two_hogs_forget_makes_it_a_little_less) {
  int64_t t0_ns[8], t1_ns[8];
  world_watch(&world, OSV("", "{ 'compute': '10s' }", "'vcpus': 1, 'threads': 2", "100ms"));
  ck_assert_uint_ge(find_turns(0, t0_ns, 8), 5);
  ck_assert_uint_ge(find_turns(1, t1_ns, 8), 5);
  double h = 5.0 / 200, turn_ns = 200e6 * (h + log(2 - exp(-h)));
  ck_assert_double_eq_tol(turn_ns, 10e6, 0.02 * 10e6);
  ck_assert_int_eq(t1_ns[0], 5 * MS);
  for (int i = 1; i < 5; i++) {
    expect_about(t0_ns[i] - t1_ns[i - 1], turn_ns);
    expect_about(t1_ns[i] - t0_ns[i], turn_ns);
  }
}
END_TEST

/* t1 has slept for two seconds when it is handed the mutex; t0 has run all the time. t1 runs until
   its share is that of t0, which decays: ln 2 · 200 ms, and what it is forgiven. */
START_TEST(a_long_sleeper_runs_for_138_6_ms) {
  static const struct {
    const char *scheduler;
    double hysteresis_ns;
  } cases[] = {{", 'hysteresis': '1us'", 1e3}, {"", 5e6}};
  for (int i = 0; i < 2; i++) {
    int64_t t0_ns[4], t1_ns[4];
    world_watch(&world,
                OSV("%s", "{ 'lock': 'm', 'hold': '2s' }, { 'compute': '2s' }",
                    "'vcpus': 1, 'threads': 2", "2200ms"),
                cases[i].scheduler);
    uint32_t n = find_turns(1, t1_ns, 4);
    ck_assert_uint_ge(n, 2);
    ck_assert_int_eq(t1_ns[1], 2 * S); /* the first was to ask for the mutex */
    ck_assert_uint_ge(find_turns(0, t0_ns, 4), 3);
    expect_about(t0_ns[2] - t1_ns[1], cases[i].hysteresis_ns + 200e6 * log(2 - exp(-10)));
    ck_assert_double_eq_tol((double)(t0_ns[2] - t1_ns[1]), 138.6e6, 0.05 * 138.6e6);
    forget();
  }
}
END_TEST

/* One character is 1 us; h is 4. t2 waits from 4 on, its vCPU being t0's. The wake-up of t1 takes 3
   us, for v1 has halted; that of t2, granted at 23, as well: v0 is interrupted at 26. It then is 26
   less the 0 of t2 ahead, and t2 runs for 4 + 26. */
START_TEST(a_busy_vcpu_is_interrupted) {
  world_watch(&world, OSV(LINEAR ", 'hysteresis': '4us'",
                          "{ 'lock': 'm', 'hold': '10us' }, { 'compute': '200us' }",
                          "'vcpus': 2, 'threads': 3, 'ipi_latency': '3us'", "60us"));
  world_expect(&world, US,
               "db/v0   cccccccccc uuu uuuuuuuuuu uuu cccccccccc uuuuuuuuuuuuuuuuuuuu uuuu\n"
               "db/v1   .......... ... cccccccccc uuu uuuuuuuuuu uuuuuuuuuuuuuuuuuuuu uuuu\n"
               "db/t0   0000000000 000 0000000000 000 .......... .................... 0000\n"
               "db/t2   .......... ... .......... ... 0000000000 00000000000000000000 ....\n"
               "db/t1:m wwwwwwwwww ggg ########## ... .......... .................... ....\n"
               "db/t2:m ....wwwwww www wwwwwwwwww ggg ########## .................... ....\n");
}
END_TEST

/* One character is 1 us; h is 4, v0 has t0, t2, t4 and t6, v1 the others. All that have waited at
   v0 since 4 are handed the mutex at 24, 30 and 36. t2 finds nobody ready, t4 finds t0: both
   interrupt. t6 finds t2 and t0, and nobody is told of it: t4 is to run until 30 + 4 + 6, as t2 has
   run for 6. Then t6 comes first, for it has run for 0. */
START_TEST(with_two_ready_nobody_is_interrupted) {
  world_watch(&world, OSV(LINEAR ", 'hysteresis': '4us'",
                          "{ 'lock': 'm', 'hold': '6us' }, { 'compute': '1s' }",
                          "'vcpus': 2, 'threads': 7", "48us"));
  world_expect(&world, US,
               "db/v0   cccccc uuuuuuuuuuuuuuuuuu cccccc cccccc uuuu cccccc uu\n"
               "db/v1   ...... cccccccccccccccccc uuuuuu uuuuuu uuuu uuuuuu uu\n"
               "db/t0   000000 000000000000000000 ...... ...... .... ...... ..\n"
               "db/t2   ...... .................. 000000 ...... .... ...... ..\n"
               "db/t4   ...... .................. ...... 000000 0000 ...... ..\n"
               "db/t6   ...... .................. ...... ...... .... 000000 00\n"
               "db/t4:m ....ww wwwwwwwwwwwwwwwwww wwwwww ###### .... ...... ..\n"
               "db/t6:m ....ww wwwwwwwwwwwwwwwwww wwwwww wwwwww gggg ###### ..\n");
}
END_TEST

/* One character is 1 ms; h is 5. t0 and t2 take turns on v0, t1 and t3 on v1. At 62 t0 and t1 have
   run for 32 and ask: t0 has the mutex, t3 asks at 64 and v1 halts. Woken threads would stay, and
   v1 takes nothing; but at 66 v0, with two threads more, gives t0 away, which waits behind t2. */
START_TEST(a_vcpu_gives_its_last_thread_away) {
  world_watch(&world, OSV(LINEAR ", 'balance_interval': '33ms'",
                          "{ 'compute': '32ms' }, { 'lock': 'm', 'hold': '50ms' }",
                          "'vcpus': 2, 'threads': 4", "72ms"));
  world_expect(
      &world, MS,
      "db/v0 uuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuu cc c u u .....\n"
      "db/v1 uuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuu uu . . c ccccc\n"
      "db/t0 00000 .......... 0000000000 .......... 0000000000 .......... 0000000 00 0 . 1 11111\n"
      "db/t2 ..... 0000000000 .......... 0000000000 .......... 0000000000 ....... .. . 0 0 .....\n"
      "db/t3 ..... 1111111111 .......... 1111111111 .......... 1111111111 ....... 11 . . . "
      ".....\n");
}
END_TEST

/* The same with pinned threads. */
START_TEST(pinned_threads_stay) {
  world_watch(&world, OSV(LINEAR ", 'balance_interval': '33ms'",
                          "{ 'compute': '32ms' }, { 'lock': 'm', 'hold': '50ms' }",
                          "'vcpus': 2, 'threads': 4, 'placement': 'pinned'", "72ms"));
  world_expect(
      &world, MS,
      "db/v1 uuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuu uu ........\n"
      "db/t0 00000 .......... 0000000000 .......... 0000000000 .......... 0000000 00 0 .. 00000\n");
}
END_TEST

/* One character is 1 us. It polls for 3 us: a sleep of 2 is over before that, and needs no IPI. */
START_TEST(who_polls_needs_no_ipi) {
  world_watch(&world, OSV(", 'idle_poll': '3us'", "{ 'compute': '4us' }, { 'sleep': '2us' }",
                          "'vcpus': 1, 'ipi_latency': '1us'", "18us"));
  world_expect(&world, US, "db/v0 uuuu kk uuuu kk uuuu kk\n");
  ck_assert_int_eq(world_vm(&world, "db")->total.activity_ns[ACT_SPIN], 0);
}
END_TEST

START_TEST(who_has_polled_in_vain_halts) {
  world_watch(&world, OSV(", 'idle_poll': '3us'", "{ 'compute': '4us' }, { 'sleep': '5us' }",
                          "'vcpus': 1, 'ipi_latency': '1us'", "20us"));
  world_expect(&world, US, "db/v0 uuuu kkk .. . uuuu kkk .. .\n");
}
END_TEST

/* One pCPU, slices of 6 us, beside a hog. */
#define BESIDE_NOISE(sleep, duration)                                                     \
  "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"                \
  "'timeslice': '6us' } }, 'programs': { 'p': [ { 'compute': '4us' }, { 'sleep': '" sleep \
  "' } ],"                                                                                \
  "'hog': [ { 'compute': '1s' } ] }, 'vms': { 'db': { 'vcpus': 1, 'program': 'p',"        \
  "'guest_scheduler': { 'kind': 'osv', 'idle_poll': '5us' } }, 'noise': { 'vcpus': 1,"    \
  "'program': 'hog' } }, 'run': { 'duration': '" duration "' } }"

/* It goes on with what is left of its polling. */
START_TEST(polling_may_be_preempted) {
  world_watch(&world, BESIDE_NOISE("13us", "30us"));
  world_expect(&world, US,
               "db/v0    uuuukk rrrrrr kkk .. rrrr uuuukk rrr\n"
               "noise/v0 rrrrrr uuuuuu rrr uu uuuu rrrrrr uuu\n");
}
END_TEST

/* The thread is back at 9, and runs when its vCPU does. */
START_TEST(what_was_polled_for_may_come_meanwhile) {
  world_watch(&world, BESIDE_NOISE("5us", "28us"));
  world_expect(&world, US,
               "db/v0    uuuukk rrrrrr uuuukk rrrrrr uuuu\n"
               "noise/v0 rrrrrr uuuuuu rrrrrr uuuuuu rrrr\n");
}
END_TEST

/* --- the mutex --- */

/* One character is 1 us: line_up 4, block 2, wake 1, hand-off 1; hold 2, compute 1. At 2 nobody is
   in line: t0 leaves the mutex to t1, whom nobody need wake, and lines up behind it at 3. At 7 it
   is in line just before t1 releases, and owns the mutex while it pays for going to sleep. */
START_TEST(who_lines_up_late_takes_over) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'locks': { 'm': { 'kind': 'handoff',"
              "'line_up': '4us', 'block': '2us', 'wake': '1us', 'handoff_cost':"
              "{ 'base': '1us' } } }, 'programs': { 'p': [ { 'lock': 'm', 'hold': '2us' },"
              "{ 'compute': '1us' } ] }, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
              "'run': { 'duration': '14us' } }");
  world_expect(&world, US,
               "db/v0   cc u kkkk kk k cc u k\n"
               "db/v1   kkkk k cc k u kkkk k\n"
               "db/t0:m ## . wwww ggg ## . w\n"
               "db/t1:m wwww g ## .. wwww g\n");
  ck_assert_uint_eq(world_lock(&world, "db", "m")->contended, 3);
}
END_TEST

/* At 4 t1 is ready and v0 will be interrupted at 22. By then t0 sleeps and t1, current since 14,
   has been preempted and is back: it has nothing to look for, and 6 us to compute. */
START_TEST(an_interrupt_may_come_too_late) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '5us' } }, 'programs': { 'hog': [ { 'compute': '1s' } ], 'p': ["
              "{ 'compute': '1us' }, { 'sleep': '2us' }, { 'compute': '6us' },"
              "{ 'sleep': '1s' } ] }, 'vms': { 'db': { 'vcpus': 1, 'threads': 2, 'program':"
              "'p', 'ipi_latency': '18us', 'guest_scheduler': { 'kind': 'osv' } },"
              "'hog': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '32us' } }");
  world_expect(&world, US,
               "db/v0 u u k uu rrrrr uuuu u rrrrr uuuuu rrrrr kk\n"
               "db/t0 0 . . 00 00000 0000 . ..... ..... ..... ..\n"
               "db/t1 . 0 . .. ..... .... 0 00000 00000 ..... ..\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, two_hogs_alternate_every_10_ms);
  tcase_add_test(tests, what_two_hogs_forget_makes_it_a_little_less);
  tcase_add_test(tests, a_long_sleeper_runs_for_138_6_ms);
  tcase_add_test(tests, a_busy_vcpu_is_interrupted);
  tcase_add_test(tests, with_two_ready_nobody_is_interrupted);
  tcase_add_test(tests, an_interrupt_may_come_too_late);
  tcase_add_test(tests, a_vcpu_gives_its_last_thread_away);
  tcase_add_test(tests, pinned_threads_stay);
  tcase_add_test(tests, who_polls_needs_no_ipi);
  tcase_add_test(tests, who_has_polled_in_vain_halts);
  tcase_add_test(tests, polling_may_be_preempted);
  tcase_add_test(tests, what_was_polled_for_may_come_meanwhile);
  tcase_add_test(tests, who_lines_up_late_takes_over);
  return suite_run(tests, "timelines of OSv");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hypervisor does, drawn by hand from the model, one character per unit of time, and
   compared with what happened. support/world.h says what the characters mean. */
#include <check.h>

#include "support/suite.h"
#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define HOGS_PROGRAM "'hog': [ { 'compute': '1s' } ]"
#define RR(slice) "'scheduler': { 'kind': 'rr', 'timeslice': '" slice "' }"

/* db/v0 takes the lock at 4 and loses its pCPU inside at 10; db/v1 wants it from 14 on and spins
   for a holder that is READY until 20. */
START_TEST(lock_holder_preemption) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") "},"
              "'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { " HOGS_PROGRAM
              ", 'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
              "'vms': { 'noise': { 'vcpus': 1, 'program': 'hog' },"
              "         'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '29ms' } }");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu uuuuuuuuuu rrrrrrrrr\n"
               "db/v0    uuuucccccc rrrrrrrrrr ccuuuusss\n"
               "db/v1    rrrrrrrrrr uuuussssss ssccccccc\n"
               "db/t0:l  ....###### ########## ##....www\n"
               "db/t1:l  .......... ....wwwwww ww#######\n"
               "p0       0000000000 0000000000 111111111\n"
               "p1       1111111111 2222222222 222222222\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_int_eq(db->vcpus[1].ledger.spin_ns[SPIN_LHP_READY], 6 * MS);
  ck_assert_int_eq(db->vcpus[1].ledger.spin_ns[SPIN_CONTENDED], 2 * MS);
  ck_assert_int_eq(db->vcpus[0].ledger.spin_ns[SPIN_CONTENDED], 3 * MS);
  ck_assert_int_eq(db->total.activity_ns[ACT_SPIN], 11 * MS);
  ck_assert_uint_eq(db->vcpus[0].ledger.lhp_events, 1);
  ck_assert_uint_eq(db->total.lhp_events, 1);
  ck_assert_uint_eq(db->total.lwp_events, 0);
  ck_assert_int_eq(db->hazard_ns, 20 * MS);
}
END_TEST

static void watch_three_contenders(const char *kind) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") "},"
              "'locks': { 'l': { 'kind': '%s' } },"
              "'programs': { 'p': [ { 'compute': '2ms' }, { 'lock': 'l', 'hold': '12ms' } ] },"
              "'vms': { 'db': { 'vcpus': 3, 'program': 'p' } }, 'run': { 'duration': '29ms' } }",
              kind);
}

/* t1 is the next in line when its vCPU is preempted at 10; it is granted the lock at 14 all the
   same, and all spin for it until it runs again at 20. */
START_TEST(lock_waiter_preemption) {
  watch_three_contenders("ticket");
  world_expect(&world, MS,
               "db/v0   uucccccccc ccccuussss rrrrrrrrr\n"
               "db/v1   uussssssss rrrrrrrrrr ccccccccc\n"
               "db/v2   rrrrrrrrrr uussssssss sssssssss\n"
               "db/t0:l ..######## ####..wwww wwwwwwwww\n"
               "db/t1:l ..wwwwwwww wwwwgggggg #########\n"
               "db/t2:l .......... ..wwwwwwww wwwwwwwww\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_int_eq(db->vcpus[0].ledger.spin_ns[SPIN_LWP], 4 * MS);
  ck_assert_int_eq(db->vcpus[2].ledger.spin_ns[SPIN_LWP], 6 * MS);
  ck_assert_int_eq(db->total.spin_ns[SPIN_CONTENDED], (8 + 2 + 9) * MS);
  ck_assert_int_eq(world_spin_lhp_ns(&db->total), 0);
  ck_assert_uint_eq(db->total.lwp_events, 2); /* v1 at 10, v0 at 20 */
  ck_assert_uint_eq(db->total.lhp_events, 0);
}
END_TEST

/* The same with a lock that only those who execute can win: t2 overtakes t1 at 14. */
START_TEST(a_race_passes_over_preempted_waiters) {
  watch_three_contenders("tas");
  world_expect(&world, MS,
               "db/v0   uucccccccc ccccuussss rrrrrrrrr\n"
               "db/v1   uussssssss rrrrrrrrrr ssssssccc\n"
               "db/v2   rrrrrrrrrr uusscccccc ccccccuus\n"
               "db/t1:l ..wwwwwwww wwwwwwwwww wwwwww###\n"
               "db/t2:l .......... ..ww###### ######..w\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_int_eq(db->total.spin_ns[SPIN_CONTENDED], db->total.activity_ns[ACT_SPIN]);
  ck_assert_uint_eq(db->total.lwp_events, 0);
}
END_TEST

#define PAIR_ON_ONE_PCPU(rule, duration)                                \
  "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" RR(                       \
      "200ms") ", 'coscheduling': {" rule                               \
               "} },"                                                   \
               "'programs': { " HOGS_PROGRAM                            \
               " }, 'vms': { 'db': { 'vcpus': 2, 'program': 'hog' } }," \
               "'run': { 'duration': '" duration "' } }"

/* Checks every ms: whoever leads by 3 ms stops; it is READY again once it leads by 2. */
START_TEST(relaxed_stops_leaders_at_checks) {
  world_watch(&world, PAIR_ON_ONE_PCPU("'kind': 'relaxed'", "30ms"));
  world_expect(&world, MS,
               "db/v0 uuu x rrrrr uuuuuu x rrrrr uuuuuu x rr\n"
               "db/v1 rrr uuuuuu x rrrrr uuuuuu x rrrrr uuu\n"
               "p0    000 111111 000000 111111 000000 111\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_int_eq(db->skew_max_ns, 3 * MS);
  ck_assert_uint_eq(db->total.costops, 5);
  ck_assert_uint_eq(db->total.preemptions, 0);
}
END_TEST

/* poll 0 acts at the very instant of the crossing: at 2.5 ms, 7.5 ms, … */
START_TEST(relaxed_stops_leaders_exactly) {
  world_watch(&world, PAIR_ON_ONE_PCPU("'kind': 'relaxed', 'costop_threshold': '2500us',"
                                       "'costart_threshold': '1ms', 'poll': '0'",
                                       "15ms"));
  world_expect(&world, 500 * US,
               "db/v0 uuuuu xxx rrrrrrr uuuuuuuuuu xxx rr\n"
               "db/v1 rrrrr uuuuuuuuuu xxx rrrrrrr uuuuu\n");
  ck_assert_int_eq(world_vm(&world, "db")->skew_max_ns, 2500 * US);
}
END_TEST

/* v1 blocks on what v0 holds as soon as it runs. v0 has no sibling to lead any more, but only the
   check at 4 finds that out: the pCPU is idle meanwhile. */
START_TEST(relaxed_costart_waits_for_a_check) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" RR("200ms") ","
              "'coscheduling': { 'kind': 'relaxed' } }, 'locks': { 'm': { 'kind': 'mutex' } },"
              "'programs': { 'p': [ { 'lock': 'm', 'hold': '1s' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '9ms' } }");
  world_expect(&world, MS,
               "db/v0   ccc x ccccc\n"
               "db/v1   rrr . .....\n"
               "db/t1:m ... w wwwww\n"
               "p0      000 . 00000\n");
  ck_assert_int_eq(world.result->host.fragmentation_ns, 1 * MS);
}
END_TEST

/* v0 wakes at 4 and still leads by 2 ms: refused until the check at 5 finds it 1 ms ahead. */
START_TEST(relaxed_refuses_who_wakes_with_an_old_lead) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("100ms") ","
              "'coscheduling': { 'kind': 'relaxed', 'costop_threshold': '2ms',"
              "'costart_threshold': '1ms', 'poll': '5ms' } }, 'programs': {"
              "'once': [ { 'compute': '3ms' }, { 'sleep': '1h' } ],"
              "'p': [ { 'compute': '3ms' }, { 'sleep': '1ms' } ] },"
              "'vms': { 'noise': { 'vcpus': 1, 'program': 'once' },"
              "'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '8ms' } }");
  world_expect(&world, MS,
               "noise/v0 uuu . . . . .\n"
               "db/v0    uuu . x u u u\n"
               "db/v1    rrr u u u . u\n"
               "p0       000 2 2 2 . 2\n"
               "p1       111 . . 1 1 1\n");
}
END_TEST

static void watch_laggard(const char *boost) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" RR("10ms") ","
              "'coscheduling': { 'kind': 'relaxed', 'boost': '%s' } },"
              "'programs': { " HOGS_PROGRAM " },"
              "'vms': { 'noise': { 'vcpus': 1, 'program': 'hog' },"
              "'db': { 'vcpus': 2, 'program': 'hog' } }, 'run': { 'duration': '30ms' } }",
              boost);
}

/* At 19 v1 leads by 3 ms and stops; the hog has queued since 10, v0 since 14. */
START_TEST(relaxed_without_boost_serves_the_queue) {
  watch_laggard("none");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu rrrrrrrrr uuuuuuuuuu r\n"
               "db/v0    rrrrrrrrrr uuu x rrrrrrrrrrrrrrr u\n"
               "db/v1    rrrrrrrrrr rrr uuuuuu xxxxxxxxxx x\n");
}
END_TEST

/* v1 takes over from v0 at 13, v0 from v1 at 19, both only up to 20, where v0's slice would have
   ended: the VM gets no more than the hog. */
START_TEST(relaxed_boosts_the_laggard) {
  watch_laggard("laggard");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu rrrrrrrrrr uuuuuuuuuu\n"
               "db/v0    rrrrrrrrrr uuuxrrrrru rrrrrrrrrr\n"
               "db/v1    rrrrrrrrrr rrruuuuuux rrrrrrrrrr\n");
}
END_TEST

#define STRICT "'coscheduling': { 'kind': 'strict' }"
#define HOLDER_FIRST                                                   \
  "'locks': { 'm': { 'kind': 'mutex' } }, 'programs': { " HOGS_PROGRAM \
  ", 'p': [ { 'lock': 'm', 'hold': '4ms' }, { 'compute': '30ms' } ] },"

/* v1 sleeps until v0 releases at 4, then joins it, and ends with it at 10. */
START_TEST(strict_lets_a_late_joiner_in) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR(
                          "10ms") "," STRICT "}," HOLDER_FIRST
                                  "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
                                  "'late': { 'vcpus': 1, 'program': 'hog', 'start': '6ms' } },"
                                  "'run': { 'duration': '24ms' } }");
  world_expect(&world, MS,
               "db/v0   ccccuuuuuu xxxxxxxxxx uuuu\n"
               "db/v1   ....ccccuu xxxxxxxxxx uuuu\n"
               "late/v0 ......rrrr uuuuuuuuuu rrrr\n"
               "p0      0000000000 2222222222 0000\n"
               "p1      ....111111 .......... 1111\n");
  ck_assert_int_eq(world.result->host.fragmentation_ns, 10 * MS);
}
END_TEST

/* A hog got v1's pCPU meanwhile. v1 wakes at 4 with v0's progress and is left behind: at 7 the skew
   is 3 ms, all stop, and v0's pCPU is idle until both fit again. */
START_TEST(strict_stops_a_gang_whose_skew_is_too_great) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR(
          "10ms") "," STRICT "}," HOLDER_FIRST
                  "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
                  "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '30ms' } }");
  world_expect(&world, MS,
               "db/v0    ccccuuuxxx uuuuuuuuuu xxxxxxxxxx\n"
               "db/v1    ....rrrxxx ccccuuuuuu xxxxxxxxxx\n"
               "db/t1:m  wwwwwwwwww ####...... ..........\n"
               "noise/v0 uuuuuuuuuu rrrrrrrrrr uuuuuuuuuu\n"
               "p0       0000000... 0000000000 ..........\n"
               "p1       2222222222 1111111111 2222222222\n");
  ck_assert_int_eq(world_vm(&world, "db")->skew_max_ns, 3 * MS);
}
END_TEST

/* c has run on p0 only, so at 20 the gang pays for a switch there and not on p1: it is out of step
   by 2 from then on, but nobody of it is left behind. From 30 on none of it runs, and no pCPU is
   left to offer it: it is READY, not stopped. */
START_TEST(strict_stops_no_gang_of_which_nothing_runs) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2, 'costs': { 'context_switch': '2ms', 'migration': '0' } },"
              "'hypervisor': {" RR("10ms") ", 'coscheduling': { 'kind': 'strict',"
              "'skew_limit': '1ms' } }, 'programs': { " HOGS_PROGRAM " },"
              "'vms': { 'gang': { 'vcpus': 2, 'program': 'hog' },"
              "'c': { 'vcpus': 1, 'program': 'hog' },"
              "'d': { 'vcpus': 1, 'program': 'hog', 'start': '25ms' } },"
              "'run': { 'duration': '45ms' } }");
  world_expect(&world, MS,
               "gang/v0 uuuuuuuuuu xxxxxxxxxx oouuuuuuuu rrrrrrrrrr oouuu\n"
               "gang/v1 uuuuuuuuuu xxxxxxxxxx uuuuuuuuuu rrrrrrrrrr oouuu\n"
               "c/v0    rrrrrrrrrr oouuuuuuuu rrrrrrrrrr oouuuuuuuu rrrrr\n"
               "d/v0    .......... .......... .....rrrrr oouuuuuuuu rrrrr\n"
               "p0      0000000000 2222222222 0000000000 2222222222 00000\n"
               "p1      1111111111 .......... 1111111111 3333333333 11111\n");
}
END_TEST

static void watch_backfill(const char *patience) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") ","
              "'coscheduling': { 'kind': 'strict', 'patience': '%s' } },"
              "'programs': { " HOGS_PROGRAM " }, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
              "'gang': { 'vcpus': 2, 'program': 'hog' },"
              "'b': { 'vcpus': 1, 'program': 'hog', 'start': '5ms' } },"
              "'run': { 'duration': '35ms' } }",
              patience);
}

/* The gang is refused at 0; b may overtake it at 5. From 10 on a freed pCPU is kept for it. */
START_TEST(strict_runs_out_of_patience) {
  watch_backfill("timeslice");
  world_expect(&world, MS,
               "a/v0    uuuuuuuuuu rrrrrrrrrr rrrrruuuuu uuuuu\n"
               "gang/v0 xxxxxxxxxx xxxxxuuuuu uuuuurrrrr rrrrr\n"
               "gang/v1 xxxxxxxxxx xxxxxuuuuu uuuuurrrrr rrrrr\n"
               "b/v0    .....uuuuu uuuuurrrrr rrrrruuuuu uuuuu\n"
               "p0      0000000000 .....11111 1111100000 00000\n"
               "p1      .....33333 3333322222 2222233333 33333\n");
}
END_TEST

START_TEST(strict_backfills_for_ever_with_patience) {
  watch_backfill("1s");
  world_expect(&world, MS,
               "a/v0    uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuu\n"
               "gang/v0 xxxxxxxxxx xxxxxxxxxx xxxxxxxxxx xxxxx\n"
               "b/v0    .....uuuuu uuuuuuuuuu uuuuuuuuuu uuuuu\n");
}
END_TEST

/* a1 is skipped while a0 has the only pCPU that either may use. */
START_TEST(affinity_keeps_vcpus_in_their_set) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") "},"
              "'programs': { " HOGS_PROGRAM " },"
              "'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'affinity': '1', 'count': 2 },"
              "'b': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '29ms' } }");
  world_expect(&world, MS,
               "p0 2222222222 2222222222 222222222\n"
               "p1 0000000000 1111111111 000000000\n");
  ck_assert_uint_eq(world.result->host.context_switches, 2);
  ck_assert_uint_eq(world_vm(&world, "b")->total.preemptions, 0);
}
END_TEST

/* b queues apart from a and c, but all in one order. */
START_TEST(sets_share_one_queue) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") "},"
              "'programs': { " HOGS_PROGRAM " }, 'vms': {"
              "'own': { 'vcpus': 1, 'program': 'hog', 'affinity': '1' },"
              "'a': { 'vcpus': 1, 'program': 'hog', 'affinity': '0' },"
              "'b': { 'vcpus': 1, 'program': 'hog', 'affinity': '0,1' },"
              "'c': { 'vcpus': 1, 'program': 'hog', 'affinity': '0' } },"
              "'run': { 'duration': '39ms' } }");
  world_expect(&world, MS,
               "p0 1111111111 2222222222 3333333333 111111111\n"
               "p1 0000000000 0000000000 2222222222 000000000\n");
}
END_TEST

/* a keeps its pCPU at 10, b at 20: no cost. c's first run migrates nothing. b comes back at 20 to
   another pCPU than it left. */
START_TEST(switches_and_migrations_cost) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 2, 'costs': { 'context_switch': '1ms', 'migration': '2ms' } },"
      "'hypervisor': {" RR(
          "10ms") "}, 'programs': { " HOGS_PROGRAM
                  " },"
                  "'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
                  "'b': { 'vcpus': 1, 'program': 'hog' }, 'c': { 'vcpus': 1, 'program': 'hog' } },"
                  "'run': { 'duration': '39ms' } }");
  world_expect(&world, MS,
               "a/v0 uuuuuuuuuu uuuuuuuuuu rrrrrrrrrr ooouuuuuu\n"
               "b/v0 uuuuuuuuuu rrrrrrrrrr ooouuuuuuu uuuuuuuuu\n"
               "c/v0 rrrrrrrrrr ouuuuuuuuu uuuuuuuuuu rrrrrrrrr\n"
               "p0   0000000000 0000000000 1111111111 111111111\n"
               "p1   1111111111 2222222222 2222222222 000000000\n");
  ck_assert_int_eq(world.result->host.overhead_ns, 7 * MS);
  ck_assert_uint_eq(world.result->host.context_switches, 3);
  ck_assert_uint_eq(world_vm(&world, "c")->total.migrations, 0);
  ck_assert_uint_eq(world_vm(&world, "b")->total.migrations, 1);
}
END_TEST

/* Each spins for a sibling that has been preempted before it arrived: 3 to 10 and 16 to 20. */
START_TEST(barrier_spins_are_blamed_on_the_missing) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") "},"
              "'barriers': { 'b': { 'kind': 'spin' } }, 'programs': { " HOGS_PROGRAM ","
              "'p': [ { 'compute': '3ms' }, { 'barrier': 'b' } ] },"
              "'vms': { 'noise': { 'vcpus': 1, 'program': 'hog' },"
              "'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '29ms' } }");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu uuuuuuuuuu rrrrrrrrr\n"
               "db/v0    uuusssssss rrrrrrrrrr uuuuuuuuu\n"
               "db/v1    rrrrrrrrrr uuuuuussss sssuuuuuu\n");
  const struct ledger *db = &world_vm(&world, "db")->total;
  ck_assert_int_eq(db->spin_ns[SPIN_LHP_READY], (7 + 4) * MS);
  ck_assert_int_eq(db->spin_ns[SPIN_CONTENDED], 3 * MS);
}
END_TEST

/* Two sockets of one core of two threads: a move to the other thread of the
   core costs 1 ms, to the other socket 3. At 20 a.3 comes from p3 to p2, at 30 a.2 from p2 to p1,
   at 40 a.1 from p1 to p0. */
START_TEST(migrations_cost_by_distance) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 4, 'topology': { 'sockets': 2, 'threads_per_core': 2 },"
              "'costs': { 'migration': '3ms', 'migration_in_core': '1ms' } },"
              "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '10ms' } },"
              "'programs': { 'hog': [ { 'compute': '10s' } ] },"
              "'vms': { 'a': { 'vcpus': 1, 'count': 5, 'program': 'hog' } },"
              "'run': { 'duration': '50ms' } }");
  world_expect(&world, MS,
               "a.0/v0 uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu rrrrrrrrrr\n"
               "a.1/v0 uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu rrrrrrrrrr ouuuuuuuuu\n"
               "a.2/v0 uuuuuuuuuu uuuuuuuuuu rrrrrrrrrr ooouuuuuuu uuuuuuuuuu\n"
               "a.3/v0 uuuuuuuuuu rrrrrrrrrr ouuuuuuuuu uuuuuuuuuu uuuuuuuuuu\n"
               "a.4/v0 rrrrrrrrrr uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu uuuuuuuuuu\n");
}
END_TEST

/* a and b share p1, though p0 is idle every other ms. */
START_TEST(exclusive_pcpus_run_nobody_else) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '2ms' } }, 'programs': { 'hog': [ { 'compute': '10s' } ],"
              "'io': [ { 'compute': '1ms' }, { 'sleep': '1ms' } ] }, 'vms': {"
              "'own': { 'vcpus': 1, 'affinity': '0', 'exclusive': 'yes', 'program': 'io' },"
              "'a': { 'vcpus': 1, 'program': 'hog' }, 'b': { 'vcpus': 1, 'program': 'hog' } },"
              "'run': { 'duration': '8ms' } }");
  world_expect(&world, MS,
               "own/v0 u.u.u.u.\n"
               "a/v0   uurruurr\n"
               "b/v0   rruurruu\n"
               "p0     0.0.0.0.\n"
               "p1     11221122\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, lock_holder_preemption);
  tcase_add_test(tests, lock_waiter_preemption);
  tcase_add_test(tests, a_race_passes_over_preempted_waiters);
  tcase_add_test(tests, relaxed_stops_leaders_at_checks);
  tcase_add_test(tests, relaxed_stops_leaders_exactly);
  tcase_add_test(tests, relaxed_costart_waits_for_a_check);
  tcase_add_test(tests, relaxed_refuses_who_wakes_with_an_old_lead);
  tcase_add_test(tests, relaxed_without_boost_serves_the_queue);
  tcase_add_test(tests, relaxed_boosts_the_laggard);
  tcase_add_test(tests, strict_lets_a_late_joiner_in);
  tcase_add_test(tests, strict_stops_a_gang_whose_skew_is_too_great);
  tcase_add_test(tests, strict_stops_no_gang_of_which_nothing_runs);
  tcase_add_test(tests, strict_runs_out_of_patience);
  tcase_add_test(tests, strict_backfills_for_ever_with_patience);
  tcase_add_test(tests, affinity_keeps_vcpus_in_their_set);
  tcase_add_test(tests, sets_share_one_queue);
  tcase_add_test(tests, switches_and_migrations_cost);
  tcase_add_test(tests, barrier_spins_are_blamed_on_the_missing);
  tcase_add_test(tests, migrations_cost_by_distance);
  tcase_add_test(tests, exclusive_pcpus_run_nobody_else);
  return suite_run(tests, "timelines of hosts");
}

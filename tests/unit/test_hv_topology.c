/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distances on a host of 2 sockets, each of 2 last-level caches of 2 cores of 2 threads. */
#include <check.h>

#include "hv/topology.h"
#include "support/suite.h"

static const struct topology host = {{2, 4, 8, 16}};

START_TEST(distances_follow_numbers) {
  ck_assert_int_eq(topology_distance(&host, 5, 5), DISTANCE_CORE);
  ck_assert_int_eq(topology_distance(&host, 4, 5), DISTANCE_CORE);
  ck_assert_int_eq(topology_distance(&host, 5, 6), DISTANCE_LLC);
  ck_assert_int_eq(topology_distance(&host, 4, 7), DISTANCE_LLC);
  ck_assert_int_eq(topology_distance(&host, 3, 4), DISTANCE_SOCKET);
  ck_assert_int_eq(topology_distance(&host, 7, 0), DISTANCE_SOCKET);
  ck_assert_int_eq(topology_distance(&host, 7, 8), DISTANCE_HOST);
  ck_assert_int_eq(topology_distance(&host, 15, 0), DISTANCE_HOST);
}
END_TEST

START_TEST(a_wider_thing_holds_what_a_narrower_one_does) {
  for (pcpu_id_t a = 0; a < 16; a++)
    for (pcpu_id_t b = 0; b < 16; b++)
      for (enum distance d = 0; d < DISTANCES; d++)
        ck_assert_int_eq(topology_is_within(&host, d, a, b), d >= topology_distance(&host, a, b));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("topology");
  tcase_add_test(tests, distances_follow_numbers);
  tcase_add_test(tests, a_wider_thing_holds_what_a_narrower_one_does);
  return suite_run(tests, "topology");
}

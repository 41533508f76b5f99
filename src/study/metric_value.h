/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How metrics are computed. `at` of the row is an offset into struct ledger (ledger_*, cycles) or
   into the result of the entity (result_*, latency_*). */
#ifndef COSTOP_STUDY_METRIC_VALUE_H
#define COSTOP_STUDY_METRIC_VALUE_H

#include "study/metrics.h"

struct cell metric_value_ledger_pct(const struct metric *metric,
                                    const struct metric_subject *subject);
struct cell metric_value_ledger_count(const struct metric *metric,
                                      const struct metric_subject *subject);
struct cell metric_value_ready_share(const struct metric *metric,
                                     const struct metric_subject *subject);
struct cell metric_value_lhp_pct(const struct metric *metric, const struct metric_subject *subject);
struct cell metric_value_lhp_ns(const struct metric *metric, const struct metric_subject *subject);
struct cell metric_value_cycles(const struct metric *metric, const struct metric_subject *subject);
struct cell metric_value_result_count(const struct metric *metric,
                                      const struct metric_subject *subject);
struct cell metric_value_result_us(const struct metric *metric,
                                   const struct metric_subject *subject);
struct cell metric_value_result_pct(const struct metric *metric,
                                    const struct metric_subject *subject);
struct cell metric_value_throughput(const struct metric *metric,
                                    const struct metric_subject *subject);
struct cell metric_value_skew_mean(const struct metric *metric,
                                   const struct metric_subject *subject);
struct cell metric_value_skew_p99(const struct metric *metric,
                                  const struct metric_subject *subject);
struct cell metric_value_latency_mean(const struct metric *metric,
                                      const struct metric_subject *subject);
struct cell metric_value_latency_p50(const struct metric *metric,
                                     const struct metric_subject *subject);
struct cell metric_value_latency_p99(const struct metric *metric,
                                     const struct metric_subject *subject);
struct cell metric_value_latency_max(const struct metric *metric,
                                     const struct metric_subject *subject);

#endif

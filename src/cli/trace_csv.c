/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tidy CSV of a trace: one row per interval. Names cannot hold what RFC 4180 would have quoted. */
#include <inttypes.h>

#include "cli/trace_write.h"

/* An id as the number within its VM, which starts at first; empty if there is none. */
static void print_id(FILE *to, uint32_t id, uint32_t first) {
  if (id != ID_NONE) (void)fprintf(to, "%" PRIu32, id - first);
  (void)fputc(',', to);
}

static void print_interval(const struct trace_log *log, const struct trace_interval *interval,
                           FILE *to) {
  uint32_t first_vcpu = log->names->first_vcpu[interval->vm];
  uint32_t first_thread = log->names->first_thread[interval->vm];
  (void)fprintf(to, "%s,%s,", trace_log_kind(interval),
                log->names->scenario->vms[interval->vm].name);
  print_id(to, interval->vcpu, first_vcpu);
  print_id(to, interval->thread, first_thread);
  print_id(to, interval->pcpu, 0);
  (void)fprintf(to, "%s,%s,%" PRId64 ",%" PRId64 ",", trace_log_object(log, interval),
                trace_log_state(interval), interval->start_ns, interval->end_ns);
  bool has_value = interval->kind == INTERVAL_SKEW || interval->kind == INTERVAL_PAYMENT;
  if (has_value) (void)fprintf(to, "%" PRId64, interval->value);
  (void)fputc(',', to);
  if (interval->kind == INTERVAL_SKEW) (void)fprintf(to, "%" PRId64, interval->value_end);
  (void)fputc(',', to);
  print_id(to, interval->peer_vcpu, first_vcpu);
  if (interval->peer_thread != ID_NONE)
    (void)fprintf(to, "%" PRIu32, interval->peer_thread - first_thread);
  (void)fputs("\r\n", to);
}

void trace_csv_write(const struct trace_log *log, FILE *to) {
  (void)fputs(
      "kind,vm,vcpu,thread,pcpu,lock,state,start_ns,end_ns,value,value_end,peer_vcpu,peer_thread"
      "\r\n",
      to);
  for (size_t i = 0; i < log->intervals.n; i++) print_interval(log, &log->intervals.items[i], to);
  for (size_t i = 0; i < log->skews.n; i++) print_interval(log, &log->skews.items[i], to);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/metric_value.h"

#include <string.h>

struct metric_subject metric_subject(const struct run_result *run, struct entity entity) {
  struct metric_subject subject = {.run = run, .time_ns = run->window_ns};
  if (entity.scope == SCOPE_HOST) {
    subject.time_ns *= run->scenario->host.n_pcpus;
    return subject;
  }
  const struct vm_result *vm = &run->vms[entity.vm];
  subject.vm = vm;
  if (entity.scope == SCOPE_VM) {
    subject.ledger = vm->total;
    subject.time_ns *= vm->spec->guest.n_vcpus;
  } else if (entity.scope == SCOPE_VCPU) {
    subject.vcpu = &vm->vcpus[entity.member];
    subject.ledger = subject.vcpu->ledger;
  } else if (entity.scope == SCOPE_STEAL) {
    subject.ledger.runstate_ns[RS_READY] = vm->steal[entity.member].ready_ns;
    subject.time_ns *= vm->spec->guest.n_vcpus;
  } else if (entity.scope == SCOPE_INTERRUPT) {
    subject.interrupt = &vm->interrupts[entity.member];
  } else {
    subject.lock = &vm->locks[entity.member];
    memcpy(subject.ledger.spin_ns, subject.lock->spin_ns, sizeof subject.ledger.spin_ns);
  }
  return subject;
}

/* --- how values come about --- */

static struct cell value_share(int64_t part_ns, int64_t whole_ns) {
  return cell_real(100.0 * (double)part_ns / (double)whole_ns);
}

static int64_t value_ledger_time(const struct metric *metric,
                                 const struct metric_subject *subject) {
  int64_t value;
  memcpy(&value, (const char *)&subject->ledger + metric->at, sizeof value);
  return value;
}

struct cell metric_value_ledger_pct(const struct metric *metric,
                                    const struct metric_subject *subject) {
  return value_share(value_ledger_time(metric, subject), subject->time_ns);
}

/* Also of counters: what they have in common is 64 bits and no sign. */
struct cell metric_value_ledger_count(const struct metric *metric,
                                      const struct metric_subject *subject) {
  return cell_count((uint64_t)value_ledger_time(metric, subject));
}

struct cell metric_value_ready_share(const struct metric *metric,
                                     const struct metric_subject *subject) {
  int64_t ready_ns = subject->vm->total.runstate_ns[RS_READY];
  if (ready_ns == 0) return cell_none();
  return value_share(value_ledger_time(metric, subject), ready_ns);
}

static int64_t value_lhp_time(const struct metric_subject *subject) {
  return subject->ledger.spin_ns[SPIN_LHP_READY] + subject->ledger.spin_ns[SPIN_LHP_COSTOP];
}

struct cell metric_value_lhp_pct(const struct metric *metric,
                                 const struct metric_subject *subject) {
  (void)metric;
  return value_share(value_lhp_time(subject), subject->time_ns);
}

struct cell metric_value_lhp_ns(const struct metric *metric, const struct metric_subject *subject) {
  (void)metric;
  return cell_count((uint64_t)value_lhp_time(subject));
}

struct cell metric_value_cycles(const struct metric *metric, const struct metric_subject *subject) {
  return cell_real((double)value_ledger_time(metric, subject) * subject->run->scenario->host.ghz);
}

/* The result that `at` is an offset into. */
static const char *value_result_at(const struct metric *metric,
                                   const struct metric_subject *subject) {
  const char *base = (const char *)&subject->run->host;
  if (subject->vm) base = (const char *)subject->vm;
  if (subject->vcpu) base = (const char *)subject->vcpu;
  if (subject->lock) base = (const char *)subject->lock;
  if (subject->interrupt) base = (const char *)subject->interrupt;
  return base + metric->at;
}

static int64_t value_result_time(const struct metric *metric,
                                 const struct metric_subject *subject) {
  int64_t value;
  memcpy(&value, value_result_at(metric, subject), sizeof value);
  return value;
}

struct cell metric_value_result_count(const struct metric *metric,
                                      const struct metric_subject *subject) {
  return cell_count((uint64_t)value_result_time(metric, subject));
}

struct cell metric_value_result_us(const struct metric *metric,
                                   const struct metric_subject *subject) {
  return cell_real((double)value_result_time(metric, subject) / 1e3);
}

/* Of the time of the VM as a whole, or of all pCPUs. */
struct cell metric_value_result_pct(const struct metric *metric,
                                    const struct metric_subject *subject) {
  int64_t whole_ns = subject->vm ? subject->run->window_ns : subject->time_ns;
  return value_share(value_result_time(metric, subject), whole_ns);
}

struct cell metric_value_throughput(const struct metric *metric,
                                    const struct metric_subject *subject) {
  (void)metric;
  return cell_real(1e9 * (double)subject->vm->iterations / (double)subject->run->window_ns);
}

struct cell metric_value_skew_mean(const struct metric *metric,
                                   const struct metric_subject *subject) {
  (void)metric;
  return cell_real((double)subject->vm->skew_integral2 / 2 / (double)subject->run->window_ns / 1e3);
}

struct cell metric_value_skew_p99(const struct metric *metric,
                                  const struct metric_subject *subject) {
  (void)metric;
  return cell_real(subject->vm->skew_p99_ns / 1e3);
}

static struct latency_result value_latency_at(const struct metric *metric,
                                              const struct metric_subject *subject) {
  struct latency_result latency;
  memcpy(&latency, value_result_at(metric, subject), sizeof latency);
  return latency;
}

struct cell metric_value_latency_mean(const struct metric *metric,
                                      const struct metric_subject *subject) {
  struct latency_result latency = value_latency_at(metric, subject);
  if (latency.n == 0) return cell_none();
  return cell_real((double)latency.sum_ns / (double)latency.n / 1e3);
}

struct cell metric_value_latency_p50(const struct metric *metric,
                                     const struct metric_subject *subject) {
  struct latency_result latency = value_latency_at(metric, subject);
  return latency.n == 0 ? cell_none() : cell_real(latency.p50_ns / 1e3);
}

struct cell metric_value_latency_p99(const struct metric *metric,
                                     const struct metric_subject *subject) {
  struct latency_result latency = value_latency_at(metric, subject);
  return latency.n == 0 ? cell_none() : cell_real(latency.p99_ns / 1e3);
}

struct cell metric_value_latency_max(const struct metric *metric,
                                     const struct metric_subject *subject) {
  struct latency_result latency = value_latency_at(metric, subject);
  return latency.n == 0 ? cell_none() : cell_real((double)latency.max_ns / 1e3);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chrome Trace Event JSON. Slices of one row must nest, so holds and waits, which outlast the
   states of a vCPU, have rows of their own. Within one instant viewers go by the order in the
   file: outer slices before inner ones, arrows behind the slices that they touch. */
#include <inttypes.h>

#include "cli/json_write.h"
#include "cli/trace_write.h"
#include "cli/version.h"
#include "hv/runstate.h"

struct json_trace {
  const struct trace_log *log;
  FILE *to;
  uint64_t n_flows;
};

/* Process and thread ids are drawn from one range, because viewers take an id that turns up in two
   processes for one thread that moved. */
enum { HOST_PID = 1, SKEW_STEP_NS = 100000 };

static uint32_t pcpu_tid(pcpu_id_t pcpu) { return HOST_PID + 1 + pcpu; }

static uint32_t vm_pid(const struct trace_names *names, vm_id_t vm) {
  return pcpu_tid(names->scenario->host.n_pcpus) + vm + names->first_vcpu[vm] +
         names->first_thread[vm];
}

static uint32_t vcpu_tid(const struct trace_names *names, vm_id_t vm, vcpu_id_t vcpu) {
  return vm_pid(names, vm) + 1 + (vcpu - names->first_vcpu[vm]);
}

static uint32_t thread_tid(const struct trace_names *names, vm_id_t vm, thread_id_t thread) {
  return vcpu_tid(names, vm, names->first_vcpu[vm + 1]) + (thread - names->first_thread[vm]);
}

/* Nanoseconds as microseconds, exactly. */
static void print_us(FILE *to, const char *key, int64_t time_ns) {
  (void)fprintf(to, ",\"%s\":%" PRId64 ".%03" PRId64, key, time_ns / 1000, time_ns % 1000);
}

static void print_process(FILE *to, uint32_t pid, const char *kind, const char *name) {
  (void)fprintf(to,
                ",\n{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%" PRIu32
                ",\"args\":{\"name\":\"%s%s\"}}"
                ",\n{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":%" PRIu32
                ",\"args\":{\"sort_index\":%" PRIu32 "}}",
                pid, kind, name, pid, pid);
}

static void print_row(FILE *to, uint32_t pid, uint32_t tid, const char *vm, const char *prefix,
                      uint32_t number, const char *suffix) {
  (void)fprintf(to,
                ",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32
                ",\"args\":{\"name\":\"%s%s%" PRIu32
                "%s\"}}"
                ",\n{\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":%" PRIu32
                ",\"tid\":%" PRIu32 ",\"args\":{\"sort_index\":%" PRIu32 "}}",
                pid, tid, vm, prefix, number, suffix, pid, tid, tid);
}

static void print_rows(const struct trace_names *names, FILE *to) {
  print_process(to, HOST_PID, "host", "");
  for (pcpu_id_t p = 0; p < names->scenario->host.n_pcpus; p++)
    print_row(to, HOST_PID, pcpu_tid(p), "", "pCPU ", p, "");
  for (vm_id_t vm = 0; vm < names->n_vms; vm++) {
    const char *name = names->scenario->vms[vm].name;
    uint32_t pid = vm_pid(names, vm), first_vcpu = names->first_vcpu[vm];
    uint32_t first_thread = names->first_thread[vm];
    print_process(to, pid, "VM ", name);
    for (vcpu_id_t v = first_vcpu; v < names->first_vcpu[vm + 1]; v++)
      print_row(to, pid, vcpu_tid(names, vm, v), name, "/v", v - first_vcpu, "");
    uint32_t first_handler = first_thread + names->scenario->vms[vm].guest.n_threads;
    for (thread_id_t t = first_thread; t < first_handler; t++)
      print_row(to, pid, thread_tid(names, vm, t), name, "/t", t - first_thread, " locks");
    for (thread_id_t t = first_handler; t < names->first_thread[vm + 1]; t++)
      print_row(to, pid, thread_tid(names, vm, t), name, "/v", t - first_handler,
                " interrupts' locks");
  }
}

/* The part of an event that all have, up to its time; the name is given in two parts. */
static void print_event(const struct json_trace *trace, const char *type, const char *category,
                        const char *name, const char *object, uint32_t pid, uint32_t tid,
                        int64_t at_ns) {
  (void)fprintf(trace->to,
                ",\n{\"ph\":\"%s\",\"cat\":\"%s\",\"name\":\"%s%s%s\",\"pid\":%" PRIu32
                ",\"tid\":%" PRIu32,
                type, category, name, object[0] ? " " : "", object, pid, tid);
  print_us(trace->to, "ts", at_ns);
}

static void print_slice(const struct json_trace *trace, const struct trace_interval *interval,
                        const char *object, uint32_t tid) {
  const struct trace_names *names = trace->log->names;
  print_event(trace, "X", trace_log_kind(interval), trace_log_state(interval), object,
              vm_pid(names, interval->vm), tid, interval->start_ns);
  print_us(trace->to, "dur", interval->end_ns - interval->start_ns);
}

static void print_vcpu(const struct json_trace *trace, const struct trace_interval *interval) {
  const struct trace_names *names = trace->log->names;
  print_slice(trace, interval, "", vcpu_tid(names, interval->vm, interval->vcpu));
  if (interval->state != RS_RUNNING) {
    (void)fputs("}", trace->to);
    return;
  }
  (void)fprintf(trace->to, ",\"args\":{\"pcpu\":%" PRIu32 "}}", interval->pcpu);
  (void)fprintf(
      trace->to,
      ",\n{\"ph\":\"X\",\"cat\":\"pcpu\",\"name\":\"%s/v%" PRIu32 "\",\"pid\":%d,\"tid\":%" PRIu32,
      names->scenario->vms[interval->vm].name, interval->vcpu - names->first_vcpu[interval->vm],
      HOST_PID, pcpu_tid(interval->pcpu));
  print_us(trace->to, "ts", interval->start_ns);
  print_us(trace->to, "dur", interval->end_ns - interval->start_ns);
  (void)fputs("}", trace->to);
}

static void print_activity(const struct json_trace *trace, const struct trace_interval *interval) {
  const struct trace_names *names = trace->log->names;
  print_slice(trace, interval, "", vcpu_tid(names, interval->vm, interval->vcpu));
  if (interval->thread != ID_NONE)
    (void)fprintf(trace->to, ",\"args\":{\"thread\":%" PRIu32 "}",
                  interval->thread - names->first_thread[interval->vm]);
  (void)fputs("}", trace->to);
}

static void print_wait(const struct json_trace *trace, const struct trace_interval *interval) {
  const struct trace_names *names = trace->log->names;
  print_slice(trace, interval, trace_log_object(trace->log, interval),
              thread_tid(names, interval->vm, interval->thread));
  (void)fprintf(trace->to, ",\"args\":{\"vcpu\":%" PRIu32 "}}",
                interval->vcpu - names->first_vcpu[interval->vm]);
}

static void print_counter(const struct json_trace *trace, vm_id_t vm, int64_t at_ns,
                          int64_t skew_ns) {
  (void)fprintf(trace->to, ",\n{\"ph\":\"C\",\"name\":\"skew_us\",\"pid\":%" PRIu32,
                vm_pid(trace->log->names, vm));
  print_us(trace->to, "ts", at_ns);
  (void)fprintf(trace->to, ",\"args\":{\"skew\":%" PRId64 ".%03" PRId64 "}}", skew_ns / 1000,
                skew_ns % 1000);
}

/* Viewers draw a counter as steps: a slope becomes a stair. */
static void print_skew(const struct json_trace *trace, const struct trace_interval *interval) {
  int slope = (interval->value_end > interval->value) - (interval->value_end < interval->value);
  int64_t length_ns = slope == 0 ? 0 : interval->end_ns - interval->start_ns;
  for (int64_t passed_ns = 0; passed_ns <= length_ns; passed_ns += SKEW_STEP_NS)
    print_counter(trace, interval->vm, interval->start_ns + passed_ns,
                  interval->value + slope * passed_ns);
}

/* An arrow from the hold, where its owner lost the pCPU, to the wait, where it began to cost. It
   must not fork, so each (absence, spinner) has an id of its own. */
static void print_payment(struct json_trace *trace, const struct trace_interval *interval) {
  const struct trace_names *names = trace->log->names;
  const char *name = interval->state == PAYMENT_LHP ? "LHP" : "LWP";
  const char *category = trace_log_state(interval);
  uint32_t pid = vm_pid(names, interval->vm);
  int64_t from_ns = trace->log->from_ns;
  uint64_t id = ++trace->n_flows;
  print_event(trace, "s", category, name, "", pid,
              thread_tid(names, interval->vm, interval->peer_thread),
              interval->cause_ns < from_ns ? from_ns : interval->cause_ns);
  (void)fprintf(trace->to, ",\"id\":%" PRIu64 ",\"args\":{\"lock\":\"%s\"", id,
                trace_log_object(trace->log, interval));
  print_us(trace->to, "spun_us", interval->value);
  (void)fputs("}}", trace->to);
  print_event(trace, "f", category, name, "", pid,
              thread_tid(names, interval->vm, interval->thread), interval->start_ns);
  (void)fprintf(trace->to, ",\"id\":%" PRIu64 ",\"bp\":\"e\"}", id);
}

static void print_instant(const struct json_trace *trace, const struct trace_interval *interval) {
  const struct trace_names *names = trace->log->names;
  print_event(trace, "i", "event", trace_log_state(interval), "", vm_pid(names, interval->vm),
              vcpu_tid(names, interval->vm, interval->vcpu), interval->start_ns);
  (void)fputs(",\"s\":\"t\"", trace->to);
  if (interval->lock != ID_NONE)
    (void)fprintf(trace->to, ",\"args\":{\"inside\":\"%s\"}",
                  trace_log_object(trace->log, interval));
  (void)fputs("}", trace->to);
}

static void print_interval(struct json_trace *trace, const struct trace_interval *interval) {
  switch ((enum interval_kind)interval->kind) {
    case INTERVAL_VCPU:
      print_vcpu(trace, interval);
      break;
    case INTERVAL_ACTIVITY:
      print_activity(trace, interval);
      break;
    case INTERVAL_LOCK:
    case INTERVAL_BARRIER:
    case INTERVAL_CALL:
      print_wait(trace, interval);
      break;
    case INTERVAL_SKEW:
      print_skew(trace, interval);
      break;
    case INTERVAL_PAYMENT:
      print_payment(trace, interval);
      break;
    case INTERVAL_EVENT:
      print_instant(trace, interval);
      break;
  }
}

/* The seed is always text here: viewers show it, nobody computes with it. */
static void print_head(const struct trace_log *log, uint32_t replication, FILE *to) {
  const struct scenario *scenario = log->names->scenario;
  (void)fprintf(
      to, "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"generator\":\"costop %s\",\"scenario\":",
      version_number());
  json_quote(to, scenario->name);
  (void)fprintf(to, ",\"seed\":\"%" PRIu64 "\",\"replication\":%" PRIu32 ",\"is_cut\":%s",
                scenario->run.seed, replication, log->is_full ? "true" : "false");
  print_us(to, "from_us", log->from_ns);
  print_us(to, "to_us", log->until_ns);
  (void)fputs("},\"traceEvents\":[", to);
  /* Every other event begins with a comma. */
  (void)fprintf(to,
                "\n{\"ph\":\"M\",\"name\":\"process_labels\",\"pid\":%d,\"args\":{\"labels\":"
                "\"%" PRIu32 " pCPUs\"}}",
                HOST_PID, scenario->host.n_pcpus);
}

void trace_json_write(const struct trace_log *log, uint32_t replication, FILE *to) {
  struct json_trace trace = {.log = log, .to = to};
  print_head(log, replication, to);
  print_rows(log->names, to);
  for (size_t i = 0; i < log->intervals.n; i++) print_interval(&trace, &log->intervals.items[i]);
  for (size_t i = 0; i < log->skews.n; i++) print_interval(&trace, &log->skews.items[i]);
  (void)fputs("\n]}\n", to);
}

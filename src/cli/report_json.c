/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_write.h"
#include "cli/report.h"
#include "cli/version.h"
#include "sim/duration.h"

static void report_duration(struct json *json, const char *key, int64_t value_ns) {
  char buffer[DURATION_TEXT_MAX];
  json_text(json, key, duration_format(value_ns, buffer));
}

/* Name -> unit, in the order of the columns. */
static void report_columns(struct json *json, const struct report *report) {
  json_begin_object(json, "columns");
  for (enum result_table which = 0; which < RESULT_TABLES; which++) {
    struct table table = table_header(which, report->cli->arena);
    json_begin_object(json, table_names[which]);
    for (uint32_t i = 0; i < table.n_columns; i++)
      json_text(json, table.columns[i].name, table.columns[i].unit);
    json_end_object(json);
  }
  json_end_object(json);
}

static void report_manifest_members(struct json *json, const struct report *report) {
  const struct scenario *scenario = report->scenario;
  json_text(json, "program", "costop");
  json_text(json, "version", version_number());
  json_text(json, "commit", version_commit());
  json_text(json, "compiler", version_compiler());
  json_text(json, "libraries", version_libraries(report->cli->arena));
  json_text(json, "model", VERSION_MODEL);
  json_begin_array(json, "command");
  json_text(json, NULL, "costop");
  for (int i = 1; i < report->cli->argc; i++) json_text(json, NULL, report->cli->argv[i]);
  json_end_array(json);
  json_text(json, "scenario", scenario->name);
  json_text(json, "description", scenario->description);
  json_text(json, "scenario_sha256", report->scenario_sha256);
  json_seed(json, "seed", scenario->run.seed);
  report_duration(json, "duration", scenario->run.duration_ns);
  report_duration(json, "warmup", scenario->run.warmup_ns);
  json_cell(json, "replications", cell_count(report->replications->n));
  json_begin_array(json, "axes");
  json_end_array(json);
  report_columns(json, report);
}

void report_manifest(const struct report *report, FILE *to) {
  struct json json = {.to = to};
  json_begin_object(&json, NULL);
  report_manifest_members(&json, report);
  json_end_object(&json);
}

/* Columns, and the integers behind them. */
static void report_metrics(struct json *json, const struct run_result *run, struct entity entity) {
  struct metric_subject subject = metric_subject(run, entity);
  for (const struct metric *const *metric = metrics_of[entity.scope]; *metric; metric++)
    json_cell(json, (*metric)->name, metric_value(*metric, &subject));
  for (const struct metric *const *metric = metrics_raw_of[entity.scope]; *metric; metric++)
    json_cell(json, (*metric)->name, metric_value(*metric, &subject));
}

static void report_vm(struct json *json, const struct run_result *run, uint32_t index) {
  const struct vm_result *vm = &run->vms[index];
  json_begin_object(json, vm->spec->name);
  report_metrics(json, run, (struct entity){SCOPE_VM, index, 0});
  json_begin_array(json, "vcpus");
  for (uint32_t i = 0; i < vm->spec->guest.n_vcpus; i++) {
    json_begin_object(json, NULL);
    json_cell(json, "vcpu", cell_count(i));
    report_metrics(json, run, (struct entity){SCOPE_VCPU, index, i});
    json_end_object(json);
  }
  json_end_array(json);
  json_begin_object(json, "locks");
  for (uint32_t i = 0; i < vm->n_locks; i++) {
    json_begin_object(json, vm->locks[i].spec->name);
    json_text(json, "kind", vm->locks[i].spec->choice.kind->name);
    report_metrics(json, run, (struct entity){SCOPE_LOCK, index, i});
    json_end_object(json);
  }
  json_end_object(json);
  json_end_object(json);
}

static void report_run(struct json *json, const struct run_result *run) {
  json_begin_object(json, NULL);
  json_cell(json, "replication", cell_count(run->replication));
  json_seed(json, "seed", run->seed);
  json_begin_object(json, "host");
  report_metrics(json, run, (struct entity){.scope = SCOPE_HOST});
  json_end_object(json);
  json_begin_object(json, "vms");
  for (uint32_t i = 0; i < run->scenario->n_vms; i++) report_vm(json, run, i);
  json_end_object(json);
  json_begin_array(json, "notes");
  for (uint32_t i = 0; i < run->n_notes; i++) json_text(json, NULL, run->notes[i].text);
  json_end_array(json);
  json_end_object(json);
}

static void report_expects(struct json *json, const struct report *report) {
  json_begin_array(json, "expects");
  for (uint32_t i = 0; i < report->verdicts->n; i++) {
    const struct verdict *verdict = &report->verdicts->items[i];
    struct stat_interval interval = stat_interval(&verdict->stat, REPLICATE_CONFIDENCE);
    bool has_interval = verdict->stat.n >= 2;
    json_begin_object(json, NULL);
    json_text(json, "expect", verdict->expect->text);
    json_text(json, "entity", verdict->entity);
    json_cell(json, "mean", verdict->stat.n > 0 ? cell_real(verdict->stat.mean) : cell_none());
    json_cell(json, "ci_low", has_interval ? cell_real(interval.low) : cell_none());
    json_cell(json, "ci_high", has_interval ? cell_real(interval.high) : cell_none());
    json_bool(json, "holds", verdict->holds);
    json_end_object(json);
  }
  json_end_array(json);
}

void report_json(const struct report *report, FILE *to) {
  struct json json = {.to = to};
  json_begin_object(&json, NULL);
  report_manifest_members(&json, report);
  json_begin_array(&json, "cells");
  json_begin_object(&json, NULL);
  json_cell(&json, "cell", cell_count(0));
  json_begin_object(&json, "axes");
  json_end_object(&json);
  json_begin_array(&json, "replications");
  for (uint32_t i = 0; i < report->replications->n; i++)
    report_run(&json, report->replications->runs[i]);
  json_end_array(&json);
  json_end_object(&json);
  json_end_array(&json);
  report_expects(&json, report);
  json_end_object(&json);
}

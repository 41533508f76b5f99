/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_write.h"
#include "cli/report.h"
#include "cli/sha256.h"
#include "cli/study_identity.h"
#include "cli/version.h"
#include "sim/duration.h"

static void report_duration(struct json *json, const char *key, int64_t value_ns) {
  char buffer[DURATION_TEXT_MAX];
  json_text(json, key, duration_format(value_ns, buffer));
}

/* Name -> unit, in the order of the columns. */
static void report_units(struct json *json, const struct report *report) {
  const struct grid *grid = report->results->plan->study.grid;
  json_begin_object(json, "columns");
  for (enum result_table which = 0; which < RESULT_TABLES; which++) {
    struct table table = table_header(grid, which, report->arena);
    json_begin_object(json, table_names[which]);
    for (uint32_t i = 0; i < table.n_columns; i++)
      json_text(json, table.columns[i].name, table.columns[i].unit);
    json_end_object(json);
  }
  json_end_object(json);
}

static void report_program(struct json *json, const struct report *report) {
  const struct cli *cli = report->results->cli;
  json_text(json, "program", "costop");
  json_text(json, "version", version_number());
  json_text(json, "commit", version_commit());
  json_text(json, "compiler", version_compiler());
  json_text(json, "libraries", version_libraries(report->arena));
  json_text(json, "model", VERSION_MODEL);
  json_begin_array(json, "command");
  json_text(json, NULL, "costop");
  for (int i = 1; i < cli->argc; i++) json_text(json, NULL, cli->argv[i]);
  json_end_array(json);
}

static void report_axes(struct json *json, const struct grid *grid, struct arena *arena) {
  json_begin_array(json, "axes");
  for (uint32_t i = 0; i < grid->n_axes; i++) {
    const struct conf *values = grid->axes[i].values;
    json_begin_object(json, NULL);
    json_text(json, "path", grid->axes[i].path);
    json_begin_array(json, "values");
    for (uint32_t k = 0; k < values->n_children; k++)
      json_conf(json, NULL, values->children[k], arena);
    json_end_array(json);
    json_end_object(json);
  }
  json_end_array(json);
}

static void report_rule(struct json *json, const struct study *study) {
  json_cell(json, "first_replication", cell_count(study->first));
  json_cell(json, "min_replications", cell_count(study->min_reps));
  json_cell(json, "max_replications", cell_count(study->max_reps));
  json_begin_array(json, "precision");
  for (uint32_t i = 0; i < study->n_precisions; i++)
    json_text(json, NULL, study->precisions[i].text);
  json_end_array(json);
}

/* Of all this only the command depends on who ran what, and when. */
static void report_manifest_members(struct json *json, const struct report *report) {
  const struct study *study = &report->results->plan->study;
  const struct scenario *base = study->grid->base;
  report_program(json, report);
  json_text(json, "scenario", base->name);
  json_text(json, "description", base->description);
  json_text(json, "scenario_sha256", sha256_hex(report->scenario_json, report->arena));
  json_seed(json, "seed", base->run.seed);
  report_duration(json, "duration", base->run.duration_ns);
  report_duration(json, "warmup", base->run.warmup_ns);
  if (report->results->plan->warmup)
    json_text(json, STUDY_FACT_WARMUP, report->results->plan->warmup);
  report_rule(json, study);
  json_cell(json, "replications", cell_count(report->n_replications));
  json_cell(json, "cells_planned", cell_count(study->grid->n_cells));
  json_cell(json, "cells_finished", cell_count(report->n_finished));
  report_axes(json, study->grid, report->arena);
  report_units(json, report);
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
  json_begin_object(json, "interrupts");
  for (uint32_t i = 0; i < vm->spec->guest.n_interrupts; i++) {
    json_begin_object(json, vm->interrupts[i].spec->name);
    report_metrics(json, run, (struct entity){SCOPE_INTERRUPT, index, i});
    json_end_object(json);
  }
  json_end_object(json);
  json_begin_object(json, "steal");
  for (uint32_t i = 0; i < entity_n_stealers(run->scenario); i++) {
    json_begin_object(json, entity_stealer(run->scenario, i));
    report_metrics(json, run, (struct entity){SCOPE_STEAL, index, i});
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

static void report_expects(struct json *json, const struct verdicts *verdicts) {
  json_begin_array(json, "expects");
  for (uint32_t i = 0; i < verdicts->n; i++) {
    const struct verdict *verdict = &verdicts->items[i];
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

struct json_state {
  const struct report *report;
  struct json json;
};

static void *json_begin(const struct report *report, FILE *to) {
  struct json_state *state = ARENA_NEW(report->arena, struct json_state);
  *state = (struct json_state){report, {.to = to}};
  json_begin_object(&state->json, NULL);
  report_manifest_members(&state->json, report);
  json_begin_array(&state->json, "cells");
  return state;
}

static void json_add_cell(void *context, const struct results_cell *cell) {
  struct json_state *state = context;
  struct json *json = &state->json;
  const struct grid *grid = state->report->results->plan->study.grid;
  json_begin_object(json, NULL);
  json_cell(json, "cell", cell_count(cell->number));
  json_begin_object(json, "axes");
  for (uint32_t i = 0; i < grid->n_axes; i++)
    json_conf(json, grid->axes[i].path, grid_value(grid, cell->number, i), cell->arena);
  json_end_object(json);
  json_bool(json, "finished", cell->is_finished);
  json_begin_array(json, "replications");
  for (uint32_t i = 0; i < cell->replications.n; i++) report_run(json, cell->replications.runs[i]);
  json_end_array(json);
  report_expects(json, &cell->verdicts);
  json_end_object(json);
}

static void json_end(void *context) {
  struct json_state *state = context;
  json_end_array(&state->json);
  json_end_object(&state->json);
}

const struct report_format report_json_format = {json_begin, json_add_cell, json_end};

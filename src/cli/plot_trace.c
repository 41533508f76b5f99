/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures over time, from trace.csv: timeline, skew and ready-cdf. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/csv_read.h"
#include "cli/plot_figure.h"
#include "cli/plot_study.h"
#include "sim/duration.h"

enum { NS_PER_MS = 1000000, NS_PER_US = 1000 };

/* --- trace.csv --- */

enum trace_column { KIND, VM, STATE, START, END, VALUE, VALUE_END, TRACE_COLUMNS };
static const char *const trace_columns[TRACE_COLUMNS] = {"kind",   "vm",    "state",    "start_ns",
                                                         "end_ns", "value", "value_end"};

struct trace_wait {
  double start_ns, end_ns;
};

/* A VM, or an instance of one where is_by_instance. */
struct trace_vm {
  const char *name;
  double skew_max_ns;
  struct trace_wait *waits; /* for a pCPU */
  uint32_t n_waits;
};

struct trace_reader {
  const struct plot_source *source;
  const char *path;
  bool is_by_instance;
  uint32_t columns[TRACE_COLUMNS];
  struct trace_vm *vms;
  uint32_t n_vms;
  double first_ns, last_ns; /* of the trace */
};

static int trace_on_header(void *context, const char *const *names, uint32_t n) {
  struct trace_reader *reader = context;
  return csv_find_columns(reader->path, names, n, trace_columns, TRACE_COLUMNS, reader->columns);
}

static struct trace_vm *trace_vm(struct trace_reader *reader, const char *name) {
  struct arena *arena = reader->source->arena;
  int length = (int)(reader->is_by_instance ? strlen(name) : strcspn(name, "."));
  for (uint32_t i = 0; i < reader->n_vms; i++)
    if (strncmp(reader->vms[i].name, name, (size_t)length) == 0 &&
        reader->vms[i].name[length] == '\0')
      return &reader->vms[i];
  reader->vms = plot_room(arena, reader->vms, reader->n_vms, sizeof *reader->vms);
  struct trace_vm *vm = &reader->vms[reader->n_vms++];
  *vm = (struct trace_vm){.name = arena_printf(arena, "%.*s", length, name)};
  return vm;
}

/* Is the VM, or the one that this is an instance of, to be shown? */
static bool trace_is_wanted(const struct trace_reader *reader, const char *name) {
  const char *wanted = reader->source->cli->vm;
  if (!wanted) return true;
  size_t length = strlen(wanted);
  return strncmp(name, wanted, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

static int trace_on_row(void *context, const struct csv_row *row) {
  struct trace_reader *reader = context;
  const uint32_t *columns = reader->columns;
  const char *name = row->fields[columns[VM]], *kind = row->fields[columns[KIND]];
  double start_ns = csv_number(row->fields[columns[START]]);
  double end_ns = csv_number(row->fields[columns[END]]);
  bool is_state = strcmp(kind, "vcpu") == 0, is_skew = strcmp(kind, "skew") == 0;
  if (!is_state && !is_skew) return EX_OK;
  reader->first_ns = fmin(reader->first_ns, start_ns);
  reader->last_ns = fmax(reader->last_ns, end_ns);
  if (!trace_is_wanted(reader, name)) return EX_OK;
  struct trace_vm *vm = trace_vm(reader, name);
  if (is_skew)
    vm->skew_max_ns = fmax(vm->skew_max_ns, fmax(csv_number(row->fields[columns[VALUE]]),
                                                 csv_number(row->fields[columns[VALUE_END]])));
  if (is_state && strcmp(row->fields[columns[STATE]], "ready") == 0) {
    vm->waits = plot_room(reader->source->arena, vm->waits, vm->n_waits, sizeof *vm->waits);
    vm->waits[vm->n_waits++] = (struct trace_wait){start_ns, end_ns};
  }
  return EX_OK;
}

static int trace_read(struct trace_reader *reader, const struct plot_source *source,
                      bool is_by_instance) {
  *reader = (struct trace_reader){.source = source,
                                  .path = plot_path(source, "trace.csv"),
                                  .is_by_instance = is_by_instance,
                                  .first_ns = (double)INFINITY};
  int code =
      csv_read(reader->path, &(const struct csv_reader){trace_on_header, trace_on_row, reader});
  if (code != EX_OK || reader->n_vms > 0) return code;
  if (source->cli->vm) {
    cli_error("%s has no VM '%s'", reader->path, source->cli->vm);
    return EX_USAGE;
  }
  cli_error("%s has no states of vCPUs", reader->path);
  return EX_DATAERR;
}

/* --- cell 0, of which the trace is --- */

/* "vms.db.vcpus=1, …", NULL if there is no sweep; *kind gets the co-scheduling rule if it is swept,
   and the thresholds likewise. */
struct trace_cell {
  const char *name;
  const struct plot_study *study;
};

static struct trace_cell trace_cell_read(const struct plot_source *source) {
  struct trace_cell cell = {.name = ""};
  const char *path = plot_path(source, "vm.csv");
  struct plot_study *study = ARENA_NEW(source->arena, struct plot_study);
  if (access(path, R_OK) != 0 || plot_study_read(path, study, source->arena) != EX_OK) return cell;
  cell.study = study;
  for (uint32_t i = 0; i < study->n_axes; i++)
    cell.name = arena_printf(source->arena, "%s%s%s=%s", cell.name, i ? ", " : "",
                             study->axes[i].path, study->axes[i].values[0]);
  return cell;
}

/* A parameter of the co-scheduling rule in that cell. */
static const char *trace_rule(const struct plot_source *source, const struct trace_cell *cell,
                              const char *key) {
  const char *path = arena_printf(source->arena, "hypervisor.coscheduling.%s", key);
  for (uint32_t i = 0; cell->study && i < cell->study->n_axes; i++)
    if (strcmp(cell->study->axes[i].path, path) == 0) return cell->study->axes[i].values[0];
  const struct conf *hypervisor = conf_find(source->scenario, "hypervisor");
  const struct conf *found = conf_find(conf_find(hypervisor, "coscheduling"), key);
  return found ? found->text : "";
}

static void trace_say_span(const struct plot_source *source, struct picture *picture) {
  const struct cli *cli = source->cli;
  if (cli->from_ns > 0)
    plot_say_number(source, picture, "from_ms", (double)cli->from_ns / NS_PER_MS);
  if (cli->until_ns > 0)
    plot_say_number(source, picture, "to_ms", (double)cli->until_ns / NS_PER_MS);
}

static void trace_say(const struct plot_source *source, struct picture *picture,
                      const struct trace_cell *cell, const char *about, const char *what) {
  plot_say(source, picture, "title", arena_printf(source->arena, "%s: %s", source->name, about));
  plot_say(source, picture, "caption",
           arena_printf(source->arena, "%sone replication%s%s", what, cell->name[0] ? ", " : "",
                        cell->name));
}

/* --- timeline --- */

static int timeline_make(const struct plot_source *source, struct picture *picture) {
  struct trace_cell cell = trace_cell_read(source);
  picture->input = plot_path(source, "trace.csv");
  trace_say(source, picture, &cell, "who runs, who spins, who waits", "");
  trace_say_span(source, picture);
  return EX_OK;
}

const struct plot_figure plot_timeline = {
    .name = "timeline",
    .help = "who has which pCPU, and what each vCPU does meanwhile",
    .file = "trace.csv",
    .command = "run",
    .arguments = "--trace-ms 100",
    .make = timeline_make,
};

/* --- skew --- */

static void skew_say_threshold(const struct plot_source *source, struct picture *picture,
                               const struct trace_cell *cell, const char *key) {
  int64_t limit_ns;
  if (duration_parse(trace_rule(source, cell, key), &limit_ns) != DURATION_OK) return;
  plot_say_number(source, picture, arena_printf(source->arena, "%s_ms", key),
                  (double)limit_ns / NS_PER_MS);
}

static int skew_make(const struct plot_source *source, struct picture *picture) {
  struct trace_reader reader;
  int code = trace_read(&reader, source, true);
  if (code != EX_OK) return code;
  const struct trace_vm *vm = &reader.vms[0];
  for (uint32_t i = 1; i < reader.n_vms; i++)
    if (reader.vms[i].skew_max_ns > vm->skew_max_ns) vm = &reader.vms[i];
  if (vm->skew_max_ns == 0) {
    picture->missing = "no siblings drift apart in its trace";
    picture->arguments = arena_printf(source->arena, "-s vms.%s.vcpus=4", vm->name);
    return EX_OK;
  }
  struct trace_cell cell = trace_cell_read(source);
  const char *rule = trace_rule(source, &cell, "kind");
  picture->input = plot_path(source, "trace.csv");
  plot_say(source, picture, "vm", vm->name);
  if (strcmp(rule, "relaxed") == 0) {
    skew_say_threshold(source, picture, &cell, "costop_threshold");
    skew_say_threshold(source, picture, &cell, "costart_threshold");
  }
  if (strcmp(rule, "strict") == 0) skew_say_threshold(source, picture, &cell, "skew_limit");
  trace_say(source, picture, &cell, arena_printf(source->arena, "skew of %s", vm->name),
            rule[0] ? arena_printf(source->arena, "co-scheduling %s, ", rule) : "");
  trace_say_span(source, picture);
  return EX_OK;
}

const struct plot_figure plot_skew = {
    .name = "skew",
    .help = "how far siblings drift apart over time, with the thresholds and the co-stops",
    .file = "trace.csv",
    .command = "run",
    .arguments = "--trace-ms 100",
    .make = skew_make,
};

/* --- ready-cdf --- */

static int by_length(const void *left, const void *right) {
  const struct trace_wait *a = left, *b = right;
  double a_ns = a->end_ns - a->start_ns, b_ns = b->end_ns - b->start_ns;
  return (a_ns > b_ns) - (a_ns < b_ns);
}

/* Without those of which an end lies outside of the trace, or of what is wanted of it. */
static void keep_whole_waits(const struct trace_reader *reader, struct trace_vm *vm) {
  const struct cli *cli = reader->source->cli;
  double first_ns = fmax(reader->first_ns, (double)cli->from_ns), last_ns = reader->last_ns;
  if (cli->until_ns > 0) last_ns = fmin(last_ns, (double)cli->until_ns);
  uint32_t n = 0;
  for (uint32_t i = 0; i < vm->n_waits; i++)
    if (vm->waits[i].start_ns > first_ns && vm->waits[i].end_ns < last_ns)
      vm->waits[n++] = vm->waits[i];
  vm->n_waits = n;
  if (n > 0) qsort(vm->waits, n, sizeof *vm->waits, by_length);
}

enum { CDF_COLUMNS = 5, CDF_STEPS = 200 };
static const struct table_column cdf_columns[CDF_COLUMNS] = {
    {"series", ""}, {"series_number", ""}, {"n", ""}, {"wait_us", "us"}, {"share_pct", "%"}};

/* The share of waits that are no longer than each of them; of many only some. */
static struct cell *put_cdf(const struct trace_vm *vm, uint32_t number, struct cell *next) {
  uint32_t n_steps = vm->n_waits < CDF_STEPS ? vm->n_waits : CDF_STEPS;
  for (uint32_t i = 0; i <= n_steps; i++) {
    uint32_t rank = (uint32_t)((uint64_t)vm->n_waits * i / n_steps);
    const struct trace_wait *wait = &vm->waits[rank > 0 ? rank - 1 : 0];
    *next++ = cell_text(vm->name);
    *next++ = cell_count(number);
    *next++ = cell_count(vm->n_waits);
    *next++ = cell_real((wait->end_ns - wait->start_ns) / NS_PER_US);
    *next++ = cell_real(100. * rank / vm->n_waits);
  }
  return next;
}

static int ready_cdf_make(const struct plot_source *source, struct picture *picture) {
  struct trace_reader reader;
  int code = trace_read(&reader, source, false);
  if (code != EX_OK) return code;
  struct cell *cells =
      ARENA_ARRAY(source->arena, (size_t)reader.n_vms * (CDF_STEPS + 1) * CDF_COLUMNS, struct cell);
  struct cell *next = cells;
  uint32_t n_series = 0;
  for (uint32_t i = 0; i < reader.n_vms; i++) {
    keep_whole_waits(&reader, &reader.vms[i]);
    if (reader.vms[i].n_waits > 0) next = put_cdf(&reader.vms[i], ++n_series, next);
  }
  if (n_series == 0) {
    picture->missing = "nobody waits for a pCPU in its trace";
    picture->arguments = "-s host.pcpus=2";
    return EX_OK;
  }
  picture->table = (struct table){.columns = cdf_columns,
                                  .cells = cells,
                                  .n_columns = CDF_COLUMNS,
                                  .n_rows = (uint32_t)(next - cells) / CDF_COLUMNS};
  struct trace_cell cell = trace_cell_read(source);
  trace_say(source, picture, &cell, "how long a vCPU waits for a pCPU",
            arena_printf(source->arena, "whole waits within %.4g to %.4g ms, ",
                         fmax(reader.first_ns, (double)source->cli->from_ns) / NS_PER_MS,
                         reader.last_ns / NS_PER_MS));
  return EX_OK;
}

const struct plot_figure plot_ready_cdf = {
    .name = "ready-cdf",
    .help = "the distribution of the times that vCPUs wait for a pCPU",
    .file = "trace.csv",
    .command = "run",
    .arguments = "--trace-ms 100",
    .make = ready_cdf_make,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_columns.h"

#include <string.h>

#include "cli/number.h"
#include "sim/duration.h"

const struct text_column report_columns[REPORT_COLUMNS] = {
    {"VM", true, 0},        {"vCPUs", false, 4}, {"iter/s", false, 0},
    {"%RUN", false, 1},     {"%RDY", false, 1},  {"%CSTP", false, 1},
    {"%IDLE", false, 3},    {"spin%", false, 1}, {"of which LHP", false, 2},
    {"skew max", false, 5},
};

enum column_form { FORM_NAME, FORM_VCPUS, FORM_RATE, FORM_PCT, FORM_TIME };

static const struct {
  const char *metric;
  enum column_form form;
} sources[REPORT_COLUMNS] = {
    {NULL, FORM_NAME},          {NULL, FORM_VCPUS},      {"throughput_per_s", FORM_RATE},
    {"run_pct", FORM_PCT},      {"ready_pct", FORM_PCT}, {"costop_pct", FORM_PCT},
    {"idle_pct", FORM_PCT},     {"spin_pct", FORM_PCT},  {"spin_lhp_pct", FORM_PCT},
    {"skew_max_us", FORM_TIME},
};

struct stat_sum report_vm_stat(const struct replications *replications, uint32_t vm,
                               const char *name) {
  bool is_ambiguous;
  const struct metric *metric = metric_find(SCOPE_VM, name, &is_ambiguous);
  return replicate_stat(replications, metric, (struct entity){SCOPE_VM, vm, 0});
}

/* "37 412 ± 210": both with as many decimals as the mean deserves. */
static const char *rate_text(const struct stat_sum *stat, double mean, struct arena *arena) {
  char text[NUMBER_TEXT_MAX], half[NUMBER_TEXT_MAX];
  int decimals = number_decimals(mean);
  number_grouped(mean, decimals, text);
  if (!stat || stat->n < 2) return arena_strdup(arena, text);
  struct stat_interval interval = stat_interval(stat, REPLICATE_CONFIDENCE);
  number_grouped(interval.half_width, decimals, half);
  return arena_printf(arena, "%s ± %s", text, half);
}

const char *report_column_text(const struct replications *replications, uint32_t vm, uint32_t n,
                               uint32_t column, struct arena *arena) {
  const struct vm_spec *spec = &replications->scenario->vms[vm];
  enum column_form form = sources[column].form;
  if (form == FORM_NAME && n > 1) return arena_printf(arena, "%s × %u", spec->base_name, n);
  if (form == FORM_NAME) return arena_strdup(arena, spec->name);
  if (form == FORM_VCPUS) return arena_printf(arena, "%u", spec->guest.n_vcpus);
  struct stat_sum stat = {0};
  double mean = 0;
  for (uint32_t i = 0; i < n; i++) {
    stat = report_vm_stat(replications, vm + i, sources[column].metric);
    mean += stat.mean / n;
  }
  char buffer[NUMBER_TEXT_MAX];
  if (form == FORM_RATE) return rate_text(n > 1 ? NULL : &stat, mean, arena);
  if (form == FORM_PCT) return arena_printf(arena, "%.1f", mean);
  return arena_strdup(arena, number_duration(mean * 1e3, buffer));
}

/* " 10ms" for a scheduler with a timeslice, else "". */
static const char *timeslice_text(const struct kind_choice *choice, struct arena *arena) {
  for (size_t i = 0; i < choice->kind->n_params; i++) {
    const struct param *param = &choice->kind->params[i];
    if (strcmp(param->key, "timeslice") != 0) continue;
    int64_t value_ns;
    char buffer[DURATION_TEXT_MAX];
    memcpy(&value_ns, choice->params.bytes + param->offset, sizeof value_ns);
    return arena_printf(arena, " %s", duration_format(value_ns, buffer));
  }
  return "";
}

/* Is it, or something in it, an axis? */
static bool is_swept(const struct grid *grid, const char *path) {
  for (uint32_t i = 0; grid && i < grid->n_axes; i++)
    if (strncmp(grid->axes[i].path, path, strlen(path)) == 0) return true;
  return false;
}

const char *report_host_text(const struct scenario *scenario, const struct grid *grid,
                             struct arena *arena) {
  const struct hypervisor_spec *hypervisor = &scenario->hypervisor;
  uint32_t n_pcpus = scenario->host.n_pcpus;
  const char *text = "";
  if (!is_swept(grid, "host.pcpus"))
    text = arena_printf(arena, "%u pCPU%s", n_pcpus, n_pcpus == 1 ? "" : "s");
  if (!is_swept(grid, "hypervisor.scheduler"))
    text =
        arena_printf(arena, "%s%s%s%s", text, *text ? ", " : "", hypervisor->scheduler.kind->name,
                     timeslice_text(&hypervisor->scheduler, arena));
  if (!is_swept(grid, "hypervisor.coscheduling"))
    text =
        arena_printf(arena, "%s%s%s", text, *text ? ", " : "", hypervisor->coscheduling.kind->name);
  return text;
}

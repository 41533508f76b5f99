/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/plot_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot_figure.h"
#include "sim/duration.h"
#include "study/where.h"

/* --- axes --- */

static bool has_ending(const char *text, const char *ending) {
  size_t length = strlen(text), n = strlen(ending);
  return length >= n && strcmp(text + length - n, ending) == 0;
}

int plot_axis_like(const struct plot_study *study, const char *beginning, const char *ending,
                   int taken) {
  for (int i = 0; i < (int)study->n_axes; i++)
    if (i != taken && study->axes[i].n_values > 1 && has_ending(study->axes[i].path, ending) &&
        strncmp(study->axes[i].path, beginning, strlen(beginning)) == 0)
      return i;
  return PLOT_NONE;
}

/* Numbers and durations come first, in order; NAN stands for neither. */
static double order_of(const char *text) {
  char *end;
  int64_t duration_ns;
  double number = strtod(text, &end);
  if (end != text && *end == '\0') return number;
  return duration_parse(text, &duration_ns) == DURATION_OK ? (double)duration_ns : (double)NAN;
}

int plot_axis_ordered(const struct plot_study *study, int taken) {
  for (int i = 0; i < (int)study->n_axes; i++) {
    const struct plot_axis *axis = &study->axes[i];
    bool is_ordered = i != taken && axis->n_values > 1;
    for (uint32_t v = 0; v < axis->n_values; v++)
      is_ordered = is_ordered && !isnan(order_of(axis->values[v]));
    if (is_ordered) return i;
  }
  return PLOT_NONE;
}

double plot_value_number(const struct plot_study *study, int axis, uint32_t value) {
  const char *text = study->axes[axis].values[value];
  char *end;
  double number = strtod(text, &end);
  return end == text || *end != '\0' ? (double)NAN : number;
}

/* --- names --- */

/* "db" of "vms.db.vcpus"; NULL if the path is not about a VM of the study. */
static const char *vm_of_axis(const struct plot_study *study, int axis) {
  const char *path = study->axes[axis].path;
  if (strncmp(path, "vms.", 4) != 0) return NULL;
  for (uint32_t i = 0; i < study->n_vms; i++) {
    size_t length = strlen(study->vms[i].name);
    if (strncmp(path + 4, study->vms[i].name, length) == 0 && path[4 + length] == '.')
      return study->vms[i].name;
  }
  return NULL;
}

const char *plot_choose_vm(const struct plot_study *study, const char *wanted) {
  for (uint32_t i = 0; wanted && i < study->n_vms; i++)
    if (strcmp(study->vms[i].name, wanted) == 0) return wanted;
  if (wanted) {
    cli_error("%s has no VM '%s'; one of those that it has is '%s'", study->path, wanted,
              study->vms[0].name);
    return NULL;
  }
  int axis = plot_axis_like(study, "vms.", ".vcpus", PLOT_NONE);
  const char *swept = axis == PLOT_NONE ? NULL : vm_of_axis(study, axis);
  if (swept) return swept;
  const struct plot_vm *widest = &study->vms[0];
  for (uint32_t i = 1; i < study->n_vms; i++)
    if (study->vms[i].vcpus > widest->vcpus) widest = &study->vms[i];
  return widest->name;
}

const char *plot_axis_name(const struct plot_study *study, int axis, struct arena *arena) {
  const char *path = study->axes[axis].path, *vm = vm_of_axis(study, axis);
  if (vm && strcmp(path + strlen("vms.") + strlen(vm), ".vcpus") == 0)
    return arena_printf(arena, "vCPUs of %s", vm);
  if (vm && strcmp(path + strlen("vms.") + strlen(vm), ".count") == 0)
    return arena_printf(arena, "number of VMs %s", vm);
  if (strcmp(path, "host.pcpus") == 0) return "pCPUs";
  return strncmp(path, "hypervisor.", 11) == 0 ? path + 11 : path;
}

const char *plot_value_name(const struct plot_study *study, int axis, uint32_t value,
                            struct arena *arena) {
  return plot_label(study->axes[axis].values[value], arena);
}

/* --- conditions --- */

static int where_refuse(const char *text, const char *fault) {
  cli_error("--where '%s': %s", text, fault);
  return EX_USAGE;
}

/* The axis that a side is about, if it is about one. */
static const char *where_axis(const struct plot_study *study, const struct where_side *side,
                              int *axis, struct arena *arena) {
  *axis = PLOT_NONE;
  if (!side->path) return NULL;
  for (uint32_t i = 0; i < study->n_axes && *axis == PLOT_NONE; i++)
    if (strcmp(study->axes[i].path, side->path) == 0) *axis = (int)i;
  return *axis == PLOT_NONE ? arena_printf(arena, "nothing sweeps %s", side->path) : NULL;
}

static const char *where_fill(const struct plot_study *study, uint32_t cell, int axis,
                              struct where_side *side, struct arena *arena) {
  if (axis == PLOT_NONE) return NULL;
  const char *text = study->axes[axis].values[study->cells[cell].value_of[axis]];
  return where_read(conf_string(arena, text), arena, side);
}

static const char *where_apply(const struct plot_study *study, struct where *where, bool *wanted,
                               struct arena *arena) {
  int left, right;
  const char *fault = where_axis(study, &where->left, &left, arena);
  if (!fault) fault = where_axis(study, &where->right, &right, arena);
  for (uint32_t i = 0; i < study->n_cells && !fault; i++) {
    bool holds = false;
    fault = where_fill(study, i, left, &where->left, arena);
    if (!fault) fault = where_fill(study, i, right, &where->right, arena);
    if (!fault) fault = where_holds(where, arena, &holds);
    wanted[i] = wanted[i] && holds;
  }
  return fault;
}

int plot_cells_where(const struct plot_study *study, const struct text_list *wheres, bool **wanted,
                     struct arena *arena) {
  *wanted = ARENA_ARRAY(arena, study->n_cells, bool);
  for (uint32_t i = 0; i < study->n_cells; i++) (*wanted)[i] = true;
  for (uint32_t i = 0; i < wheres->n; i++) {
    struct where where;
    const char *fault = where_parse(conf_string(arena, wheres->items[i]), arena, &where);
    if (!fault) fault = where_apply(study, &where, *wanted, arena);
    if (fault) return where_refuse(wheres->items[i], fault);
    if (!memchr(*wanted, true, study->n_cells))
      return where_refuse(wheres->items[i], "no cell is left");
  }
  return EX_OK;
}

/* --- views --- */

static uint32_t value_at(const struct plot_cell *cell, int axis) {
  return axis == PLOT_NONE ? 0 : cell->value_of[axis];
}

/* Is there only one value of the axis for each x and series among the cells that are left? Then it
   goes along with them, as in a zipped sweep. */
static bool is_tied(const struct plot_view *view, uint32_t axis, const bool *is_left,
                    struct arena *arena) {
  const struct plot_study *study = view->study;
  uint32_t n_x = view->x == PLOT_NONE ? 1 : study->axes[view->x].n_values;
  uint32_t n_series = view->series == PLOT_NONE ? 1 : study->axes[view->series].n_values;
  uint32_t *seen = ARENA_ARRAY(arena, (size_t)n_x * n_series, uint32_t);
  for (uint32_t i = 0; i < study->n_cells; i++) {
    if (!is_left[i]) continue;
    const struct plot_cell *cell = &study->cells[i];
    uint32_t *value = &seen[value_at(cell, view->series) * n_x + value_at(cell, view->x)];
    if (*value != 0 && *value != cell->value_of[axis] + 1) return false;
    *value = cell->value_of[axis] + 1;
  }
  return true;
}

/* Leaves the cells with that value of the axis which the first one left has. */
static uint32_t hold_axis(const struct plot_study *study, uint32_t axis, bool *is_left) {
  uint32_t first = 0;
  while (!is_left[first]) first++;
  uint32_t value = study->cells[first].value_of[axis];
  for (uint32_t i = first; i < study->n_cells; i++)
    is_left[i] = is_left[i] && study->cells[i].value_of[axis] == value;
  return value;
}

static bool is_constant(const struct plot_study *study, uint32_t axis, const bool *is_left) {
  uint32_t seen = 0;
  for (uint32_t i = 0; i < study->n_cells; i++) {
    uint32_t value = study->cells[i].value_of[axis] + 1;
    if (is_left[i] && seen != 0 && value != seen) return false;
    if (is_left[i]) seen = value;
  }
  return true;
}

/* Holds those axes that are not shown, and says so. */
static const char *view_hold(struct plot_view *view, bool *is_left, struct arena *arena) {
  const struct plot_study *study = view->study;
  const char *held = "";
  for (uint32_t axis = 0; axis < study->n_axes; axis++) {
    if ((int)axis == view->x || (int)axis == view->series) continue;
    const char *comma = held[0] ? ", " : "", *name = plot_axis_name(study, (int)axis, arena);
    if (!is_constant(study, axis, is_left) && is_tied(view, axis, is_left, arena)) {
      held = arena_printf(arena, "%s%s%s goes along", held, comma, name);
      continue;
    }
    uint32_t n = study->axes[axis].n_values, value = hold_axis(study, axis, is_left);
    const char *choice = n > 1 ? arena_printf(arena, " (one of %u)", n) : "";
    held = arena_printf(arena, "%s%s%s = %s%s", held, comma, name,
                        plot_value_name(study, (int)axis, value, arena), choice);
  }
  return held;
}

/* The values of the axis in the cells that are left, ascending if they have an order. */
static uint32_t *values_left(const struct plot_study *study, int axis, const bool *is_left,
                             uint32_t *n, struct arena *arena) {
  uint32_t n_values = axis == PLOT_NONE ? 1 : study->axes[axis].n_values;
  uint32_t *values = ARENA_ARRAY(arena, n_values, uint32_t);
  bool *occurs = ARENA_ARRAY(arena, n_values, bool);
  for (uint32_t i = 0; i < study->n_cells; i++)
    if (is_left[i]) occurs[value_at(&study->cells[i], axis)] = true;
  *n = 0;
  for (uint32_t i = 0; i < n_values; i++) {
    if (!occurs[i]) continue;
    uint32_t at = *n;
    double order = axis == PLOT_NONE ? 0 : order_of(study->axes[axis].values[i]);
    while (at > 0 && order_of(study->axes[axis].values[values[at - 1]]) > order) at--;
    memmove(values + at + 1, values + at, (*n - at) * sizeof *values);
    values[at] = i;
    ++*n;
  }
  return values;
}

static int find_cell(const struct plot_view *view, const bool *is_left, uint32_t series,
                     uint32_t x) {
  const struct plot_study *study = view->study;
  for (uint32_t i = 0; i < study->n_cells; i++)
    if (is_left[i] && value_at(&study->cells[i], view->series) == view->series_values[series] &&
        value_at(&study->cells[i], view->x) == view->x_values[x])
      return (int)i;
  return PLOT_NONE;
}

struct plot_view plot_view_make(const struct plot_study *study, int x, int series,
                                const bool *wanted, struct arena *arena) {
  struct plot_view view = {.study = study, .x = x, .series = series};
  bool *is_left = ARENA_ARRAY(arena, study->n_cells, bool);
  memcpy(is_left, wanted, study->n_cells * sizeof *is_left);
  view.held = view_hold(&view, is_left, arena);
  view.x_values = values_left(study, x, is_left, &view.n_x, arena);
  view.series_values = values_left(study, series, is_left, &view.n_series, arena);
  view.cells = ARENA_ARRAY(arena, (size_t)view.n_x * view.n_series, int);
  for (uint32_t i = 0; i < view.n_series; i++)
    for (uint32_t at = 0; at < view.n_x; at++)
      view.cells[i * view.n_x + at] = find_cell(&view, is_left, i, at);
  return view;
}

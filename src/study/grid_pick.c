/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which cells meet the conditions of a sweep. */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "study/bind.h"
#include "study/grid_parts.h"
#include "study/scenario_bind.h"
#include "study/where.h"

struct condition {
  struct where where;
  bool is_found[2], is_missed[2]; /* left, right: is there a cell with such a path, or without? */
  uint32_t missed_in[2];          /* a cell without it */
  bool is_faulty;                 /* reported */
};

struct picker {
  const struct grid *grid;
  struct condition *conditions;
  uint32_t n;
  struct diags *diags;
  struct diags *unheard; /* what is wrong with cells is said when they are bound for good */
  struct arena scratch;  /* of one cell */
};

/* A cell as far as conditions have asked about it. */
struct view {
  struct picker *picker;
  uint32_t cell;
  const struct conf *root;     /* as written */
  const struct conf *resolved; /* with all defaults; NULL: not yet asked for, or … */
  bool is_broken;              /* … the cell cannot be bound */
};

/* With numbers where the file may say that there is a thread for each vCPU. */
static const struct conf *resolve_plainly(const struct scenario *scenario, struct arena *arena) {
  struct scenario plain = *scenario;
  struct vm_spec *vms = ARENA_ARRAY(arena, scenario->n_vms, struct vm_spec);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i] = scenario->vms[i];
    vms[i].is_thread_per_vcpu = false;
  }
  plain.vms = vms;
  return scenario_resolve(&plain, arena);
}

static struct view view_of(struct picker *picker, uint32_t cell) {
  arena_reset(&picker->scratch);
  picker->unheard->arena = &picker->scratch;
  picker->unheard->n = picker->unheard->n_errors = 0;
  const struct conf *root = grid_root(picker->grid, cell, picker->unheard, &picker->scratch);
  bool is_broken = picker->unheard->n_errors > 0;
  return (struct view){.picker = picker, .cell = cell, .root = root, .is_broken = is_broken};
}

static void view_resolve(struct view *view) {
  struct picker *picker = view->picker;
  if (view->resolved || view->is_broken) return;
  const struct scenario *scenario = scenario_bind_cell(
      picker->grid->base, view->root, picker->grid->sweep, picker->unheard, &picker->scratch);
  view->is_broken = !scenario;
  if (scenario) view->resolved = resolve_plainly(scenario, &picker->scratch);
}

/* Most conditions are about numbers that are written, which are there without binding the cell. A
   word may stand for a number. */
static const struct conf *view_find(struct view *view, const char *path) {
  const struct conf *node = conf_find_path(view->root, path);
  if (node && node->text && isdigit((unsigned char)*node->text)) return node;
  view_resolve(view);
  return view->is_broken ? node : conf_find_path(view->resolved, path);
}

/* A cell that cannot be bound stays, for its binding to say why; one that has no such path goes. */
static bool meets(struct condition *condition, struct view *view) {
  struct where where = condition->where;
  struct where_side *sides[] = {&where.left, &where.right};
  struct picker *picker = view->picker;
  const char *fault = NULL;
  struct place place = where.left.place;
  for (int i = 0; i < 2 && !fault; i++) {
    if (!sides[i]->path) continue;
    const struct conf *node = view_find(view, sides[i]->path);
    if (!node && view->is_broken) return true;
    condition->is_found[i] |= node != NULL;
    condition->is_missed[i] |= node == NULL;
    if (!node) condition->missed_in[i] = view->cell;
    if (!node) return false;
    fault = where_read(node, &picker->scratch, sides[i]);
    if (fault) place = sides[i]->place;
  }
  bool holds = true;
  if (!fault) fault = where_holds(&where, &picker->scratch, &holds);
  if (!fault) return holds;
  diag_error(picker->diags, place, "sweep.where", NULL, "%s", fault);
  condition->is_faulty = true;
  return true;
}

static bool meets_all(struct picker *picker, uint32_t cell) {
  struct view view = view_of(picker, cell);
  bool is_met = true;
  for (uint32_t i = 0; i < picker->n; i++)
    if (!picker->conditions[i].is_faulty) is_met &= meets(&picker->conditions[i], &view);
  return is_met;
}

/* Says where on its way the path gets lost. */
static void report_unknown(struct picker *picker, const struct where_side *side, uint32_t cell) {
  struct view view = view_of(picker, cell);
  view_resolve(&view);
  struct arena *arena = &picker->scratch;
  const struct conf *parent = view.resolved;
  assert(parent); /* it is no broken cell that lacks the path */
  const char *at = side->path, *part;
  for (const struct conf *child;; parent = child, at = strchr(at, '.') + 1) {
    part = arena_printf(arena, "%.*s", (int)strcspn(at, "."), at);
    child = conf_find_path(parent, part);
    if (!child || !strchr(at, '.')) break;
  }
  const char **keys = ARENA_ARRAY(arena, parent->n_children + 1u, const char *);
  for (uint32_t i = 0; i < parent->n_children; i++) keys[i] = parent->children[i]->key;
  struct bind bind = {.arena = arena};
  diag_error(picker->diags, side->place, "sweep.where", bind_known(&bind, part, "there are", keys),
             "there is no '%.*s%s'", (int)(at - side->path), side->path, part);
}

static void report_conditions(struct picker *picker) {
  for (uint32_t i = 0; i < picker->n; i++) {
    const struct condition *condition = &picker->conditions[i];
    const struct where_side *sides[] = {&condition->where.left, &condition->where.right};
    for (int side = 0; side < 2; side++)
      if (condition->is_missed[side] && !condition->is_found[side])
        report_unknown(picker, sides[side], condition->missed_in[side]);
  }
}

void grid_pick(struct grid *grid, struct diags *diags, struct arena *arena) {
  struct picker picker = {.grid = grid, .n = grid->where->n_children, .diags = diags};
  picker.unheard = ARENA_NEW(arena, struct diags);
  picker.conditions = ARENA_ARRAY(arena, picker.n, struct condition);
  for (uint32_t i = 0; i < picker.n; i++) /* known to be good */
    (void)where_parse(grid->where->children[i], arena, &picker.conditions[i].where);
  uint32_t errors_before = diags->n_errors, n = 0;
  uint64_t *picks = ARENA_ARRAY(arena, grid->n_cells, uint64_t);
  for (uint32_t cell = 0; cell < grid->n_cells; cell++)
    if (meets_all(&picker, cell)) picks[n++] = cell;
  report_conditions(&picker);
  if (n == 0 && diags->n_errors == errors_before)
    diag_error(diags, grid->where->place, "sweep.where", NULL,
               "no cell is left: none of %u meets the conditions", grid->n_cells);
  grid->picks = picks;
  grid->n_cells = n;
  arena_free(&picker.scratch);
}

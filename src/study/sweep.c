/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `sweep` says: axes by path, whether they advance together, and conditions on cells. */
#include <string.h>

#include "study/range.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"
#include "study/where.h"

enum { AXES_MAX = 16 }; /* a bit set of them fits into 32 bits */

/* What a run can vary, as a whole or in part. */
static bool may_sweep(const char *path) {
  static const char *const roots[] = {"host",     "hypervisor", "locks", "barriers",
                                      "programs", "vms",        "run"};
  size_t length = strcspn(path, ".");
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
    if (strlen(roots[i]) == length && strncmp(path, roots[i], length) == 0) return true;
  return false;
}

/* How often cells are run is a matter of the whole study. */
static bool sets_replications(const char *path) {
  return strcmp(path, "run") == 0 || strcmp(path, "run.replications") == 0;
}

static struct conf *sweep_axis(struct bind *bind, struct site axis) {
  struct conf *array = conf_new(bind->arena, CONF_ARRAY, NULL, axis.node->place);
  const char *fault = NULL;
  if (axis.node->kind == CONF_STRING) {
    fault = range_expand(bind->arena, axis.node->text, axis.node->place, array);
  } else if (bind_expect(bind, axis, CONF_ARRAY, "a list of values or a range")) {
    if (axis.node->n_children == 0) fault = "there are no values";
    if (axis.node->n_children > RANGE_MAX)
      fault = arena_printf(bind->arena, "more than %d values", RANGE_MAX);
    for (uint32_t i = 0; !fault && i < axis.node->n_children; i++) {
      struct conf *value = ARENA_NEW(bind->arena, struct conf);
      *value = *axis.node->children[i];
      conf_add(bind->arena, array, NULL, value);
    }
  }
  if (fault) diag_error(bind->diags, axis.place, axis.path, NULL, "%s", fault);
  return array;
}

static void sweep_where(struct bind *bind, struct site site, struct scenario *scenario) {
  if (!bind_expect(bind, site, CONF_ARRAY, "an array of conditions") || !site.node) return;
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    struct site element = site_element(bind, site, i);
    if (!bind_expect(bind, element, CONF_STRING, "\"PATH OP VALUE\"")) continue;
    struct where where;
    const char *fault = where_parse(element.node, bind->arena, &where);
    if (fault) diag_error(bind->diags, element.place, element.path, NULL, "%s", fault);
  }
  if (site.node->n_children > 0) scenario->sweep_where = site.node;
}

static void sweep_zip(struct bind *bind, struct site site, struct scenario *scenario) {
  if (!bind_expect(bind, site, CONF_BOOL, "true or false") || !site.node) return;
  scenario->is_sweep_zipped = strcmp(site.node->text, "true") == 0;
}

/* An axis that sets what an earlier one has a part of would undo it. */
static void sweep_check_overlap(struct bind *bind, const struct conf *axes) {
  for (uint32_t i = 1; i < axes->n_children; i++) {
    const struct conf *axis = axes->children[i];
    size_t length = strlen(axis->key);
    for (uint32_t j = 0; j < i; j++) {
      const char *earlier = axes->children[j]->key;
      if (strncmp(earlier, axis->key, length) == 0 && earlier[length] == '.')
        diag_error(bind->diags, axis->key_place, "sweep", "put it before the other",
                   "'%s' undoes '%s'", axis->key, earlier);
    }
  }
}

void sweep_bind(struct bind *bind, struct site root, struct scenario *scenario) {
  struct site sweep = site_child(bind, root, "sweep");
  if (!bind_expect(bind, sweep, CONF_OBJECT, "an object of axes") || !sweep.node) return;
  struct conf *axes = conf_new(bind->arena, CONF_OBJECT, NULL, sweep.place);
  for (uint32_t i = 0; i < sweep.node->n_children; i++) {
    const struct conf *child = sweep.node->children[i];
    struct site site = site_element(bind, sweep, i);
    if (strcmp(child->key, SWEEP_ZIP) == 0) {
      sweep_zip(bind, site, scenario);
    } else if (strcmp(child->key, SWEEP_WHERE) == 0) {
      sweep_where(bind, site, scenario);
    } else if (!may_sweep(child->key) || sets_replications(child->key)) {
      diag_error(bind->diags, child->key_place, sweep.path,
                 may_sweep(child->key) ? "every cell is run as often as the others"
                                       : "an axis is a path such as \"vms.db.vcpus\"",
                 "cannot sweep '%s'", child->key);
    } else {
      struct conf *axis = sweep_axis(bind, site);
      conf_add(bind->arena, axes, child->key, axis);
      axis->key_place = child->key_place;
    }
  }
  if (axes->n_children > AXES_MAX)
    diag_error(bind->diags, sweep.place, sweep.path, NULL, "more than %d axes", AXES_MAX);
  sweep_check_overlap(bind, axes);
  scenario->n_sweep_axes = axes->n_children;
  if (axes->n_children > 0) scenario->sweep = axes;
}

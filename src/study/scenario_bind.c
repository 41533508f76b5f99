/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/scenario_bind.h"

#include <string.h>

#include "study/expect.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

void scenario_check_names(struct bind *bind, struct site site) {
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    const struct conf *child = site.node->children[i];
    if (bind_is_name(child->key)) continue;
    diag_error(bind->diags, child->key_place, site.path, "letters, digits, _ and -; a letter first",
               "'%s' is not a name", child->key);
  }
}

static void bind_rows(struct bind *bind, struct site site, const struct row_set *set,
                      void *params) {
  struct object_rules rules = {.rows = set->rows, .n_rows = set->n, .others = set->others};
  bind_object(bind, site, &rules, params);
}

static void bind_top(struct bind *bind, struct site root, struct scenario *scenario) {
  struct top_keys keys = {0};
  bind_rows(bind, root, &top_rows, &keys);
  scenario->name = keys.name;
  scenario->description = keys.description;
  struct site name = site_child(bind, root, "name");
  if (!bind_is_name(keys.name))
    diag_error(bind->diags, name.place, name.path, "letters, digits, _ and -; a letter first",
               "'%s' is not a name", keys.name);
  struct site extends = site_child(bind, root, "extends");
  if (extends.node)
    diag_error(bind->diags, extends.place, extends.path, NULL, "only a file can extend another");
  struct site schema = site_child(bind, root, "$schema");
  (void)bind_expect(bind, schema, CONF_STRING, "a string");
}

static void bind_hypervisor(struct bind *bind, struct site root, struct hypervisor_spec *spec) {
  struct site site = site_child(bind, root, "hypervisor");
  bind_rows(bind, site, &hypervisor_rows, spec);
  bind_choice(bind, site_child(bind, site, "scheduler"), FAMILY_SCHEDULER, SCHEDULER_FALLBACK,
              &spec->scheduler);
  bind_choice(bind, site_child(bind, site, "coscheduling"), FAMILY_COSCHEDULING,
              COSCHEDULING_FALLBACK, &spec->coscheduling);
}

static void bind_locks(struct bind *bind, struct site root, struct scenario *scenario) {
  struct site site = site_child(bind, root, "locks");
  if (!bind_expect(bind, site, CONF_OBJECT, "an object of locks") || !site.node) return;
  scenario_check_names(bind, site);
  struct lock_spec *locks = ARENA_ARRAY(bind->arena, site.node->n_children, struct lock_spec);
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    locks[i].name = site.node->children[i]->key;
    bind_choice(bind, site_element(bind, site, i), FAMILY_LOCK, NULL, &locks[i].choice);
  }
  scenario->locks = locks;
  scenario->n_locks = site.node->n_children;
}

static void bind_barriers(struct bind *bind, struct site root, struct scenario *scenario) {
  struct site site = site_child(bind, root, "barriers");
  if (!bind_expect(bind, site, CONF_OBJECT, "an object of barriers") || !site.node) return;
  scenario_check_names(bind, site);
  struct barrier_spec *barriers =
      ARENA_ARRAY(bind->arena, site.node->n_children, struct barrier_spec);
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    barriers[i].name = site.node->children[i]->key;
    bind_rows(bind, site_element(bind, site, i), &barrier_rows, &barriers[i]);
  }
  scenario->barriers = barriers;
  scenario->n_barriers = site.node->n_children;
}

static void bind_expects(struct bind *bind, struct site root, struct scenario *scenario) {
  struct site site = site_child(bind, root, "expect");
  if (!bind_expect(bind, site, CONF_ARRAY, "an array of strings") || !site.node) return;
  const char **expects = ARENA_ARRAY(bind->arena, site.node->n_children, const char *);
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    struct site element = site_element(bind, site, i);
    if (!bind_expect(bind, element, CONF_STRING, "\"METRIC[@SCOPE] OP VALUE\"")) continue;
    struct expect expect;
    /* Whose VMs are unknown cannot be asked about them. */
    const char *fault =
        scenario->n_vms ? expect_parse(scenario, element.node->text, bind->arena, &expect) : NULL;
    if (fault) diag_error(bind->diags, element.place, element.path, NULL, "%s", fault);
    expects[i] = element.node->text;
  }
  scenario->expects = expects;
  scenario->n_expects = site.node->n_children;
}

/* Without `sweep` and `expect`, which all cells of a sweep share. */
static struct scenario *bind_base(struct bind *bind, const struct conf *conf) {
  struct site root = site_at(conf);
  struct scenario *scenario = ARENA_NEW(bind->arena, struct scenario);
  if (!bind_expect(bind, root, CONF_OBJECT, "an object")) return scenario;
  bind_top(bind, root, scenario);
  bind_rows(bind, site_child(bind, root, "host"), &host_rows, &scenario->host);
  bind_hypervisor(bind, root, &scenario->hypervisor);
  bind_locks(bind, root, scenario);
  bind_barriers(bind, root, scenario);
  scenario_bind_programs(bind, root, scenario);
  scenario_bind_vms(bind, root, scenario);
  bind_rows(bind, site_child(bind, root, "run"), &run_rows, &scenario->run);
  scenario_check(bind, root, scenario);
  scenario->written = conf;
  return scenario;
}

const struct scenario *scenario_bind(const struct conf *root, struct diags *diags,
                                     struct arena *arena) {
  struct bind bind = {.diags = diags, .arena = arena, .sweep = conf_find(root, "sweep")};
  struct scenario *scenario = bind_base(&bind, root);
  bind_expects(&bind, site_at(root), scenario);
  sweep_bind(&bind, site_at(root), scenario);
  return diags->n_errors ? NULL : scenario;
}

const struct scenario *scenario_bind_cell(const struct scenario *base, const struct conf *root,
                                          const struct conf *axes, struct diags *diags,
                                          struct arena *arena) {
  struct bind bind = {.diags = diags, .arena = arena, .sweep = axes};
  uint32_t errors_before = diags->n_errors;
  struct scenario *scenario = bind_base(&bind, root);
  scenario->expects = base->expects;
  scenario->n_expects = base->n_expects;
  return diags->n_errors > errors_before ? NULL : scenario;
}

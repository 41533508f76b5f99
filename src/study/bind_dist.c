/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "5us", {"exponential": "40us"}, {"uniform": ["1us", "2us"]}, {"lognormal": {"mean": …}}. */
#include <assert.h>
#include <string.h>

#include "study/bind.h"

/* What a kind's parameters look like where the wrong thing was found. */
static const char *dist_form_text(const struct kind *kind) {
  switch (kind->form) {
    case PARAM_FORM_OBJECT:
      return "an object";
    case PARAM_FORM_SCALAR:
      return "a value";
    case PARAM_FORM_PAIR:
      return "an array of two values";
  }
  return NULL;
}

static bool bind_dist_pair(struct bind *bind, struct site site, const struct kind *kind,
                           void *params) {
  if (site.node->kind != CONF_ARRAY || site.node->n_children != kind->n_params) {
    diag_error(bind->diags, site.node->place, site.path, NULL, "expected %s, found %s",
               dist_form_text(kind),
               site.node->kind == CONF_ARRAY
                   ? arena_printf(bind->arena, "%u", site.node->n_children)
                   : conf_describe(bind->arena, site.node));
    return false;
  }
  bool is_good = true;
  for (uint32_t i = 0; i < kind->n_params; i++)
    is_good &= bind_value(bind, site_element(bind, site, i), &kind->params[i], params);
  return is_good;
}

static bool bind_dist_params(struct bind *bind, struct site site, const struct kind *kind,
                             void *params) {
  uint32_t errors_before = bind->diags->n_errors;
  switch (kind->form) {
    case PARAM_FORM_SCALAR:
      return bind_value(bind, site, &kind->params[0], params);
    case PARAM_FORM_PAIR:
      return bind_dist_pair(bind, site, kind, params);
    case PARAM_FORM_OBJECT:
      break;
  }
  struct object_rules rules = {.rows = kind->params, .n_rows = kind->n_params};
  bind_object(bind, site, &rules, params);
  return bind->diags->n_errors == errors_before;
}

static bool bind_dist_check(struct bind *bind, struct site site, const struct dist *dist) {
  const struct kind *kind = &dist->kind->kind;
  const char *key = NULL, *fault = kind->check ? kind->check(&dist->params, &key) : NULL;
  if (!fault) return true;
  if (kind->form == PARAM_FORM_OBJECT && key) site = site_child(bind, site, key);
  diag_error(bind->diags, site.place, site.path, NULL, "%s%s%s",
             kind->form != PARAM_FORM_OBJECT && key ? key : "",
             kind->form != PARAM_FORM_OBJECT && key ? " " : "", fault);
  return false;
}

static const struct dist_kind *dist_find(const char *name) {
  for (size_t i = 0; dist_kinds[i]; i++)
    if (strcmp(dist_kinds[i]->kind.name, name) == 0) return dist_kinds[i];
  return NULL;
}

bool bind_dist(struct bind *bind, struct site site, struct dist *dist) {
  const struct conf *node = site.node;
  *dist = dist_constant(0);
  if (node->kind == CONF_STRING || node->kind == CONF_NUMBER) {
    int64_t value_ns = 0;
    if (!bind_duration(bind, site, "us", &value_ns)) return false;
    *dist = dist_constant(value_ns);
    return true;
  }
  if (!bind_expect(bind, site, CONF_OBJECT,
                   "a duration such as \"5us\" or a distribution such as "
                   "{\"exponential\": \"5us\"}"))
    return false;
  const char *words[FAMILY_MAX + 1];
  family_names(FAMILY_DISTRIBUTION, words);
  if (node->n_children != 1) {
    diag_error(bind->diags, node->place, site.path, bind_known(bind, "", "distributions", words),
               "expected one distribution, found %u", node->n_children);
    return false;
  }
  const struct conf *child = node->children[0];
  const struct dist_kind *kind = dist_find(child->key);
  if (!kind) {
    diag_error(bind->diags, child->key_place, site.path,
               bind_known(bind, child->key, "distributions", words), "no distribution '%s'",
               child->key);
    return false;
  }
  struct dist bound = {.kind = kind, .constant_ns = -1};
  assert(kind->kind.params_size <= sizeof bound.params);
  site = site_child(bind, site, child->key);
  if (!bind_dist_params(bind, site, &kind->kind, &bound.params)) return false;
  if (!bind_dist_check(bind, site, &bound)) return false;
  kind->finish(&bound);
  *dist = bound;
  return true;
}

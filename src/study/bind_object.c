/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "study/bind.h"
#include "study/suggest.h"

struct site site_at(const struct conf *root) {
  return (struct site){root, "", root->place};
}

/* Paths are made for every key of every cell of a sweep: too often for printf. */
static const char *path_join(struct arena *arena, const char *parent, const char *key) {
  size_t n_parent = strlen(parent), n_key = strlen(key) + 1;
  if (n_parent == 0) return key;
  char *path = arena_alloc(arena, n_parent + 1 + n_key, 1);
  char *end = stpcpy(path, parent);
  *end = '.';
  memcpy(end + 1, key, n_key);
  return path;
}

struct site site_child(struct bind *bind, struct site parent, const char *key) {
  struct site child = {.node = conf_find(parent.node, key), .place = parent.place};
  child.path = path_join(bind->arena, parent.path, key);
  if (child.node) child.place = child.node->place;
  return child;
}

struct site site_element(struct bind *bind, struct site parent, uint32_t index) {
  const struct conf *node = parent.node->children[index];
  char number[12], *digits = number + sizeof number - 1;
  *digits = '\0';
  do *--digits = (char)('0' + index % 10);
  while ((index /= 10) > 0);
  const char *key = node->key ? node->key : arena_strdup(bind->arena, digits);
  return (struct site){node, path_join(bind->arena, parent.path, key), node->place};
}

bool bind_is_name(const char *text) {
  if (!isalpha((unsigned char)*text)) return false;
  while (isalnum((unsigned char)*text) || *text == '_' || *text == '-') text++;
  return !*text;
}

enum { KNOWN_MAX = 40 /* words that a hint lists */ };

const char *bind_known(struct bind *bind, const char *typed, const char *what,
                       const char *const *words) {
  const char *near = suggest_word(typed, words), *list = "";
  size_t n = 0;
  for (; words[n] && n < KNOWN_MAX; n++) list = arena_printf(bind->arena, "%s %s", list, words[n]);
  if (words[n]) list = arena_printf(bind->arena, "%s …", list);
  if (n == 0) list = " none";
  const char *guess = near ? arena_printf(bind->arena, "did you mean '%s'? ", near) : "";
  return arena_printf(bind->arena, "%s%s:%s", guess, what, list);
}

/* "handoff_cost.base" under "handoff_cost" is "base"; NULL if key is not below the group. */
static const char *key_below(const char *key, const char *group) {
  if (*group == '\0') return key;
  for (; *group; key++, group++)
    if (*key != *group) return NULL;
  return *key == '.' ? key + 1 : NULL;
}

static const struct param *rules_row(const struct object_rules *rules, const char *key) {
  for (size_t i = 0; i < rules->n_rows; i++) {
    const char *other = rules->rows[i].key;
    if (*other == *key && strcmp(other, key) == 0) return &rules->rows[i];
  }
  return NULL;
}

static bool rules_has_other(const struct object_rules *rules, const char *key) {
  for (const char *const *other = rules->others; other && *other; other++)
    if (strcmp(*other, key) == 0) return true;
  return false;
}

/* Is key the name of an object of keys? Looks at all kinds of the family. */
static bool rules_has_group(const struct object_rules *rules, const char *key) {
  for (size_t i = 0; i < rules->n_rows; i++)
    if (key_below(rules->rows[i].key, key)) return true;
  for (size_t i = 0; rules->chosen && family_kind(rules->family, i); i++) {
    const struct kind *kind = family_kind(rules->family, i);
    for (size_t row = 0; row < kind->n_params; row++)
      if (key_below(kind->params[row].key, key)) return true;
  }
  return false;
}

struct word_list {
  const char *words[4 * KNOWN_MAX];
  size_t n;
};

/* The next part of a key below the group; keys of one object come once. */
static void words_add(struct bind *bind, struct word_list *list, const char *key,
                      const char *group) {
  const char *below = key_below(key, group);
  if (!below || list->n + 1 >= sizeof list->words / sizeof *list->words) return;
  const char *word = arena_printf(bind->arena, "%.*s", (int)strcspn(below, "."), below);
  for (size_t i = 0; i < list->n; i++)
    if (strcmp(list->words[i], word) == 0) return;
  list->words[list->n++] = word;
}

static void object_unknown(struct bind *bind, struct site site, const struct conf *child,
                           const struct object_rules *rules, const char *group) {
  struct word_list list = {0};
  for (const char *const *other = rules->others; other && *other; other++)
    words_add(bind, &list, *other, group);
  for (size_t i = 0; i < rules->n_rows; i++) words_add(bind, &list, rules->rows[i].key, group);
  for (size_t i = 0; rules->chosen && family_kind(rules->family, i); i++) {
    const struct kind *kind = family_kind(rules->family, i);
    for (size_t row = 0; row < kind->n_params; row++)
      words_add(bind, &list, kind->params[row].key, group);
  }
  diag_error(bind->diags, child->key_place, site.path,
             bind_known(bind, child->key, "known keys", list.words), "unknown key '%s'",
             child->key);
}

/* A key of another kind: checked, then ignored. */
static void object_foreign(struct bind *bind, struct site site, const struct conf *child,
                           const struct object_rules *rules, const struct param *row,
                           const struct kind *owner) {
  struct kind_choice unused = {.kind = owner};
  struct site at = site_child(bind, site, child->key);
  if (!bind_value(bind, at, row, &unused.params) || rules->is_switched) return;
  diag_warning(bind->diags, child->key_place, at.path, NULL,
               "no effect under '%s' (a parameter of '%s')", rules->chosen->name, owner->name);
}

/* Reports what no row knows, in the object and in its groups. */
static void object_check_keys(struct bind *bind, struct site site, const struct object_rules *rules,
                              const char *group) {
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    const struct conf *child = site.node->children[i];
    const char *key = child->key;
    if (*group) key = arena_printf(bind->arena, "%s.%s", group, key);
    bool is_plain = !strchr(child->key, '.'); /* "a.b" is no way to write {"a": {"b": …}} */
    if (is_plain && (rules_row(rules, key) || rules_has_other(rules, key))) continue;
    const struct kind *owner = NULL;
    const struct param *row = rules->chosen ? family_row(rules->family, key, &owner) : NULL;
    if (is_plain && row) {
      object_foreign(bind, site, child, rules, row, owner);
    } else if (is_plain && rules_has_group(rules, key)) {
      struct site below = site_child(bind, site, child->key);
      if (bind_expect(bind, below, CONF_OBJECT, "an object"))
        object_check_keys(bind, below, rules, key);
    } else {
      object_unknown(bind, site, child, rules, group);
    }
  }
}

/* The site of a row: follows the dots of its key. */
static struct site object_row_site(struct bind *bind, struct site site, const char *key) {
  for (const char *dot; (dot = strchr(key, '.')); key = dot + 1)
    site = site_child(bind, site, arena_strndup(bind->arena, key, (size_t)(dot - key)));
  return site_child(bind, site, key);
}

/* Is there an unknown key that was meant to be this one? That is said already. */
static bool object_has_misspelt(struct site site, const struct object_rules *rules,
                                const char *key) {
  const char *const words[] = {key, NULL};
  for (uint32_t i = 0; site.node && i < site.node->n_children; i++) {
    const char *other = site.node->children[i]->key;
    if (!rules_row(rules, other) && !rules_has_other(rules, other) && suggest_word(other, words))
      return true;
  }
  return false;
}

void bind_object(struct bind *bind, struct site site, const struct object_rules *rules,
                 void *params) {
  bool is_object = bind_expect(bind, site, CONF_OBJECT, "an object");
  for (size_t i = 0; i < rules->n_rows; i++) {
    const struct param *row = &rules->rows[i];
    const struct conf *node = is_object ? conf_find_path(site.node, row->key) : NULL;
    if (node) {
      struct site at = {node, path_join(bind->arena, site.path, row->key), node->place};
      if (bind_value(bind, at, row, params)) continue;
    }
    bind_fallback(bind, row, params);
    if (is_object && !node && !row->fallback && !object_has_misspelt(site, rules, row->key))
      diag_error(bind->diags, site.place, site.path, row->help, "missing key '%s'", row->key);
  }
  if (is_object && site.node) object_check_keys(bind, site, rules, "");
}

static const struct kind *choice_kind(struct bind *bind, struct site site, enum family family,
                                      const char *fallback) {
  struct site at = site_child(bind, site, "kind");
  const char *words[FAMILY_MAX + 1];
  family_names(family, words);
  if (!at.node) {
    if (!fallback)
      diag_error(bind->diags, site.place, site.path, bind_known(bind, "", "kinds", words),
                 "missing key 'kind'");
    return fallback ? family_find(family, fallback) : NULL;
  }
  const char *name = bind_text(at.node);
  const struct kind *kind = name ? family_find(family, name) : NULL;
  if (!name)
    (void)bind_expect(bind, at, CONF_STRING, "the name of a kind");
  else if (!kind)
    diag_error(bind->diags, at.place, at.path, bind_known(bind, name, "kinds", words),
               "no kind '%s'", name);
  return kind;
}

void bind_choice(struct bind *bind, struct site site, enum family family, const char *fallback,
                 struct kind_choice *choice) {
  static const char *const others[] = {"kind", NULL};
  if (!bind_expect(bind, site, CONF_OBJECT, "an object with a kind")) return;
  const struct kind *kind = choice_kind(bind, site, family, fallback);
  choice->kind = kind;
  if (!kind) return; /* which keys are right is anybody's guess */
  struct site at_kind = site_child(bind, site, "kind");
  bool is_switched =
      (at_kind.node && conf_is_argument(at_kind.node)) || conf_find(bind->sweep, at_kind.path);
  struct object_rules rules = {.rows = kind->params,
                               .n_rows = kind->n_params,
                               .others = others,
                               .chosen = kind,
                               .family = family,
                               .is_switched = is_switched};
  uint32_t errors_before = bind->diags->n_errors;
  bind_object(bind, site, &rules, &choice->params);
  if (!kind->check || bind->diags->n_errors > errors_before) return;
  const char *key = NULL, *fault = kind->check(&choice->params, &key);
  if (!fault) return;
  struct site at = key ? object_row_site(bind, site, key) : site;
  diag_error(bind->diags, at.place, at.path, NULL, "%s", fault);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --set PATH=VALUE and sweep axes, on conf trees. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "study/bind.h"
#include "study/preset.h"
#include "study/scenario_bind.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

struct setting {
  struct bind bind;
  const char *path;
  const struct conf *value;
};

static const struct conf *setting_refuse(struct setting *setting, const char *hint,
                                         const char *message) {
  diag_error(setting->bind.diags, setting->value->place, setting->path, hint, "%s", message);
  return NULL;
}

/* Objects of named things: a slip in a name must not make a new one. */
static bool has_names(const char *key) {
  static const char *const containers[] = {"vms", "locks", "programs", "barriers"};
  for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
    if (strcmp(key, containers[i]) == 0) return true;
  return false;
}

static const char *const *child_keys(struct arena *arena, const struct conf *object) {
  uint32_t n = object ? object->n_children : 0;
  const char **keys = ARENA_ARRAY(arena, n + 1u, const char *);
  for (uint32_t i = 0; i < n; i++) keys[i] = object->children[i]->key;
  return keys;
}

static const struct conf *set_below(struct setting *setting, const struct conf *node,
                                    const char *key, const char *rest);

static const struct conf *set_element(struct setting *setting, const struct conf *array,
                                      const char *key, const char *rest) {
  struct arena *arena = setting->bind.arena;
  bool is_number = *key && !key[strspn(key, "0123456789")] && strlen(key) < 10;
  if (!is_number || strtoul(key, NULL, 10) >= array->n_children)
    return setting_refuse(setting, NULL,
                          array->n_children
                              ? arena_printf(arena, "no element '%s'; they are numbered 0 to %u",
                                             key, array->n_children - 1)
                              : arena_printf(arena, "no element '%s'; the array is empty", key));
  const struct conf *old = array->children[strtoul(key, NULL, 10)];
  const struct conf *child = set_below(setting, old, "", rest);
  return child ? conf_with(arena, array, key, child) : NULL;
}

/* object_key: NULL for the outermost object, its members' keys for these, "" below. */
static const struct conf *set_member(struct setting *setting, const struct conf *object,
                                     const char *object_key, const char *key, const char *rest) {
  struct arena *arena = setting->bind.arena;
  const struct conf *old = conf_find(object, key);
  if (!old && rest && object_key && has_names(object_key))
    return setting_refuse(setting,
                          bind_known(&setting->bind, key, "there are", child_keys(arena, object)),
                          arena_printf(arena, "no '%s' in %s", key, object_key));
  const struct conf *child = set_below(setting, old, object_key ? "" : key, rest);
  return child ? conf_with(arena, object, key, child) : NULL;
}

/* The node with the value put at rest below it; rest NULL: the value itself. key is the node's. */
static const struct conf *set_below(struct setting *setting, const struct conf *node,
                                    const char *key, const char *rest) {
  struct arena *arena = setting->bind.arena;
  if (!rest) return setting->value;
  const char *dot = strchr(rest, '.');
  const char *part = dot ? arena_strndup(arena, rest, (size_t)(dot - rest)) : rest;
  const char *below = dot ? dot + 1 : NULL;
  if (!*part) return setting_refuse(setting, NULL, "a path is words with single dots between");
  if (node && node->key && strcmp(node->key, VM_SCHEDULER) == 0)
    node = scenario_spell_out(node, arena);
  if (node && node->kind == CONF_ARRAY) return set_element(setting, node, part, below);
  if (node && node->kind != CONF_OBJECT)
    return setting_refuse(
        setting, NULL,
        arena_printf(arena, "%s has no '%s' in it", conf_describe(arena, node), part));
  return set_member(setting, node, key, part, below);
}

/* "noise.0" is the first VM that count makes of noise; all of them have one set of keys. */
static bool names_instance(const char *path) {
  if (strncmp(path, "vms.", 4) != 0) return false;
  const char *dot = strchr(path + 4, '.');
  return dot && isdigit((unsigned char)dot[1]);
}

const struct conf *scenario_set(const struct conf *root, const char *path, const struct conf *value,
                                struct diags *diags, struct arena *arena) {
  struct setting setting = {.bind = {.diags = diags, .arena = arena}, .path = path, .value = value};
  if (root->kind != CONF_OBJECT) return root; /* binding says so */
  if (names_instance(path))
    return setting_refuse(&setting, "the path of a counted VM is its base name",
                          "VMs of one count have their keys in common");
  if (strcmp(path, PRESET_PATH) == 0) return preset_put(root, value, diags, arena);
  const struct conf *changed = set_below(&setting, root, NULL, path);
  return changed ? preset_expand(changed, diags, arena) : NULL;
}

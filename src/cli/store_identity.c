/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a store of the study that is to be gone on with? If not: what is different, in a few words. */
#include <string.h>

#include "cli/cli.h"
#include "cli/json_read.h"
#include "cli/store_parts.h"

static const struct conf *identity_tree(const char *json, struct arena *arena) {
  struct source *source = ARENA_NEW(arena, struct source);
  struct diags *diags = ARENA_NEW(arena, struct diags);
  *source = (struct source){.name = "study", .text = json, .length = (uint32_t)strlen(json)};
  diags->arena = arena;
  return json_read(source, diags, arena);
}

static const struct conf *identity_child(const struct conf *parent, const struct conf *like,
                                         uint32_t index) {
  if (parent->kind == CONF_OBJECT) return conf_find(parent, like->key);
  return index < parent->n_children ? parent->children[index] : NULL;
}

/* "run.seed is 1 there, 2 here", of the first place in the order of `there`; NULL: they are the
   same. */
static const char *identity_difference(const struct conf *there, const struct conf *here,
                                       const char *path, struct arena *arena) {
  bool is_leaf = there->n_children == 0 || there->kind != here->kind;
  if (is_leaf) {
    const char *was = conf_to_line(arena, there), *is = conf_to_line(arena, here);
    return strcmp(was, is) ? arena_printf(arena, "%s is %s there, %s here", path, was, is) : NULL;
  }
  for (uint32_t i = 0; i < there->n_children; i++) {
    const struct conf *child = there->children[i], *other = identity_child(here, child, i);
    const char *name = child->key ? child->key : arena_printf(arena, "%u", i);
    const char *at = arena_printf(arena, "%s%s%s", path, *path ? "." : "", name);
    const char *found =
        other ? identity_difference(child, other, at, arena)
              : arena_printf(arena, "%s is %s there, missing here", at, conf_to_line(arena, child));
    if (found) return found;
  }
  if (there->n_children < here->n_children)
    return arena_printf(arena, "there is more in %s here", *path ? path : "it");
  return NULL;
}

int store_compare_identity(const struct store *store, const struct store_identity *identity) {
  const struct store_identity *there = &store->identity;
  if (strcmp(there->version, identity->version) != 0) {
    cli_error("%s was made by %s, this is %s: their results do not mix", store->path,
              there->version, identity->version);
    return EX_DATAERR;
  }
  if (strcmp(there->study_json, identity->study_json) == 0) return EX_OK;
  struct arena arena = {0};
  const struct conf *was = identity_tree(there->study_json, &arena);
  const struct conf *is = identity_tree(identity->study_json, &arena);
  const char *difference = was && is ? identity_difference(was, is, "", &arena) : NULL;
  cli_error("%s is of another study: %s", store->path,
            difference ? difference : "the same keys in another order");
  arena_free(&arena);
  return EX_DATAERR;
}

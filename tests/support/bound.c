/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/bound.h"

#include <check.h>
#include <string.h>

#include "cli/json_read.h"
#include "study/scenario_bind.h"

void bound_read(struct bound *bound, const char *text) {
  bound->diags.arena = &bound->arena;
  char *copy = arena_strdup(&bound->arena, text);
  for (char *at = copy; (at = strchr(at, '\''));) *at = '"';
  struct source *source = ARENA_NEW(&bound->arena, struct source);
  *source = (struct source){.name = "test", .text = copy, .length = (uint32_t)strlen(copy)};
  bound->root = json_read(source, &bound->diags, &bound->arena);
}

void bound_bind(struct bound *bound, const char *text) {
  bound_read(bound, text);
  if (bound->root) bound->scenario = scenario_bind(bound->root, &bound->diags, &bound->arena);
}

void bound_free(struct bound *bound) {
  arena_free(&bound->arena);
  *bound = (struct bound){0};
}

const struct diag *bound_diag(const struct bound *bound, const char *path) {
  for (uint32_t i = 0; i < bound->diags.n; i++)
    if (strcmp(bound->diags.items[i].path, path) == 0) return &bound->diags.items[i];
  ck_abort_msg("no diagnostic of %s", path);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/study_identity.h"

#include <stdlib.h>
#include <string.h>

#include "cli/json_read.h"
#include "cli/version.h"
#include "study/precision.h"
#include "study/scenario_bind.h"

static void add_number(struct arena *arena, struct conf *parent, const char *key, uint32_t value) {
  conf_add(arena, parent, key, conf_literal(arena, arena_printf(arena, "%u", value)));
}

const char *study_version(struct arena *arena) {
  return arena_printf(arena, "costop %s, model %s", version_number(), VERSION_MODEL);
}

struct store_identity study_identity(const struct study *study, struct arena *arena) {
  struct conf *root = conf_object(arena), *precisions = conf_array(arena);
  struct conf *scenario = ARENA_NEW(arena, struct conf);
  *scenario = *grid_to_conf(study->grid, arena);
  conf_add(arena, root, "scenario", scenario);
  add_number(arena, root, "first_replication", study->first);
  add_number(arena, root, "min_replications", study->min_reps);
  add_number(arena, root, "max_replications", study->max_reps);
  for (uint32_t i = 0; i < study->n_precisions; i++)
    conf_add(arena, precisions, NULL, conf_string(arena, study->precisions[i].text));
  conf_add(arena, root, "precision", precisions);
  return (struct store_identity){conf_to_json(arena, root), study_version(arena)};
}

/* 0 if there is no such number. */
static uint32_t number_of(const struct conf *root, const char *key) {
  const struct conf *node = conf_find(root, key);
  return node && node->kind == CONF_NUMBER ? (uint32_t)strtoul(node->text, NULL, 10) : 0;
}

/* False: the text is of another time. */
static bool read_precisions(const struct conf *list, struct study *study, struct arena *arena) {
  if (!list || list->kind != CONF_ARRAY) return false;
  struct precision *precisions = ARENA_ARRAY(arena, list->n_children, struct precision);
  for (uint32_t i = 0; i < list->n_children; i++)
    if (list->children[i]->kind != CONF_STRING ||
        precision_parse(study->grid->base, list->children[i]->text, arena, &precisions[i]))
      return false;
  study->precisions = precisions;
  study->n_precisions = list->n_children;
  return true;
}

static bool read_study(const char *json, struct study *study, struct arena *arena) {
  struct source *source = ARENA_NEW(arena, struct source);
  struct diags *diags = ARENA_NEW(arena, struct diags);
  *source = (struct source){.name = "study", .text = json, .length = (uint32_t)strlen(json)};
  diags->arena = arena;
  const struct conf *root = json_read(source, diags, arena), *written = conf_find(root, "scenario");
  const struct scenario *scenario = written ? scenario_bind(written, diags, arena) : NULL;
  const struct grid *grid = scenario ? grid_of_sweep(scenario, diags, arena) : NULL;
  if (!grid) return false;
  *study = (struct study){.grid = grid,
                          .first = number_of(root, "first_replication"),
                          .min_reps = number_of(root, "min_replications"),
                          .max_reps = number_of(root, "max_replications"),
                          .n_shards = 1};
  return study->min_reps > 0 && study->min_reps <= study->max_reps &&
         read_precisions(conf_find(root, "precision"), study, arena);
}

int study_of_store(const struct cli *cli, struct store *store, struct study_plan *plan) {
  const struct store_identity *identity = store_identity(store);
  *plan = (struct study_plan){.warmup = store_fact(store, STUDY_FACT_WARMUP, cli->arena)};
  if (read_study(identity->study_json, &plan->study, cli->arena)) return EX_OK;
  cli_error("the study of results made by %s cannot be read by %s", identity->version,
            study_version(cli->arena));
  return EX_DATAERR;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the result directories of a study's shards together. */
#include <inttypes.h>
#include <string.h>

#include "cli/diag_print.h"
#include "cli/export.h"
#include "cli/result_dir.h"
#include "cli/study_command.h"
#include "cli/study_identity.h"
#include "study/result_words.h"

enum { NAMED_MAX = 5 };

struct merge {
  const struct cli *cli;
  struct study_plan plan;
  struct store **parts; /* of cli->operands */
  uint32_t n_parts;     /* that are open */
  struct results whole;
};

static const char *part_path(const struct merge *merge, uint32_t part) {
  return merge->cli->operands.items[part];
}

/* --- before anything is written --- */

static int open_parts(struct merge *merge) {
  const struct cli *cli = merge->cli;
  struct store_identity identity = {0};
  merge->parts = ARENA_ARRAY(cli->arena, cli->operands.n, struct store *);
  for (uint32_t i = 0; i < cli->operands.n; i++) {
    int code = result_dir_read(part_path(merge, i), cli->arena, &merge->parts[i]);
    if (code != EX_OK) return code;
    merge->n_parts++;
    if (i == 0) identity = *store_identity(merge->parts[0]);
    identity.version = study_version(cli->arena);
    code = store_compare_identity(merge->parts[i], &identity);
    if (code != EX_OK) return code;
  }
  return study_of_store(cli, merge->parts[0], &merge->plan);
}

/* With a fixed number each replication counts, else a cell is complete where it was finished. */
static bool has_unit(const struct merge *merge, uint32_t cell, uint32_t replication) {
  bool is_fixed = merge->plan.study.n_precisions == 0;
  for (uint32_t i = 0; i < merge->n_parts; i++)
    if (is_fixed ? store_has(merge->parts[i], cell, replication)
                 : store_is_finished(merge->parts[i], cell))
      return true;
  return false;
}

/* "2/3, 3/3": the shards of which there is no directory; NULL: all are there, or it is not known
   how many there should be. */
static const char *missing_shards(const struct merge *merge) {
  struct arena *arena = merge->cli->arena;
  const char *text = NULL;
  unsigned n = 0;
  for (unsigned shard = 1; shard == 1 || shard <= n; shard++) {
    bool is_there = false;
    for (uint32_t i = 0; i < merge->n_parts; i++) {
      unsigned number, of;
      const char *fact = store_fact(merge->parts[i], STUDY_FACT_SHARD, arena);
      if (!fact || sscanf(fact, "%u/%u", &number, &of) != 2) return NULL;
      if (i > 0 && of != n) return NULL;
      n = of;
      is_there = is_there || number == shard;
    }
    if (!is_there)
      text = arena_printf(arena, "%s%s%u/%u", text ? text : "", text ? ", " : "", shard, n);
  }
  return text;
}

static int check_complete(const struct merge *merge) {
  const struct study *study = &merge->plan.study;
  uint32_t n_units = study->n_precisions == 0 ? study->max_reps : 1;
  struct arena *arena = merge->cli->arena;
  const char *named = "";
  uint64_t n_missing = 0;
  for (uint32_t cell = 0; cell < study->grid->n_cells; cell++)
    for (uint32_t i = 0; i < n_units; i++) {
      if (has_unit(merge, cell, study->first + i)) continue;
      if (n_missing++ >= NAMED_MAX) continue;
      named = arena_printf(arena, "%s%scell %u", named, *named ? ", " : "", cell);
      if (study->n_precisions == 0)
        named = arena_printf(arena, "%s replication %u", named, study->first + i);
    }
  if (n_missing == 0) return EX_OK;
  if (n_missing > NAMED_MAX)
    named = arena_printf(arena, "%s and %" PRIu64 " more", named, n_missing - NAMED_MAX);
  const char *shards = missing_shards(merge);
  if (shards)
    cli_error("shard %s is missing: nobody has %s", shards, named);
  else
    cli_error("nobody has %s: complete the directories with --resume", named);
  return EX_DATAERR;
}

/* --- the work --- */

static bool is_same_run(const struct run_result *one, const struct run_result *other,
                        struct arena *arena) {
  size_t n = result_words_count(one->scenario);
  int64_t *words = ARENA_ARRAY(arena, 2 * n, int64_t);
  result_words_pack(one, words);
  result_words_pack(other, words + n);
  return memcmp(words, words + n, n * sizeof *words) == 0;
}

static const struct run_result *find_run(const struct replications *replications,
                                         uint32_t replication) {
  for (uint32_t i = 0; i < replications->n; i++)
    if (replications->runs[i]->replication == replication) return replications->runs[i];
  return NULL;
}

/* What a part has of a cell, into the whole. */
static int merge_part(struct merge *merge, uint32_t part, uint32_t cell,
                      const struct scenario *scenario, struct arena *arena) {
  struct replications there, here;
  int code = store_get(merge->whole.store, cell, scenario, arena, &there);
  if (code == EX_OK) code = store_get(merge->parts[part], cell, scenario, arena, &here);
  if (code != EX_OK) return code;
  for (uint32_t i = 0; i < here.n && code == EX_OK; i++) {
    const struct run_result *run = here.runs[i], *other = find_run(&there, run->replication);
    if (!other) code = store_put(merge->whole.store, cell, run);
    if (!other || is_same_run(run, other, arena)) continue;
    cli_error("%s has another result of cell %u, replication %u than a directory before it",
              part_path(merge, part), cell, run->replication);
    code = EX_DATAERR;
  }
  return code;
}

static int merge_cell(struct merge *merge, uint32_t cell, struct arena *arena) {
  const struct study *study = &merge->plan.study;
  struct diags *diags = ARENA_NEW(arena, struct diags);
  diags->arena = arena;
  const struct scenario *scenario = grid_bind(study->grid, cell, diags, arena);
  if (!scenario) return EX_DATAERR;
  uint32_t n = study->max_reps;
  int code = EX_OK;
  for (uint32_t i = 0; i < merge->n_parts && code == EX_OK; i++)
    code = merge_part(merge, i, cell, scenario, arena);
  if (code != EX_OK) return code;
  for (uint32_t i = 0; i < merge->n_parts && study->n_precisions > 0; i++) {
    struct replications finished;
    if (!store_is_finished(merge->parts[i], cell)) continue;
    code = store_get(merge->parts[i], cell, scenario, arena, &finished);
    n = finished.n;
    break;
  }
  return code == EX_OK ? store_finish_cell(merge->whole.store, cell, n) : code;
}

static int merge_cells(struct merge *merge) {
  struct arena arena = {0};
  int code = store_begin(merge->whole.store);
  for (uint32_t cell = 0; code == EX_OK && cell < merge->plan.study.grid->n_cells; cell++) {
    code = merge_cell(merge, cell, &arena);
    arena_reset(&arena);
  }
  arena_free(&arena);
  return code == EX_OK ? store_commit(merge->whole.store) : code;
}

static int write_whole(struct merge *merge) {
  struct cli cli = *merge->cli;
  const char *trace = store_fact(merge->parts[0], EXPORT_FACT_TRACE, cli.arena);
  if (trace) cli.trace_ns = strtoll(trace, NULL, 10);
  int code = study_open(&cli, &merge->plan, cli.output, &merge->whole);
  if (code != EX_OK) return code;
  code = merge_cells(merge);
  if (code == EX_OK) code = study_tell(&merge->whole, cli.output, NULL);
  return study_close(&merge->whole, cli.output, code);
}

static int merge_run(const struct cli *cli) {
  struct merge merge = {.cli = cli};
  if (!cli->output) {
    cli_error("where to? -o DIR");
    return EX_USAGE;
  }
  int code = result_dir_check_output(cli);
  if (code == EX_OK) code = open_parts(&merge);
  if (code == EX_OK) code = check_complete(&merge);
  if (code == EX_OK) code = write_whole(&merge);
  for (uint32_t i = 0; i < merge.n_parts; i++) (void)store_close(merge.parts[i]);
  return code;
}

const struct command cmd_merge = {
    .name = "merge",
    .operands = "DIR...",
    .help = "put the directories that --shard has made together",
    .details =
        "The whole is what one run without --shard would have written. The directories must be of "
        "one study; what they share must be the same, and nothing may be missing.",
    .options = OPTION_BIT(OPTION_OUTPUT),
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .run = merge_run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a study again and compares: results that nobody can repeat are none. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/export.h"
#include "cli/limits.h"
#include "cli/result_dir.h"
#include "cli/study_command.h"
#include "cli/study_identity.h"

/* What is known of the study that is to be repeated. */
struct rerun {
  struct cli cli; /* with the settings of the first time */
  const char *path;
  struct study_plan plan;
  uint64_t n_replications;
};

static int read_facts(struct rerun *rerun, struct store *store) {
  struct study *study = &rerun->plan.study;
  const char *trace = store_fact(store, EXPORT_FACT_TRACE, rerun->cli.arena);
  const char *shard = store_fact(store, STUDY_FACT_SHARD, rerun->cli.arena);
  if (trace) rerun->cli.trace_ns = strtoll(trace, NULL, 10);
  if (shard && sscanf(shard, "%u/%u", &study->shard, &study->n_shards) == 2) study->shard--;
  uint32_t n_finished;
  int code = store_count(store, &rerun->n_replications, &n_finished);
  if (code != EX_OK || study->n_shards > 1 || n_finished == study->grid->n_cells) return code;
  cli_error("%s is not complete: %u of %u cells; --resume goes on with it", rerun->path, n_finished,
            study->grid->n_cells);
  return EX_DATAERR;
}

static int read_study(struct rerun *rerun) {
  struct arena *arena = rerun->cli.arena;
  struct store *store;
  int code = result_dir_read(rerun->path, arena, &store);
  if (code != EX_OK) return code;
  const char *theirs = store_identity(store)->version, *ours = study_version(arena);
  if (strcmp(theirs, ours) != 0)
    cli_warn(&rerun->cli, "%s was made by %s, this is %s: results may differ", rerun->path, theirs,
             ours);
  code = study_of_store(&rerun->cli, store, &rerun->plan);
  if (code == EX_OK) code = read_facts(rerun, store);
  (void)store_close(store);
  return code;
}

/* --- again --- */

/* All of its cells could be run once. */
static uint64_t memory_of(const struct grid *grid, struct arena *arena) {
  struct diags *diags = ARENA_NEW(arena, struct diags);
  diags->arena = arena;
  return grid_check(grid, diags);
}

static int run_again(struct rerun *rerun, const char *path) {
  struct results results;
  struct study *study = &rerun->plan.study;
  study->memory = memory_of(study->grid, rerun->cli.arena);
  int code = limits_check_memory(rerun->path, study->memory);
  if (code == EX_OK) code = study_open(&rerun->cli, &rerun->plan, path, &results);
  if (code != EX_OK) return code;
  code = study_conduct(&results);
  if (code == EX_OK) code = study_tell(&results, path, NULL);
  return study_close(&results, path, code);
}

/* --- and compared --- */

/* A line of a file, without its end. */
struct line {
  char *text; /* of getline */
  size_t room;
  ssize_t length; /* -1: the file has ended */
};

static void next_line(struct line *line, FILE *from) {
  line->length = getline(&line->text, &line->room, from);
  while (line->length > 0 && strchr("\r\n", line->text[line->length - 1])) line->length--;
}

static bool is_same_line(const struct line *one, const struct line *other) {
  if (one->length != other->length) return false;
  return one->length <= 0 || memcmp(one->text, other->text, (size_t)one->length) == 0;
}

/* A few characters before the place where the lines part, and some more. */
static void print_line(const char *label, const struct line *line, ssize_t at) {
  enum { BEFORE = 30, SHOWN = 70 };
  ssize_t from = at > BEFORE ? at - BEFORE : 0;
  ssize_t n = line->length - from < SHOWN ? line->length - from : SHOWN;
  if (line->length < 0)
    (void)printf("  %s: the file has ended\n", label);
  else
    (void)printf("  %s: %s%.*s%s\n", label, from > 0 ? "..." : "", (int)n, line->text + from,
                 from + n < line->length ? "..." : "");
}

static bool is_same_text(const char *name, FILE *old, FILE *new) {
  struct line was = {0}, is = {0};
  bool is_same = true;
  for (uint64_t number = 1; is_same && was.length >= 0; number++) {
    next_line(&was, old);
    next_line(&is, new);
    is_same = is_same_line(&was, &is);
    if (is_same) continue;
    ssize_t at = 0;
    while (at < was.length && at < is.length && was.text[at] == is.text[at]) at++;
    (void)printf("%s differs in line %" PRIu64 ":\n", name, number);
    print_line("was", &was, at);
    print_line("is ", &is, at);
  }
  free(was.text);
  free(is.text);
  return is_same;
}

/* False: they differ, which is printed. */
static bool is_same_file(const char *name, const char *old_path, const char *new_path) {
  FILE *old = fopen(old_path, "r"), *new = fopen(new_path, "r");
  bool is_same = !old && !new;
  if (old && new) is_same = is_same_text(name, old, new);
  if (!old && new) (void)printf("%s is missing in %s\n", name, old_path);
  if (old && !new) (void)printf("%s is not written any more\n", name);
  if (old) (void)fclose(old);
  if (new) (void)fclose(new);
  return is_same;
}

/* The manifest has the command line in it. */
static int compare(const struct rerun *rerun, const char *again) {
  uint32_t n_different = 0;
  for (size_t i = 0; export_files[i]; i++) {
    if (strcmp(export_files[i], EXPORT_MANIFEST) == 0) continue;
    n_different += !is_same_file(export_files[i],
                                 result_dir_file(rerun->path, export_files[i], rerun->cli.arena),
                                 result_dir_file(again, export_files[i], rerun->cli.arena));
  }
  if (n_different == 0)
    (void)printf("%s: done again, %" PRIu64 " replications, and every byte is the same\n",
                 rerun->path, rerun->n_replications);
  return n_different == 0 ? EX_OK : EXIT_NO;
}

static void remove_again(const char *scratch, const char *again, struct arena *arena) {
  for (size_t i = 0; export_files[i]; i++) unlink(result_dir_file(again, export_files[i], arena));
  result_dir_remove(again, arena);
  rmdir(scratch);
}

static int rerun_run(const struct cli *cli) {
  struct rerun rerun = {.cli = *cli, .path = cli->operands.items[0]};
  int code = read_study(&rerun);
  if (code != EX_OK) return code;
  const char *base = getenv("TMPDIR");
  char *scratch = arena_printf(cli->arena, "%s/costop-rerun-XXXXXX", base && *base ? base : "/tmp");
  if (!mkdtemp(scratch)) {
    cli_error("cannot create %s: %s", scratch, strerror(errno));
    return EX_CANTCREAT;
  }
  const char *again = result_dir_file(scratch, "again", cli->arena);
  code = run_again(&rerun, again);
  if (code == EX_OK) code = compare(&rerun, again);
  remove_again(scratch, again, cli->arena);
  return code;
}

const struct command cmd_rerun = {
    .name = "rerun",
    .operands = "DIR",
    .help = "do a study again from what its directory says, and compare",
    .details =
        "Exits with 0 if all tables and the timeline are the same to the byte, else with 1 after "
        "it has shown the first line that differs in each file.",
    .options = OPTION_BIT(OPTION_JOBS),
    .min_operands = 1,
    .max_operands = 1,
    .run = rerun_run,
};

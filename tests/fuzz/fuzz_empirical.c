/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data file of an empirical distribution: a refusal comes with an error that points into a
   file; what is accepted has a duration on every line that is not blank, and its scenario written
   out gives the same distribution. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json_read.h"
#include "cli/load.h"
#include "study/scenario_bind.h"

enum { PATH_ROOM = 64 };

static const char text[] =
    "{ \"host\": { \"pcpus\": 1 },"
    "  \"programs\": { \"p\": [ { \"compute\": { \"empirical\": \"times\" } } ] },"
    "  \"vms\": { \"a\": { \"vcpus\": 1, \"program\": \"p\" } } }";

static struct { char directory[PATH_ROOM], scenario[2 * PATH_ROOM], times[2 * PATH_ROOM]; } files;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true) {
  if (!is_true) abort();
}

static void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  require(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void clean_up(void) {
  (void)unlink(files.scenario);
  (void)unlink(files.times);
  (void)rmdir(files.directory);
}

static void make_files(void) {
  const char *directory = getenv("TMPDIR");
  (void)snprintf(files.directory, sizeof files.directory, "%s/fuzz-empirical-XXXXXX",
                 directory && strlen(directory) < PATH_ROOM / 2 ? directory : "/tmp");
  require(mkdtemp(files.directory) != NULL);
  (void)snprintf(files.scenario, sizeof files.scenario, "%s/scenario.json", files.directory);
  (void)snprintf(files.times, sizeof files.times, "%s/times", files.directory);
  (void)atexit(clean_up);
  write_file(files.scenario, text, sizeof text - 1);
}

static uint32_t count_lines(const uint8_t *data, size_t size) {
  uint32_t n = 0;
  bool is_blank = true;
  for (size_t i = 0; i < size; i++) {
    require(data[i] != '\0');
    if (data[i] == '\n')
      is_blank = true;
    else if (is_blank && !strchr(" \t\r", data[i]))
      is_blank = false, n++;
  }
  return n;
}

static void check_accepted(const struct scenario *scenario, uint32_t n_lines, struct arena *arena) {
  const struct conf *resolved = scenario_resolve(scenario, arena);
  const struct conf *times = conf_find_path(resolved, "programs.p.0.compute.empirical");
  require(times && times->kind == CONF_ARRAY && times->n_children == n_lines);
  const char *json = conf_to_json(arena, resolved);
  struct source *source = ARENA_NEW(arena, struct source);
  struct diags *diags = ARENA_NEW(arena, struct diags);
  *source = (struct source){.name = "again", .text = json, .length = (uint32_t)strlen(json)};
  diags->arena = arena;
  const struct scenario *again = scenario_bind(json_read(source, diags, arena), diags, arena);
  require(again && diags->n_errors == 0);
  require(strcmp(conf_to_json(arena, scenario_resolve(again, arena)), json) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!*files.directory) make_files();
  write_file(files.times, data, size);
  struct arena arena = {0};
  struct diags *diags = ARENA_NEW(&arena, struct diags);
  diags->arena = &arena;
  const struct load_request request = {.path = files.scenario};
  const struct scenario *scenario = load_scenario(&request, diags, &arena);
  require((scenario != NULL && diags->n_errors == 0) || diags->n_errors > 0);
  for (uint32_t i = 0; i < diags->n; i++) {
    const struct place place = diags->items[i].place;
    require(place.source && place.offset <= place.source->length);
  }
  if (diags->n_errors == 0) check_accepted(scenario, count_lines(data, size), &arena);
  arena_free(&arena);
  return 0;
}

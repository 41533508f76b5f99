/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data file of an empirical distribution: a refusal comes with an error that points into a
   file; what is accepted has a duration on every line that is not blank, and its scenario written
   out gives the same distribution. */
#include <string.h>
#include <unistd.h>

#include "cli/load.h"
#include "fuzz/fuzz.h"
#include "study/scenario_bind.h"

static const char text[] =
    "{ \"host\": { \"pcpus\": 1 },"
    "  \"programs\": { \"p\": [ { \"compute\": { \"empirical\": \"times\" } } ] },"
    "  \"vms\": { \"a\": { \"vcpus\": 1, \"program\": \"p\" } } }";

static uint32_t count_lines(const uint8_t *data, size_t size) {
  uint32_t n = 0;
  bool is_blank = true;
  for (size_t i = 0; i < size; i++) {
    fuzz_require(data[i] != '\0');
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
  fuzz_require(times && times->kind == CONF_ARRAY && times->n_children == n_lines);
  const char *json = conf_to_json(arena, resolved);
  const struct scenario *again = fuzz_bind(json, strlen(json), arena);
  fuzz_require(again != NULL);
  fuzz_require(strcmp(conf_to_json(arena, scenario_resolve(again, arena)), json) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct diags *diags = fuzz_diags(&arena);
  const struct load_request request = {.path = fuzz_path("scenario.json", &arena)};
  if (access(request.path, F_OK) != 0) fuzz_write(request.path, text, sizeof text - 1);
  fuzz_write(fuzz_path("times", &arena), data, size);
  const struct scenario *scenario = load_scenario(&request, diags, &arena);
  fuzz_require((scenario != NULL && diags->n_errors == 0) || diags->n_errors > 0);
  for (uint32_t i = 0; i < diags->n; i++) {
    const struct place place = diags->items[i].place;
    fuzz_require(place.source && place.offset <= place.source->length);
  }
  if (diags->n_errors == 0) check_accepted(scenario, count_lines(data, size), &arena);
  arena_free(&arena);
  return 0;
}

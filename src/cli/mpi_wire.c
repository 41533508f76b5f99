/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/mpi_wire.h"

#include <string.h>

#include "cli/json_read.h"
#include "study/result_words.h"
#include "study/scenario_bind.h"

/* --- studies --- */

struct mpi_wire mpi_wire_of_study(const struct mpi_study *study, const struct grid *grid,
                                  struct arena *arena) {
  const char *json = conf_to_json(arena, grid_to_conf(grid, arena));
  size_t n_json = strlen(json) + 1;
  char *bytes = arena_alloc(arena, sizeof *study + n_json, 1);
  memcpy(bytes, study, sizeof *study);
  memcpy(bytes + sizeof *study, json, n_json);
  return (struct mpi_wire){bytes, sizeof *study + n_json};
}

const struct grid *mpi_wire_to_grid(struct mpi_wire wire, struct mpi_study *study,
                                    struct arena *arena) {
  const char *json = arena_strdup(arena, (const char *)wire.bytes + sizeof *study);
  memcpy(study, wire.bytes, sizeof *study);
  struct diags *diags = ARENA_NEW(arena, struct diags);
  diags->arena = arena;
  struct source *source = ARENA_NEW(arena, struct source);
  *source = (struct source){.name = "study", .text = json, .length = (uint32_t)strlen(json)};
  const struct conf *root = json_read(source, diags, arena);
  const struct scenario *scenario = root ? scenario_bind(root, diags, arena) : NULL;
  return scenario ? grid_of_sweep(scenario, diags, arena) : NULL;
}

/* --- results --- */

struct result_head {
  struct mpi_unit unit;
  uint32_t status, is_unbound;
  uint32_t has_run, n_notes;
  uint64_t n_words;   /* of the run, behind the head */
  uint64_t n_message; /* bytes behind those; 0: there is none */
};
/* Behind that. */
struct note_head {
  int64_t at_ns;
  uint32_t vm, n_text;
};

static size_t text_size(const char *text) { return text ? strlen(text) + 1 : 0; }

static char *put(char *at, const void *bytes, size_t n_bytes) {
  if (n_bytes > 0) memcpy(at, bytes, n_bytes);
  return at + n_bytes;
}

static size_t notes_size(const struct run_result *run) {
  size_t n_bytes = 0;
  for (uint32_t i = 0; i < run->n_notes; i++)
    n_bytes += sizeof(struct note_head) + text_size(run->notes[i].text);
  return n_bytes;
}

static char *put_notes(char *at, const struct run_result *run) {
  for (uint32_t i = 0; i < run->n_notes; i++) {
    const struct run_note *note = &run->notes[i];
    const struct note_head head = {note->at_ns, note->vm, (uint32_t)text_size(note->text)};
    at = put(at, &head, sizeof head);
    at = put(at, note->text, head.n_text);
  }
  return at;
}

struct mpi_wire mpi_wire_of_result(const struct crew_unit *unit, struct arena *arena) {
  const struct run_result *run = unit->run;
  const struct result_head head = {.unit = {unit->cell->number, unit->replication},
                                   .status = unit->status,
                                   .is_unbound = unit->is_unbound,
                                   .has_run = run != NULL,
                                   .n_notes = run ? run->n_notes : 0,
                                   .n_words = run ? result_words_count(run->scenario) : 0,
                                   .n_message = text_size(unit->message)};
  size_t n_bytes = sizeof head + head.n_words * sizeof(int64_t) + head.n_message;
  if (run) n_bytes += notes_size(run);
  char *bytes = arena_alloc(arena, n_bytes, 1), *at = put(bytes, &head, sizeof head);
  if (run) result_words_pack(run, (int64_t *)(void *)at);
  at = put(at + head.n_words * sizeof(int64_t), unit->message, head.n_message);
  if (run) (void)put_notes(at, run);
  return (struct mpi_wire){bytes, n_bytes};
}

struct mpi_unit mpi_wire_to_unit(struct mpi_wire wire) {
  struct result_head head;
  memcpy(&head, wire.bytes, sizeof head);
  return head.unit;
}

static const struct run_note *get_notes(const char *at, uint32_t n_notes, struct arena *arena) {
  struct run_note *notes = ARENA_ARRAY(arena, n_notes, struct run_note);
  for (uint32_t i = 0; i < n_notes; i++) {
    struct note_head head;
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    notes[i] = (struct run_note){head.at_ns, head.vm, arena_strdup(arena, at)};
    at += head.n_text;
  }
  return notes;
}

void mpi_wire_to_result(struct mpi_wire wire, struct crew_unit *unit) {
  struct result_head head;
  const char *at = wire.bytes;
  memcpy(&head, at, sizeof head);
  const int64_t *words = (const int64_t *)(const void *)(at + sizeof head);
  at += sizeof head + head.n_words * sizeof(int64_t);
  unit->status = (enum run_status)head.status;
  unit->is_unbound = head.is_unbound;
  if (head.n_message > 0) unit->message = arena_strdup(&unit->arena, at);
  if (!head.has_run) return;
  const struct scenario *scenario = shared_cell_scenario(unit->cell);
  struct run_result *run = result_words_unpack(scenario, unit->replication, words, &unit->arena);
  run->notes = get_notes(at + head.n_message, head.n_notes, &unit->arena);
  run->n_notes = head.n_notes;
  unit->run = run;
}

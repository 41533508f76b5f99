/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/plot_figure.h"
#include "cli/preset_print.h"
#include "cli/text.h"
#include "study/bind.h"
#include "study/family.h"
#include "study/metrics.h"

enum { NAME_WIDTH = 27 };

static void list_line(uint32_t indent, const char *name, const char *text) {
  uint32_t width = cli_width(), column = NAME_WIDTH + 1;
  int n_printed = printf("%*s%-*s ", (int)indent, "", (int)(NAME_WIDTH - indent), name);
  text_hang(text, width, n_printed > 0 ? (uint32_t)n_printed : 0,
            width < 2 * column ? indent + 2 : column, stdout);
}

/* "1ns to 5ms", "at least 1", or NULL if any value will do. */
static const char *list_bounds(const struct param *row, struct arena *arena) {
  bool is_number =
      row->type == PARAM_DURATION || row->type == PARAM_COUNT || row->type == PARAM_REAL;
  if (!is_number) return NULL;
  bool is_open = row->max >= 0x1p62 || (row->type == PARAM_COUNT && row->max >= UINT32_MAX);
  const char *low = bind_bound(arena, row, row->min);
  if (is_open) return row->min > 0 ? arena_printf(arena, "at least %s", low) : NULL;
  return arena_printf(arena, "%s to %s", low, bind_bound(arena, row, row->max));
}

static const char *list_type(const struct param *row, struct arena *arena) {
  const char *text = "";
  switch (row->type) {
    case PARAM_DURATION:
      return "duration";
    case PARAM_COUNT:
    case PARAM_INTEGER:
      return "whole number";
    case PARAM_REAL:
      return row->unit && row->unit[0] ? row->unit : "number";
    case PARAM_DIST:
      return "distribution";
    case PARAM_DURATIONS:
      return "durations, or a file of them";
    case PARAM_TEXT:
      return "text";
    case PARAM_CHOICE:
      for (uint32_t i = 0; row->choices[i]; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " | " : "", row->choices[i]);
      return text;
  }
  return text;
}

static void list_param(const struct param *row, struct arena *arena) {
  const char *bounds = list_bounds(row, arena);
  const char *standard =
      row->fallback ? arena_printf(arena, "default %s", row->fallback) : "required";
  list_line(4, row->key,
            arena_printf(arena, "%s (%s%s%s, %s)", row->help, list_type(row, arena),
                         bounds ? ", " : "", bounds ? bounds : "", standard));
}

static void list_kind(const struct kind *kind, struct arena *arena) {
  list_line(2, kind->name, kind->help);
  for (size_t i = 0; i < kind->n_params; i++) list_param(&kind->params[i], arena);
}

static int list_family(const struct cli *cli, enum family family, const char *wanted) {
  const char *names[FAMILY_MAX + 1];
  if (wanted && !family_find(family, wanted))
    return cli_unknown_word("kind", wanted, family_names(family, names));
  for (size_t i = 0; family_kind(family, i); i++)
    if (!wanted || strcmp(family_kind(family, i)->name, wanted) == 0)
      list_kind(family_kind(family, i), cli->arena);
  return EX_OK;
}

static int list_schedulers(const struct cli *cli, const char *kind) {
  return list_family(cli, FAMILY_SCHEDULER, kind);
}
static int list_coscheduling(const struct cli *cli, const char *kind) {
  return list_family(cli, FAMILY_COSCHEDULING, kind);
}
static int list_guest_schedulers(const struct cli *cli, const char *kind) {
  return list_family(cli, FAMILY_GUEST_SCHEDULER, kind);
}
static int list_locks(const struct cli *cli, const char *kind) {
  return list_family(cli, FAMILY_LOCK, kind);
}
static int list_distributions(const struct cli *cli, const char *kind) {
  return list_family(cli, FAMILY_DISTRIBUTION, kind);
}

static int list_presets(const struct cli *cli, const char *wanted) {
  const char *names[2 * PRESETS_MAX + 1];
  bool is_known = !wanted;
  size_t n = 0;
  for (enum preset_place place = 0; place < PRESET_PLACES; place++)
    for (size_t i = 0; preset_at(place, i); i++) {
      const struct preset *preset = preset_at(place, i);
      names[n++] = preset->name;
      if (wanted && strcmp(preset->name, wanted) != 0) continue;
      is_known = true;
      list_line(2, preset->name, preset->help);
      preset_print(preset, cli->arena);
    }
  names[n] = NULL;
  return is_known ? EX_OK : cli_unknown_word("preset", wanted, names);
}

/* The kinds of metrics are the tables that show them. */
static int list_metrics(const struct cli *cli, const char *wanted) {
  (void)cli;
  bool is_known = !wanted;
  for (enum scope scope = 0; scope < SCOPES; scope++) {
    if (wanted && strcmp(scope_names[scope], wanted) != 0) continue;
    is_known = true;
    (void)printf("  of a %s\n", scope_names[scope]);
    for (const struct metric *const *metric = metrics_of[scope]; *metric; metric++)
      list_line(4, (*metric)->name, (*metric)->help);
  }
  return is_known ? EX_OK : cli_unknown_word("table", wanted, scope_names);
}

static int list_figures(const struct cli *cli, const char *wanted) {
  (void)cli;
  const char *names[PLOT_N_FIGURES + 1] = {NULL};
  bool is_known = !wanted;
  for (size_t i = 0; plot_figures[i]; i++) {
    names[i] = plot_figures[i]->name;
    if (wanted && strcmp(plot_figures[i]->name, wanted) != 0) continue;
    is_known = true;
    list_line(2, plot_figures[i]->name, plot_figures[i]->help);
  }
  return is_known ? EX_OK : cli_unknown_word("figure", wanted, names);
}

static const struct {
  const char *name;
  int (*list)(const struct cli *cli, const char *kind);
} list_topics[] = {{"schedulers", list_schedulers},
                   {"coscheduling", list_coscheduling},
                   {"guest-schedulers", list_guest_schedulers},
                   {"locks", list_locks},
                   {"distributions", list_distributions},
                   {"presets", list_presets},
                   {"metrics", list_metrics},
                   {"figures", list_figures}};
enum { TOPICS = sizeof list_topics / sizeof *list_topics };

static const char *list_candidate(uint32_t index) {
  return index < TOPICS ? list_topics[index].name : NULL;
}

static int list_run(const struct cli *cli) {
  const char *topic = cli->operands.n > 0 ? cli->operands.items[0] : NULL;
  const char *kind = cli->operands.n > 1 ? cli->operands.items[1] : NULL;
  for (uint32_t i = 0; i < TOPICS; i++) {
    if (!topic) (void)printf("%s%s\n", i ? "\n" : "", list_topics[i].name);
    if (!topic || strcmp(topic, list_topics[i].name) == 0) {
      int code = list_topics[i].list(cli, kind);
      if (topic) return code;
    }
  }
  return topic ? cli_unknown_operand(cli, "topic", topic) : EX_OK;
}

const struct command cmd_list = {
    .name = "list",
    .operands = "[TOPIC [KIND]]",
    .help =
        "what there is to choose from: schedulers, coscheduling, guest-schedulers, locks, "
        "distributions, "
        "presets, metrics, figures",
    .max_operands = 2,
    .candidate = list_candidate,
    .run = list_run,
};

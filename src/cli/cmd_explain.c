/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/cli.h"
#include "cli/preset_print.h"
#include "cli/text.h"
#include "study/glossary.h"
#include "study/metrics.h"

enum { TEXT_WIDTH = 80 };

static uint32_t explain_width(void) {
  uint32_t width = cli_width();
  return width == 0 ? TEXT_WIDTH : width;
}

static void explain_name(const char *product, const char *name) {
  if (name) (void)printf("  %-9s%s\n", product, name);
}

static void explain_metric(const struct metric *metric, enum scope scope) {
  (void)printf("%s (%s, of a %s)\n", metric->name, metric->unit, scope_names[scope]);
  text_wrap(metric->help, explain_width(), stdout);
  (void)printf("  formula  %s\n", metric->formula);
  explain_name("esxtop", metric->esxtop);
  explain_name("vCenter", metric->vcenter);
  explain_name("Linux", metric->linux_name);
  explain_name("Xen", metric->xen);
  if (metric->details) text_wrap(metric->details, explain_width(), stdout);
}

static void explain_term(const struct term *term) {
  (void)printf("%s%s%s%s\n", term->name, term->alias ? " (" : "", term->alias ? term->alias : "",
               term->alias ? ")" : "");
  text_wrap(term->text, explain_width(), stdout);
  if (term->see) (void)printf("  see      %s\n", term->see);
}

static void explain_preset(const struct preset *preset, enum preset_place place,
                           struct arena *arena) {
  (void)printf("%s (a preset of %s)\n", preset->name,
               place == PRESET_HYPERVISOR ? "hypervisor" : "a VM's program");
  text_wrap(preset->help, explain_width(), stdout);
  preset_print(preset, arena);
}

/* A row that several scopes share is explained once, for the first of them. */
static bool explain_is_repeated(const struct metric *metric, enum scope scope) {
  bool is_ambiguous;
  for (enum scope earlier = 0; earlier < scope; earlier++)
    if (metric_find(earlier, metric->name, &is_ambiguous) == metric) return true;
  return false;
}

/* The index-th thing to explain: terms first, then presets, then metrics. */
static const char *explain_candidate(uint32_t index) {
  uint32_t n = 0;
  for (const struct term *term = glossary; term->name; term++)
    if (!strchr(term->name, ' ') && n++ == index) return term->name;
  for (enum preset_place place = 0; place < PRESET_PLACES; place++)
    for (size_t i = 0; preset_at(place, i); i++)
      if (n++ == index) return preset_at(place, i)->name;
  for (enum scope scope = 0; scope < SCOPES; scope++)
    for (const struct metric *const *metric = metrics_of[scope]; *metric; metric++)
      if (!explain_is_repeated(*metric, scope) && n++ == index) return (*metric)->name;
  return NULL;
}

/* Is it the metric's name, with or without its unit? */
static bool explain_matches(const struct metric *metric, const char *name) {
  size_t length = strlen(name);
  return strcmp(metric->name, name) == 0 ||
         (strncmp(metric->name, name, length) == 0 && metric_is_unit(metric->name + length));
}

static const char *explain_joined(const struct cli *cli) {
  const char *text = cli->operands.items[0];
  for (uint32_t i = 1; i < cli->operands.n; i++)
    text = arena_printf(cli->arena, "%s %s", text, cli->operands.items[i]);
  return text;
}

static int explain_run(const struct cli *cli) {
  const char *name = explain_joined(cli);
  const struct term *term = glossary_find(name);
  bool has_explained = term != NULL;
  if (term) explain_term(term);
  for (enum preset_place place = 0; place < PRESET_PLACES; place++)
    for (size_t i = 0; preset_at(place, i); i++) {
      if (strcmp(preset_at(place, i)->name, name) != 0) continue;
      explain_preset(preset_at(place, i), place, cli->arena);
      has_explained = true;
    }
  for (enum scope scope = 0; scope < SCOPES; scope++)
    for (const struct metric *const *metric = metrics_of[scope]; *metric; metric++) {
      if (!explain_matches(*metric, name) || explain_is_repeated(*metric, scope)) continue;
      if (has_explained) (void)putchar('\n');
      explain_metric(*metric, scope);
      has_explained = true;
    }
  return has_explained ? EX_OK : cli_unknown_operand(cli, "term", name);
}

const struct command cmd_explain = {
    .name = "explain",
    .operands = "TERM",
    .help = "what a metric, a term or a preset means, its formula, and what other tools call it",
    .details =
        "'costop list metrics' shows the metrics. The unit may be dropped: 'costop explain "
        "ready'.",
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .candidate = explain_candidate,
    .run = explain_run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/plot_figure.h"

#include <string.h>
#include <unistd.h>

#include "cli/number.h"

const struct plot_figure *const plot_figures[] = {
#define X(name) &plot_##name,
    PLOT_FIGURES(X)
#undef X
        NULL};

const struct metric *plot_metric(const struct plot_source *source, enum scope scope,
                                 const char *fallback) {
  const struct text_list *metrics = &source->cli->metrics;
  const char *name = metrics->n > 0 ? metrics->items[metrics->n - 1] : fallback;
  bool is_ambiguous;
  const struct metric *metric = metric_find(scope, name, &is_ambiguous);
  if (!metric)
    cli_error("%s metric '%s' of a %s", is_ambiguous ? "ambiguous" : "unknown", name,
              scope_names[scope]);
  return metric;
}

const char *plot_path(const struct plot_source *source, const char *file) {
  return arena_printf(source->arena, "%s/%s", source->dir, file);
}

const char *plot_label(const char *text, struct arena *arena) {
  char *label = arena_strdup(arena, text), *to = label;
  for (const char *from = text; *from; from++) {
    if (strchr("{}\"\\", *from)) continue;
    char shown = *from == ',' ? ';' : (unsigned char)*from < ' ' ? ' ' : *from;
    if (shown != ' ' || to > label) *to++ = shown;
  }
  while (to > label && to[-1] == ' ') to--;
  *to = '\0';
  return label;
}

static void say(const struct plot_source *source, struct picture *picture, const char *command) {
  cli_append(source->arena, &picture->variables, command);
}

void plot_say(const struct plot_source *source, struct picture *picture, const char *variable,
              const char *text) {
  char *quoted = ARENA_ARRAY(source->arena, 2 * strlen(text) + 1, char), *to = quoted;
  for (; *text; text++) {
    if (*text == '\'') *to++ = '\'';
    *to++ = (unsigned char)*text < ' ' ? ' ' : *text;
  }
  say(source, picture, arena_printf(source->arena, "%s='%s'", variable, quoted));
}

void plot_say_number(const struct plot_source *source, struct picture *picture,
                     const char *variable, double number) {
  char buffer[NUMBER_TEXT_MAX];
  say(source, picture,
      arena_printf(source->arena, "%s=%s", variable, number_exact(number, buffer)));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on standard error, and what the terminal allows. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/mpi_launch.h"
#include "study/suggest.h"

void cli_error(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)fputs("costop: ", stderr);
  (void)vfprintf(stderr, format, args);
  (void)fputc('\n', stderr);
  va_end(args);
}

void cli_warn(const struct cli *cli, const char *format, ...) {
  if (cli->verbosity < 0) return;
  va_list args;
  va_start(args, format);
  (void)fputs("costop: warning: ", stderr);
  (void)vfprintf(stderr, format, args);
  (void)fputc('\n', stderr);
  va_end(args);
}

void cli_note(const struct cli *cli, const char *format, ...) {
  if (cli->verbosity < 0) return;
  va_list args;
  va_start(args, format);
  (void)fputs("costop: note: ", stderr);
  (void)vfprintf(stderr, format, args);
  (void)fputc('\n', stderr);
  va_end(args);
}

/* "; there is a, b, c", as far as a line has room for all of them; else "". */
static const char *there_is(const char *const *words, char *text, size_t size) {
  size_t used = 0;
  for (uint32_t i = 0; words[i]; i++) {
    int n = snprintf(text + used, size - used, "%s%s", i ? ", " : "; there is ", words[i]);
    used += (size_t)n;
    if (used >= size) return "";
  }
  return used ? text : "";
}

int cli_unknown_word(const char *what, const char *typed, const char *const *words) {
  const char *guess = suggest_word(typed, words);
  if (guess) {
    cli_error("unknown %s '%s'; did you mean '%s'?", what, typed, guess);
  } else {
    char others[160];
    cli_error("unknown %s '%s'%s", what, typed, there_is(words, others, sizeof others));
  }
  return EX_USAGE;
}

int cli_unknown_operand(const struct cli *cli, const char *what, const char *operand) {
  struct text_list words = {0};
  const char *word;
  for (uint32_t i = 0; (word = cli->command->candidate(i)); i++)
    cli_append(cli->arena, &words, word);
  cli_append(cli->arena, &words, NULL);
  return cli_unknown_word(what, operand, words.items);
}

void cli_append(struct arena *arena, struct text_list *list, const char *text) {
  /* Full at every power of two: no capacity to keep. */
  if ((list->n & (list->n - 1)) == 0) {
    const char **items = ARENA_ARRAY(arena, list->n ? 2 * (size_t)list->n : 1, const char *);
    if (list->n > 0) memcpy(items, list->items, list->n * sizeof *items);
    list->items = items;
  }
  list->items[list->n++] = text;
}

bool cli_has_color(const struct cli *cli, FILE *stream) {
  if (cli->color != WHEN_AUTO) return cli->color == WHEN_ALWAYS;
  /* mpirun lends us a terminal, wherever its own output goes. */
  if (mpi_launch_is_parallel()) return false;
  const char *no_color = getenv("NO_COLOR");
  return (!no_color || no_color[0] == '\0') && isatty(fileno(stream)) == 1;
}

uint32_t cli_width(void) {
  const char *columns = getenv("COLUMNS");
  if (columns) {
    char *end;
    unsigned long width = strtoul(columns, &end, 10);
    if (end != columns && *end == '\0' && width <= UINT16_MAX) return (uint32_t)width;
  }
  struct winsize size;
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    return size.ws_col;
  return 0;
}

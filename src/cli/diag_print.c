/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/diag_print.h"

#include <string.h>

#include "cli/utf8.h"

enum { EXCERPT_MAX = 100, EXCERPT_BEFORE = 60, TAB = 8 };

#define COLOR_BOLD "\33[1m"
#define COLOR_ERROR "\33[1;31m"
#define COLOR_WARNING "\33[1;35m"
#define COLOR_CARET "\33[1;32m"
#define COLOR_END "\33[m"

static void print_colored(FILE *to, struct diag_style style, const char *color, const char *text) {
  (void)fprintf(to, "%s%s%s", style.has_color ? color : "", text, style.has_color ? COLOR_END : "");
}

/* Length of what stands at text, 1 for a byte that is no UTF-8; *is_plain: may be shown as it is.
 */
static uint32_t character(const char *text, size_t n, bool *is_plain) {
  uint32_t code = 0, length = utf8_decode(text, n, &code);
  *is_plain = length > 0 && !utf8_is_control(code);
  return length ? length : 1;
}

static void print_clean(FILE *to, const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    bool is_plain;
    uint32_t length = character(text, left, &is_plain);
    (void)fprintf(to, "%.*s", is_plain ? (int)length : 1, is_plain ? text : "?");
    text += length;
    left -= length;
  }
}

/* The part of a line that is shown, in bytes. */
struct window {
  uint32_t from, until;
};

static uint32_t window_align(const struct place_line *line, uint32_t at) {
  while (at > 0 && at < line->length && ((unsigned char)line->text[at] & 0xc0) == 0x80) at--;
  return at;
}

static struct window window_of(const struct place_line *line) {
  struct window window = {0, line->length};
  if (line->length <= EXCERPT_MAX) return window;
  uint32_t at = line->column - 1;
  if (at > EXCERPT_BEFORE) window.from = window_align(line, at - EXCERPT_BEFORE);
  if (line->length - window.from > EXCERPT_MAX)
    window.until = window_align(line, window.from + EXCERPT_MAX);
  return window;
}

enum { SHOW_TEXT = '\0' };
/* Prints the bytes [from, until) of a line, or as many columns of fill as they would take. column:
   where on the screen they start; returns where they end. */
static uint32_t print_stretch(FILE *to, const struct place_line *line, uint32_t from,
                              uint32_t until, uint32_t column, char fill) {
  while (from < until) {
    bool is_plain, is_tab = line->text[from] == '\t';
    uint32_t length = character(line->text + from, line->length - from, &is_plain);
    uint32_t width = is_tab ? TAB - column % TAB : 1;
    for (uint32_t i = 0; i < width; i++) {
      if (fill != SHOW_TEXT)
        (void)fputc(fill, to);
      else if (is_tab)
        (void)fputc(' ', to);
      else
        (void)fprintf(to, "%.*s", is_plain ? (int)length : 1, is_plain ? line->text + from : "?");
    }
    column += width;
    from += length;
  }
  return column;
}

static void print_excerpt(FILE *to, struct diag_style style, struct place place,
                          const struct place_line *line) {
  struct window window = window_of(line);
  const char *before = window.from > 0 ? "..." : "";
  if (place.source->is_argument)
    (void)fprintf(to, "      | %s", before);
  else
    (void)fprintf(to, "%5u | %s", line->line, before);
  (void)print_stretch(to, line, window.from, window.until, 0, SHOW_TEXT);
  (void)fprintf(to, "%s\n      | ", window.until < line->length ? "..." : "");
  (void)fprintf(to, "%*s", (int)strlen(before), "");
  uint32_t at = line->column - 1 < window.until ? line->column - 1 : window.until;
  uint32_t column = print_stretch(to, line, window.from, at, 0, ' ');
  uint32_t end = at + place.length < window.until ? at + place.length : window.until;
  print_colored(to, style, COLOR_CARET, "^");
  bool is_plain;
  uint32_t first = at < end ? character(line->text + at, line->length - at, &is_plain) : 0;
  if (style.has_color) (void)fputs(COLOR_CARET, to);
  (void)print_stretch(to, line, at + first, end, column + 1, '~');
  (void)fprintf(to, "%s\n", style.has_color ? COLOR_END : "");
}

static void print_remark(FILE *to, const char *start, const char *text) {
  if (!text) return;
  (void)fprintf(to, "      = %s", start);
  print_clean(to, text);
  (void)fputc('\n', to);
}

static void print_diag(FILE *to, struct diag_style style, const struct diag *diag) {
  const struct source *source = diag->place.source;
  bool has_line = source && diag->place.length > 0;
  struct place_line line = place_line(diag->place);
  if (source) {
    if (style.has_color) (void)fputs(COLOR_BOLD, to);
    print_clean(to, source->name);
    if (has_line && !source->is_argument) (void)fprintf(to, ":%u:%u", line.line, line.column);
    (void)fprintf(to, ": %s", style.has_color ? COLOR_END : "");
  }
  bool is_error = diag->severity == DIAG_ERROR;
  print_colored(to, style, is_error ? COLOR_ERROR : COLOR_WARNING,
                is_error ? "error: " : "warning: ");
  print_clean(to, diag->path);
  if (*diag->path) (void)fputs(": ", to);
  print_clean(to, diag->message);
  (void)fputc('\n', to);
  if (has_line) print_excerpt(to, style, diag->place, &line);
  print_remark(to, "", diag->hint);
  print_remark(to, "in ", diag->cells);
}

/* Order of sources: by their first diagnostic. */
static uint32_t rank_of(const struct diags *diags, const struct diag *diag) {
  uint32_t rank = 0;
  while (diags->items[rank].place.source != diag->place.source) rank++;
  return rank;
}

static bool is_before(const struct diags *diags, uint32_t a, uint32_t b) {
  const struct diag *left = &diags->items[a], *right = &diags->items[b];
  uint32_t rank_left = rank_of(diags, left), rank_right = rank_of(diags, right);
  if (rank_left != rank_right) return rank_left < rank_right;
  if (left->place.offset != right->place.offset) return left->place.offset < right->place.offset;
  return a < b;
}

void diags_print(const struct diags *diags, struct diag_style style, FILE *to) {
  uint32_t order[DIAGS_MAX];
  for (uint32_t i = 0; i < diags->n; i++) {
    uint32_t at = i;
    for (; at > 0 && is_before(diags, i, order[at - 1]); at--) order[at] = order[at - 1];
    order[at] = i;
  }
  for (uint32_t i = 0; i < diags->n; i++) {
    const struct diag *diag = &diags->items[order[i]];
    if (diag->severity == DIAG_ERROR || !style.is_quiet) print_diag(to, style, diag);
  }
  if (diags->n_dropped) (void)fprintf(to, "%u more problems are not shown\n", diags->n_dropped);
}

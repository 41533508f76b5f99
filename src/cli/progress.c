/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/text.h"

enum { BAR_MIN = 10, BAR_MAX = 30, DETAIL_MIN = 8, WIDTH_UNKNOWN = 80, WORD_ROOM = 64 };

static const double redraw_s = 0.1;

static double seconds_since(struct timespec then) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - then.tv_sec) + (double)(now.tv_nsec - then.tv_nsec) / 1e9;
}

struct progress progress_start(const struct cli *cli) {
  struct progress progress = {.is_shown = cli->progress == WHEN_ALWAYS};
  if (cli->progress == WHEN_AUTO)
    progress.is_shown = cli->verbosity >= 0 && isatty(STDERR_FILENO) == 1;
  clock_gettime(CLOCK_MONOTONIC, &progress.start);
  return progress;
}

double progress_elapsed_s(const struct progress *progress) {
  return seconds_since(progress->start);
}

bool progress_is_due(const struct progress *progress) {
  return progress->is_shown && seconds_since(progress->drawn) >= redraw_s;
}

static uint32_t progress_width(void) {
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return WIDTH_UNKNOWN;
}

/* "1:05", "2:00:00" */
static void format_time(double seconds, char text[WORD_ROOM]) {
  uint64_t all = seconds < 1e9 ? (uint64_t)(seconds + 0.5) : (uint64_t)1e9;
  unsigned hours = (unsigned)(all / 3600), minutes = (unsigned)(all / 60 % 60);
  unsigned rest = (unsigned)(all % 60);
  if (hours > 0)
    (void)snprintf(text, WORD_ROOM, "%u:%02u:%02u", hours, minutes, rest);
  else
    (void)snprintf(text, WORD_ROOM, "%u:%02u", minutes, rest);
}

/* Numbers: all of them, or the most important ones that fit. */
static void format_numbers(const struct progress_state *state, double elapsed_s, uint32_t width,
                           char text[PROGRESS_LINE_MAX]) {
  char count[WORD_ROOM], rate[WORD_ROOM] = "", left[WORD_ROOM] = "";
  (void)snprintf(count, sizeof count, "%llu/%llu", (unsigned long long)state->n_done,
                 (unsigned long long)state->n_total);
  if (state->n_now > 0 && elapsed_s > 0) {
    double per_s = (double)state->n_now / elapsed_s;
    char time[WORD_ROOM];
    format_time((double)(state->n_total - state->n_done) / per_s, time);
    (void)snprintf(rate, sizeof rate, per_s < 100 ? ", %.3g/s" : ", %.0f/s", per_s);
    (void)snprintf(left, sizeof left, ", %.*s left", WORD_ROOM - 16, time);
  }
  int length = snprintf(text, PROGRESS_LINE_MAX, "%s %s%s%s", count, state->what, rate, left);
  if ((uint32_t)length > width) length = snprintf(text, PROGRESS_LINE_MAX, "%s%s", count, left);
  if ((uint32_t)length > width) length = snprintf(text, PROGRESS_LINE_MAX, "%s", count);
  if ((uint32_t)length > width) text[0] = '\0';
}

/* As much of it as fits into so many columns, never a part of a character. */
static int cut(const char *text, uint32_t width) {
  int length = 0;
  for (uint32_t columns = 0; text[length]; length++) {
    bool begins = ((unsigned char)text[length] & 0xc0) != 0x80;
    if (begins && columns++ == width) break;
  }
  return length;
}

const char *progress_line(const struct progress_state *state, double elapsed_s, uint32_t width,
                          char line[PROGRESS_LINE_MAX]) {
  static const char full[BAR_MAX + 1] = "##############################";
  static const char empty[BAR_MAX + 1] = "------------------------------";
  char numbers[PROGRESS_LINE_MAX];
  if (width > PROGRESS_LINE_MAX / 4) width = PROGRESS_LINE_MAX / 4;
  format_numbers(state, elapsed_s, width, numbers);
  uint32_t room = width - (uint32_t)strlen(numbers);
  char detail[PROGRESS_LINE_MAX] = "";
  if (*state->detail && room >= BAR_MIN + 3 + 2 + DETAIL_MIN) {
    uint32_t wanted = text_width(state->detail), most = room - BAR_MIN - 3 - 2;
    (void)snprintf(detail, sizeof detail, "  %.*s", cut(state->detail, most), state->detail);
    room -= 2 + (wanted < most ? wanted : most);
  }
  if (room < BAR_MIN + 3) {
    (void)snprintf(line, PROGRESS_LINE_MAX, "%.256s", numbers);
    return line;
  }
  uint32_t bar = room - 3 < BAR_MAX ? room - 3 : BAR_MAX;
  int filled =
      state->n_total ? (int)((double)bar * (double)state->n_done / (double)state->n_total) : 0;
  (void)snprintf(line, PROGRESS_LINE_MAX, "[%.*s%.*s] %.128s%.256s", filled, full,
                 (int)bar - filled, empty, numbers, detail);
  return line;
}

void progress_draw(struct progress *progress, const struct progress_state *state) {
  char line[PROGRESS_LINE_MAX];
  clock_gettime(CLOCK_MONOTONIC, &progress->drawn);
  /* In one piece, and what is left of the last line goes after it: nothing flickers. The last
     column stays free, or the terminal would begin a new line. */
  (void)fprintf(stderr, "\r%s\033[K",
                progress_line(state, progress_elapsed_s(progress), progress_width() - 1, line));
}

void progress_end(const struct progress *progress) {
  if (progress->is_shown) (void)fputs("\r\033[K", stderr);
}

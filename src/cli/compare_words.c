/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/compare_words.h"

#include <math.h>
#include <string.h>

#include "cli/number.h"

/* LABEL verb AMOUNT more (less) than LABEL. By the beginning of the metric's name; the first that
   fits counts. */
static const struct phrase {
  const char *metric, *verb, *more, *less;
} phrases[] = {
    {"throughput_", "does", "more work", "less work"},
    {"run_pct", "runs", "more", "less"},
    {"ready_pct", "waits", "more for a pCPU", "less for a pCPU"},
    {"costop_pct", "is co-stopped", "more", "less"},
    {"idle_pct", "idles", "more", "less"},
    {"useful_pct", "computes outside of sections", "more", "less"},
    {"critical_pct", "computes inside of sections", "more", "less"},
    {"spin_pct", "spins", "more", "less"},
    {"spin_contended_pct", "spins", "more for running owners", "less for running owners"},
    {"spin_lhp_pct", "spins", "more for preempted holders", "less for preempted holders"},
    {"spin_lwp_pct", "spins", "more for preempted waiters", "less for preempted waiters"},
    {"kernel_pct", "spends", "more on the guest's own overhead",
     "less on the guest's own overhead"},
    {"overhead_pct", "spends", "more on switches and migrations",
     "less on switches and migrations"},
    {"hazard_pct", "runs with a sibling waiting", "more", "less"},
    {"utilisation_pct", "keeps the pCPUs busy", "more", "less"},
    {"fragmentation_pct", "leaves pCPUs idle while vCPUs wait", "more", "less"},
    {"latency_", "takes", "more time for an iteration", "less time for an iteration"},
    {"wait_", "waits", "longer for the lock", "less long for the lock"},
    {"hold_", "holds the lock", "longer", "less long"},
    {"skew_", "lets the vCPUs drift", "farther apart", "less far apart"},
};

static struct phrase phrase_of(const struct metric *metric, struct arena *arena) {
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
    if (strncmp(metric->name, phrases[i].metric, strlen(phrases[i].metric)) == 0) return phrases[i];
  return (struct phrase){.verb = "has",
                         .more = arena_printf(arena, "more %s", metric->name),
                         .less = arena_printf(arena, "less %s", metric->name)};
}

/* Which of several statistics of the same thing it is: " (p99)". */
static const char *statistic_of(const struct metric *metric) {
  if (strstr(metric->name, "_p50_")) return " (median)";
  if (strstr(metric->name, "_p99_")) return " (p99)";
  if (strstr(metric->name, "_max_")) return " (maximum)";
  return "";
}

int compare_decimals(double value, double half_width) {
  if (!(half_width > 0)) return number_decimals(value);
  double decimals = ceil(-log10(half_width / 2));
  return decimals < 0 ? 0 : decimals > 9 ? 9 : (int)decimals;
}

const char *compare_number(double value, double half_width, struct arena *arena) {
  char text[NUMBER_TEXT_MAX], half[NUMBER_TEXT_MAX];
  int decimals = compare_decimals(value, half_width);
  number_grouped(value, decimals, text);
  if (isnan(half_width)) return arena_strdup(arena, text);
  return arena_printf(arena, "%s ± %s", text, number_grouped(half_width, decimals, half));
}

/* In per cent. Where the bounds lie too unevenly for ±, which would include no difference, both are
   named. */
static const char *percent_of(const struct paired *paired, struct arena *arena) {
  double percent = 100 * fabs(paired->ratio - 1), half_width = 100 * paired->of_ratio.half_width;
  double low = 100 * (paired->of_ratio.low - 1), high = 100 * (paired->of_ratio.high - 1);
  if (!(half_width >= percent) || !(low * high > 0))
    return arena_printf(arena, "%s %%", compare_number(percent, half_width, arena));
  char text[3][NUMBER_TEXT_MAX];
  double least = fmin(fabs(low), fabs(high)), most = fmax(fabs(low), fabs(high));
  int decimals = compare_decimals(percent, percent - least);
  return arena_printf(arena, "%s %% (%s … %s)", number_grouped(percent, decimals, text[0]),
                      number_grouped(least, decimals, text[1]),
                      number_grouped(most, decimals, text[2]));
}

/* Shares differ by points, what is more or less of something by per cent of it; if there is
   nothing to take per cent of, by so much. */
static const char *amount_of(const struct comparison_row *row, struct arena *arena) {
  const struct paired *paired = &row->paired;
  const char *unit = row->item->subject.metric->unit;
  bool is_share = strcmp(unit, "%") == 0;
  if (!is_share && paired->has_ratio) return percent_of(paired, arena);
  const char *number =
      compare_number(fabs(paired->difference), paired->of_difference.half_width, arena);
  if (strcmp(unit, "1") == 0) return number;
  if (strcmp(unit, "1/s") == 0) unit = "per second";
  return arena_printf(arena, "%s %s", number, is_share ? "points" : unit);
}

const char *compare_sentence(const struct comparison_row *row, struct arena *arena) {
  const struct metric *metric = row->item->subject.metric;
  struct phrase phrase = phrase_of(metric, arena);
  return arena_printf(arena, "%s: %s %s %s %s%s than %s", row->item->entity, row->other->label,
                      phrase.verb, amount_of(row, arena),
                      row->found > 0 ? phrase.more : phrase.less, statistic_of(metric),
                      row->base->label);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sizing in sentences. */
#include <math.h>
#include <stdlib.h>

#include "cli/number.h"
#include "cli/report_sizing.h"
#include "cli/text.h"

enum { NEIGHBOURS_NAMED = 5, PARTS_NAMED = 3 };
#define GROWTH_MIN 0.02 /* of the CPUs that were added: less is not worth a word */

/* What a sentence is made with. */
struct words {
  const struct sizing_report *report;
  const struct sizing *sizing;
  const char *vm;
  const char *worse; /* "less", or "longer" of latencies */
  struct arena *arena;
  FILE *to;
};

static void say(const struct words *words, const char *text) {
  text_wrap(text, words->report->width, words->to);
}

static const char *vcpus_text(const struct words *words, uint32_t count) {
  uint32_t n = words->sizing->counts[count].n_vcpus;
  return arena_printf(words->arena, "%u vCPU%s", n, n == 1 ? "" : "s");
}

static const char *is_or_are(const struct words *words, uint32_t count) {
  return words->sizing->counts[count].n_vcpus == 1 ? "is" : "are";
}

/* "13.7 ± 0.8 %". */
static const char *loss_text(const struct words *words, uint32_t count) {
  const struct sizing_loss *loss = &words->sizing->losses[count];
  if (isnan(loss->high)) return arena_printf(words->arena, "%.1f %%", 100 * loss->mean);
  return arena_printf(words->arena, "%.1f ± %.1f %%", 100 * loss->mean,
                      50 * (loss->high - loss->low));
}

/* More than nothing, and not by chance. */
static bool is_lost(const struct sizing *sizing, uint32_t count) {
  const struct sizing_loss *loss = &sizing->losses[count];
  return sizing->has_intervals ? loss->low > 0 : loss->mean > 0;
}

/* --- which count --- */

static void say_choice(const struct words *words) {
  const struct sizing *sizing = words->sizing;
  uint32_t best = sizing->best, chosen = sizing->chosen;
  const char *text =
      arena_printf(words->arena, "%s is best with %s", words->vm, vcpus_text(words, best));
  if (chosen != best) {
    text = arena_printf(words->arena, "%s %s enough for %s: %s %s than with the best, %u",
                        vcpus_text(words, chosen), is_or_are(words, chosen), words->vm,
                        loss_text(words, chosen), words->worse, sizing->counts[best].n_vcpus);
    text =
        arena_printf(words->arena, "%s, so %s %.0f %%.", text,
                     sizing->has_intervals ? "certainly within" : "within", 100 * SIZING_TOLERANCE);
  } else if (best == 0) {
    text = arena_printf(words->arena, "%s, the %s number that was tried.", text,
                        sizing->n_counts == 1 ? "only" : "smallest");
  } else {
    text = arena_printf(words->arena, "%s; no smaller number is %swithin %.0f %% of that.", text,
                        sizing->has_intervals ? "certainly " : "", 100 * SIZING_TOLERANCE);
  }
  if (best > 0 && best == sizing->n_counts - 1)
    text = arena_printf(words->arena, "%s More were not tried.", text);
  say(words, text);
}

static void say_doubt(const struct words *words) {
  const struct sizing *sizing = words->sizing;
  if (!sizing->has_intervals) {
    say(words, "That is by the means: there are too few replications for intervals (-r).");
    return;
  }
  for (uint32_t i = 0; i < sizing->chosen; i++) {
    if (!sizing_is_open(sizing, i)) continue;
    say(words, arena_printf(words->arena,
                            "%s may be enough: the loss is %s; more replications (-r, -p) would "
                            "tell.",
                            vcpus_text(words, i), loss_text(words, i)));
    return;
  }
}

static void say_now(const struct words *words, uint32_t now) {
  const struct sizing *sizing = words->sizing;
  if (now == SIZING_NONE || now == sizing->best) return;
  if (now == sizing->chosen) {
    say(words, arena_printf(words->arena, "That is what %s has.", words->vm));
    return;
  }
  say(words, arena_printf(words->arena, "It has %s: %s %s.", vcpus_text(words, now),
                          loss_text(words, now), words->worse));
}

/* --- why --- */

struct change {
  const char *phrase;
  struct paired paired;
};

static int by_difference(const void *left, const void *right) {
  double a = ((const struct change *)left)->paired.difference;
  double b = ((const struct change *)right)->paired.difference;
  return (a < b) - (a > b);
}

static const char *cpus_text(const struct words *words, const struct paired *paired) {
  double size = fabs(paired->difference), half = paired->of_difference.half_width;
  if (isnan(half)) return arena_printf(words->arena, "%.2f", size);
  return arena_printf(words->arena, "%.2f ± %.2f", size, half);
}

/* What the parts first … last take more than with the best, the most first; "" if nothing. */
static const char *growth_text(const struct words *words, const struct sizing_count *count,
                               enum sizing_part first, enum sizing_part last) {
  const struct sizing_count *best = &words->sizing->counts[words->sizing->best];
  struct change changes[SIZING_PARTS];
  uint32_t n = 0;
  for (enum sizing_part part = first; part <= last; part++)
    changes[n++] =
        (struct change){sizing_parts[part].phrase,
                        sizing_compare(&best->cpus[part], &count->cpus[part], words->arena)};
  qsort(changes, n, sizeof *changes, by_difference);
  const char *text = "";
  for (uint32_t i = 0; i < n && i < PARTS_NAMED; i++) {
    if (changes[i].paired.difference < GROWTH_MIN * (count->n_vcpus - best->n_vcpus)) break;
    text = arena_printf(words->arena, "%s%s%s %s", text, i ? ", " : "", changes[i].phrase,
                        i ? "" : "takes ");
    text = arena_printf(words->arena, "%s%s", text, cpus_text(words, &changes[i].paired));
  }
  return text;
}

static struct paired sum_compare(const struct words *words, const struct sizing_count *count,
                                 enum sizing_part first, enum sizing_part last) {
  const struct sizing_count *best = &words->sizing->counts[words->sizing->best];
  struct sizing_series before = best->cpus[first], after = count->cpus[first];
  for (enum sizing_part part = first + 1; part <= last; part++) {
    before = sizing_sum(&before, &best->cpus[part], words->arena);
    after = sizing_sum(&after, &count->cpus[part], words->arena);
  }
  return sizing_compare(&before, &after, words->arena);
}

/* What more vCPUs than the best do to its work, and with what they spend their time. */
static void say_reason(const struct words *words, uint32_t worse) {
  const struct sizing_count *best = &words->sizing->counts[words->sizing->best];
  const struct sizing_count *count = &words->sizing->counts[worse];
  struct paired computing = sum_compare(words, count, PART_USEFUL, PART_CRITICAL);
  struct paired running = sum_compare(words, count, PART_USEFUL, PART_SELF);
  const char *busy = growth_text(words, count, PART_KERNEL, PART_SELF);
  const char *stopped = growth_text(words, count, PART_READY, PART_IDLE);
  bool is_less = computing.difference < 0, runs_less = running.difference < 0;
  const char *text = arena_printf(
      words->arena, "From %u to %u vCPUs it computes on %s CPUs %s, and runs on %s %s",
      best->n_vcpus, count->n_vcpus, cpus_text(words, &computing), is_less ? "less" : "more",
      cpus_text(words, &running), runs_less ? "less" : "more");
  if (*busy) text = arena_printf(words->arena, "%s: %s", text, busy);
  say(words, arena_printf(words->arena, "%s.", text));
  if (*stopped) say(words, arena_printf(words->arena, "Besides, in CPUs, %s more.", stopped));
}

static void say_why(const struct words *words, uint32_t now) {
  const struct sizing *sizing = words->sizing;
  uint32_t worse = sizing->n_counts - 1;
  if (now != SIZING_NONE && now > sizing->best && is_lost(sizing, now)) worse = now;
  while (worse > sizing->best && !is_lost(sizing, worse)) worse--;
  if (worse > sizing->best) say_reason(words, worse);
  if (sizing->chosen == 0 || sizing_is_open(sizing, sizing->chosen - 1)) return;
  uint32_t fewer = sizing->chosen - 1;
  char share[NUMBER_TEXT_MAX];
  say(words, arena_printf(words->arena, "%s %s too few: %s %s, and idle for %s of the time.",
                          vcpus_text(words, fewer), is_or_are(words, fewer),
                          loss_text(words, fewer), words->worse,
                          number_share(sizing_share(&sizing->counts[fewer], PART_IDLE), share)));
}

/* --- the neighbours --- */

static const char *ratio_text(const struct words *words, const struct paired *paired) {
  double change = 100 * (paired->ratio - 1);
  bool has_interval = !isnan(paired->of_ratio.low);
  double half = 50 * (paired->of_ratio.high - paired->of_ratio.low);
  bool is_same =
      has_interval ? paired->of_ratio.low <= 1 && paired->of_ratio.high >= 1 : fabs(change) < 0.05;
  if (is_same && has_interval)
    return arena_printf(words->arena, "as much as before (± %.1f %%)", half);
  if (is_same) return "as much as before";
  const char *direction = change > 0 ? "more" : "less";
  if (!has_interval) return arena_printf(words->arena, "%.1f %% %s", fabs(change), direction);
  return arena_printf(words->arena, "%.1f ± %.1f %% %s", fabs(change), half, direction);
}

static void say_neighbours(const struct words *words, uint32_t now) {
  const struct sizing *sizing = words->sizing;
  uint32_t from = now == SIZING_NONE ? sizing->n_counts - 1 : now, to = sizing->chosen;
  if (from == to) from = sizing->n_counts - 1;
  if (from == to) return;
  const struct sizing_count *before = &sizing->counts[from], *after = &sizing->counts[to];
  const char *text =
      arena_printf(words->arena, "With %u instead of %s", after->n_vcpus, vcpus_text(words, from));
  uint32_t n_named = 0;
  for (uint32_t i = 0; i < before->n_neighbours && n_named < NEIGHBOURS_NAMED; i++) {
    struct paired paired = sizing_compare(&before->neighbours[i].throughput,
                                          &after->neighbours[i].throughput, words->arena);
    if (!paired.has_ratio) continue; /* it does nothing that could be counted */
    text = arena_printf(words->arena, "%s%s %s does %s", text, n_named ? "," : "",
                        before->neighbours[i].name, ratio_text(words, &paired));
    n_named++;
  }
  if (n_named > 0) say(words, arena_printf(words->arena, "%s.", text));
}

/* --- rules of thumb --- */

static const char *than_best_text(const struct words *words, uint32_t count) {
  if (count == words->sizing->best) return "the best";
  return arena_printf(words->arena, "%s %s than with the best", loss_text(words, count),
                      words->worse);
}

/* As few vCPUs as the host runs of those that it has; and again, of those that are left. */
static void say_shrunk(const struct words *words, uint32_t now) {
  const struct sizing *sizing = words->sizing;
  uint32_t from = now == SIZING_NONE ? sizing->n_counts - 1 : now;
  uint32_t once = sizing_shrunk(sizing, from), end = once;
  for (uint32_t next; (next = sizing_shrunk(sizing, end)) < end;) end = next;
  if (once == from) return;
  const char *text = arena_printf(
      words->arena, "Of %s the host runs %.1f: shrinking to that (VCPU-Bal) makes %s, %s",
      vcpus_text(words, from), sizing_given(&sizing->counts[from]), vcpus_text(words, once),
      than_best_text(words, once));
  if (end != once)
    text = arena_printf(words->arena, "%s; again and again, %u, %s", text,
                        sizing->counts[end].n_vcpus, than_best_text(words, end));
  say(words, arena_printf(words->arena, "%s.", text));
}

/* The counts above a threshold of %CSTP. */
struct alarm {
  uint32_t n, first, last;
  double least, most; /* of their losses */
  bool is_right;      /* all of them lose, and not by chance */
  const char *list;   /* "8 to 16"; "4, 8, 16" */
};

static struct alarm alarm_of(const struct words *words, double pct) {
  const struct sizing *sizing = words->sizing;
  struct alarm alarm = {.least = INFINITY, .most = -INFINITY, .is_right = true, .list = ""};
  for (uint32_t i = 0; i < sizing->n_counts; i++) {
    const struct sizing_loss *loss = &sizing->losses[i];
    if (100 * sizing_share(&sizing->counts[i], PART_COSTOP) <= pct) continue;
    if (alarm.n == 0) alarm.first = i;
    alarm.last = i;
    alarm.list = arena_printf(words->arena, "%s%s%u", alarm.list, alarm.n ? ", " : "",
                              sizing->counts[i].n_vcpus);
    alarm.n++;
    alarm.least = fmin(alarm.least, loss->mean);
    alarm.most = fmax(alarm.most, loss->mean);
    alarm.is_right &= (sizing->has_intervals ? loss->low : loss->mean) > SIZING_TOLERANCE;
  }
  if (alarm.n > 2 && alarm.last - alarm.first + 1 == alarm.n)
    alarm.list = arena_printf(words->arena, "%u to %u", sizing->counts[alarm.first].n_vcpus,
                              sizing->counts[alarm.last].n_vcpus);
  return alarm;
}

static const char *lost_text(const struct words *words, const struct alarm *alarm) {
  if (alarm->most - alarm->least < 0.0005)
    return arena_printf(words->arena, "%.1f %%", 100 * alarm->least);
  return arena_printf(words->arena, "%.1f to %.1f %%", 100 * alarm->least, 100 * alarm->most);
}

static void say_no_alarm(const struct words *words) {
  const struct sizing *sizing = words->sizing;
  uint32_t last = sizing->n_counts - 1;
  const char *text = "%CSTP is at most 3 with any of these";
  if (last > sizing->best && is_lost(sizing, last))
    text = arena_printf(words->arena, "%s, also with %s, where the loss is %s", text,
                        vcpus_text(words, last), loss_text(words, last));
  say(words, arena_printf(words->arena, "%s.", text));
}

static void say_costop(const struct words *words) {
  const struct sizing *sizing = words->sizing;
  struct alarm three = alarm_of(words, 3), five = alarm_of(words, 5);
  if (three.n == 0) {
    say_no_alarm(words);
    return;
  }
  const char *text = arena_printf(words->arena, "%%CSTP is above 3 with %s vCPUs (loss %s)",
                                  three.list, lost_text(words, &three));
  if (five.n > 0)
    text = arena_printf(words->arena, "%s, above 5 with %s (%s)", text, five.list,
                        lost_text(words, &five));
  double best = 100 * sizing_share(&sizing->counts[sizing->best], PART_COSTOP);
  const char *verdict = three.is_right ? "A %CSTP above 3 is a bad sign here."
                                       : "A %CSTP above 3 alone is no bad sign here.";
  say(words, arena_printf(words->arena, "%s, and %.1f with the best. %s", text, best, verdict));
}

void report_sizing_words(const struct sizing_report *report, FILE *to) {
  struct arena arena = {0};
  const struct sizing *sizing = report->sizing;
  bool is_longer = sizing_is_lower_better(sizing->question->metric);
  const struct words words = {.report = report,
                              .sizing = sizing,
                              .vm = sizing->question->vm,
                              .worse = is_longer ? "longer" : "less",
                              .arena = &arena,
                              .to = to};
  if (sizing->best == SIZING_NONE || isnan(sizing->losses[sizing->best].mean)) {
    say(&words,
        arena_printf(&arena, "%s finishes nothing with any of these numbers of vCPUs.", words.vm));
  } else {
    uint32_t now = sizing_find(sizing, report->n_vcpus_now);
    say_choice(&words);
    say_doubt(&words);
    say_now(&words, now);
    say_why(&words, now);
    say_neighbours(&words, now);
    say_shrunk(&words, now);
    say_costop(&words);
  }
  arena_free(&arena);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures that `plot` knows: which data of a result directory each of them shows, and how it
   is worded. What they look like is up to the gnuplot scripts in plots/. */
#ifndef COSTOP_CLI_PLOT_FIGURE_H
#define COSTOP_CLI_PLOT_FIGURE_H

#include "cli/cli.h"
#include "study/conf.h"
#include "study/metrics.h"
#include "study/table.h"

/* A result directory, and what the user wants to see of it. */
struct plot_source {
  const struct cli *cli;
  const char *dir;
  const char *name;            /* of the scenario, or of the directory if that does not say */
  const struct conf *scenario; /* scenario.resolved.json; NULL if there is none */
  struct arena *arena;
};

/* A figure on its way to gnuplot. */
struct picture {
  const char *input;  /* a file of the directory that the script reads as it is; or NULL … */
  struct table table; /* … and it reads this */
  struct text_list variables; /* of the script, in gnuplot's words: "title='db'" */
  const char *missing;        /* why this directory has nothing to show; NULL if it has */
  const char *arguments;      /* with which the figure's command would make it; NULL: its own */
};

struct plot_figure {
  const char *name; /* the script is plots/<name>.gp */
  const char *help;
  const char *file; /* of the directory, that it cannot do without */
  /* "costop COMMAND SCENARIO ARGUMENTS -o DIR" makes what it shows. */
  const char *command, *arguments;
  bool takes_metric; /* --metric has a meaning */
  /* EX_OK with a picture (or what is missing in it), or an exit code with a message. */
  int (*make)(const struct plot_source *source, struct picture *picture);
};

#define PLOT_FIGURES(X) \
  X(sizing)             \
  X(budget)             \
  X(costop_cost)        \
  X(overcommit)         \
  X(policies)           \
  X(skew)               \
  X(ready_cdf)          \
  X(spin_cause)         \
  X(steal)              \
  X(timeline)

#define X(name) +1
enum { PLOT_N_FIGURES = PLOT_FIGURES(X) };
#undef X

#define X(name) extern const struct plot_figure plot_##name;
PLOT_FIGURES(X)
#undef X

/* NULL-terminated, in the order above. */
extern const struct plot_figure *const plot_figures[];

/* The metric of --metric in a scope, or fallback if none is asked for; NULL with a message if there
   is none of this name. */
const struct metric *plot_metric(const struct plot_source *source, enum scope scope,
                                 const char *fallback);
/* A path in the directory. */
const char *plot_path(const struct plot_source *source, const char *file);
/* Text as gnuplot can read it from a table, which it cannot if there are quotes or commas in it. Of
   an object in JSON the words are left. */
const char *plot_label(const char *text, struct arena *arena);
/* variable='text', made harmless; or variable=number. */
void plot_say(const struct plot_source *source, struct picture *picture, const char *variable,
              const char *text);
void plot_say_number(const struct plot_source *source, struct picture *picture,
                     const char *variable, double number);

#endif

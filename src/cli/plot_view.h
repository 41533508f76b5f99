/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which cells of a study a picture shows: one axis of the study runs along the picture's x axis,
   one makes its series, and each of the others is held at one value. By rule, so that `plot` needs
   no options, and said in the caption, so that nobody is misled. */
#ifndef COSTOP_CLI_PLOT_VIEW_H
#define COSTOP_CLI_PLOT_VIEW_H

#include "cli/cli.h"
#include "cli/plot_study.h"

enum { PLOT_NONE = -1 }; /* no axis, no cell */

/* The first axis with more than one value whose path begins and ends like this, and that is not the
   taken one. */
int plot_axis_like(const struct plot_study *study, const char *beginning, const char *ending,
                   int taken);
/* The first one of numbers or durations. */
int plot_axis_ordered(const struct plot_study *study, int taken);

/* The VM that is wanted; or, if that is NULL, the one whose vCPUs are swept, or else the one with
   the most of them. NULL with a message if there is no such VM. */
const char *plot_choose_vm(const struct plot_study *study, const char *wanted);

struct plot_view {
  const struct plot_study *study;
  int x, series; /* axes, or PLOT_NONE */
  uint32_t n_x, n_series;
  uint32_t *x_values, *series_values; /* of the axes, as they are shown: numbers ascend */
  int *cells;                         /* by series, then x; PLOT_NONE where there is none */
  const char *held; /* "pCPUs = 4 (one of 3)": the other axes; "" if there are none */
};

/* The cells that meet all conditions (--where). EX_OK; or EX_USAGE, with a message, if one cannot
   be understood or nothing is left. */
int plot_cells_where(const struct plot_study *study, const struct text_list *wheres, bool **wanted,
                     struct arena *arena);

/* wanted: which cells may be shown; at least one. */
struct plot_view plot_view_make(const struct plot_study *study, int x, int series,
                                const bool *wanted, struct arena *arena);

static inline int plot_view_cell(const struct plot_view *view, uint32_t series, uint32_t x) {
  return view->cells[series * view->n_x + x];
}

/* What an axis and its values are called in a picture. */
const char *plot_axis_name(const struct plot_study *study, int axis, struct arena *arena);
const char *plot_value_name(const struct plot_study *study, int axis, uint32_t value,
                            struct arena *arena);
/* Where the value lies on an axis of plain numbers; NAN on others. */
double plot_value_number(const struct plot_study *study, int axis, uint32_t value);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the figures over the cells of a study have in common: the data of vm.csv as a table with a
   row for each series and place on the x axis, and the words around it. */
#ifndef COSTOP_CLI_PLOT_GRID_H
#define COSTOP_CLI_PLOT_GRID_H

#include "cli/plot_figure.h"
#include "cli/plot_view.h"

struct plot_grid {
  const struct plot_source *source;
  struct plot_study study;
  const char *vm;
  struct plot_view view;
  struct plot_samples samples;
  struct cell *next;    /* of the table that is being filled */
  double widest;        /* half of the widest interval in it */
  bool hides_intervals; /* then the caption says how wide they are */
};

/* Reads which cells there are and chooses the VM. EX_OK, or an exit code with a message. */
int plot_grid_read(struct plot_grid *grid, const struct plot_source *source);
/* Chooses the cells and reads their metrics (NULL-terminated). */
int plot_grid_show(struct plot_grid *grid, int x, int series, const char *const *metrics);
/* The axes that most figures want: vCPUs along x, or else what can be ordered; a series for each
   co-scheduling rule, or else for each kind of something, or else for whatever is left, unless
   nobody could tell so many apart. */
int plot_grid_x(const struct plot_grid *grid);
int plot_grid_series(const struct plot_grid *grid, int x);

/* The columns that each table begins with: series, its number, x, its number, its position, n. */
enum { PLOT_GRID_LABELS = 6 };
/* Makes room for n_rows, with the columns of the labels and then those named (NULL-terminated). */
void plot_grid_begin(struct plot_grid *grid, struct picture *picture, uint32_t n_rows,
                     const char *const *columns);
void plot_grid_put(struct plot_grid *grid, struct cell cell);
/* Not a number: not applicable. */
void plot_grid_put_real(struct plot_grid *grid, double value);
/* Labels of a row; NULL stands for a view's own names. */
void plot_grid_put_labels(struct plot_grid *grid, uint32_t series, uint32_t x, uint32_t n);
void plot_grid_put_place(struct plot_grid *grid, const char *name, uint32_t x, uint32_t n);
/* Mean, and the ends of its interval. */
void plot_grid_put_mean(struct plot_grid *grid, const double *values, uint32_t n);
void plot_grid_end(const struct plot_grid *grid, struct picture *picture);

/* The values of a metric in a cell of the view; *n gets their number. */
const double *plot_grid_values(const struct plot_grid *grid, int cell, uint32_t metric,
                               uint32_t *n);
/* Title ("name: about vm"), axes and caption. */
void plot_grid_say(const struct plot_grid *grid, struct picture *picture, const char *about);

#endif

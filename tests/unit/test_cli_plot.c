/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a picture shows of a study: which axes, which cells, which VM, which values. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/csv_read.h"
#include "cli/plot_figure.h"
#include "cli/plot_view.h"
#include "support/suite.h"

static struct arena arena;
static char path[] = "/tmp/test_cli_plot_XXXXXX";

static void setup(void) {
  strcpy(strrchr(path, '_'), "_XXXXXX");
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
}

static void teardown(void) {
  ck_assert_int_eq(unlink(path), 0);
  arena_free(&arena);
}

static void write_file(const char *text) {
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(text, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

/* --- CSV --- */

/* "a|b c|d": what came, row by row. */
static char seen[400];

static int see_fields(const char *const *fields, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    strcat(seen, fields[i]);
    strcat(seen, i + 1 < n ? "|" : "\n");
  }
  return EX_OK;
}
static int see_header(void *context, const char *const *names, uint32_t n) {
  (void)context;
  return see_fields(names, n);
}
static int see_row(void *context, const struct csv_row *row) {
  uint32_t *n_left = context;
  (void)see_fields(row->fields, 2);
  return --*n_left == 0 ? CSV_ENOUGH : EX_OK;
}

static int see(const char *text, uint32_t n_rows) {
  seen[0] = '\0';
  write_file(text);
  return csv_read(path, &(const struct csv_reader){see_header, see_row, &n_rows});
}

START_TEST(rows_come_as_they_were_written) {
  ck_assert_int_eq(see("a,b\r\n1,2\r\n", 9), EX_OK);
  ck_assert_str_eq(seen, "a|b\n1|2\n");
  ck_assert_int_eq(see("a,b\n1,\n,2", 9), EX_OK);
  ck_assert_str_eq(seen, "a|b\n1|\n|2\n");
  ck_assert_int_eq(see("a,b\r\n\"x, \"\"y\"\"\r\nz\",2\r\n", 9), EX_OK);
  ck_assert_str_eq(seen, "a|b\nx, \"y\"\r\nz|2\n");
  ck_assert_int_eq(see("a,b\n1,2\n3,4\n", 1), EX_OK);
  ck_assert_str_eq(seen, "a|b\n1|2\n");
}
END_TEST

START_TEST(what_is_no_csv_is_refused) {
  ck_assert_int_eq(see("", 9), EX_DATAERR);
  ck_assert_int_eq(see("a,b\n1,2,3\n", 9), EX_DATAERR);
  ck_assert_int_eq(see("a,b\n1\n", 9), EX_DATAERR);
  ck_assert_int_eq(see("a,b\n1,\"2\n", 9), EX_DATAERR);
  ck_assert_int_eq(see("a,b\n1,\"2\"x\n", 9), EX_DATAERR);
  uint32_t n = 1;
  ck_assert_int_eq(csv_read("/nonexistent", &(const struct csv_reader){see_header, see_row, &n}),
                   EX_NOINPUT);
}
END_TEST

START_TEST(numbers_are_numbers_as_a_whole) {
  ck_assert_double_eq(csv_number("-1.5e3"), -1500);
  ck_assert(isnan(csv_number("")) && isnan(csv_number("3ms")) && isnan(csv_number("x")));
}
END_TEST

/* --- studies --- */

static struct plot_study study;

static void read_study(const char *text) {
  write_file(text);
  ck_assert_int_eq(plot_study_read(path, &study, &arena), EX_OK);
}

#define HEADER(axes) "cell," axes "replication,seed,vm,vcpus,throughput_per_s\r\n"

START_TEST(a_study_is_what_its_rows_say) {
  read_study(HEADER("vms.db.vcpus,") "0,1,0,7,db,1,10\r\n0,1,0,7,web.0,2,20\r\n"
                                     "0,1,0,7,web.1,2,40\r\n0,1,1,7,db,1,\r\n"
                                     "0,1,1,7,web.0,2,50\r\n0,1,1,7,web.1,2,70\r\n"
                                     "1,4,0,7,db,4,30\r\n1,4,0,7,web.0,2,1\r\n"
                                     "1,4,0,7,web.1,2,3\r\n");
  ck_assert_uint_eq(study.n_axes, 1);
  ck_assert_uint_eq(study.axes[0].n_values, 2);
  ck_assert_str_eq(study.axes[0].values[1], "4");
  ck_assert_uint_eq(study.n_cells, 2);
  ck_assert_uint_eq(study.n_vms, 2);
  ck_assert_str_eq(study.vms[1].name, "web");
  static const char *const metrics[] = {"throughput_per_s", NULL};
  struct plot_samples samples;
  ck_assert_int_eq(plot_samples_read(&study, "web", metrics, &samples, &arena), EX_OK);
  ck_assert_uint_eq(plot_samples_n(&samples, 0), 2);
  ck_assert_uint_eq(plot_samples_n(&samples, 1), 1);
  ck_assert_double_eq(plot_samples_of(&samples, 0, 0, &arena)[0], 30);
  ck_assert_double_eq(plot_samples_of(&samples, 0, 0, &arena)[1], 60);
  ck_assert_double_eq(plot_samples_of(&samples, 1, 0, &arena)[0], 2);
  ck_assert_double_eq(samples.vcpus[samples.first[1]], 8);
  ck_assert_int_eq(plot_samples_read(&study, "db", metrics, &samples, &arena), EX_OK);
  ck_assert(isnan(plot_samples_of(&samples, 0, 0, &arena)[1]));
}
END_TEST

START_TEST(other_tables_are_refused) {
  write_file("cell,replication,seed,vm\r\n0,0,1,db\r\n");
  ck_assert_int_eq(plot_study_read(path, &study, &arena), EX_DATAERR);
  write_file("replication,cell,seed,vm,vcpus\r\n0,0,1,db,1\r\n");
  ck_assert_int_eq(plot_study_read(path, &study, &arena), EX_DATAERR);
  write_file(HEADER(""));
  ck_assert_int_eq(plot_study_read(path, &study, &arena), EX_DATAERR);
  static const char *const metrics[] = {"spin_pct", NULL};
  struct plot_samples samples;
  read_study(HEADER("") "0,0,7,db,1,10\r\n");
  ck_assert_int_eq(plot_samples_read(&study, "db", metrics, &samples, &arena), EX_DATAERR);
}
END_TEST

/* A grid over the axes ("8,4,2;none,relaxed"), of one replication and the VMs web (1) and db (4).
 */
static void write_grid(const char *names, const char *values) {
  char *lists[4], *save, *text = arena_strdup(&arena, values);
  uint32_t n_axes = 0;
  for (char *list = strtok_r(text, ";", &save); list; list = strtok_r(NULL, ";", &save))
    lists[n_axes++] = list;
  FILE *file = fopen(path, "w");
  (void)fprintf(file, "cell,%s,replication,seed,vm,vcpus,throughput_per_s\n", names);
  uint32_t n_values[4], n_cells = 1;
  const char *items[4][9];
  for (uint32_t i = 0; i < n_axes; i++) {
    n_values[i] = 0;
    for (char *item = strtok_r(lists[i], ",", &save); item; item = strtok_r(NULL, ",", &save))
      items[i][n_values[i]++] = item;
    n_cells *= n_values[i];
  }
  for (uint32_t cell = 0; cell < n_cells; cell++) {
    const char *row = "";
    for (uint32_t i = n_axes, rest = cell; i-- > 0; rest /= n_values[i])
      row = arena_printf(&arena, "%s,%s", items[i][rest % n_values[i]], row);
    (void)fprintf(file, "%u,%s0,1,web,1,5\n%u,%s0,1,db,4,9\n", cell, row, cell, row);
  }
  (void)fclose(file);
  ck_assert_int_eq(plot_study_read(path, &study, &arena), EX_OK);
}

static int axis(const char *name) {
  for (uint32_t i = 0; i < study.n_axes; i++)
    if (strcmp(study.axes[i].path, name) == 0) return (int)i;
  return PLOT_NONE;
}

static struct plot_view view_of(int x, int series, const char *where) {
  struct text_list wheres = {0};
  bool *wanted;
  if (where) cli_append(&arena, &wheres, where);
  ck_assert_int_eq(plot_cells_where(&study, &wheres, &wanted, &arena), EX_OK);
  return plot_view_make(&study, x, series, wanted, &arena);
}

/* "2 4 8": the values along x of a series. */
static const char *along(const struct plot_view *view, uint32_t series) {
  const char *text = "";
  for (uint32_t i = 0; i < view->n_x; i++) {
    int cell = plot_view_cell(view, series, i);
    const char *value =
        cell == PLOT_NONE ? "-" : study.axes[view->x].values[study.cells[cell].value_of[view->x]];
    text = arena_printf(&arena, "%s%s%s", text, i ? " " : "", value);
  }
  return text;
}

START_TEST(numbers_and_durations_ascend) {
  write_grid("vms.db.vcpus,run.warmup", "8,2,16;1s,20ms,100us");
  struct plot_view view = view_of(0, 1, NULL);
  ck_assert_str_eq(along(&view, 0), "2 8 16");
  ck_assert_str_eq(study.axes[1].values[view.series_values[0]], "100us");
  ck_assert_str_eq(study.axes[1].values[view.series_values[2]], "1s");
  ck_assert_str_eq(view.held, "");
  view = view_of(axis("run.warmup"), PLOT_NONE, NULL);
  ck_assert_str_eq(along(&view, 0), "100us 20ms 1s");
  ck_assert_str_eq(view.held, "vCPUs of db = 8 (one of 3)");
}
END_TEST

START_TEST(axes_are_found_by_what_they_are) {
  write_grid("locks.l.kind,vms.web.vcpus,hypervisor.coscheduling.kind", "tas,mcs;1,2;none,strict");
  ck_assert_int_eq(plot_axis_like(&study, "vms.", ".vcpus", PLOT_NONE), 1);
  ck_assert_int_eq(plot_axis_like(&study, "", ".kind", PLOT_NONE), 0);
  ck_assert_int_eq(plot_axis_like(&study, "", ".kind", 0), 2);
  ck_assert_int_eq(plot_axis_ordered(&study, PLOT_NONE), 1);
  ck_assert_int_eq(plot_axis_ordered(&study, 1), PLOT_NONE);
  ck_assert_str_eq(plot_choose_vm(&study, NULL), "web");
  ck_assert_str_eq(plot_choose_vm(&study, "db"), "db");
  ck_assert_ptr_null(plot_choose_vm(&study, "noise"));
  ck_assert_str_eq(plot_axis_name(&study, 1, &arena), "vCPUs of web");
  ck_assert_str_eq(plot_axis_name(&study, 2, &arena), "coscheduling.kind");
  write_grid("locks.l.kind", "tas,mcs");
  ck_assert_str_eq(plot_choose_vm(&study, NULL), "db");
}
END_TEST

START_TEST(other_axes_are_held_and_conditions_choose) {
  write_grid("vms.db.vcpus,host.pcpus,run.seed", "1,2;8,4;3");
  struct plot_view view = view_of(0, PLOT_NONE, NULL);
  ck_assert_str_eq(view.held, "pCPUs = 8 (one of 2), run.seed = 3");
  ck_assert_int_eq(plot_view_cell(&view, 0, 1), 2);
  view = view_of(0, PLOT_NONE, "host.pcpus == 4");
  ck_assert_str_eq(view.held, "pCPUs = 4 (one of 2), run.seed = 3");
  ck_assert_int_eq(plot_view_cell(&view, 0, 1), 3);
  view = view_of(0, 1, "vms.db.vcpus < 2");
  ck_assert_str_eq(along(&view, 0), "1");
  struct text_list wheres = {0};
  bool *wanted;
  cli_append(&arena, &wheres, "host.pcpus > 8");
  ck_assert_int_eq(plot_cells_where(&study, &wheres, &wanted, &arena), EX_USAGE);
  wheres.items[0] = "host.cpus > 8";
  ck_assert_int_eq(plot_cells_where(&study, &wheres, &wanted, &arena), EX_USAGE);
}
END_TEST

/* Cells of a zipped sweep, and one that is not there. */
START_TEST(axes_that_go_along_are_not_held) {
  read_study(HEADER("vms.db.vcpus,host.pcpus,k.kind,") "0,1,2,a,0,7,db,1,1\n1,2,4,a,0,7,db,2,1\n"
                                                       "2,1,2,b,0,7,db,1,1\n");
  struct plot_view view = view_of(0, 2, NULL);
  ck_assert_str_eq(view.held, "pCPUs goes along");
  ck_assert_str_eq(along(&view, 0), "1 2");
  ck_assert_str_eq(along(&view, 1), "1 -");
}
END_TEST

START_TEST(labels_can_be_read_by_gnuplot) {
  ck_assert_str_eq(plot_label("{ \"uniform\": [\"1us\", \"2us\"] }", &arena),
                   "uniform: [1us; 2us]");
  struct plot_source source = {.arena = &arena};
  struct picture picture = {0};
  plot_say(&source, &picture, "title", "it's\n\"here\"");
  ck_assert_str_eq(picture.variables.items[0], "title='it''s \"here\"'");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("plot");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, rows_come_as_they_were_written);
  tcase_add_test(tests, what_is_no_csv_is_refused);
  tcase_add_test(tests, numbers_are_numbers_as_a_whole);
  tcase_add_test(tests, a_study_is_what_its_rows_say);
  tcase_add_test(tests, other_tables_are_refused);
  tcase_add_test(tests, numbers_and_durations_ascend);
  tcase_add_test(tests, axes_are_found_by_what_they_are);
  tcase_add_test(tests, other_axes_are_held_and_conditions_choose);
  tcase_add_test(tests, axes_that_go_along_are_not_held);
  tcase_add_test(tests, labels_can_be_read_by_gnuplot);
  return suite_run(tests, "cli/plot");
}

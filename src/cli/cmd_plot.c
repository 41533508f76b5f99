/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of a result directory: says what gnuplot's scripts are to draw, and has them draw it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/data_file.h"
#include "cli/gnuplot.h"
#include "cli/json_read.h"
#include "cli/plot_figure.h"
#include "cli/read_file.h"
#include "cli/report.h"
#include "cli/save.h"

static const char all_figures[] = "all";

/* --- the directory --- */

/* "out/" -> "out": what is put behind it belongs beside it. */
static const char *plain_dir(const struct plot_source *source) {
  size_t length = strlen(source->dir);
  while (length > 1 && source->dir[length - 1] == '/') length--;
  return arena_printf(source->arena, "%.*s", (int)length, source->dir);
}

static const struct conf *read_scenario(const struct plot_source *source) {
  struct file_read read = read_file(plot_path(source, "scenario.resolved.json"), source->arena);
  struct diags diags = {.arena = source->arena};
  return read.source ? json_read(read.source, &diags, source->arena) : NULL;
}

/* Has it what any of the figures needs? */
static bool is_result_dir(const struct plot_source *source) {
  for (size_t i = 0; plot_figures[i]; i++)
    if (access(plot_path(source, plot_figures[i]->file), F_OK) == 0) return true;
  return false;
}

static int source_open(struct plot_source *source, const struct cli *cli) {
  const char *dir = cli->operands.items[0];
  *source = (struct plot_source){.cli = cli, .dir = dir, .arena = cli->arena};
  struct stat status;
  int error = stat(dir, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
  if (error) {
    cli_error("cannot read %s: %s", dir, strerror(error));
    return EX_NOINPUT;
  }
  if (!is_result_dir(source)) {
    cli_error("%s is no result directory: make one with costop run or sweep SCENARIO -o DIR", dir);
    return EX_DATAERR;
  }
  source->scenario = read_scenario(source);
  const struct conf *name = conf_find(source->scenario, "name");
  const char *plain = plain_dir(source), *slash = strrchr(plain, '/');
  source->name = slash ? slash + 1 : plain;
  if (name && name->kind == CONF_STRING) source->name = name->text;
  return EX_OK;
}

/* --- one figure --- */

/* "-e" of gnuplot; output NULL: to standard output, in this format. */
static const char *orders_text(const struct plot_source *source, const struct picture *picture,
                               const char *input, const char *format, const char *output) {
  struct picture said = {.variables = picture->variables};
  plot_say(source, &said, "input", input);
  plot_say(source, &said, output ? "output" : "format", output ? output : format);
  const char *text = said.variables.items[0];
  for (uint32_t i = 1; i < said.variables.n; i++)
    text = arena_printf(source->arena, "%s; %s", text, said.variables.items[i]);
  return text;
}

static int no_temporary(void) {
  cli_error("cannot create a temporary file: %s", strerror(errno));
  return EX_CANTCREAT;
}

/* A file without a name, with the picture's table in it; NULL if the script reads one with a name.
 */
static int data_open(const struct picture *picture, FILE **data) {
  *data = NULL;
  if (picture->input) return EX_OK;
  *data = tmpfile();
  if (!*data) return no_temporary();
  report_csv(&picture->table, *data);
  return fflush(*data) == 0 ? EX_OK : no_temporary();
}

static int draw(const struct plot_source *source, const struct plot_figure *figure,
                const struct picture *picture, const char *format, FILE *to) {
  const struct cli *cli = source->cli;
  const char *name = arena_printf(source->arena, "plots/%s.gp", figure->name);
  const char *script = data_file(name, source->arena);
  if (!script) return EX_UNAVAILABLE;
  const char *orders =
      orders_text(source, picture, picture->input ? picture->input : GNUPLOT_DATA, format, NULL);
  FILE *data;
  int code = data_open(picture, &data);
  if (code == EX_OK) code = gnuplot_run(cli, script, orders, data, to);
  if (data) (void)fclose(data);
  return code;
}

static void copy(FILE *from, FILE *to) {
  char buffer[BUFSIZ];
  rewind(from);
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, from)) > 0;) (void)fwrite(buffer, 1, n, to);
}

/* The picture comes into a nameless file first, so that a failure leaves nothing behind. */
static int save_picture(const struct plot_source *source, const struct plot_figure *figure,
                        const struct picture *picture, const char *format, const char *path) {
  FILE *drawn = tmpfile();
  if (!drawn) return no_temporary();
  struct save save;
  int code = draw(source, figure, picture, format, drawn);
  if (code == EX_OK) code = save_open(&save, path, source->arena);
  if (code == EX_OK) {
    copy(drawn, save.to);
    code = save_close(&save);
  }
  (void)fclose(drawn);
  return code;
}

/* The data that the script would get, and how to have it drawn. */
static int save_data(const struct plot_source *source, const struct plot_figure *figure,
                     const struct picture *picture, const char *path) {
  const struct cli *cli = source->cli;
  if (picture->input) {
    cli_error("%s is drawn from %s as it is", figure->name, picture->input);
    return EX_USAGE;
  }
  struct save save;
  int code = save_open(&save, path, source->arena);
  if (code != EX_OK) return code;
  report_csv(&picture->table, save.to);
  code = save_close(&save);
  if (code == EX_OK)
    cli_note(cli, "to draw it: gnuplot -e \"%s\" plots/%s.gp",
             orders_text(source, picture, path, NULL,
                         arena_printf(source->arena, "%s.svg", figure->name)),
             figure->name);
  return code;
}

static int plot_one(const struct plot_source *source, const struct plot_figure *figure,
                    const struct picture *picture, const char *path) {
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  const char *format = dot && (!slash || dot > slash) ? dot + 1 : "";
  bool is_stdout = strcmp(path, "-") == 0;
  if (is_stdout) format = "svg";
  int code = strcmp(format, "csv") == 0 ? save_data(source, figure, picture, path)
                                        : save_picture(source, figure, picture, format, path);
  if (code == EX_OK && !is_stdout) (void)puts(path);
  return code;
}

static int check_output(const char *path) {
  static const char *const endings[] = {".svg", ".png", ".pdf", ".csv"};
  size_t length = strlen(path);
  if (strcmp(path, "-") == 0) return EX_OK;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (length > 4 && strcmp(path + length - 4, endings[i]) == 0) return EX_OK;
  cli_error("'%s' ends in none of .svg .png .pdf .csv, and is no directory", path);
  return EX_USAGE;
}

static bool is_dir(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* -o names a file, or a directory for files; by default pictures lie beside their data. */
static const char *output_path(const struct plot_source *source, const struct plot_figure *figure) {
  const char *output = source->cli->output ? source->cli->output : source->dir;
  return is_dir(output) ? arena_printf(source->arena, "%s/%s.svg", output, figure->name) : output;
}

/* What the figure shows, or what is missing for it. */
static int make(const struct plot_source *source, const struct plot_figure *figure,
                struct picture *picture) {
  *picture = (struct picture){0};
  if (access(plot_path(source, figure->file), F_OK) == 0) return figure->make(source, picture);
  picture->missing = arena_printf(source->arena, "there is no %s", figure->file);
  return EX_OK;
}

/* "costop sweep out/scenario.resolved.json -S … -o out-sizing" */
static const char *remedy(const struct plot_source *source, const struct plot_figure *figure,
                          const struct picture *picture) {
  const char *scenario =
      source->scenario ? plot_path(source, "scenario.resolved.json") : "SCENARIO";
  const char *arguments = picture->arguments ? picture->arguments : figure->arguments;
  return arena_printf(source->arena, "costop %s %s %s%s-o %s-%s", figure->command, scenario,
                      arguments, arguments[0] ? " " : "", plain_dir(source), figure->name);
}

static int check_metric(const struct cli *cli, const struct plot_figure *figure) {
  if (cli->metrics.n == 0 || figure->takes_metric) return EX_OK;
  cli_error("--metric does not go with %s, which shows what it shows", figure->name);
  return EX_USAGE;
}

static int plot_single(const struct plot_source *source, const struct plot_figure *figure) {
  struct picture picture;
  const char *path = output_path(source, figure);
  int code = check_output(path);
  if (code == EX_OK) code = check_metric(source->cli, figure);
  if (code == EX_OK) code = make(source, figure, &picture);
  if (code != EX_OK) return code;
  if (!picture.missing) return plot_one(source, figure, &picture, path);
  cli_error("%s: no %s: %s; try: %s", source->dir, figure->name, picture.missing,
            remedy(source, figure, &picture));
  return EX_DATAERR;
}

static int plot_all(const struct plot_source *source) {
  uint32_t n_drawn = 0;
  if (source->cli->output && !is_dir(source->cli->output)) {
    cli_error("for all figures -o names a directory, and %s is none", source->cli->output);
    return EX_USAGE;
  }
  for (size_t i = 0; plot_figures[i]; i++) {
    struct picture picture;
    int code = make(source, plot_figures[i], &picture);
    if (code == EX_OK && picture.missing) {
      cli_note(source->cli, "no %s: %s; try: %s", plot_figures[i]->name, picture.missing,
               remedy(source, plot_figures[i], &picture));
      continue;
    }
    if (code == EX_OK)
      code = plot_one(source, plot_figures[i], &picture, output_path(source, plot_figures[i]));
    if (code != EX_OK) return code;
    n_drawn++;
  }
  return n_drawn > 0 ? EX_OK : EX_DATAERR;
}

/* --- the command --- */

static const char *plot_candidate(uint32_t index) {
  if (index < PLOT_N_FIGURES) return plot_figures[index]->name;
  return index == PLOT_N_FIGURES ? all_figures : NULL;
}

static int plot_list(void) {
  for (size_t i = 0; plot_figures[i]; i++)
    (void)printf("  %-13s %s\n", plot_figures[i]->name, plot_figures[i]->help);
  return EX_OK;
}

static int plot_run(const struct cli *cli) {
  if (cli->wants_list) return plot_list();
  if (cli->operands.n < 2) {
    cli_error("%s is missing; the figures are listed by costop plot --list",
              cli->operands.n == 0 ? "DIR" : "FIGURE");
    return EX_USAGE;
  }
  const char *wanted = cli->operands.items[1];
  size_t i = 0;
  while (plot_figures[i] && strcmp(plot_figures[i]->name, wanted) != 0) i++;
  bool is_all = strcmp(wanted, all_figures) == 0;
  if (!plot_figures[i] && !is_all) return cli_unknown_operand(cli, "figure", wanted);
  struct plot_source source;
  int code = source_open(&source, cli);
  if (code != EX_OK) return code;
  return is_all ? plot_all(&source) : plot_single(&source, plot_figures[i]);
}

const struct command cmd_plot = {
    .name = "plot",
    .operands = "DIR FIGURE",
    .help = "draw a figure of a result directory with gnuplot",
    .details =
        "FIGURE is one of --list, or all. The picture is DIR/FIGURE.svg, or what -o names: a file "
        "that ends in .svg, .png or .pdf, or a directory. A file that ends in .csv gets the data "
        "of the figure instead, as the script in plots/ reads it.",
    .options = OPTION_BIT(OPTION_LIST) | OPTION_BIT(OPTION_VM) | OPTION_BIT(OPTION_WHERE) |
               OPTION_BIT(OPTION_METRIC) | OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_TO) |
               OPTION_BIT(OPTION_OUTPUT),
    .max_operands = 2,
    .takes_files = true,
    .candidate = plot_candidate,
    .run = plot_run,
};

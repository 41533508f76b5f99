/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DATA_FD = 3 };

/* The child's standard streams, and data as descriptor 3. */
static int gnuplot_spawn(char *const *argv, FILE *data, FILE *picture, FILE *messages, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return ENOMEM;
  /* Descriptors above 3 are ours, and closed by themselves; so nothing is overwritten here that is
     needed later: 3 comes last. */
  int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, fileno(picture), STDOUT_FILENO);
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, fileno(messages), STDERR_FILENO);
  if (!error && data) error = posix_spawn_file_actions_adddup2(&actions, fileno(data), DATA_FD);
  if (!error) error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/* What gnuplot had to say, line by line. */
static void gnuplot_tell(FILE *messages) {
  char line[256];
  rewind(messages);
  while (fgets(line, sizeof line, messages)) {
    line[strcspn(line, "\n")] = '\0';
    if (strspn(line, " \t\f") < strlen(line)) cli_error("gnuplot: %s", line);
  }
}

static int gnuplot_code(const struct cli *cli, int status, FILE *messages) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return EX_OK;
  if (*cli->interrupt) return EXIT_SIGNAL + *cli->interrupt;
  gnuplot_tell(messages);
  if (WIFSIGNALED(status)) cli_error("gnuplot was killed: %s", strsignal(WTERMSIG(status)));
  bool has_refused = WIFEXITED(status) && WEXITSTATUS(status) >= EX__BASE;
  return has_refused ? WEXITSTATUS(status) : EX_SOFTWARE;
}

static int gnuplot_wait(const struct cli *cli, char *const *argv, FILE *data, FILE *picture,
                        FILE *messages) {
  pid_t pid;
  int status, error = gnuplot_spawn(argv, data, picture, messages, &pid);
  if (error == ENOENT) {
    cli_error("gnuplot is not installed; on Debian: apt-get install gnuplot-nox");
    return EX_UNAVAILABLE;
  }
  if (error) {
    cli_error("cannot start gnuplot: %s", strerror(error));
    return EX_OSERR;
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return gnuplot_code(cli, status, messages);
}

int gnuplot_run(const struct cli *cli, const char *script, const char *orders, FILE *data,
                FILE *picture) {
  char *argv[] = {arena_strdup(cli->arena, "gnuplot"), arena_strdup(cli->arena, "-d"),
                  arena_strdup(cli->arena, "-e"),      arena_strdup(cli->arena, orders),
                  arena_strdup(cli->arena, script),    NULL};
  FILE *messages = tmpfile();
  if (!messages) {
    cli_error("cannot create a temporary file: %s", strerror(errno));
    return EX_CANTCREAT;
  }
  int code = gnuplot_wait(cli, argv, data, picture, messages);
  (void)fclose(messages);
  return code;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of -o: there from the beginning, with its store in it, and gone again if nothing
   comes of it. */
#ifndef COSTOP_CLI_RESULT_DIR_H
#define COSTOP_CLI_RESULT_DIR_H

#include "cli/cli.h"
#include "cli/store.h"

/* EX_OK, or EX_CANTCREAT with a message if something of that name is there. */
int result_dir_check(const char *path);
/* May -o be made, or gone on with under --resume? EX_OK, EX_USAGE or EX_CANTCREAT with a message.
   For a quick answer before there is a study. */
int result_dir_check_output(const struct cli *cli);

/* Makes the directory with an empty store in it, or under --resume opens the one that is there.
   Returns EX_OK, or an exit code with a message. */
int result_dir_open(const struct cli *cli, const char *path, const struct store_identity *identity,
                    struct store **store);
/* For those who read: the store of a directory that is complete in itself. */
int result_dir_read(const char *path, struct arena *arena, struct store **store);
/* Closes the store; removes the directory if the store is empty. */
int result_dir_close(const char *path, struct store *store);

/* Store and directory; the latter stays if there is anything else in it. */
void result_dir_remove(const char *path, struct arena *arena);

/* "DIR/NAME". */
const char *result_dir_file(const char *path, const char *name, struct arena *arena);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_MAN_H
#define COSTOP_CLI_MAN_H

/* The man page, in roff on stdout; docs/costop.1 is its output. */
void man_print(void);

#endif

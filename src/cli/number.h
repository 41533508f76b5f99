/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as text: always with '.', whatever the locale. */
#ifndef COSTOP_CLI_NUMBER_H
#define COSTOP_CLI_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "study/cell.h"

enum { NUMBER_TEXT_MAX = 40 };

/* The fewest digits that read back exactly. Returns buffer. */
const char *number_exact(double value, char buffer[NUMBER_TEXT_MAX]);
/* Any cell, numbers exact; "" if not applicable. Returns buffer or the cell's text. */
const char *number_cell(const struct cell *cell, char buffer[NUMBER_TEXT_MAX]);
/* For people: fixed decimals, thousands set apart by blanks: "37 412.5". Returns buffer. */
const char *number_grouped(double value, int decimals, char buffer[NUMBER_TEXT_MAX]);
/* Decimals that make three significant digits of it, 0 to 3. */
int number_decimals(double value);
/* Two significant digits and a power of ten: "2.1e9". */
const char *number_power(double value, char buffer[NUMBER_TEXT_MAX]);
/* A share of 1 in words or percent: "none", "88 %", "all". */
const char *number_share(double share, char buffer[NUMBER_TEXT_MAX]);
/* A duration in its natural unit: "3.9 ms". */
const char *number_duration(double value_ns, char buffer[NUMBER_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text on a terminal. */
#ifndef COSTOP_CLI_TEXT_H
#define COSTOP_CLI_TEXT_H

#include <stdint.h>
#include <stdio.h>

/* Columns that UTF-8 text takes (ours has one column per code point). */
uint32_t text_width(const char *text);
/* A paragraph: broken at blanks so that lines fit (width 0: not at all), and a newline. */
void text_wrap(const char *text, uint32_t width, FILE *to);
/* The same from a column on, further lines indented. */
void text_hang(const char *text, uint32_t width, uint32_t column, uint32_t indent, FILE *to);

#endif

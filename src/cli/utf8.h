/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_UTF8_H
#define COSTOP_CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the code point at text, 0 if the n bytes do not begin with a valid one. */
uint32_t utf8_decode(const char *text, size_t n, uint32_t *code);

/* Would it move the cursor, reorder the line or hide something on a terminal? */
bool utf8_is_control(uint32_t code);

#endif

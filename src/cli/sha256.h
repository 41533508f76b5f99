/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_SHA256_H
#define COSTOP_CLI_SHA256_H

#include "sim/arena.h"

/* The SHA-256 digest of text in hexadecimal digits. */
const char *sha256_hex(const char *text, struct arena *arena);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON text -> conf tree. The only user of cJSON. */
#ifndef COSTOP_CLI_JSON_READ_H
#define COSTOP_CLI_JSON_READ_H

#include "study/conf.h"

/* source (and its text, which a NUL ends) must live as long as the tree. NULL with the error in
   diags if it is not JSON. A duplicate key is an error too; the tree has the first. */
const struct conf *json_read(const struct source *source, struct diags *diags, struct arena *arena);

#endif

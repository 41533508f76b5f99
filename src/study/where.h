/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions on the cells of a sweep: SIDE OP SIDE, a side being the path of a key, which has a dot
   in it ("vms.db.vcpus"), a number, a duration, or a word. */
#ifndef COSTOP_STUDY_WHERE_H
#define COSTOP_STUDY_WHERE_H

#include "study/conf.h"
#include "study/expect.h"

enum where_kind { WHERE_NUMBER, WHERE_DURATION, WHERE_WORD };

struct where_value {
  enum where_kind kind;
  double number;
  int64_t duration_ns;
  const char *text; /* as written */
};

struct where_side {
  const char *path;         /* NULL: a constant, which is value */
  struct where_value value; /* of a path: what where_read found there */
  struct place place;
};

struct where {
  struct where_side left, right;
  enum expect_op op;
};

/* Of a string. Returns NULL, or what is wrong in one clause. */
const char *where_parse(const struct conf *node, struct arena *arena, struct where *where);

/* What stands at a path, into side->value. Returns NULL, or why it cannot be compared. */
const char *where_read(const struct conf *node, struct arena *arena, struct where_side *side);

/* Both sides have values. Returns NULL and whether it holds, or why they cannot be compared. */
const char *where_holds(const struct where *where, struct arena *arena, bool *holds);

#endif

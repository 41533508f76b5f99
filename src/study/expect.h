/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expectations: METRIC[@SCOPE] OP VALUE, SCOPE being VM, VM/vN, VM/LOCK or host. */
#ifndef COSTOP_STUDY_EXPECT_H
#define COSTOP_STUDY_EXPECT_H

#include "study/metrics.h"
#include "study/scenario.h"

enum expect_op { EXPECT_LT, EXPECT_LE, EXPECT_GT, EXPECT_GE, EXPECT_EQ, EXPECT_NE };
extern const char *const expect_op_words[]; /* "<" …, in the order of the enum */
/* The operator at *at, if there is one; moves *at behind it. */
bool expect_op_take(const char **at, enum expect_op *op);
/* order: of left to right, negative, 0 or positive. */
bool expect_op_holds(enum expect_op op, int order);

struct expect {
  const char *text; /* as written */
  enum scope scope;
  const struct metric *metric;
  const char *vm;     /* a VM, or the base name of several; NULL: all, or the host */
  const char *member; /* "v3" or the name of a lock; NULL for VMs and the host */
  enum expect_op op;
  double value;
};

/* NULL if all is well, else what is wrong, in one clause. Without a scope a metric is that of every
   VM, or of the host if VMs have none of that name. */
const char *expect_parse(const struct scenario *scenario, const char *text, struct arena *arena,
                         struct expect *expect);

/* What stands before OP: sets scope, metric, vm and member, and *text to what follows. */
const char *expect_parse_subject(const struct scenario *scenario, const char **text,
                                 struct arena *arena, struct expect *expect);

bool expect_covers(const struct expect *expect, const struct vm_spec *vm);
/* Is this entity, of expect->scope, one that the expectation is about? */
bool expect_means(const struct expect *expect, const struct run_result *run, struct entity entity);
bool expect_holds(const struct expect *expect, double value);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conf nodes -> C structs, driven by parameter rows. Every function goes on after an error, with
   the default in place of what was wrong, so that all problems come out in one pass. */
#ifndef COSTOP_STUDY_BIND_H
#define COSTOP_STUDY_BIND_H

#include "sim/dist.h"
#include "study/conf.h"
#include "study/family.h"

struct bind {
  struct diags *diags;
  struct arena *arena;
  const struct conf *sweep; /* axis paths are its keys; may be NULL */
};

/* A node and its key path. node is NULL if the file leaves the key out; place is then that of the
   nearest object around it. */
struct site {
  const struct conf *node;
  const char *path;
  struct place place;
};

struct site site_at(const struct conf *root);
struct site site_child(struct bind *bind, struct site parent, const char *key);
/* Of an array, or of an object below the root: the index-th child, without looking for it. */
struct site site_element(struct bind *bind, struct site parent, uint32_t index);

/* Is it left out or of this kind? Else an error says what was expected. */
bool bind_expect(struct bind *bind, struct site site, enum conf_kind kind, const char *expected);

/* The text of a string; of true, false and null too if they come from the command line, where
   VALUE need not be quoted. NULL if it is something else. */
const char *bind_text(const struct conf *node);

/* One value, with its bounds, into params + row->offset. */
bool bind_value(struct bind *bind, struct site site, const struct param *row, void *params);
bool bind_dist(struct bind *bind, struct site site, struct dist *dist);
void bind_fallback(struct bind *bind, const struct param *row, void *params);
bool bind_duration(struct bind *bind, struct site site, const char *unit, int64_t *result_ns);
/* "3ms" or "12": a bound of the row as the user would write it. */
const char *bind_bound(struct arena *arena, const struct param *row, double bound);

/* What an object may hold. */
struct object_rules {
  const struct param *rows;
  size_t n_rows;
  const char *const *others; /* keys that the caller binds itself; NULL-terminated, or NULL */
  const struct kind *chosen; /* of an object with kinds, else NULL … */
  enum family family;        /* … of this family */
  bool is_switched;          /* --set or an axis sets the kind: keys of others are no surprise */
};
void bind_object(struct bind *bind, struct site site, const struct object_rules *rules,
                 void *params);

/* "did you mean 'vcpus'? known keys: count vcpus …" */
const char *bind_known(struct bind *bind, const char *typed, const char *what,
                       const char *const *words);

/* An object with a "kind". fallback: the name of the default kind; NULL: the key is required. */
void bind_choice(struct bind *bind, struct site site, enum family family, const char *fallback,
                 struct kind_choice *choice);

/* [A-Za-z][A-Za-z0-9_-]* */
bool bind_is_name(const char *text);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameter rows. A plug-in (scheduler, co-scheduling rule, lock, distribution) keeps them beside
   its code; the one table drives parsing, bounds, defaults, did-you-mean, `list`, `show`, the JSON
   Schema and the documentation. Idea: fio's options.c. */
#ifndef COSTOP_SIM_PARAM_H
#define COSTOP_SIM_PARAM_H

#include <stddef.h>
#include <stdint.h>

enum param_type {
  PARAM_DURATION,  /* int64_t ns; "5us"; bounds in ns */
  PARAM_COUNT,     /* uint32_t */
  PARAM_REAL,      /* double */
  PARAM_CHOICE,    /* uint32_t: index into choices */
  PARAM_DIST,      /* struct dist (sim/dist.h) */
  PARAM_DURATIONS, /* struct duration_list: array of durations, or the name of a file of them */
  PARAM_INTEGER,   /* uint64_t, a string of digits allowed; max = 0x1p64 means all of them */
  PARAM_TEXT       /* const char * */
};

struct param {
  const char *key; /* as written; "handoff_cost.base" is key base of the object handoff_cost */
  enum param_type type;
  size_t offset;              /* into the kind's parameter struct */
  const char *fallback;       /* default as the user would write it; NULL: the key is required */
  double min, max;            /* inclusive; durations in ns */
  const char *unit;           /* of PARAM_REAL and PARAM_COUNT, for the documentation; "" if none */
  const char *const *choices; /* PARAM_CHOICE: NULL-terminated */
  const char *word;           /* durations and numbers: a word that may stand for a number … */
  int64_t word_value;         /* … and the value that it stores */
  const char *help;           /* one sentence, no full stop */
};

/* How the parameters of a kind are written: {"exponential": "40us"}, {"uniform": ["1us", "2us"]},
   or an object of keys. Schedulers, rules and locks are always PARAM_FORM_OBJECT. */
enum param_form { PARAM_FORM_OBJECT, PARAM_FORM_SCALAR, PARAM_FORM_PAIR };

/* The first member of every plug-in's ops table. */
struct kind {
  const char *name;
  const char *help;           /* one sentence, no full stop */
  const struct param *params; /* n_params rows */
  size_t n_params;
  size_t params_size; /* sizeof the parameter struct, at most KIND_PARAMS_MAX */
  enum param_form form;
  /* Checks what no single row can. Returns NULL, or what is wrong in one clause with *key set to
     the key to blame. May be NULL. */
  const char *(*check)(const void *params, const char **key);
};

#define KIND_PARAMS_MAX 128

/* A chosen kind with its bound parameters: what a resolved scenario holds. */
struct kind_choice {
  const struct kind *kind;
  union {
    unsigned char bytes[KIND_PARAMS_MAX];
    int64_t align_int;
    double align_real;
    void *align_pointer;
  } params;
};

#endif

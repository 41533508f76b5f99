/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the trade, explained once. Metrics explain themselves (study/metrics.h). */
#ifndef COSTOP_STUDY_GLOSSARY_H
#define COSTOP_STUDY_GLOSSARY_H

struct term {
  const char *name;
  const char *alias; /* another way to write it, or NULL */
  const char *text;  /* one paragraph */
  const char *see;   /* related terms and metrics, or NULL */
};

/* Ends with a row whose name is NULL. */
extern const struct term glossary[];

/* By name or alias, upper and lower case alike; NULL if it is not there. */
const struct term *glossary_find(const char *name);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of distribution, with several parameters, against its exact law as GSL computes it. */
#ifndef COSTOP_TESTS_UNIT_FITS_H
#define COSTOP_TESTS_UNIT_FITS_H

#include <stddef.h>
#include <stdint.h>

/* Continuous laws; behind them an empirical one, which is only good for fits_rounded. */
enum { FITS = 13, FITS_AND_EMPIRICAL };

const char *fits_name(size_t fit);

/* The p-value of draws in a unit so long that rounding them to nanoseconds is invisible, each drawn
   value times stretch. */
double fits_long(size_t fit, size_t n_draws, uint64_t seed, double stretch);

/* The same in a unit of 10 ns, where each whole nanosecond has its share of the law; shift_ns is
   added to what is drawn. */
double fits_rounded(size_t fit, size_t n_draws, uint64_t seed, int64_t shift_ns);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exponential decay and its inverse, by additions, multiplications and divisions alone: the same
   bits on every IEEE machine. Errors are a few times 2^-53. */
#ifndef COSTOP_SIM_DECAY_H
#define COSTOP_SIM_DECAY_H

double decay_exp(double x); /* e^-x, x >= 0 */
double decay_log(double u); /* the natural logarithm of u, positive and normal */

#endif

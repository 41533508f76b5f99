/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed indices. All are host-wide, dense and in the order of the scenario file: the vCPUs of VM 0
   come first, then those of VM 1; threads and lock instances likewise. */
#ifndef COSTOP_SIM_IDS_H
#define COSTOP_SIM_IDS_H

#include <stdint.h>

typedef uint32_t pcpu_id_t;
typedef uint32_t vm_id_t;
typedef uint32_t vcpu_id_t;
typedef uint32_t thread_id_t;
typedef uint32_t lock_id_t;

#define ID_NONE UINT32_MAX

#endif

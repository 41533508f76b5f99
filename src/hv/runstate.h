/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a vCPU's time goes: runstates (the hypervisor's view) and activities (of a running one). */
#ifndef COSTOP_HV_RUNSTATE_H
#define COSTOP_HV_RUNSTATE_H

enum runstate { RS_RUNNING, RS_READY, RS_COSTOP, RS_IDLE, RUNSTATES };

enum activity { ACT_OVERHEAD, ACT_USEFUL, ACT_CRITICAL, ACT_SPIN, ACT_KERNEL, ACTIVITIES };
enum { NO_ACTIVITY = ACTIVITIES };

/* By what a spinner waited for; the shares add up to ACT_SPIN. SPIN_LHP_READY + SPIN_LHP_COSTOP is
   spin_lhp. */
enum spin_cause {
  SPIN_CONTENDED,
  SPIN_LHP_READY,
  SPIN_LHP_COSTOP,
  SPIN_LWP,
  SPIN_SELF,
  SPIN_CAUSES
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trace log, and hand-made records that tell it a story. */
#ifndef COSTOP_TESTS_SUPPORT_STORY_H
#define COSTOP_TESTS_SUPPORT_STORY_H

#include "cli/trace_log.h"
#include "hv/runstate.h"

/* db: 2 vCPUs, 3 threads, locks b and c (not a). web: 1 vCPU, 1 thread, locks a and c. */
enum { DB_V0, DB_V1, WEB_V0 };
enum { DB_T0, DB_T1, DB_T2, WEB_T0 };
enum { DB_B, DB_C, WEB_A, WEB_C };

struct story {
  struct arena arena;
  struct trace_log *log;
  int64_t now_ns;
};

void story_start(struct story *story, int64_t from_ns, int64_t until_ns, size_t limit);
void story_end(struct story *story);

void story_emit(struct story *story, struct trace_record record);
void story_runstate(struct story *story, vcpu_id_t vcpu, enum runstate to, pcpu_id_t pcpu);
void story_activity(struct story *story, vcpu_id_t vcpu, enum activity to);
void story_current(struct story *story, vcpu_id_t vcpu, thread_id_t thread);
void story_lock(struct story *story, enum trace_what what, thread_id_t thread, lock_id_t id);
void story_own(struct story *story, thread_id_t thread, lock_id_t id);
void story_run(struct story *story, vcpu_id_t vcpu, thread_id_t thread, enum activity what,
               pcpu_id_t pcpu);
void story_stop(struct story *story, vcpu_id_t vcpu, enum runstate to);
/* db/t0 holds b from 5 on and loses its pCPU at 20; db/t1 spins for b from 10 on. */
void story_preempt_holder(struct story *story, enum runstate to);
/* db/t0 runs again from 50 on and releases b at 60; db/t1 gets it. */
void story_resume_holder(struct story *story);

#endif

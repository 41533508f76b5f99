/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/story.h"

static const struct op db_ops[] = {{.code = OP_LOCK, .target = 2},
                                   {.code = OP_LOCK, .target = 1},
                                   {.code = OP_UNLOCK, .target = 1},
                                   {.code = OP_UNLOCK, .target = 2},
                                   {.code = OP_END}};
static const struct op web_ops[] = {{.code = OP_LOCK, .target = 0},
                                    {.code = OP_UNLOCK, .target = 0},
                                    {.code = OP_LOCK, .target = 2},
                                    {.code = OP_UNLOCK, .target = 2},
                                    {.code = OP_END}};
static const struct program programs[] = {{.name = "db", .ops = db_ops, .n_ops = 5},
                                          {.name = "web", .ops = web_ops, .n_ops = 5}};
static const struct lock_spec locks[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
static const struct barrier_spec barriers[] = {{.name = "meet"}};
static const struct vm_spec vms[] = {
    {.name = "db", .guest = {.n_vcpus = 2, .n_threads = 3, .program = &programs[0]}},
    {.name = "web.0", .guest = {.n_vcpus = 1, .n_threads = 1, .program = &programs[1]}}};
static const struct scenario scenario = {.name = "test",
                                         .host = {.n_pcpus = 2},
                                         .locks = locks,
                                         .n_locks = 3,
                                         .barriers = barriers,
                                         .n_barriers = 1,
                                         .programs = programs,
                                         .n_programs = 2,
                                         .vms = vms,
                                         .n_vms = 2,
                                         .run = {.seed = UINT64_MAX}};

void story_start(struct story *story, int64_t from_ns, int64_t until_ns, size_t limit) {
  struct trace_span span = {.from_ns = from_ns, .until_ns = until_ns, .limit = limit};
  story->log = trace_log_new(&scenario, &span, &story->arena);
  story->now_ns = 0;
}

void story_end(struct story *story) {
  trace_log_free(story->log);
  arena_free(&story->arena);
}

void story_emit(struct story *story, struct trace_record record) {
  record.at_ns = story->now_ns;
  story->log->sink.emit(&story->log->sink, &record);
}

void story_runstate(struct story *story, vcpu_id_t vcpu, enum runstate to, pcpu_id_t pcpu) {
  story_emit(story, (struct trace_record){
                        .what = TRACE_RUNSTATE, .vcpu = vcpu, .to = (uint8_t)to, .pcpu = pcpu});
}

void story_activity(struct story *story, vcpu_id_t vcpu, enum activity to) {
  story_emit(story, (struct trace_record){.what = TRACE_ACTIVITY, .vcpu = vcpu, .to = (uint8_t)to});
}

void story_current(struct story *story, vcpu_id_t vcpu, thread_id_t thread) {
  story_emit(story, (struct trace_record){.what = TRACE_CURRENT, .vcpu = vcpu, .thread = thread});
}

void story_lock(struct story *story, enum trace_what what, thread_id_t thread, lock_id_t id) {
  story_emit(story, (struct trace_record){.what = what, .thread = thread, .lock = id});
}

void story_own(struct story *story, thread_id_t thread, lock_id_t id) {
  story_lock(story, TRACE_LOCK_OWN, thread, id);
  story_lock(story, TRACE_LOCK_ENTER, thread, id);
}

void story_run(struct story *story, vcpu_id_t vcpu, thread_id_t thread, enum activity what,
               pcpu_id_t pcpu) {
  story_runstate(story, vcpu, RS_RUNNING, pcpu);
  story_current(story, vcpu, thread);
  story_activity(story, vcpu, what);
}

void story_stop(struct story *story, vcpu_id_t vcpu, enum runstate to) {
  story_activity(story, vcpu, (enum activity)NO_ACTIVITY);
  story_runstate(story, vcpu, to, 0);
}

void story_preempt_holder(struct story *story, enum runstate to) {
  story_run(story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_run(story, DB_V1, DB_T1, ACT_USEFUL, 1);
  story->now_ns = 5;
  story_own(story, DB_T0, DB_B);
  story_activity(story, DB_V0, ACT_CRITICAL);
  story->now_ns = 10;
  story_lock(story, TRACE_LOCK_WAIT, DB_T1, DB_B);
  story_activity(story, DB_V1, ACT_SPIN);
  story->now_ns = 20;
  story_stop(story, DB_V0, to);
  story_emit(story, (struct trace_record){.what = TRACE_PREEMPT, .vcpu = DB_V0});
}

void story_resume_holder(struct story *story) {
  story->now_ns = 50;
  story_runstate(story, DB_V0, RS_RUNNING, 1);
  story_activity(story, DB_V0, ACT_CRITICAL);
  story->now_ns = 60;
  story_lock(story, TRACE_LOCK_RELEASE, DB_T0, DB_B);
  story_own(story, DB_T1, DB_B);
}

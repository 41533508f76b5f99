/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writers make of a story. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/trace_write.h"
#include "sim/time.h"
#include "support/story.h"
#include "support/suite.h"

static struct story story;

static void setup(void) { story_start(&story, 0, TIME_NEVER_NS, 1000); }
static void teardown(void) { story_end(&story); }

/* What a writer wrote; teardown frees the arena that it lives in. */
static char *written(bool is_json) {
  char *buffer;
  size_t size;
  FILE *to = open_memstream(&buffer, &size);
  if (is_json) {
    trace_json_write(story.log, 3, to);
  } else {
    trace_csv_write(story.log, to);
  }
  ck_assert_int_eq(fclose(to), 0);
  char *copy = arena_strdup(&story.arena, buffer);
  free(buffer);
  return copy;
}

START_TEST(csv_has_a_row_per_interval) {
  story_preempt_holder(&story, RS_READY);
  story_resume_holder(&story);
  trace_log_finish(story.log, 70);
  const char *csv = written(false);
  size_t n_lines = 0;
  for (const char *at = csv; (at = strchr(at, '\n')); at++) n_lines++;
  ck_assert_uint_eq(n_lines, story.log->intervals.n + story.log->skews.n + 1);
  const char *header =
      "kind,vm,vcpu,thread,pcpu,lock,state,start_ns,end_ns,value,value_end,peer_vcpu,peer_"
      "thread\r\n";
  ck_assert_int_eq(strncmp(csv, header, strlen(header)), 0);
  ck_assert_ptr_nonnull(strstr(csv, "\nvcpu,db,0,,1,,running,50,70,,,,\r\n"));
  ck_assert_ptr_nonnull(strstr(csv, "\nvcpu,web.0,0,,,,idle,0,70,,,,\r\n"));
  ck_assert_ptr_nonnull(strstr(csv, "\nactivity,db,1,1,1,,spin,10,70,,,,\r\n"));
  ck_assert_ptr_nonnull(strstr(csv, "\nlock,db,0,0,,b,hold,5,60,,,,\r\n"));
  ck_assert_ptr_nonnull(strstr(csv, "\npayment,db,1,1,,b,lhp,20,50,30,,0,0\r\n"));
  ck_assert_ptr_nonnull(strstr(csv, "\nevent,db,0,0,0,b,preempt,20,20,,,,\r\n"));
}
END_TEST

START_TEST(json_has_exact_times_and_paired_arrows) {
  story_preempt_holder(&story, RS_READY);
  story_resume_holder(&story);
  trace_log_finish(story.log, 1234567);
  const char *json = written(true);
  /* Rows: host 1, pCPUs 2 and 3; db 4, its vCPUs 5 and 6, its threads 7 to 9; web.0 10. */
  ck_assert_ptr_nonnull(strstr(json, "\"seed\":\"18446744073709551615\",\"replication\":3,"));
  ck_assert_ptr_nonnull(strstr(json, "\"is_cut\":false,\"from_us\":0.000,\"to_us\":1234.567}"));
  ck_assert_ptr_nonnull(strstr(json, "\"pid\":4,\"tid\":8,\"args\":{\"name\":\"db/t1 locks\"}"));
  ck_assert_ptr_nonnull(
      strstr(json,
             "{\"ph\":\"X\",\"cat\":\"lock\",\"name\":\"hold b\",\"pid\":4,\"tid\":7,"
             "\"ts\":0.005,\"dur\":0.055,"));
  ck_assert_ptr_nonnull(
      strstr(json,
             "{\"ph\":\"X\",\"cat\":\"pcpu\",\"name\":\"db/v0\",\"pid\":1,\"tid\":3,"
             "\"ts\":0.050,\"dur\":1234.517}"));
  ck_assert_ptr_nonnull(
      strstr(json,
             "{\"ph\":\"s\",\"cat\":\"lhp\",\"name\":\"LHP\",\"pid\":4,\"tid\":7,"
             "\"ts\":0.020,\"id\":1,\"args\":{\"lock\":\"b\",\"spun_us\":0.030}}"));
  ck_assert_ptr_nonnull(strstr(json,
                               "{\"ph\":\"f\",\"cat\":\"lhp\",\"name\":\"LHP\",\"pid\":4,\"tid\":8,"
                               "\"ts\":0.020,\"id\":1,\"bp\":\"e\"}"));
}
END_TEST

START_TEST(arrows_lead_from_the_loss_of_the_pcpu_to_the_first_spin) {
  trace_log_free(story.log);
  story_start(&story, 12, TIME_NEVER_NS, 1000);
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_own(&story, DB_T0, DB_B);
  story_own(&story, DB_T0, DB_C);
  story.now_ns = 10;
  story_stop(&story, DB_V0, RS_READY);
  story_run(&story, DB_V1, DB_T1, ACT_USEFUL, 0);
  story.now_ns = 25;
  story_lock(&story, TRACE_LOCK_WAIT, DB_T1, DB_B);
  story_activity(&story, DB_V1, ACT_SPIN);
  story.now_ns = 30;
  story_runstate(&story, DB_V0, RS_RUNNING, 1);
  story_activity(&story, DB_V0, ACT_CRITICAL);
  story.now_ns = 40;
  story_stop(&story, DB_V0, RS_COSTOP);
  trace_log_finish(story.log, 50);
  const char *json = written(true);
  /* The first one's beginning is cut by the span, the second's is where it was. */
  ck_assert_ptr_nonnull(strstr(json, "\"tid\":7,\"ts\":0.012,\"id\":1,"));
  ck_assert_ptr_nonnull(strstr(json, "\"tid\":8,\"ts\":0.025,\"id\":1,"));
  ck_assert_ptr_nonnull(strstr(json, "\"tid\":7,\"ts\":0.040,\"id\":2,"));
  ck_assert_ptr_nonnull(strstr(json, "\"tid\":8,\"ts\":0.040,\"id\":2,"));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("trace");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, csv_has_a_row_per_interval);
  tcase_add_test(tests, arrows_lead_from_the_loss_of_the_pcpu_to_the_first_spin);
  tcase_add_test(tests, json_has_exact_times_and_paired_arrows);
  return suite_run(tests, "cli_trace_write");
}

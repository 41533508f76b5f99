/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delayed preemption.

   Idea: a vCPU that is stopped inside of a spinlock's section stops all that spin for it. Sections
   are short: let it finish, and take the time back.
   Rule: docs/model.md section 7.2. Who is inside when it is to be decided about goes on until it
   has released its outermost spinlock, delay_preemption at most, once per slice. A gang goes on as
   a whole, until all those members have. Invariants: whoever is_delayed runs, and its pCPU's slice
   ends delay_ns after it was due. Cost: nothing when off. Else dispatch phases take the long way,
   one look at the vCPU's threads for each slice end, O(width) for a gang, and an event more for
   what is put off. Source: Uhlig, LeVasseur, Skoglund, Dannowski, "Towards Scalable Multiprocessor
   Virtual Machines" (VM 2004). */
#include "hv/hv.h"
#include "hv/move.h"

/* Those about whom is decided with v: itself, or all of its gang that run, or with core scheduling
   on its core. */
struct company {
  struct vcpu *first;
  uint32_t n;
  pcpu_id_t core;     /* the first pCPU of that core … */
  uint32_t n_threads; /* … and how many it has; 0: wherever they run */
};

static struct company company_of(const struct hv *hv, const struct vcpu *v) {
  if (!hv->cosched->shares_slice_end && !hv->is_core_scheduled)
    return (struct company){.first = &hv->vcpus[v->id], .n = 1};
  const struct hv_vm *vm = hv_vm_of(hv, v);
  struct company company = {.first = &hv->vcpus[vm->first_vcpu], .n = vm->n_vcpus};
  if (hv->cosched->shares_slice_end) return company;
  company.n_threads = hv->topology.n_in[DISTANCE_CORE];
  company.core = v->pcpu - v->pcpu % company.n_threads;
  return company;
}

static bool has(const struct company *company, const struct vcpu *v) {
  if (v->runstate != RS_RUNNING) return false;
  return company->n_threads == 0 || v->pcpu - company->core < company->n_threads;
}

static bool is_any_unsafe(const struct company *company) {
  for (uint32_t i = 0; i < company->n; i++)
    if (has(company, &company->first[i]) && company->first[i].is_unsafe) return true;
  return false;
}

/* Who has joined a company that is delayed goes on with it. */
bool hv_is_to_decide(const struct hv *hv, const struct vcpu *v) {
  struct company company = company_of(hv, v);
  for (uint32_t i = 0; i < company.n; i++)
    if (has(&company, &company.first[i]) && company.first[i].is_delayed) return true;
  return pcpuset_has(&hv->asked, v->pcpu);
}

static void put_off(struct hv *hv, struct vcpu *v, int64_t until_ns) {
  v->is_delayed = true;
  v->is_unsafe = guest_is_inside(hv->guest, v);
  v->due_ns = hv->sim->now_ns;
  v->delays += v->is_unsafe;
  hv->pcpus[v->pcpu].slice_end_ns = until_ns;
  move_sync_event(hv, v, v->pcpu);
}

bool delay_puts_off(struct hv *hv, struct vcpu *v) {
  struct company company = company_of(hv, v);
  int64_t now = hv->sim->now_ns, until_ns = now + hv->delay_ns;
  bool is_inside = false, is_delayed = false;
  for (uint32_t i = 0; i < company.n; i++) {
    const struct vcpu *member = &company.first[i];
    if (!has(&company, member)) continue;
    if (member->has_yielded) return false;
    is_delayed |= member->is_delayed;
    is_inside |= guest_is_inside(hv->guest, member);
  }
  if (is_delayed) return is_any_unsafe(&company) && now < hv->pcpus[v->pcpu].slice_end_ns;
  if (!is_inside) return false;
  for (uint32_t i = 0; i < company.n; i++)
    if (has(&company, &company.first[i])) put_off(hv, &company.first[i], until_ns);
  hv_vm_of(hv, v)->gang_slice_end_ns = until_ns;
  return true;
}

void hv_become_safe(struct hv *hv, struct vcpu *v) {
  struct company company = company_of(hv, v);
  v->is_unsafe = false;
  if (!is_any_unsafe(&company)) hv_ask(hv, v->pcpu);
}

/* The gang overruns together: its first vCPU keeps what all owe. */
void delay_end(struct hv *hv, struct vcpu *v) {
  struct vcpu *payer = hv->cosched->shares_slice_end ? company_of(hv, v).first : v;
  payer->overrun_ns = hv->sim->now_ns - v->due_ns;
  v->delay_timeouts += v->is_unsafe && hv->sim->now_ns - v->due_ns == hv->delay_ns;
  v->is_delayed = v->is_unsafe = false;
}

/* Schedulers that charge for what a vCPU runs have charged for that. */
int64_t delay_settle(const struct hv *hv, struct vcpu *v, int64_t slice_end_ns) {
  int64_t overrun_ns = hv->sched->slice_ns ? 0 : v->overrun_ns;
  v->overrun_ns = 0;
  return slice_end_ns - overrun_ns;
}

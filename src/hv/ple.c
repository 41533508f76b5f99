/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pause-loop exiting (PLE; AMD: pause filter).

   Idea: a guest that spins executes PAUSE in a tight loop. The processor notices, and exits to the
   hypervisor when that goes on for longer than nearly all sections last: the owner of the lock is
   probably not running, and this pCPU had better run somebody else.
   Rule: docs/model.md section 7. The window doubles with each exit of one wait and is reset by a
   dispatch; undirected, the vCPU goes to the end of the queue (Xen); directed, the next READY
   sibling takes its pCPU over for the rest of the slice (KVM: yield_to, round robin).
   Invariants: has_exited and is_exiting are false of vCPUs that are not RUNNING; a vCPU that exits
   does not execute.
   Cost: two events per exit; a directed yield looks at all siblings.
   Source: Linux arch/x86/kvm/vmx/vmx.c (ple_window), virt/kvm/kvm_main.c (kvm_vcpu_on_spin); Xen
   xen/arch/x86/hvm/vmx/vmx.c (EXIT_REASON_PAUSE_INSTRUCTION). */
#include "hv/ple.h"

#include "hv/hv.h"
#include "hv/move.h"
#include "sim/time.h"

struct ple_params ple_resolve(struct ple_params written, double ghz) {
  struct ple_params ple = written;
  if (ple.window_ns == PLE_STANDARD) ple.window_ns = (int64_t)(PLE_WINDOW_CYCLES / ghz);
  return ple;
}

static int64_t longest_ns(const struct ple_params *ple) {
  bool fits = ple->window_ns < TIME_MAX_NS / ple->max_windows;
  return fits ? ple->window_ns * ple->max_windows : TIME_MAX_NS;
}

int64_t hv_spin_window_ns(const struct hv *hv, const struct vcpu *v) {
  if (hv->ple.yield == PLE_OFF) return TIME_NEVER_NS;
  return v->has_exited ? v->window_ns : hv->ple.window_ns;
}

void hv_spin_exit(struct hv *hv, struct vcpu *v) {
  int64_t now = hv->sim->now_ns, max_ns = longest_ns(&hv->ple);
  int64_t window_ns = hv_spin_window_ns(hv, v);
  guest_suspend(hv->guest, v);
  v->is_executing = false;
  if (v->listeners & LISTENER_VM) hv_end_progress(hv, v);
  v->is_exiting = v->has_exited = true;
  v->window_ns = window_ns < max_ns / 2 ? 2 * window_ns : max_ns;
  v->ple_exits++;
  hv_change_activity(hv, v, ACT_OVERHEAD, now);
  move_arm(hv, v, v->pcpu, now + hv_time_ns(hv, v, hv->ple.exit_cost_ns));
}

static bool may_take_over(struct hv *hv, struct vcpu *sibling, pcpu_id_t p) {
  if (sibling->runstate != RS_READY || sibling->is_parked || !hv_may_use(hv, sibling, p))
    return false;
  if (hv->cosched->shares_slice_end || !hv->cosched->offer) return true;
  return hv->cosched->offer(hv, sibling) == VERDICT_ADMIT;
}

/* Round robin: the siblings behind the one that was boosted last come first. */
static struct vcpu *next_sibling(struct hv *hv, struct vcpu *v) {
  struct hv_vm *vm = hv_vm_of(hv, v);
  for (uint32_t i = 1; i <= vm->n_vcpus; i++) {
    struct vcpu *sibling = &hv->vcpus[vm->first_vcpu + (vm->last_boosted + i) % vm->n_vcpus];
    if (may_take_over(hv, sibling, v->pcpu)) return sibling;
  }
  return NULL;
}

static void go_on(struct hv *hv, struct vcpu *v) { move_begin_execution(hv, v, v->pcpu); }

static void give_way(struct hv *hv, struct vcpu *v) {
  go_on(hv, v);
  hv_yield(hv, v);
}

static void give_way_to(struct hv *hv, struct vcpu *v, struct vcpu *sibling) {
  int64_t slice_end_ns = hv->pcpus[v->pcpu].slice_end_ns;
  bool is_over = v->is_delayed || slice_end_ns == hv->sim->now_ns;
  hv_vm_of(hv, v)->last_boosted = sibling->index;
  if (hv->cosched->shares_slice_end || is_over) {
    give_way(hv, v);
    return;
  }
  v->has_yielded = true;
  move_preempt(hv, v, RS_READY);
  hv_take_over(hv, sibling, v->pcpu, slice_end_ns);
  move_enqueue(hv, v, QUEUE_COSTARTED); /* it comes to a queue anew, without privilege */
}

void ple_end_exit(struct hv *hv, struct vcpu *v) {
  v->is_exiting = false;
  if (hv->ple.yield == PLE_UNDIRECTED) {
    give_way(hv, v);
    return;
  }
  struct vcpu *sibling = next_sibling(hv, v);
  if (sibling)
    give_way_to(hv, v, sibling);
  else
    go_on(hv, v);
}

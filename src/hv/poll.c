/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Halt polling.

   Idea: a vCPU that halts is often woken soon. If nobody else wants its pCPU, that may as well look
   out for the wake-up, which then needs no interrupt to arrive.
   Rule: docs/model.md section 7.3. For the vCPU's window the pCPU polls, unless it is given to
   somebody else; a halt that was longer than the window, but shorter than the longest one, makes it
   grow, a longer one shrink.
   Invariants: a pCPU that polls is free; the vCPU that it polls for halted there last.
   Cost: no events: what was polled is worked out when the vCPU is woken or the pCPU is taken.
   Source: Linux virt/kvm/kvm_main.c (kvm_vcpu_halt), Documentation/virt/kvm/halt-polling.rst. */
#include "hv/hv.h"
#include "hv/move.h"

static int64_t end_ns(const struct vcpu *v) { return v->halted_ns + v->poll_ns; }

bool hv_is_polling(const struct hv *hv, const struct vcpu *v) {
  bool has_run = v->pcpu != ID_NONE;
  return has_run && hv->pcpus[v->pcpu].poller == v && hv->sim->now_ns < end_ns(v);
}

void poll_begin(struct hv *hv, struct vcpu *v) {
  v->halted_ns = v->polled_up_to_ns = hv->sim->now_ns;
  if (v->poll_ns > 0) hv->pcpus[v->pcpu].poller = v;
}

void poll_book(struct hv *hv, struct vcpu *v) {
  int64_t now = hv->sim->now_ns, until_ns = now < end_ns(v) ? now : end_ns(v);
  if (until_ns > v->polled_up_to_ns) v->polled_ns += until_ns - v->polled_up_to_ns;
  v->polled_up_to_ns = now;
}

void poll_end(struct hv *hv, struct pcpu *pcpu) {
  poll_book(hv, pcpu->poller);
  pcpu->poller = NULL;
}

static int64_t grown_ns(const struct poll_params *poll, int64_t window_ns) {
  if (poll->grow == 0) return window_ns;
  if (window_ns > poll->max_ns / poll->grow) return poll->max_ns;
  int64_t grown = window_ns * poll->grow;
  if (grown < poll->start_ns) grown = poll->start_ns;
  return grown < poll->max_ns ? grown : poll->max_ns;
}

static int64_t shrunk_ns(const struct poll_params *poll, int64_t window_ns) {
  int64_t shrunk = poll->shrink > 0 ? window_ns / poll->shrink : 0;
  return shrunk >= poll->start_ns ? shrunk : 0;
}

void poll_woken(struct hv *hv, struct vcpu *v) {
  const struct poll_params *poll = &hv->poll;
  if (v->pcpu == ID_NONE) return;
  int64_t halt_ns = hv->sim->now_ns - v->halted_ns;
  v->poll_hits += hv_is_polling(hv, v);
  if (hv->pcpus[v->pcpu].poller == v) poll_end(hv, &hv->pcpus[v->pcpu]);
  if (halt_ns <= v->poll_ns) return;
  if (halt_ns > poll->max_ns)
    v->poll_ns = shrunk_ns(poll, v->poll_ns);
  else if (halt_ns < poll->max_ns)
    v->poll_ns = grown_ns(poll, v->poll_ns);
}

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would the tests notice? Turns round conditions and constants of the simulator one by one, in a
copy of the sources, and counts how many of these faults the tests find. A test that is as good
without a condition does not test it.

Run it with the names of files to try only the changes in those: mutate.py dispatch.c skew.c"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AT_LEAST_PCT = 95
# Those that find most come first; the next stage is built and run if one finds nothing.
STAGES = (("oracle-oracle",),
          ("conformance-timelines_host", "conformance-timelines_instants",
           "conformance-timelines_guest", "conformance-timelines_locks",
           "conformance-timelines_cures",
           "conformance-timelines_osv", "conformance-timelines_credit",
           "conformance-timelines_credit2", "conformance-timelines_eevdf",
           "conformance-timelines_esx", "conformance-timelines_cores",
           "conformance-timelines_calls", "conformance-timelines_interrupts",
           "conformance-known_results", "conformance-known_results_guest",
           "conformance-known_results_schedulers"),
          ("conformance-every_kind", "property-relations", "property-generated"))

# (file below src, what is there once, what is put in its place)
CHANGES = (
    # who runs where
    ("hv/dispatch.c",
     "if (hv->free.n_members > 0) hv->must_fill = true;\n}\n\nstatic void wake_plain",
     "}\n\nstatic void wake_plain"),
    ("hv/dispatch.c", "to == RS_COSTOP || !v->has_yielded", "!v->has_yielded"),
    ("hv/dispatch.c", "to == RS_COSTOP || !v->has_yielded", "true"),
    ("hv/dispatch.c", "if (is_against_will && to == RS_READY) v->preemptions++;",
     "if (is_against_will) v->preemptions++;"),
    ("hv/move.h", "if (hv->n_waiting > 0) hv->must_fill = true;", ""),
    ("hv/dispatch.c", "hv->free.n_members > 1 && hv->n_queued > 1", "false"),
    # short ways of plain hosts
    ("hv/plain.h", "next->pcpu != p || pcpu->dispatch_order < order", "next->pcpu != p"),
    ("hv/plain.h", "next->pcpu != p || pcpu->dispatch_order < order",
     "pcpu->dispatch_order < order"),
    ("hv/plain.h", " && calendar_next_ns(&hv->sim->calendar) > now", ""),
    ("hv/plain.h", "(uint64_t)n_free * n_queued > 0", "false"),
    ("hv/move.h", "(pcpu->last != NULL) & (pcpu->last != v)", "(pcpu->last != NULL) & (v != NULL)"),
    ("hv/plain.h", "if (hv->n_waiting > 0) hv->must_fill = true;", ""),
    # … of hosts where pCPUs pick, and of siblings
    ("hv/picked.h",
     "hv->asked.n_members == 0 &&\n"
     "         !calendar_has_other(&hv->sim->calendar, p, hv->sim->now_ns)",
     "hv->asked.n_members == 0"),
    ("hv/picked.h", "    hv->must_fill = true;\n", ";\n"),
    ("hv/picked.h", "    if (ops->untake) ops->untake(hv, next);\n    return false;\n", ""),
    ("hv/picked.h", "if (calendar_next_ns(&hv->sim->calendar) <= hv->sim->now_ns) return;", ""),
    ("hv/picked.h", "v->preemptions++;", ""),
    ("hv/sibling.h", "v->preemptions += to == RS_READY;", "v->preemptions++;"),
    ("hv/sibling.h", "(is_free || hv->overhead_is_progress)", "is_free"),
    ("hv/sibling.h", "skew_move_on(moves->skew, v->index, now, &moves->moved);", ""),
    # schedulers
    ("hv/sched_credit.c", "!current->has_yielded && is_limited(hv, current)",
     "is_limited(hv, current)"),
    ("hv/sched_credit.c", "first->prio == OVER ? steal(hv, p, OVER) : NULL", "NULL"),
    ("hv/sched_credit.c", "if (is_limited(hv, v)) return v;", ""),
    ("hv/sched_esx.c", "note(hv, v, account, has_budgets);\n    return v;", "return v;"),
    ("hv/sched_esx.c", "if (other && other->has_yielded) other = pass_over(hv, p, other);", ""),
    ("hv/sched_esx.c", "if (account->virtual_ns < least_ns) account->virtual_ns = least_ns;",
     "account->virtual_ns = least_ns;"),
    ("hv/sched_esx.c", "esx->reservation.left_ns[vm->id] = 0;", ""),
    ("hv/budget.h", "most_ns = BUDGET_LEAST_NS;", "most_ns = BUDGET_LEAST_NS + 1;"),
    ("guest/gsched_osv.c", "!g->v->is_executing || g->v->is_steady", "!g->v->is_executing"),
    ("hv/sched_rr.c", "next->place < head->place", "next->place > head->place"),
    ("hv/sched_credit2.c", "is_far_ahead || order->entries[order_id(first)].stands == p",
     "true"),
    ("hv/sched_credit2.c", "its->rank + YIELD_BIAS_NS", "its->rank"),
    ("hv/sched_credit2.c", "if (current->has_yielded) return challenger(",
     "if (current->has_yielded && credit2_limit_left_ns(hv, p) <= 0) return challenger("),
    ("hv/sched_credit2.c", "if (slice_ns > params->init_ns) slice_ns = params->init_ns;", ""),
    ("hv/sched_credit2.c", "least_ns = params->min_timer_ns;",
     "least_ns = params->min_timer_ns + 1;"),
    ("hv/sched_credit2.c", "bool comes_back = v->is_parked && v->is_queued;",
     "bool comes_back = v->is_queued;"),
    ("hv/credit2.h", "rank < credit2->worst_ns ? rank : credit2->worst_ns", "rank"),
    ("hv/credit2.h", "own->full_ns <= least.full_ns", "own->full_ns < least.full_ns"),
    ("hv/credit2_reset.c", "if (entry->rank < 0) entry->rank = 0;", ""),
    ("hv/credit2_reset.c", "v->runstate != RS_RUNNING || (v->is_queued && v->pcpu == decision->p)",
     "v->runstate != RS_RUNNING"),
    ("hv/credit2_tickle.c", "score_ns > best->score_ns", "score_ns >= best->score_ns"),
    ("hv/order.c", "if (key < least) least = key;", "least = key;"),
    ("hv/order.c", "  in->place = place;\n", ""),
    ("hv/batch.c", "!has_own(hv, p)", "false"),
    ("hv/order.c", "if (order_may_take(hv, order_vcpu(hv, key), p)) least = key;", "least = key;"),
    ("hv/sched_credit2.c", "order_rank(first) < credit2->most_ns ? order_vcpu(hv, first) : NULL",
     "first != WTREE_NONE ? order_vcpu(hv, first) : NULL"),
    ("hv/sched_credit2.c", "return its->rank < credit2->most_ns ? v : NULL;", "return v;"),
    ("hv/credit2_reset.c", "full_ns = hv->sim->now_ns - entry->rank;", "full_ns += 0;"),
    ("hv/picked.h", "if (ops->untake) ops->untake(hv, next);", ""),
    ("hv/picked.h", "if (next) ops->untrade(hv, v, next);", ""),
    ("hv/dispatch.c", "if (hv->asked.n_members > 0 || !end_slice(hv, p))",
     "if (!end_slice(hv, p))"),
    ("hv/sched_eevdf.c",
     "if (hv_has_free(hv, v)) member->queue = select_idle(hv, v, member->queue);", ""),
    ("hv/sched_eevdf.c", "return p < first + n ? p : hv_lowest_free(hv, mask);",
     "return hv_lowest_free(hv, mask);"),
    ("hv/sched_eevdf.c", "if (reason == QUEUE_YIELDED)", "if (false)"),
    ("hv/fairhost.c", "pcpuset_add(&host->balanced, p);", ""),
    ("hv/sched_eevdf.c", "if (are_many) calendar_build_pcpus(&hv->sim->calendar);", ""),
    ("hv/sched_eevdf.c", "stop(hv, v, true)", "stop(hv, v, false)"),
    ("hv/fairqueue.h", "is_first && is_eligible ? running : next", "is_first ? running : next"),
    ("hv/fairqueue.h", "(slice_ns >> member->is_new)", "slice_ns"),
    ("hv/fairqueue.h", "member->lag_ns + member->lag_ns * weight / others", "member->lag_ns"),
    ("hv/fairqueue.h", "lag_ns = lag_ns < most_ns ? lag_ns : most_ns;", ""),
    ("hv/fairqueue.h", "lag_ns > -most_ns ? lag_ns : -most_ns", "lag_ns"),
    ("hv/fairqueue.h",
     "!fairqueue_is_over(queue) && fairqueue_lag(queue, &queue->running->ring) >= 0",
     "!fairqueue_is_over(queue)"),
    ("hv/fairqueue.h", "(deadline_ns - running_ns) & (queue->picked_ns - running_ns)",
     "deadline_ns - running_ns"),
    ("hv/fairqueue.h", "if (fairqueue_lag(queue, &member->ring) >= 0) return member;",
     "return member;"),
    ("hv/fairqueue.h", "member->rest = (uint32_t)(due % member->weight);", ""),
    ("hv/fairqueue.h", "if (other->ring.deadline_ns > deadline_ns) return true;", ""),
    ("hv/fairhost.c", "member->weight <= host->queues[q].weight - load && (", "("),
    ("hv/fairhost.c", "if (best && member->arrival > best->arrival) continue;",
     "if (best) continue;"),
    ("hv/shares.c", "left_ns -= share->most_ns;", ""),
    # books
    ("hv/account.c", "vm->n_in[RS_RUNNING] > 0 && vm->n_in[RS_READY] + vm->n_in[RS_COSTOP] > 0",
     "vm->n_in[RS_RUNNING] > 0 && vm->n_in[RS_READY] > 0"),
    ("hv/account.c", "vm->hazard_since_ns = now;", ""),
    ("hv/account.c", "if (to == RS_COSTOP) v->costops++;", "if (from != RS_COSTOP) v->costops++;"),
    ("hv/account.c", "else if (to == RS_RUNNING && hv->overhead_is_progress)",
     "else if (to == RS_RUNNING)"),
    # skew
    ("hv/skew.h", "if (lead_ns > clock->lead_max_ns) clock->lead_max_ns = lead_ns;",
     "clock->lead_max_ns = lead_ns;"),
    ("hv/skew.c", "if (clock->p_ns < floor_ns) clock->p_ns = floor_ns;", ""),
    ("hv/skew.c", "is_first ? skew->top_ns : skew_bottom(skew)", "skew->top_ns"),
    ("hv/skew.c", "cut[1] = top < bottom ? top : bottom;", "cut[1] = top;"),
    ("hv/skew.c", "skew->integral2 += (__int128)(skew_a + skew_b) * (b_ns - a_ns);",
     "skew->integral2 += (__int128)(skew_a + skew_a) * (b_ns - a_ns);"),
    ("hv/skew.c", "return needed - ends.advancing.least_ns;",
     "return needed - ends.advancing.least_ns + 1;"),
    # co-scheduling
    ("hv/cosched_relaxed.c", "lead_ns >= relaxed->params.costop_threshold_ns",
     "lead_ns > relaxed->params.costop_threshold_ns"),
    ("hv/cosched_relaxed.c", "if (lead_ns >= least_ns) continue;",
     "if (lead_ns > least_ns) continue;"),
    ("hv/cosched_relaxed.c", "is_over || v->home != ID_NONE", "v->home != ID_NONE"),
    ("hv/cosched_relaxed.c", "return laggard != NULL;", "return false;"),
    ("hv/cosched_relaxed.c", "(hv_n_not_idle(vm) > 1 || vm->n_in[RS_COSTOP] > 0)",
     "hv_n_not_idle(vm) > 1"),
    ("hv/cosched_relaxed.c", "return stop_ns < start_ns ? stop_ns : start_ns;", "return stop_ns;"),
    ("hv/cosched_strict.c", "vm->n_in[RS_RUNNING] > vm->n_expired", "vm->n_in[RS_RUNNING] > 0"),
    ("hv/cosched_strict.c", "gang->refused_since_ns >= patience_ns",
     "gang->refused_since_ns > patience_ns"),
    ("hv/cosched_strict.c", "if (v->runstate != RS_IDLE && v->place < place) place = v->place;",
     "if (v->runstate != RS_IDLE) place = v->place;"),
    ("hv/cosched_strict.c", "awaited->place < barrier", "awaited->place > barrier"),
    ("hv/cosched_strict.c", "if (!head || head->place >= place) continue;", "if (!head) continue;"),
    ("hv/cosched_strict.c", "if (vm->n_in[RS_READY] == 0 || vm->n_in[RS_RUNNING] == 0)",
     "if (vm->n_in[RS_READY] == 0)"),
    # whole batches, cores, delays, polls, exits
    ("hv/batch.c", "own_is_free && (v->has_expired || mask)", "own_is_free && mask"),
    ("hv/batch.c", "if (!is_in_dispatch_order(hv)) sort_expired(hv);", ""),
    ("hv/batch.c", "if (!other || !cores_precedes(hv, other, v)) continue;",
     "if (!other) continue;"),
    ("hv/cores.c", "core->n_busy > 1 && hv->smt_speed < SMT_FULL_SPEED", "core->n_busy > 0"),
    ("hv/cores.c", "if (is_home && may_sit(hv, v, v->pcpu)) return v->pcpu;", ""),
    ("hv/cores.c", "(best && !cores_precedes(hv, v, best))", "best"),
    ("hv/delay.c", "if (member->has_yielded) return false;", ""),
    ("hv/delay.c", "is_any_unsafe(&company) && now < hv->pcpus[v->pcpu].slice_end_ns",
     "now < hv->pcpus[v->pcpu].slice_end_ns"),
    ("hv/delay.c", "return slice_end_ns - overrun_ns;", "return slice_end_ns;"),
    ("hv/poll.c", "if (halt_ns <= v->poll_ns) return;", ""),
    ("hv/poll.c", "return shrunk >= poll->start_ns ? shrunk : 0;", "return shrunk;"),
    ("hv/ple.c", "(vm->last_boosted + i) % vm->n_vcpus", "i % vm->n_vcpus"),
    ("hv/ple.c", "v->is_delayed || slice_end_ns == hv->sim->now_ns", "v->is_delayed"),
    # locks
    ("guest/lock.c", "state == RS_RUNNING || state == RS_IDLE", "state == RS_RUNNING"),
    ("guest/lock.c", "if (!lock->is_entered) return SPIN_LWP;", ""),
    ("guest/lock.c", "return state == RS_COSTOP ? SPIN_LHP_COSTOP : SPIN_LHP_READY;",
     "return state == RS_READY ? SPIN_LHP_COSTOP : SPIN_LHP_READY;"),
    ("guest/lock.c", "return t && !t->is_woken && t->phase != PHASE_SPIN ? t : NULL;",
     "return t && t->phase != PHASE_SPIN ? t : NULL;"),
    ("guest/lock.c", "return t && !t->is_woken && t->phase != PHASE_SPIN ? t : NULL;",
     "return t && !t->is_woken ? t : NULL;"),
    ("guest/lock.c", "(uint32_t)(rng_uniform(lock->race) * n)", "0"),
    ("guest/lock.c", "if (!guest_is_current(lock->owner)) return false;", ""),
    ("guest/lock.c", "if (n > lock->ops->max_disturbers) n = lock->ops->max_disturbers;", ""),
    ("guest/lock.c", "if (lock->ops->is_spinlock) t->n_spin_owned++;", "t->n_spin_owned++;"),
    ("guest/lock.c", "if (t->phase == PHASE_RETRY) t->spun_ns = 0;", ""),
    ("guest/lock.c", "if (t->phase == PHASE_COST) return;", ""),
    ("guest/lock.c",
     "bool wakes_sleeper = lock->ops->wakes_sleeper && !(next && lock->ops->is_fifo);",
     "bool wakes_sleeper = lock->ops->wakes_sleeper && !next;"),
    ("guest/lock_ticket.c", ".max_disturbers = DISTURBERS_ALL,", ".max_disturbers = 0,"),
    ("guest/lock_tas.c", ".next_owner = lock_race,", ".next_owner = NULL,"),
    ("guest/lock_handoff.c", "return lock->first_waiter;", "return lock->last_waiter;"),
    # interrupts and calls
    ("guest/interrupt.c", "g->handler->has_begun || (g->current && g->current->n_masked > 0)",
     "g->handler->has_begun"),
    ("guest/interrupt.c", "is_awaited = true;", ""),
    ("guest/interrupt.c", "g->owes_switch = handler->owed_switch;", ""),
    ("guest/interrupt.c", "if (g->current->phase == PHASE_DONE) return;",
     "if (false) return;"),
    ("guest/call.c", "return call->n_missing[RS_READY] > 0 ? SPIN_LHP_READY : SPIN_CONTENDED;",
     "return SPIN_CONTENDED;"),
    ("guest/call.c", "if (executes) guest_begin_phase(g);", ""),
    # spinning, barriers, deadlocks
    ("guest/spin.c", "clock->since_ns = sim->now_ns;\n}\n\nvoid spin_clock_set",
     "}\n\nvoid spin_clock_set"),
    ("guest/spin.c", "g->v->spin_ns[cause] += lost_ns;", "g->v->spin_ns[0] += lost_ns;"),
    ("guest/barrier.c", "barrier->n_arrived + 1 >= barrier->parties",
     "barrier->n_arrived >= barrier->parties"),
    ("guest/barrier.c", "barrier->n_missing[from] -= missing;", ""),
    ("guest/barrier.c", "if (executes && !g->owes_switch) guest_begin_phase(g);",
     "if (executes) guest_begin_phase(g);"),
    ("guest/deadlock.c", "if (!blocker || blocker->n_look == look) return false;",
     "if (!blocker) return false;"),
)


def run(*command):
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def build(tree, targets):
    done = run("cmake", "--build", tree / "build", "--target", *targets)
    return done.returncode == 0, done.stdout


def finds(tree, name):
    """Does the test fail, or hang?"""
    try:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "CK_VERBOSITY": "silent",
                       "CK_TIMEOUT_MULTIPLIER": "30"}  # Check's 4 s are few beside other work
        return subprocess.run([tree / "build" / "tests" / name], cwd=tree, env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300,
                              check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def found_by(tree):
    """The test that finds the fault; None: nobody."""
    for stage in STAGES:
        is_built, output = build(tree, stage)
        if not is_built:
            sys.exit(output[-2000:])
        for name in stage:
            if finds(tree, name):
                return name
    return None


def copy_sources(tree):
    listed = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    configured = run("cmake", "-S", tree, "-B", tree / "build", "-G", "Ninja",
                     "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -g0",
                     "-DCOSTOP_WERROR=OFF")  # the tests are to find it, not the compiler
    if configured.returncode:
        sys.exit(configured.stdout)


def outdated(changes):
    return [f"{file}: {old!r} is there {n} times" for file, old, _ in changes
            if (n := (ROOT / "src" / file).read_text(encoding="utf-8").count(old)) != 1]


def try_changes(changes, tree):
    missed = []
    for number, (file, old, new) in enumerate(changes, 1):
        path = tree / "src" / file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, new), encoding="utf-8")
        finder = found_by(tree)
        path.write_text(text, encoding="utf-8")
        print(f"{number}/{len(changes)} {file}: {' '.join(old.split())[:60]}: "
              f"{finder or 'NOT FOUND'}", flush=True)
        if not finder:
            missed.append((file, old, new))
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="names of source files (default: all)")
    wanted = parser.parse_args().files
    changes = [c for c in CHANGES if not wanted or Path(c[0]).name in wanted]
    if stale := outdated(changes):
        sys.exit("\n".join(stale))
    with tempfile.TemporaryDirectory() as directory:
        tree = Path(directory)
        copy_sources(tree)
        if finder := found_by(tree):
            sys.exit(f"{finder} fails without any change")
        missed = try_changes(changes, tree)
    n_found = len(changes) - len(missed)
    print(f"{n_found} of {len(changes)} faults found, {100 * n_found / len(changes):.0f} %")
    for file, old, new in missed:
        print(f"--- not found: {file}\n- {old}\n+ {new}")
    if 100 * n_found < AT_LEAST_PCT * len(changes):
        sys.exit(1)


main()

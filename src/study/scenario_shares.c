/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What VMs may claim of the pCPUs: weight, cap, limit, reservation. */
#include <string.h>

#include "hv/sched.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

/* Is the scheduler's kind set by --set or an axis? Then keys for another one are no surprise. */
static bool is_switched(struct bind *bind, struct site kind) {
  return (kind.node && conf_is_argument(kind.node)) || conf_find(bind->sweep, kind.path);
}

static void check_effects(struct bind *bind, struct site vm, const struct vm_spec *spec,
                          struct site kind, const struct sched_ops *sched) {
  const struct {
    const char *key;
    bool is_claimed;
    unsigned honour; /* what a scheduler must do for it to count */
  } claims[] = {
      {"weight", spec->weight != WEIGHT_STANDARD, HONOURS_WEIGHT},
      {"cap", spec->cap_pct > 0, HONOURS_CAP},
      {"limit", spec->limit_pct > 0, HONOURS_CAP},
      {"reservation", spec->reservation_pct > 0, HONOURS_RESERVATION},
  };
  for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
    if (!claims[i].is_claimed || (sched->honours & claims[i].honour)) continue;
    struct site site = site_child(bind, vm, claims[i].key);
    diag_warning(bind->diags, site.place, site.path, NULL, "no effect under '%s' (%s)",
                 sched->kind.name, scenario_name_site(bind, kind));
  }
}

static void check_reservation(struct bind *bind, struct site vm, const struct scenario *scenario,
                              const struct vm_spec *spec) {
  double cap_pct = vm_cap_pct(spec), reserved_pct = spec->reservation_pct;
  struct site reservation = site_child(bind, vm, "reservation");
  struct site cap = site_child(bind, vm, cap_pct == spec->cap_pct ? "cap" : "limit");
  if (cap_pct > 0 && cap_pct < reserved_pct)
    diag_error(bind->diags, cap.place, cap.path, NULL,
               "%.15g %% is below what is reserved, %.15g %% (%s)", cap_pct, reserved_pct,
               scenario_name_site(bind, reservation));
  uint32_t n_pcpus = scenario_count_pcpus(scenario, spec);
  bool is_narrow = spec->guest.n_vcpus < n_pcpus;
  double most_pct = 100.0 * (is_narrow ? spec->guest.n_vcpus : n_pcpus);
  struct site bound = site_child(bind, vm, is_narrow || !spec->affinity ? "vcpus" : "affinity");
  if (n_pcpus > 0 && reserved_pct > most_pct)
    diag_error(bind->diags, reservation.place, reservation.path, NULL,
               "reserves %.15g %% of a pCPU, but can use %.15g %% (%s)", reserved_pct, most_pct,
               scenario_name_site(bind, bound));
}

void scenario_check_shares(struct bind *bind, struct site root, const struct scenario *scenario) {
  const struct kind *kind = scenario->hypervisor.scheduler.kind;
  const struct sched_ops *sched = (const struct sched_ops *)(const void *)kind;
  struct site vms = site_child(bind, root, "vms");
  double reserved_pct = 0;
  struct site kind_site = site_child(bind, site_child(bind, root, "hypervisor"), "scheduler");
  kind_site = site_child(bind, kind_site, "kind");
  bool may_surprise = sched && !is_switched(bind, kind_site);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *spec = &scenario->vms[i];
    reserved_pct += spec->reservation_pct;
    if (i > 0 && strcmp(spec->base_name, scenario->vms[i - 1].base_name) == 0) continue;
    struct site vm = site_child(bind, vms, spec->base_name);
    if (may_surprise) check_effects(bind, vm, spec, kind_site, sched);
    check_reservation(bind, vm, scenario, spec);
  }
  if (reserved_pct <= 100.0 * scenario->host.n_pcpus) return;
  struct site pcpus = site_child(bind, site_child(bind, root, "host"), "pcpus");
  diag_error(bind->diags, vms.place, vms.path, NULL,
             "reserve %.15g %% of a pCPU together, the host has %.15g %% (%s)", reserved_pct,
             100.0 * scenario->host.n_pcpus, scenario_name_site(bind, pcpus));
}

# SPDX-License-Identifier: GPL-3.0-or-later
# Where the time of a VM's vCPUs goes: stacked shares, which add up to 100 %.
#
#   costop plot DIR budget -o budget.csv
#   gnuplot -e "input='budget.csv'; output='budget.svg'" plots/budget.gp
#
# x_title   what is along x

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = ""

n_parts = 11
array metrics[n_parts] = ["useful_pct", "critical_pct", "kernel_pct", "overhead_pct", \
  "spin_contended_pct", "spin_lhp_pct", "spin_lwp_pct", "spin_self_pct", "costop_pct", \
  "ready_pct", "idle_pct"]
array part_names[n_parts] = ["useful", "critical section", "guest overhead", \
  "hypervisor overhead", "spin: holder runs", "spin: holder stopped", "spin: waiter stopped", \
  "spin: deadlock", "co-stop", "ready", "idle"]
array part_colors[n_parts] = ["#009E73", "#0072B2", "#F0E442", "#6A6A6A", "#E69F00", "#D55E00", \
  "#56B4E9", "#000000", "#CC79A7", "#C8C8C8", "#F4F4F4"]
array part_inks[n_parts] = ["#FFFFFF", "#FFFFFF", ink, "#FFFFFF", ink, "#FFFFFF", ink, \
  "#FFFFFF", ink, ink, ink]
part(i) = column(metrics[i])
set ylabel "share of vCPU time (%)"
set yrange [0:100]
load dir."bars.gp"

# SPDX-License-Identifier: GPL-3.0-or-later
# Whom spinning waits for: stacked shares of vCPU time, one bar for each kind of lock or cell.
#
#   costop plot DIR spin-cause -o spin-cause.csv
#   gnuplot -e "input='spin-cause.csv'; output='spin-cause.svg'" plots/spin-cause.gp
#
# x_title   what is along x

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = ""

n_parts = 5
array metrics[n_parts] = ["spin_contended_pct", "", "spin_lhp_costop_pct", "spin_lwp_pct", \
  "spin_self_pct"]
array part_names[n_parts] = ["holder runs", "holder ready", "holder co-stopped", \
  "waiter granted it, stopped", "deadlock"]
array part_colors[n_parts] = ["#E69F00", "#D55E00", "#CC79A7", "#56B4E9", "#000000"]
array part_inks[n_parts] = [ink, "#FFFFFF", ink, ink, "#FFFFFF"]
part(i) = i == 2 ? column("spin_lhp_pct") - column("spin_lhp_costop_pct") : column(metrics[i])
set ylabel "spinning (% of vCPU time)"
set yrange [0:*]
load dir."bars.gp"

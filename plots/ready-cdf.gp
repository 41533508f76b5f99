# SPDX-License-Identifier: GPL-3.0-or-later
# How long a vCPU waits for a pCPU: which share of the waits of a VM is no longer than that.
#
#   costop plot DIR ready-cdf -o ready-cdf.csv
#   gnuplot -e "input='ready-cdf.csv'; output='ready-cdf.svg'" plots/ready-cdf.gp

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"

array counts[999]
least_us = NaN; most_us = 0
see_wait(us) = (least_us = least_us <= us ? least_us : us, most_us = larger(most_us, us))
stats input using (add_series(column("series_number")) + see_wait(column("wait_us")) + \
  (counts[column("series_number")] = column("n"))) nooutput
if (!exists("width")) width = 900
if (!exists("height")) height = 520
load dir."picture.gp"

set xlabel "wait for a pCPU (ms)"
set ylabel "share of waits that are no longer (%)"
set logscale x 10
if (most_us < 4 * least_us) { least_us = least_us / 2.; most_us = most_us * 2 }
set xrange [least_us / 1300.:most_us / 770.]
set yrange [0:100]
set xtics ()
do for [i = -6:6] { do for [k in "1 2 5"] { set xtics add (sprintf("%g", k * 10.**i) k * 10.**i) } }
set key outside right top vertical Left reverse samplen 3 title "VM" left

# There are no points to tell the lines apart.
dash_of(i) = (i - 1) % 5 + 1

plot for [i = 1:n_series] input using (of_series(i, column("wait_us") / 1e3)):"share_pct" \
  with steps lw 2 lc rgb color_of(i) dt dash_of(i) \
  title sprintf("%s (n = %d)", series_names[i], counts[i])
unset output

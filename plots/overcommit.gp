# SPDX-License-Identifier: GPL-3.0-or-later
# What overcommitment leaves: a heat map of throughput, in % of that with the fewest vCPUs per
# pCPU, over that ratio and the load.
#
#   costop plot DIR overcommit -o overcommit.csv
#   gnuplot -e "input='overcommit.csv'; output='overcommit.svg'" plots/overcommit.gp
#
# x_title, series_title   what makes the ratio, and the load

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = ""
if (!exists("series_title")) series_title = ""

array ratios[9999]
stats input using (add_series(column("series_number")) + add_x(column("x_number")) + \
  (ratios[column("x_number")] = column("vcpus_per_pcpu"))) nooutput
if (!exists("width")) width = larger(640, smaller(2000, 260 + 64 * n_x))
if (!exists("height")) height = larger(360, smaller(1600, 190 + 44 * n_series))
load dir."picture.gp"

set xrange [0.5:n_x + 0.5]
set yrange [0.5:n_series + 0.5]
# The fewest vCPUs per pCPU to the left.
if (ratios[1] > ratios[n_x]) { set xrange [n_x + 0.5:0.5] }
set xtics () scale 0
do for [i = 1:n_x] { set xtics add (sprintf("%.3g\n(%s)", ratios[i], x_names[i]) i) }
set ytics () scale 0
do for [i = 1:n_series] { set ytics add (series_names[i] i) }
set xlabel "vCPUs per pCPU (".x_title.")" offset 0, -0.8
set ylabel series_title offset -1, 0
set bmargin 5.4 + lines(caption)
set lmargin 8 + longest_series
set cblabel "throughput left (%)"
set cbrange [0:100]
set palette defined (0 "#08306B", 50 "#6BAED6", 100 "#F7FBFF")
set colorbox user origin graph 1.03, graph 0 size character 2, graph 1
set rmargin 12
unset grid
set border 0
kept = "kept_pct"
at_x(_) = column("x_number")
at_y(_) = column("series_number")
label_of(_) = sprintf("%.0f", column(kept))

plot \
  input using (at_x(0)):(at_y(0)):(at_x(0) - 0.5):(at_x(0) + 0.5):(at_y(0) - 0.5): \
    (at_y(0) + 0.5):(smaller(100, column(kept))) \
    with boxxyerror fs solid 1 border lc rgb "#FFFFFF" fc palette notitle, \
  input using (at_x(0)):(column(kept) < 50 ? at_y(0) : NaN):(label_of(0)) \
    with labels tc rgb "#FFFFFF" notitle, \
  input using (at_x(0)):(column(kept) >= 50 ? at_y(0) : NaN):(label_of(0)) \
    with labels tc rgb ink notitle
unset output

# SPDX-License-Identifier: GPL-3.0-or-later
# Who ran while a VM was READY: a heat map of its READY time, in % of its vCPU time, by who had the
# pCPUs that it may use.
#
#   costop plot DIR steal -o steal.csv
#   gnuplot -e "input='steal.csv'; output='steal.svg'" plots/steal.gp

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"

most = 0
stats input using (add_series(column("series_number")) + add_x(column("x_number")) + \
  (most = larger(most, column("steal_pct")))) nooutput
if (most == 0) { most = 1 }
if (!exists("width")) width = larger(640, smaller(2000, 300 + 64 * n_x))
if (!exists("height")) height = larger(360, smaller(1600, 200 + 34 * n_series))
load dir."picture.gp"

set xrange [0.5:n_x + 0.5]
set yrange [n_series + 0.5:0.5]
set xtics () rotate by -35 scale 0
do for [i = 1:n_x] { set xtics add (x_names[i] i) }
set ytics () scale 0
do for [i = 1:n_series] { set ytics add (series_names[i] i) }
set xlabel "… while this one had the pCPUs"
set ylabel "READY was …" offset -1, 0
set bmargin 3.8 + 0.3 * longest_x + lines(caption)
set lmargin 8 + longest_series
set cblabel "% of the READY VM's vCPU time" offset 1, 0
set cbrange [0:most]
set palette defined (0 "#F7FBFF", 0.5 "#6BAED6", 1 "#08306B")
set colorbox user origin graph 1.03, graph 0 size character 2, graph 1
set rmargin 13
unset grid
set border 0
share = "steal_pct"
at_x(_) = column("x_number")
at_y(_) = column("series_number")
label_of(_) = sprintf("%.1f", column(share))

plot \
  input using (at_x(0)):(at_y(0)):(at_x(0) - 0.5):(at_x(0) + 0.5):(at_y(0) - 0.5): \
    (at_y(0) + 0.5):(column(share)) \
    with boxxyerror fs solid 1 border lc rgb "#FFFFFF" fc palette notitle, \
  input using (at_x(0)):(column(share) > 0.55 * most ? at_y(0) : NaN):(label_of(0)) \
    with labels tc rgb "#FFFFFF" notitle, \
  input using (at_x(0)):(column(share) <= 0.55 * most ? at_y(0) : NaN):(label_of(0)) \
    with labels tc rgb ink notitle
unset output

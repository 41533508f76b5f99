# SPDX-License-Identifier: GPL-3.0-or-later
# Throughput against what was swept, vCPUs above all: a line and a band for each series, and the
# smallest sufficient count ringed.
#
#   costop plot DIR sizing -o sizing.csv
#   gnuplot -e "input='sizing.csv'; output='sizing.svg'" plots/sizing.gp
#
# x_title, series_title   what is along x, and what the series are

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = ""
if (!exists("series_title")) series_title = ""

n_chosen = 0; most = 0; is_geometric = 0
see_value(value, chosen) = (most = larger(most, value), n_chosen = n_chosen + chosen)
stats input using (add_series(column("series_number")) + add_x(column("x_number")) + \
  see_value(column("throughput_per_s"), column("is_chosen"))) nooutput
# 1, 2, 4, 8 … go on a logarithmic axis.
if (n_x > 3 && x_positions[1] > 0) {
  is_geometric = 1
  do for [i = 2:n_x] { if (x_positions[i] < 1.4 * x_positions[i - 1]) { is_geometric = 0 } }
}
if (!exists("width")) width = 900
if (!exists("height")) height = 520
if (n_chosen > 0) {
  caption = (exists("caption") ? caption."; " : "").\
    "ringed: the smallest count that is certainly within 2 % of the best"
}
load dir."picture.gp"

set xlabel x_title
set ylabel "throughput (iterations/s)"
set yrange [0:*]
# Two digits at least: "2.5 k", "25 k".
set format y most > 0 && most / 1000.**floor(log10(most) / 3) < 10 ? "%.1s %c" : "%.0s %c"
if (is_geometric) { set logscale x 2 }
if (n_x > 1) {
  pad = is_geometric ? 0 : 0.03 * (x_positions[n_x] - x_positions[1])
  factor = is_geometric ? 1.1 : 1
  set xrange [x_positions[1] / factor - pad:x_positions[n_x] * factor + pad]
}
set xtics ()
do for [i = 1:n_x] { set xtics add (x_names[i] x_positions[i]) }
set key outside right top vertical Left reverse samplen 3 title series_title left
if (n_series < 2) { unset key }
set style fill transparent solid 0.2 noborder
low = "throughput_per_s_low"; high = "throughput_per_s_high"

plot \
  for [i = 1:n_series] input using (of_series(i, column("position"))):(column(low)):(column(high)) \
    with filledcurves lc rgb color_of(i) notitle, \
  for [i = 1:n_series] input using (of_series(i, column("position"))):"throughput_per_s" \
    with linespoints lw 2 lc rgb color_of(i) pt point_of(i) ps 0.8 dt dash_of(i) \
    title series_names[i], \
  input using (column("is_chosen") == 1 ? column("position") : NaN):"throughput_per_s" \
    with points pt 6 ps 2.4 lw 2 lc rgb ink notitle
unset output

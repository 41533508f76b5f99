# SPDX-License-Identifier: GPL-3.0-or-later
# Throughput, or another metric, against what was swept, vCPUs above all: a line and a band for each
# series, and the smallest sufficient count ringed.
#
#   costop plot DIR sizing -o sizing.csv
#   gnuplot -e "input='sizing.csv'; output='sizing.svg'" plots/sizing.gp
#
# x_title, y_title, series_title   what is along x and y, and what the series are

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = ""
if (!exists("y_title")) y_title = "throughput (iterations/s)"
if (!exists("series_title")) series_title = ""

n_chosen = 0; least_n = 1e9; most = 0; is_geometric = 0
see_value(value, n, chosen) = (most = larger(most, value), least_n = smaller(least_n, n), \
  n_chosen = n_chosen + chosen)
stats input using (add_series(column("series_number")) + add_x(column("x_number")) + \
  see_value(column("value"), column("n"), column("is_chosen"))) nooutput
# 1, 2, 4, 8 … go on a logarithmic axis.
if (n_x > 3 && x_positions[1] > 0) {
  is_geometric = 1
  do for [i = 2:n_x] { if (x_positions[i] < 1.4 * x_positions[i - 1]) { is_geometric = 0 } }
}
if (!exists("width")) width = 900
if (!exists("height")) height = 520
if (n_chosen > 0) {
  caption = (exists("caption") ? caption."; " : "")."ringed: the smallest count ".\
    (least_n > 1 ? "certainly " : "")."within 2 % of the best"
}
load dir."picture.gp"

set xlabel x_title
set ylabel y_title
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
low = "value_low"; high = "value_high"

plot \
  for [i = 1:n_series] input using (of_series(i, column("position"))):(column(low)):(column(high)) \
    with filledcurves lc rgb color_of(i) notitle, \
  for [i = 1:n_series] input using (of_series(i, column("position"))):"value" \
    with linespoints lw 2 lc rgb color_of(i) pt point_of(i) ps 0.8 dt dash_of(i) \
    title series_names[i], \
  input using (column("is_chosen") == 1 ? column("position") : NaN):"value" \
    with points pt 6 ps 2.4 lw 2 lc rgb ink notitle
unset output

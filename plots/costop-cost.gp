# SPDX-License-Identifier: GPL-3.0-or-later
# What co-stop costs: lost throughput against %CSTP, one point for each cell, with the thresholds
# of folklore.
#
#   costop plot DIR costop-cost -o costop-cost.csv
#   gnuplot -e "input='costop-cost.csv'; output='costop-cost.svg'" plots/costop-cost.gp
#
# x_title, series_title   what the numbers at the points are, and what the series are
# base   what the loss is measured against

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = ""
if (!exists("series_title")) series_title = ""
if (!exists("base")) base = ""

most_costop = 0; most_loss = 0; least_loss = 0
most_high = 0
see_losses(costop, loss, high) = (most_costop = larger(most_costop, costop), \
  most_loss = larger(most_loss, loss), least_loss = smaller(least_loss, loss), \
  most_high = larger(most_high, high))
stats input using (add_series(column("series_number")) + add_x(column("x_number")) + \
  see_losses(column("costop_pct"), column("loss_pct"), column("loss_pct_high"))) nooutput
if (!exists("width")) width = 900
if (!exists("height")) height = 540
if (strlen(x_title) > 0) {
  caption = (exists("caption") ? caption."; " : "")."at the points: ".x_title
}
load dir."picture.gp"

# Where 3 and 5 % lie close to each other beside 50 %, roots set them apart.
set xlabel "time held back by co-scheduling (%CSTP, % of vCPU time; root scale)"
set nonlinear x via sqrt(x < 0 ? 0 : x) inverse x * x
set xtics (0, 1, 3, 5, 10, 20, 30, 40, 60, 80, 100)
set xtics add ("0.3" 0.3)
set ylabel "throughput lost against ".base." (%)"
set xrange [0:larger(8, 1.2 * most_costop)]
set yrange [smaller(-2, 1.15 * least_loss): \
  larger(10, larger(1.15 * most_loss, smaller(1.5 * most_loss, 1.05 * most_high)))]
set key outside right top vertical Left reverse samplen 3 title series_title left
set arrow 1 from 3, graph 0 to 3, graph 1 nohead dt 2 lw 1.5 lc rgb ink
set arrow 2 from 5, graph 0 to 5, graph 1 nohead dt 2 lw 1.5 lc rgb ink
set arrow 3 from graph 0, first 0 to graph 1, first 0 nohead lc rgb "#808080"
# There names would only lie on each other.
near_zero(_) = column("costop_pct") < 0.05 && abs(column("loss_pct")) < 1

plot \
  for [i = 1:n_series] input using (of_series(i, column("costop_pct"))):"loss_pct": \
    "costop_pct_low":"costop_pct_high":"loss_pct_low":"loss_pct_high" \
    with xyerrorbars pt 0 lw 0.7 lc rgb color_of(i) notitle, \
  for [i = 1:n_series] input using (of_series(i, column("costop_pct"))):"loss_pct" \
    with linespoints lw 1 lc rgb color_of(i) pt point_of(i) ps 1.1 dt dash_of(i) \
    title series_names[i], \
  input using (near_zero(0) ? NaN : column("costop_pct")):"loss_pct":(strcol("x")) \
    with labels left offset 0.7, 0.5 font font_of(10) tc rgb ink notitle, \
  keyentry with lines dt 2 lw 1.5 lc rgb ink title "folk thresholds: 3 and 5 %"
unset output

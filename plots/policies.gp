# SPDX-License-Identifier: GPL-3.0-or-later
# What changes for whom: differences in %, with their intervals, a row for each VM and configuration
# and a line at zero.
#
#   costop plot DIR policies -o policies.csv
#   gnuplot -e "input='policies.csv'; output='policies.svg'" plots/policies.gp
#
# x_title   what the differences are of

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("x_title")) x_title = "change (%)"

# A row for each difference, a gap between entities, whose names stand in the middle of theirs. The
# base would have the first colour.
array entities[999]
array first_rows[999]
array last_rows[999]
n_entities = 0; n_rows = 0; longest = 0
see_row(i, name) = (n_rows = n_rows + 1, last_rows[i] = n_rows, i <= n_entities ? 0 : \
  (n_entities = i, entities[i] = name, first_rows[i] = n_rows, \
  longest = larger(longest, strlen(name))))
stats input using (add_series(column("series_number")) + \
  see_row(column("entity_number"), strcol("entity"))) nooutput
if (!exists("width")) width = 900
if (!exists("height")) height = 170 + 20 * n_rows + 14 * n_entities
load dir."picture.gp"

row_of(n, entity) = -(n + 0.7 * (entity - 1))
set yrange [row_of(n_rows, n_entities) - 0.9:row_of(1, 1) + 0.9]
set xlabel x_title
set ytics () scale 0
do for [i = 1:n_entities] {
  set ytics add (entities[i] row_of((first_rows[i] + last_rows[i]) / 2., i))
}
set lmargin larger(8, 3 + longest)
set border 1
unset grid
set grid xtics lt 1 lc rgb pale
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 1.5 lc rgb ink
set key outside right top vertical Left reverse samplen 2
set xrange [*<-1:1<*]
set offsets graph 0.04, graph 0.04, 0, 0

array hollows[7] = [6, 4, 8, 12, 10, 14, 3]
hollow_of(i) = hollows[(i - 1) % |hollows| + 1]
place(_) = row_of(column(0) + 1, column("entity_number"))
filled(i) = column("is_found") == 1 ? of_series(i, column("change_pct")) : NaN
hollow(i) = column("is_found") == 1 ? NaN : of_series(i, column("change_pct"))

plot \
  for [i = 1:n_series] input using (of_series(i, column("change_pct"))):(place(0)): \
    "change_pct_low":"change_pct_high" with xerrorbars pt 0 lw 1.5 lc rgb color_of(i + 1) notitle, \
  for [i = 1:n_series] input using (hollow(i)):(place(0)) \
    with points pt hollow_of(i + 1) ps 1.2 lw 1.5 lc rgb color_of(i + 1) notitle, \
  for [i = 1:n_series] input using (filled(i)):(place(0)) \
    with points pt point_of(i + 1) ps 1.2 lc rgb color_of(i + 1) notitle, \
  for [i = 1:n_series] keyentry with points pt point_of(i + 1) ps 1.2 lc rgb color_of(i + 1) \
    title series_names[i]
unset output

# SPDX-License-Identifier: GPL-3.0-or-later
# Stacked bars: one for each place on the x axis, a group of them for each series. Loaded by
# budget.gp and spin-cause.gp, which say what is stacked, from below:
#
# n_parts, part_names[i], part_colors[i], part_inks[i]   of each part
# part(i)   its height in the row being read

array occurs[n_parts]
do for [i = 1:n_parts] { occurs[i] = 0 }
see_part(i) = i < 1 ? 0 : (occurs[i] = part(i) > 0.05 ? 1 : occurs[i], see_part(i - 1))
stats input using (add_series(column("series_number")) + add_x(column("x_number")) + \
  see_part(n_parts)) nooutput
n_places = n_series * (n_x + 1) - 1
wanted_pitch = larger(28, smaller(64, 7 * longest_x + 8))
if (!exists("width")) width = larger(760, smaller(2400, 300 + wanted_pitch * n_places))
if (!exists("height")) height = 560
load dir."picture.gp"

# Few bars are not made fat.
spare = larger(0, 6 - n_places) / 2.
pitch = (width - 280.) / (n_places + 2 * spare)
half = 0.43
set xrange [0.4 - spare:n_places + 0.6 + spare]
place(_) = (column("series_number") - 1) * (n_x + 1) + column("x_number")
up_to(i) = i < 1 ? 0 : up_to(i - 1) + part(i)
# A number only where there is room for it.
has_room(i) = part(i) >= 4 && pitch >= 24 ? 1 : NaN

# Where names do not fit: numbers are left out, words turned.
does_fit = pitch >= 7 * longest_x + 6
is_turned = !does_fit && longest_x > 3
tic_step = does_fit || is_turned ? 1 : int(ceil((7. * longest_x + 6) / pitch))

set xlabel x_title
set xtics () scale 0
do for [s = 1:n_series] {
  do for [i = 1:n_x:tic_step] { set xtics add (x_names[i] (s - 1) * (n_x + 1) + i) }
  set label 100 + s series_names[s] at first (s - 1) * (n_x + 1) + (n_x + 1) / 2., graph 1 \
    center offset 0, 0.8 tc rgb ink
}
if (is_turned) {
  set xtics rotate by 30 right
  set bmargin 3.5 + 0.3 * longest_x + lines(caption)
  set lmargin larger(9, 0.75 * longest_x)
}
if (longest_series > 0) { set tmargin 3 + 1.3 * lines(title) }
set key outside right top vertical Left reverse samplen 1.2 spacing 1.2
unset grid
set grid ytics lt 1 lc rgb pale

plot \
  for [i = 1:n_parts] input using (place(0)):(0):(place(0) - half):(place(0) + half): \
    (up_to(i - 1)):(up_to(i)) \
    with boxxyerror fs solid 1 border lc rgb "#FFFFFF" fc rgb part_colors[i] notitle, \
  for [i = 1:n_parts] input using (place(0)):(has_room(i) * (up_to(i - 1) + part(i) / 2)): \
    (sprintf("%.0f", part(i))) with labels font font_of(10) tc rgb part_inks[i] notitle, \
  for [i = n_parts:1:-1] keyentry with boxes fs solid 1 border lc rgb "#C8C8C8" \
    fc rgb part_colors[i] title (occurs[i] ? part_names[i] : "")
unset output

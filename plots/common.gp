# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts here begin with: checks, colours, and words for reading tables. They set width
# and height afterwards and load picture.gp, which begins the picture.
#
# input     the CSV file to read
# output    the picture: .svg, .png or .pdf. Without it the picture goes to standard output, and
#           format says what it is.
# title, caption   above and below
# width, height    in pixels; 96 of them are an inch of a PDF

if (GPVAL_VERSION < 5.4) {
  print "gnuplot is too old: 5.4 or later, please"
  exit status 69
}
if (!exists("input") || !(exists("output") || exists("format"))) {
  print "say -e \"input='x.csv'; output='x.svg'\""
  exit status 64
}
if (!exists("format")) {
  stem = strlen(output) - 4
  format = stem > 0 && output[stem + 1:stem + 1] eq "." ? output[stem + 2:] : ""
}
if (format ne "svg" && format ne "png" && format ne "pdf") {
  print "output must end in .svg, .png or .pdf"
  exit status 64
}

set encoding utf8
set datafile separator comma
set datafile columnheaders

# ---- colours: Okabe and Ito's, which the colour-blind can tell apart -----------------------------
array okabe_ito[7] = [0x0072B2, 0xD55E00, 0x009E73, 0xE69F00, 0xCC79A7, 0x56B4E9, 0x000000]
ink = "#202020"; pale = "#E4E4E4"; faint = "#6A6A6A"

# ---- series: a colour, a dash and a point for each, so that no one needs the colour ------------
array points[7] = [7, 5, 9, 13, 11, 15, 3]
array dashes[4] = [1, 2, 4, 5]
color_of(i) = okabe_ito[(i - 1) % |okabe_ito| + 1]
point_of(i) = points[(i - 1) % |points| + 1]
dash_of(i) = dashes[(i - 1) / |okabe_ito| % |dashes| + 1]

# Sizes are those of SVG, in pixels.
font_of(size) = sprintf(",%.1f", size * (format eq "svg" ? 1 : 0.77))

# ---- text --------------------------------------------------------------------------------------
short(text) = strlen(text) > 24 ? text[1:23]."…" : text
last_blank(text, at) = at < 2 ? strlen(text) : text[at:at] eq " " ? at : last_blank(text, at - 1)
first_line(text, n) = last_blank(text, n) > n ? n : last_blank(text, n)
wrapped(text, n) = strlen(text) <= n ? text : \
  text[1:first_line(text, n)]."\n".wrapped(text[first_line(text, n) + 1:*], n)
lines(text) = strlen(text) == 0 ? 0 : strstrt(text, "\n") == 0 ? 1 : \
  1 + lines(text[strstrt(text, "\n") + 1:*])

# ---- tables: series and places on the x axis, by number ----------------------------------------
array series_names[999]
array x_names[9999]
array x_positions[9999]
n_series = 0; n_x = 0; longest_x = 0; longest_series = 0
# What has no value, NaN, is neither.
larger(a, b) = b > a ? b : a
smaller(a, b) = b < a ? b : a
add_series(i) = (series_names[i] = short(strcol("series")), n_series = larger(n_series, i), \
  longest_series = larger(longest_series, strlen(series_names[i])))
add_x(i) = (x_names[i] = short(strcol("x")), x_positions[i] = column("position"), \
  n_x = larger(n_x, i), longest_x = larger(longest_x, strlen(x_names[i])))
# A value of the row if it is of this series; rows of others are left out.
of_series(i, value) = column("series_number") == i ? value : NaN

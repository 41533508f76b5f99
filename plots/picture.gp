# SPDX-License-Identifier: GPL-3.0-or-later
# Begins the picture: terminal, title and caption. Loaded by the scripts, after common.gp.

if (format eq "svg") {
  set terminal svg size width, height noenhanced font "sans-serif,13" background "#FFFFFF"
} else { if (format eq "png") {
  set terminal pngcairo size width, height noenhanced font "DejaVu Sans,10" background "#FFFFFF"
} else {
  set terminal pdfcairo size width / 96., height / 96. noenhanced font "DejaVu Sans,10"
}}
if (exists("output")) set output output

if (!exists("title")) title = ""
if (!exists("caption")) caption = ""
title = wrapped(title, int(width / 9.5))
caption = wrapped(caption, int(width / 7))
set label 1001 title at character 1.5, screen 1 offset 0, -1.2 left \
  font font_of(15) tc rgb ink
set label 1002 caption at character 1.5, character 0.2 + lines(caption) * 0.9 left \
  font font_of(11) tc rgb faint
set tmargin 1.5 + 1.3 * lines(title)
set bmargin 4 + lines(caption)
set border 3 lc rgb "#808080"
set tics nomirror out
set grid lt 1 lc rgb pale

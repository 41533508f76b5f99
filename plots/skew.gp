# SPDX-License-Identifier: GPL-3.0-or-later
# How far the siblings of a VM drift apart over time, and when its vCPUs are held back for it.
#
#   gnuplot -e "input='DIR/trace.csv'; vm='db'; output='skew.svg'" plots/skew.gp
#
# vm   as the file calls it; default: the first one that has a skew
# from_ms, to_ms   what to show; default: all there is
# costop_threshold_ms, costart_threshold_ms, skew_limit_ms   lines to draw

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"

first_ns = NaN; last_ns = NaN; most_ns = 0; n_vcpus = 0; found = exists("vm") ? vm : ""
see_time(start, end) = (first_ns = first_ns <= start ? first_ns : start, \
  last_ns = last_ns >= end ? last_ns : end)
see_skew(name) = (found = strlen(found) > 0 ? found : name, \
  found eq name ? (most_ns = larger(most_ns, larger(column("value"), column("value_end")))) : 0)
see_vcpu(name, vcpu) = (found eq name ? (n_vcpus = larger(n_vcpus, vcpu + 1)) : 0)
stats input using (strcol("kind") eq "skew" ? see_skew(strcol("vm")) + \
  see_time(column("start_ns"), column("end_ns")) : 0) nooutput
if (strlen(found) == 0) {
  print "no skew in ".input
  exit status 65
}
stats input using (strcol("kind") eq "vcpu" ? see_vcpu(strcol("vm"), column("vcpu")) : 0) nooutput
vm = found
if (!exists("from_ms")) from_ms = first_ns / 1e6
if (!exists("to_ms")) to_ms = last_ns / 1e6
if (!exists("width")) width = 1000
if (!exists("height")) height = 420 + 16 * n_vcpus
load dir."picture.gp"

array limits[3] = [exists("costop_threshold_ms") ? costop_threshold_ms : NaN, \
  exists("costart_threshold_ms") ? costart_threshold_ms : NaN, \
  exists("skew_limit_ms") ? skew_limit_ms : NaN]
array limit_names[3] = ["co-stop threshold", "co-start threshold", "skew limit"]
array limit_colors[3] = ["#D55E00", "#009E73", "#D55E00"]
array limit_dashes[3] = [2, 4, 2]

# The thresholds are drawn where they are, so they must be in sight; below zero is a row for each
# vCPU.
top = 1.12 * most_ns / 1e6
do for [i = 1:3] { if (limits[i] > 0) { top = larger(top, 1.12 * limits[i]) } }
row = 0.045 * top
bottom = -(n_vcpus + 0.6) * row
set xrange [from_ms:to_ms]
set yrange [bottom:top]
set xlabel "simulated time (ms)"
set ylabel "skew: lead over the slowest sibling (ms)"


do for [i = 0:n_vcpus - 1] {
  set label 10 + i sprintf("v%d", i) at graph 0, first -(i + 0.8) * row right offset -0.6, 0 \
    font font_of(9) tc rgb faint
}
set key outside right top vertical Left reverse samplen 2

# Columns of the row being read; gnuplot wants an argument.
start(_) = column("start_ns") / 1e6
end(_) = column("end_ns") / 1e6
mine(kind) = strcol("kind") eq kind && strcol("vm") eq vm && end(0) > from_ms && \
  start(0) < to_ms ? 1 : NaN
held(_) = strcol("state") eq "costop" ? mine("vcpu") : NaN
center(_) = -(column("vcpu") + 0.8) * row

plot \
  for [i = 1:3] limits[i] with lines dt limit_dashes[i] lw 1.5 lc rgb limit_colors[i] \
    title (limits[i] > 0 ? limit_names[i] : ""), \
  input using (mine("skew") * start(0)):(column("value") / 1e6):(end(0) - start(0)): \
    ((column("value_end") - column("value")) / 1e6) \
    with vectors nohead lw 2 lc rgb "#0072B2" notitle, \
  input using (held(0) * start(0)):(center(0)):(start(0)):(end(0)):(center(0) - 0.4 * row): \
    (center(0) + 0.4 * row) with boxxyerror fs solid 1 noborder fc rgb "#CC79A7" notitle, \
  keyentry with lines lw 2 lc rgb "#0072B2" title "skew", \
  keyentry with boxes fs solid 1 noborder fc rgb "#CC79A7" title "vCPU co-stopped"
unset output

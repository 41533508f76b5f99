# SPDX-License-Identifier: GPL-3.0-or-later
# Timeline of a trace: which VM has each pCPU, and what every vCPU does meanwhile.
#
#   gnuplot -e "input='x.csv'; output='x.svg'" plots/timeline.gp
#
# input    CSV of `costop trace -o x.csv`, or the trace.csv of `costop run -o DIR`
# output   .svg, .png or .pdf
# from_ms, to_ms   what to show (default: all there is)
# title    (default: the name of the input)
# width    in pixels (default 1200)

dir = ARG0
while (strlen(dir) > 0 && dir[strlen(dir):] ne "/") { dir = dir[1:strlen(dir) - 1] }
load dir."common.gp"
if (!exists("width")) width = 1200

# ---- first pass: rows and times --------------------------------------------------------------
# " db=10001 noise.0=10002": the number of each VM, in the order in which they turn up, and of each
# group of VMs that differ in what is behind the dot. No zero in front: that would make it octal.
vms = ""; n_vms = 0; groups = ""; n_groups = 0; n_pcpus = 0; first_ns = NaN; last_ns = NaN
array n_vcpus[9999]
number(list, key) = (at = strstrt(list, " ".key."="), \
  at == 0 ? 0 : int(substr(list, at + strlen(key) + 2, at + strlen(key) + 6)) - 10000)
entry(key, n) = sprintf(" %s=%d", key, 10000 + n)
vm_number(vm) = number(vms, vm)
group(vm) = strstrt(vm, ".") > 0 ? vm[:strstrt(vm, ".") - 1] : vm
add_group(name) = number(groups, name) > 0 ? 0 : \
  (n_groups = n_groups + 1, groups = groups.entry(name, n_groups), 0)
add_vm(vm) = vm_number(vm) > 0 || n_vms == |n_vcpus| ? 0 : \
  (n_vms = n_vms + 1, n_vcpus[n_vms] = 0, vms = vms.entry(vm, n_vms), add_group(group(vm)))
add_vcpu(vm, vcpu) = (i = vm_number(vm), n_vcpus[i] = vcpu < n_vcpus[i] ? n_vcpus[i] : vcpu + 1, 0)
add_pcpu(pcpu) = (n_pcpus = pcpu < n_pcpus ? n_pcpus : pcpu + 1, 0)
add_times(start, end) = (first_ns = first_ns <= start ? first_ns : start, \
  last_ns = last_ns >= end ? last_ns : end, 0)
add_row(vm, vcpu, state, pcpu, start, end) = (add_vm(vm), add_vcpu(vm, vcpu), \
  state eq "running" ? add_pcpu(pcpu) : 0, add_times(start, end))
stats input using (strcol("kind") eq "vcpu" ? add_row(strcol("vm"), column("vcpu"), \
  strcol("state"), column("pcpu"), column("start_ns"), column("end_ns")) : 0) nooutput
if (n_vms == 0) {
  print "timeline.gp: no vCPU states in ".input
  exit status 65
}
if (!exists("from_ms")) from_ms = first_ns / 1e6
if (!exists("to_ms")) to_ms = last_ns / 1e6
stem = input
while (strstrt(stem, "/") > 0) { stem = stem[strstrt(stem, "/") + 1:] }
if (strlen(stem) > 4 && stem[strlen(stem) - 3:] eq ".csv") { stem = stem[:strlen(stem) - 4] }
if (!exists("title")) title = stem

# ---- colours: Okabe and Ito's, which the colour-blind can tell apart -----------------------------
useful = "#009E73"; critical = "#0072B2"; spin = "#D55E00"; kernel = "#F0E442"
ready = "#D9D9D9"; costop = "#CC79A7"; ink = "#202020"; granted = "#7A7A7A"
array vm_color[5] = [0x56B4E9, 0xE69F00, 0x999999, 0xF0E442, 0xCC79A7]
color_of_vm(vm) = vm_color[(number(groups, group(vm)) - 1) % |vm_color| + 1]

# ---- places: pCPUs on top, then vCPUs, a gap between VMs ---------------------------------------
gap = 0.6
array y_vm[n_vms]
y = n_pcpus + gap
do for [i = 1:n_vms] { y_vm[i] = -y; y = y + n_vcpus[i] + gap }
bottom = y - gap - 0.4
y_pcpu(p) = -p
y_vcpu(vm, vcpu) = y_vm[vm_number(vm)] - vcpu
half = 0.42

# ---- terminal ----------------------------------------------------------------------------------
if (!exists("height")) height = 195 + 30 * (bottom + 0.5)
load dir."picture.gp"

# ---- axes and legend -----------------------------------------------------------------------------
set xlabel "simulated time (ms)" offset 0, 0.6
set xrange [from_ms:to_ms]
set yrange [-bottom:0.7]
set xtics out nomirror
set ytics () scale 0 noenhanced
do for [p = 0:n_pcpus - 1] { set ytics add (sprintf("pCPU %d", p) y_pcpu(p)) }
do for [i = 1:n_vms] {
  name = word(vms, i)[:strlen(word(vms, i)) - 6]
  do for [v = 0:n_vcpus[i] - 1] { set ytics add (sprintf("%s/v%d", name, v) y_vm[i] - v) }
}
set border 1 lc rgb "#808080"
set grid xtics lt 1 lc rgb "#EEEEEE"
set tmargin 4.8 + 1.3 * lines(title)
set key at graph 0, graph 1 left bottom horizontal reverse Left samplen 1.5 width 1 spacing 1.1
set style fill solid 1.0 noborder
set style arrow 1 head filled size screen 0.006, 20 lc rgb ink lw 1.5

# Columns of the row being read, in milliseconds or as a place; gnuplot wants an argument.
start(_) = column("start_ns") / 1e6
end(_) = column("end_ns") / 1e6
middle(_) = 0.5 * ((start(0) > from_ms ? start(0) : from_ms) + (end(0) < to_ms ? end(0) : to_ms))
own_row(_) = y_vcpu(strcol("vm"), column("vcpu"))
peer_row(_) = y_vcpu(strcol("vm"), column("peer_vcpu"))
pcpu_row(_) = y_pcpu(column("pcpu"))
vcpu_name(_) = strcol("vm")."/v".strcol("vcpu")
# What is narrower than a pixel would only make the file large, and text needs some room. NaN as a
# coordinate leaves a row of the file out.
pixel_ms = (to_ms - from_ms) / (1. * width)
keep(kind, state, pixels) = strcol("kind") eq kind && strcol("state") eq state && \
  end(0) - start(0) >= pixels * pixel_ms && end(0) > from_ms && start(0) < to_ms ? 1 : NaN
keep_payment(pixels) = strcol("kind") eq "payment" && \
  column("value") >= pixels * pixel_ms * 1e6 ? 1 : NaN

states = "running ready costop"
state_colors = useful." ".ready." ".costop
activities = "critical spin kernel overhead"
activity_colors = critical." ".spin." ".kernel." ".kernel

plot \
  input using (middle(0)):(keep("vcpu", "running", 0) * pcpu_row(0)):(start(0)):(end(0)): \
    (pcpu_row(0) - half):(pcpu_row(0) + half):(color_of_vm(strcol("vm"))) \
    with boxxyerror fc rgb variable notitle, \
  input using (start(0)):(keep("vcpu", "running", 6) * (pcpu_row(0) - half)):(0):(2 * half) \
    with vectors nohead lc rgb "#FFFFFF" notitle, \
  for [i = 1:words(states)] \
    input using (middle(0)):(keep("vcpu", word(states, i), 0) * own_row(0)):(start(0)):(end(0)): \
    (own_row(0) - half):(own_row(0) + half) \
    with boxxyerror fc rgb word(state_colors, i) notitle, \
  for [i = 1:words(activities)] \
    input using (middle(0)):(keep("activity", word(activities, i), 1) * own_row(0)): \
    (start(0)):(end(0)):(own_row(0) - half):(own_row(0) + half) \
    with boxxyerror fc rgb word(activity_colors, i) notitle, \
  input using (middle(0)):(keep("lock", "hold", 1) * own_row(0)):(start(0)):(end(0)): \
    (own_row(0) - half):(own_row(0) - 0.2) with boxxyerror fc rgb ink notitle, \
  input using (middle(0)):(keep("lock", "handoff", 1) * own_row(0)):(start(0)):(end(0)): \
    (own_row(0) - half):(own_row(0) - 0.2) with boxxyerror fc rgb granted notitle, \
  input using (start(0)):(keep_payment(8) * (peer_row(0) - 0.3)):(0): \
    (own_row(0) - peer_row(0) + 0.3) with vectors arrowstyle 1 notitle, \
  input using (middle(0)):(keep("vcpu", "running", 8 * strlen(vcpu_name(0))) * pcpu_row(0)): \
    (vcpu_name(0)) with labels noenhanced tc rgb ink notitle, \
  input using (middle(0)):(keep("lock", "hold", 90) * own_row(0) + 0.12): \
    ("owns ".strcol("lock")) with labels noenhanced tc rgb ink notitle, \
  input using (middle(0)):(keep("activity", "spin", 60) * own_row(0)):("spins") \
    with labels noenhanced tc rgb "#FFFFFF" notitle, \
  keyentry with boxes fc rgb useful title "runs: useful work", \
  keyentry with boxes fc rgb critical title "runs: critical section", \
  keyentry with boxes fc rgb spin title "runs: spins", \
  keyentry with boxes fc rgb kernel title "runs: overhead", \
  keyentry with boxes fc rgb ready title "ready", \
  keyentry with boxes fc rgb costop title "co-stopped", \
  keyentry with boxes fc rgb ink title "holds a lock", \
  keyentry with boxes fc rgb granted title "granted it, not inside yet", \
  keyentry with vectors arrowstyle 1 title "owner without a pCPU → spinner"
unset output

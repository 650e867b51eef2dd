# SPDX-License-Identifier: GPL-2.0
#
# gnuplot -e "csv='...'; svg='...'; machine='...'" plot.gp

set terminal svg size 900,420 font 'sans-serif,13' background '#ffffff'
set output svg
set datafile separator comma
set datafile missing NaN

ways = '"pidfd opened" "nsfds held" "nsfds by ioctl of the pidfd" "nsfds opened"'
series = 'fresh repeated'
titles = '"from user on, each in a new child" "without user, again and again"'

set multiplot layout 1,2 title "Attaching to N namespaces: how many times as long as one setns(pidfd)\n{/*0.8 ".machine.'; median and quartiles}'
set xlabel 'types of namespaces'
set ylabel 'times one setns(pidfd, all of them)'
set key top left reverse Left samplen 2
set grid ytics linecolor '#dddddd'
set xtics 1
set linetype 2 linecolor '#0072b2' pointtype 5
set linetype 3 linecolor '#009e73' pointtype 7
set linetype 4 linecolor '#cc79a7' pointtype 9
set linetype 5 linecolor '#d55e00' pointtype 13
stats csv using (strcol(1) eq 'fresh' ? $2 : NaN) nooutput
set xrange [0.5:STATS_max + 0.5]
stats csv using (strcol(1) eq 'fresh' || strcol(1) eq 'repeated' ? $10 : NaN) nooutput
set yrange [0:ceil(STATS_max * 1.2)]

do for [i = 1:2] {
	set title word(titles, i) font ',13'
	if (i == 2) { unset key }
	plot 1 with lines linecolor '#888888' dashtype 2 title 'one setns(pidfd)', \
		for [w in ways] csv using \
		(strcol(1) eq word(series, i) && strcol(3) eq w ? $2 : NaN):8:9:10 \
		with yerrorlines linewidth 1.5 title w
}
unset multiplot

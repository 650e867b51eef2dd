#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check.sh [TEST.t]...: runs the project's own tests, by default all of them. As
# root each of them installs what it needs; what cannot be had is skipped.

set -eu

die()
{
	echo "check: $*" >&2
	exit 2
}

here=$(cd -P -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=../lib/setup.sh
. "$here/lib/setup.sh"
need_perl TAP::Harness perl
install_missing

[ $# -gt 0 ] || set -- "$here"/tests/*.t
for test in "$@"; do
	[ -x "$test" ] || die "$test is no test that can be run"
done
# A make above this one is not to be joined by those below.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# prove(1) is this harness, but says neither why something was skipped nor how
# many tests there were of each kind.
exec perl -MTAP::Harness -e '
	my @why;
	my $harness = TAP::Harness->new({
		failures => 1, comments => 1, timer => 1, merge => 0,
		# A single word would be split where it has a blank.
		exec => sub { return [ "sh", "-c", "exec \"\$0\"", $_[1] ] },
	});
	$harness->callback(made_parser => sub {
		my ($parser, $job) = @_;
		$parser->callback(test => sub {
			push(@why, $job->[1] . ": " . ($_[0]->description =~ s/^- //r) .
				   ": " . $_[0]->explanation) if $_[0]->has_skip;
		});
	});
	my $all = $harness->runtests(@ARGV);
	my $skipped = $all->skipped;
	my $failed = $all->failed;
	for my $test ($all->parsers) {
		# One that broke off failed, whatever it had said before.
		$failed++ if $test->has_problems && !$test->failed;
	}
	for my $name ($all->descriptions) {
		my ($test) = $all->parsers($name);
		next if !defined $test->skip_all;
		$skipped++;
		push(@why, "$name: " . $test->skip_all);
	}
	print "skipped: $_\n" for @why;
	printf("%d passed, %d failed, %d skipped\n",
	       $all->passed - $all->skipped, $failed, $skipped);
	exit($failed ? 1 : $all->passed > $all->skipped ? 0 : 4);
' "$@"

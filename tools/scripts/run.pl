#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# Builds and runs the test programs, for run_tests.sh, which has checked the
# arguments: run.pl --dir DIR OPTION... [PATTERN...]
use strict;
use warnings;
use File::Basename qw(dirname);
use Getopt::Long qw(:config posix_default no_ignore_case);
use POSIX ();
use Time::HiRes qw(time);
use lib dirname($0);
use Guarded;
use KernelLog;
use Report;
use Verdict;

$| = 1;
# What is to be run is said by arguments alone.
delete $ENV{SETNS_TESTS};
my $jobs = `nproc 2>/dev/null` || 1;
chomp($jobs);
my ($dir, $ktap, $colour, $junit, $python, $list, $no_build);
GetOptions('dir=s' => \$dir, 'ktap' => \$ktap, 'colour' => \$colour,
	   'junit=s' => \$junit, 'python=s' => \$python,
	   'list' => \$list, 'no-build' => \$no_build)
	or exit 2;
my @patterns = map { pattern($_) } @ARGV;
my $bin = length($ENV{OUTPUT} // '') ? $ENV{OUTPUT} : $dir;
my $report = $ktap ? Report::Ktap->new : Report::Human->new($colour);
my $exit = eval { main() };
fail($@ =~ s/\n.*//sr) if !defined $exit;
# A report that was not written is no report.
close(STDOUT) or fail("cannot write the report: $!");
exit $exit;

sub fail
{
	print STDERR "run_tests.sh: @_\n";
	exit 2;
}

# Ends as a program that the signal killed would, for make and for shells.
sub stop_if_asked
{
	return if !$Guarded::stopped;
	$report->bail_out("stopped by SIG$Guarded::stopped") if !$list;
	my %number = (HUP => 1, INT => 2, TERM => 15);
	exit 128 + $number{$Guarded::stopped};
}

# [PROGRAM:]TEST, each a glob, or a word that the name contains.
sub pattern
{
	my ($program, $test) = $_[0] =~ /^(?:([^:]*):)?(.*)$/s;

	return [ map { !defined || /[*?\[]/ ? $_ : "*$_*" } $program, $test ];
}

sub matches
{
	my ($glob, $name) = @_;
	my $regex = join('', map {
		$_ eq '*' ? '.*' : $_ eq '?' ? '.' :
		/^\[(!?)(.+)\]$/s ? '[' . ($1 && '^') . ($2 =~ s/([\\^\]])/\\$1/gr) . ']' :
		quotemeta
	} $glob =~ /\[!?.[^\]]*\]|./gs);

	return $name =~ /^$regex$/s;
}

# The globs that a program is to run, '*' where that is all of it.
sub globs_for
{
	my ($program) = @_;
	my @globs;

	return '*' if !@patterns;
	for my $pattern (@patterns) {
		my ($where, $test) = @$pattern;
		if (defined $where) {
			push(@globs, $test) if matches($where, $program);
		} else {
			push(@globs, matches($test, $program) ? '*' : $test);
		}
	}
	return @globs;
}

sub run_make
{
	my (@args) = @_;
	my @lines;
	my $end = Guarded::run(
		cmd => [ 'make', '-s', '--no-print-directory', @args ],
		dir => $dir, signal => 'TERM', timeout => 900,
		line => sub { push(@lines, $_[0]) });

	stop_if_asked();
	return @lines if defined $end->{status} && $end->{status} == 0;
	# A line of make's own is enough where it says what is missing.
	print STDERR "$_\n" for @lines, $end->{error} // ();
	fail("the build failed: correct what is said above, or see README");
}

sub build
{
	run_make("-j$jobs", length($ENV{OUTPUT} // '') ? "OUTPUT=$bin" : (), 'all');
}

sub programs
{
	my @names = run_make('print-tests');

	fail("$dir has no test programs") if !@names;
	for my $name (@names) {
		fail("$bin/$name is not there: leave out --no-build")
			if !-e "$bin/$name";
		fail("$bin/$name is no program that can be run")
			if !-f _ || !-x _;
	}
	return @names;
}

sub list_of
{
	my ($program) = @_;
	my @names;
	my $end = Guarded::run(
		cmd => [ "./$program", '--list' ], dir => $bin, timeout => 10,
		line => sub { push(@names, $_[0]) if $_[0] =~ /^\S+$/ });

	stop_if_asked();
	fail("$program --list does not work")
		if $end->{error} || $end->{timed_out} || $end->{status};
	return @names;
}

# [ PROGRAM, TEST... ] for each program of which something is to be run.
sub selection
{
	my @selection;

	for my $program (@_) {
		my @globs = globs_for($program) or next;
		# All of a program is to be run without asking it for names.
		if (!$list && grep { $_ eq '*' } @globs) {
			push(@selection, [ $program ]);
			next;
		}
		my @names = grep {
			my $name = $_;
			grep { matches($_, $name) } @globs;
		} list_of($program);
		push(@selection, [ $program, @names ]) if @names;
	}
	fail("no test matches @ARGV: --list names them") if @patterns && !@selection;
	return @selection;
}

# As kselftest reads it: seconds, 0 for no limit.
sub timeout
{
	open(my $fh, '<', "$dir/settings") or return 45;
	for my $line (<$fh>) {
		return $1 if $line =~ /^timeout=(\d+)$/;
	}
	return 45;
}

# Starts a program, whose lines are kept until it is the next to be reported.
sub start_program
{
	my ($program) = @_;
	my @globs = globs_for($program);
	my $run = { program => $program, start => time, lines => [], shown => 0 };

	$run->{guarded} = Guarded::begin(
		cmd => [ "./$program" ], dir => $bin, timeout => timeout(),
		env => (grep { $_ eq '*' } @globs) ? {} : { SETNS_TESTS => "@globs" },
		line => sub { push(@{$run->{lines}}, Verdict::tap_line($_[0])) });
	return $run;
}

sub end_program
{
	my ($run) = @_;
	my $end = Guarded::end($run->{guarded});

	stop_if_asked();
	$run->{verdict} = Verdict::of($run->{program}, $run->{lines}, $end,
				      timeout());
	$run->{verdict}{seconds} = time - $run->{start};
}

# Shows what is new of the first program that has not been shown whole.
sub show
{
	my ($run) = @_;

	$report->begin_program($run->{program}) if !$run->{begun}++;
	$report->line($run->{lines}[$run->{shown}++])
		while $run->{shown} < @{$run->{lines}};
	$report->end_program($run->{verdict}) if $run->{verdict};
}

# Runs the programs, as many at a time as there are processors, and shows them in
# their order.
sub run_programs
{
	my @waiting = @_;
	my (@running, @unshown, @verdicts);

	while (@waiting || @unshown) {
		while (@waiting && @running < $jobs) {
			my $run = start_program(shift @waiting);

			push(@running, $run);
			push(@unshown, $run);
		}
		Guarded::follow(map { $_->{guarded} } @running);
		for my $run (grep { Guarded::over($_->{guarded}) } @running) {
			end_program($run);
		}
		@running = grep { !$_->{verdict} } @running;
		while (@unshown) {
			show($unshown[0]);
			last if !$unshown[0]{verdict};
			push(@verdicts, (shift @unshown)->{verdict});
		}
	}
	return @verdicts;
}

sub kernel_verdict
{
	my ($log) = @_;
	my @problems = ((map { "the kernel became tainted, $_" } $log->new_taints),
			$log->splats);
	my %kernel = (name => 'kernel_log', problems => \@problems);

	$kernel{skip} = "only taint was looked at, cannot read $log->{unreadable}"
		if $log->{unreadable} && !@problems;
	return \%kernel;
}

sub check_junit
{
	my $place = dirname($junit);

	fail("cannot write $junit: it is a directory") if -d $junit;
	fail("cannot write $junit: no directory $place that can be written to")
		if !(-e $junit ? -w _ : -d $place && -w _);
}

sub main
{
	check_junit() if defined $junit;
	build() if !$no_build;

	my @programs = programs();
	if ($list) {
		for my $selected (selection(@programs)) {
			my ($program, @names) = @$selected;
			print "$program:$_\n" for @names;
		}
		return 0;
	}
	@programs = map { $_->[0] } selection(@programs) if @patterns;

	my $start = time;
	my $log = KernelLog->new;
	$report->begin(@programs, 'kernel_log');
	my @verdicts = run_programs(@programs);
	my $kernel = kernel_verdict($log);
	$report->kernel($kernel);

	my $exit = @{$kernel->{problems}} || (grep { $_->failed } @verdicts) ? 1 :
		   (grep { !$_->all_skipped } @verdicts) ? 0 : 4;
	$report->end(\@verdicts, $exit, time - $start, (POSIX::uname())[2]);
	!defined $junit || Report::junit($python, $junit, \@verdicts, $kernel)
		or fail("no report was written to $junit");
	return $exit;
}

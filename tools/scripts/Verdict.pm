# SPDX-License-Identifier: GPL-2.0
#
# The verdict on one test program, from its output and the way it ended.
package Verdict;

use strict;
use warnings;
use Config;
use TAP::Parser;

my @signal_names = split(' ', $Config{sig_name});

# A line of output as TAP: what is none must not be taken for it.
sub tap_line
{
	my ($line) = @_;

	return $line =~ /^\s*(?:[#]|$) | ^(?:not\ )?ok\ \d | ^1\.\.\d |
			 ^K?TAP\ version\ \d | ^Bail\ out!/x ? $line : "# $line";
}

# of(PROGRAM, LINES, END): the lines are TAP, END is from Guarded::run(). The verdict has
# the tests by name with their kind (pass, fail, xfail, skip), reason and
# diagnostic lines, the count of each kind, and the problems of the program
# itself, each as one line. A verdict without problems and failures is good.
sub of
{
	my ($program, $lines, $end, $timeout) = @_;
	my $self = bless({
		program => $program,
		tests => [],
		problems => [],
		count => { pass => 0, fail => 0, xfail => 0, skip => 0 },
	}, __PACKAGE__);

	my $parser = $self->parse($lines);
	$self->judge_end($end, $timeout);
	$self->judge_plan($parser);
	return $self;
}

sub parse
{
	my ($self, $lines) = @_;
	my $parser = TAP::Parser->new({ tap => join("\n", @$lines, "\n") });
	my @diag;

	while (my $result = $parser->next) {
		if ($result->is_test) {
			$self->add_test($result, [@diag]);
			@diag = ();
		} elsif ($result->is_comment) {
			# The harness's own account of a test is not its message.
			push(@diag, $result->comment) if $result->raw !~
				/^[#]\s+(?:RUN|OK|FAIL|SKIP|XFAIL)\s+\S+(?:\ \.\.\.)?$ |
				 ^[#]\ Starting\ \d+\ tests\b | ^[#]\ (?:PASSED|FAILED|Totals):/x;
		} elsif ($result->is_bailout) {
			push(@{$self->{problems}},
			     'gave up: ' . $result->explanation);
		} elsif (!$result->is_plan && !$result->is_version &&
			 $result->raw =~ /\S/) {
			push(@diag, $result->raw);
		}
	}
	# What was said after the last result belongs to what ended the program.
	$self->{last_words} = \@diag;
	return $parser;
}

sub add_test
{
	my ($self, $result, $diag) = @_;
	my $name = $result->description =~ s/^- //r;
	my ($kind, $reason) = ($result->is_actual_ok ? 'pass' : 'fail', '');

	if ($result->has_skip) {
		($kind, $reason) = ('skip', $result->explanation);
	} elsif ($name =~ s/\s*#\s*XFAIL\b\s*(.*)$//) {
		($kind, $reason) = ('xfail', $1);
	}
	$kind = 'fail' if !$result->is_actual_ok && $kind ne 'xfail';
	$self->{count}{$kind}++;
	push(@{$self->{tests}}, {
		name => $name, kind => $kind, reason => $reason, diag => $diag,
	});
}

sub judge_end
{
	my ($self, $end, $timeout) = @_;
	my $ran = @{$self->{tests}};
	my $count = $self->{count};
	my $status = $end->{status} // 0;
	my $exit = $status >> 8;
	my $problem;

	if ($end->{error}) {
		$problem = $end->{error};
	} elsif ($end->{timed_out}) {
		$problem = "still ran after $timeout s, ended after $ran results";
	} elsif ($status & 127) {
		$problem = 'killed by SIG' . $signal_names[$status & 127] .
			   " after $ran results";
	} elsif ($exit == 0 && $count->{fail}) {
		$problem = "exit status 0 in spite of $count->{fail} failed tests";
	} elsif ($exit == 1 && !$count->{fail}) {
		$problem = 'exit status 1 without a failed test';
	} elsif ($exit == 4 && $ran > $count->{skip}) {
		$problem = 'exit status 4, all skipped, in spite of ' .
			   ($ran - $count->{skip}) . ' tests that ran';
	} elsif ($exit != 0 && $exit != 1 && $exit != 4) {
		$problem = "exit status $exit after $ran results";
	}
	push(@{$self->{problems}}, $problem) if defined $problem;
	push(@{$self->{problems}}, "left a process behind: $_")
		for @{$end->{left} // []};
	$self->{crashed} = defined $problem && ($end->{timed_out} || $status & 127);
}

sub judge_plan
{
	my ($self, $parser) = @_;
	my $ran = @{$self->{tests}};
	my $planned = $parser->tests_planned;

	$self->{skip_all} = $parser->skip_all if defined $parser->skip_all;
	# A program that was stopped on its way has said enough.
	return if $self->{crashed};
	if (!defined $planned) {
		push(@{$self->{problems}}, "no plan, $ran results");
	} elsif ($planned != $ran) {
		push(@{$self->{problems}}, "$ran results of $planned planned");
	} else {
		push(@{$self->{problems}}, $parser->parse_errors);
	}
}

sub failed
{
	my ($self) = @_;

	return $self->{count}{fail} || @{$self->{problems}};
}

sub all_skipped
{
	my ($self) = @_;

	return !$self->failed && @{$self->{tests}} == $self->{count}{skip};
}

1;

# SPDX-License-Identifier: GPL-2.0
#
# A command in a process group of its own, which ends when its time is up, when
# this program is told to end, and when this program is gone, SIGKILL included.
package Guarded;

use strict;
use warnings;
use Errno qw(EINTR);
use POSIX qw(:sys_wait_h setpgid);
use Time::HiRes qw(time sleep);

# How long the rest of a group may live after its first process.
use constant GRACE => 2;

# The name of the signal that asked this program to end.
our $stopped;

$SIG{$_} = sub { $stopped //= $_[0] } for qw(HUP INT TERM);
# The lifelines of all commands that run: a guard that kept those of others would
# keep them from being cut.
my %lifelines;

# Only to interrupt select().
$SIG{CHLD} = sub { };

# run(%arg): cmd => [..], dir, env => {..}, timeout in seconds, line => sub that
# is called for each line of output, signal => what ends it (default KILL).
# Returns { status, timed_out, left => [what it left behind], error }.
sub run
{
	my $self = begin(@_);

	follow($self) while !over($self);
	return end($self);
}

# The parts of run(), for several commands at once: begin(%arg) each of them,
# then follow(@all) and see which are over($one), which is to be told the end of.
sub begin
{
	my (%arg) = @_;
	my $self = {
		signal => 'KILL',
		%arg,
		deadline => $arg{timeout} ? time + $arg{timeout} : undef,
		buffer => '',
	};

	start($self) or $self->{error} = "cannot start: $!";
	return $self;
}

sub end
{
	my ($self) = @_;

	return { error => $self->{error} } if $self->{error};
	$self->{held} = !$self->{drained} && defined $self->{status};
	end_group($self) if !defined $self->{status};
	$self->{line}->($self->{buffer}) if $self->{buffer} ne '';
	return {
		status => $self->{status},
		timed_out => $self->{timed_out},
		left => finish($self),
	};
}

# The command waits until its guard is there. The guard waits for this program
# to close the lifeline, which the kernel does for a killed one.
sub start
{
	my ($self) = @_;

	pipe(my $go_r, my $go_w) or return;
	pipe(my $life_r, my $life_w) or return;
	pipe(my $out_r, my $out_w) or return;

	my $pid = fork // return;
	if (!$pid) {
		close $_ for $go_w, $life_r, $life_w, $out_r;
		command($self, $go_r, $out_w);
	}
	setpgid($pid, $pid);

	my $guard = fork;
	if (defined $guard && !$guard) {
		close $_ for $go_r, $go_w, $life_w, $out_r, $out_w;
		guard($pid, $life_r, $self->{signal});
	}
	# In the group as long as there is one: the command has yet to go.
	setpgid($guard, $pid) if defined $guard;
	# A command that is not told to go ends by itself.
	syswrite($go_w, '.') if defined $guard;
	close $_ for $go_r, $go_w, $life_r, $out_w;
	if (!defined $guard) {
		waitpid($pid, 0);
		return;
	}
	@$self{qw(pid guard out)} = ($pid, $guard, $out_r);
	$lifelines{$pid} = $life_w;
	return 1;
}

sub command
{
	my ($self, $go, $out) = @_;

	setpgid(0, 0);
	$SIG{$_} = 'DEFAULT' for qw(HUP INT TERM CHLD PIPE);
	if (sysread($go, my $byte, 1)) {
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>&', $out);
		open(STDERR, '>&', $out);
		$| = 1;
		$ENV{$_} = $self->{env}{$_} for keys %{$self->{env} // {}};
		if (!defined $self->{dir} || chdir $self->{dir}) {
			# pdeathsig serves where the guard is killed as well.
			exec('setpriv', '--pdeathsig', $self->{signal}, '--',
			     @{$self->{cmd}})
				or print "cannot run setpriv: $!\n";
		} else {
			print "cannot change to $self->{dir}: $!\n";
		}
	}
	POSIX::_exit(127);
}

sub guard
{
	my ($group, $life, $signal) = @_;

	$SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);
	$SIG{CHLD} = 'DEFAULT';
	close $_ for values %lifelines;
	open(STDOUT, '>', '/dev/null');
	open(STDERR, '>', '/dev/null');
	1 while !defined sysread($life, my $byte, 1);
	kill($signal, -$group);
	POSIX::_exit(0);
}

# Whether the command and all that write to its output have ended, or have to.
sub over
{
	my ($self) = @_;

	return 1 if $self->{error};
	if ($stopped || ($self->{deadline} && time >= $self->{deadline})) {
		$self->{timed_out} = !$stopped && !defined $self->{status};
		return 1;
	}
	return $self->{drained} && defined $self->{status};
}

# Waits for something to happen, for a second at the most, and passes it on.
sub follow
{
	my @all = grep { !$_->{error} } @_;
	my $bits = '';

	vec($bits, fileno($_->{out}), 1) = 1 for grep { !$_->{drained} } @all;
	# The second is for a SIGCHLD that came before select() did.
	my $ready = select($bits, undef, undef, 1);
	for my $self (@all) {
		$self->{drained} = !take($self)
			if $ready > 0 && !$self->{drained} &&
			   vec($bits, fileno($self->{out}), 1);
		reap($self);
	}
}

# False at the end of the output.
sub take
{
	my ($self) = @_;
	my $got = sysread($self->{out}, my $data, 65536);

	return $!{EINTR} if !defined $got;
	$self->{buffer} .= $data;
	my @lines = split(/\n/, $self->{buffer}, -1);
	$self->{buffer} = pop(@lines) // '';
	$self->{line}->($_) for @lines;
	return $got;
}

sub reap
{
	my ($self) = @_;

	return if defined $self->{status} ||
		  waitpid($self->{pid}, WNOHANG) != $self->{pid};
	$self->{status} = $?;
	# What it left behind may still hold the output, but not for long.
	my $last = time + GRACE;
	$self->{deadline} = $last
		if !$self->{deadline} || $last < $self->{deadline};
}

sub end_group
{
	my ($self) = @_;
	my $last = time + 10;

	kill($self->{signal}, -$self->{pid});
	while (!defined $self->{status}) {
		kill('KILL', -$self->{pid}) if time > $last;
		select(undef, undef, undef, 0.1);
		reap($self);
	}
	take_rest($self);
}

sub take_rest
{
	my ($self) = @_;

	while (1) {
		my $bits = '';
		vec($bits, fileno($self->{out}), 1) = 1;
		last if select($bits, undef, undef, 0) <= 0 || !take($self);
	}
}

# The processes of the group that are alive, as "PID (NAME)".
sub members
{
	my ($self) = @_;
	my @found;

	for my $file (glob '/proc/[0-9]*/stat') {
		open(my $fh, '<', $file) or next;
		my $stat = <$fh> // next;
		my ($pid, $name, $state, undef, $group) =
			$stat =~ /^(\d+) \((.*)\) (\S) (\d+) (\d+)/s or next;
		next if $group != $self->{pid} || $state =~ /[ZX]/ ||
			$pid == $self->{guard};
		push(@found, "$pid ($name)");
	}
	return @found;
}

sub finish
{
	my ($self) = @_;
	my $last = time + GRACE;
	my @left;

	# Children that die with their parent need a moment to do so.
	while ((@left = members($self)) && !$self->{timed_out} && !$stopped &&
	       time < $last) {
		sleep(0.01);
	}
	kill('KILL', -$self->{pid});
	close delete $lifelines{$self->{pid}};
	1 while waitpid($self->{guard}, 0) < 0 && $!{EINTR};
	return [] if $self->{timed_out} || $stopped;
	push(@left, 'one that holds its output') if !@left && $self->{held};
	return \@left;
}

1;

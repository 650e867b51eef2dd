# SPDX-License-Identifier: GPL-2.0
#
# What the kernel has to say about a run: taint flags that are new and splats in
# its log.
package KernelLog;

use strict;
use warnings;
use File::Basename qw(dirname);
use Fcntl qw(O_RDONLY O_NONBLOCK SEEK_END);

# Bit by bit, as the kernel's admin-guide/tainted-kernels numbers them.
my @taints = (
	'P: proprietary module', 'F: module forced in', 'S: processor or system out of specification',
	'R: module forced out', 'M: machine check', 'B: bad page', 'U: asked for by user space',
	'D: died, an oops or BUG', 'A: ACPI table overridden', 'W: warning', 'C: staging driver',
	'I: firmware bug worked around', 'O: out-of-tree module', 'E: unsigned module',
	'L: soft lockup', 'K: live patch', 'X: auxiliary, set by the distribution',
	'T: struct randomization', 'N: in-kernel test run', 'J: fwctl used',
);

# What a bug looks like in the log: an extended regular expression a line, which
# "grep -E -f" in a guest takes as well, so that the first is no comment to either.
# Fault injection dumps stacks, and a crash of a user program is a general
# protection fault: no bugs.
my $splat = do {
	my $file = dirname(__FILE__) . '/splats';
	open(my $fh, '<', $file) or die "cannot read $file: $!\n";
	chomp(my @patterns = <$fh>);
	my $any = join('|', @patterns);
	qr{$any};
};

# Enough of a splat to know it by.
use constant LINES_OF_A_SPLAT => 25;
use constant LINES_IN_ALL => 100;

sub new
{
	my ($class) = @_;
	# The tests of run_tests.sh have no other kernel to taint.
	my $self = bless({
		kmsg => $ENV{SETNS_KMSG} // '/dev/kmsg',
		tainted => $ENV{SETNS_TAINTED} // '/proc/sys/kernel/tainted',
	}, $class);

	$self->{before} = $self->taint;
	$self->open_log or $self->{unreadable} = "$self->{kmsg}: $!";
	return $self;
}

# Only what comes after this is read.
sub open_log
{
	my ($self) = @_;

	sysopen(my $fh, $self->{kmsg}, O_RDONLY | O_NONBLOCK) or return;
	defined sysseek($fh, 0, SEEK_END) or return;
	$self->{log} = $fh;
	return 1;
}

sub taint
{
	my ($self) = @_;

	open(my $fh, '<', $self->{tainted}) or return 0;
	my $value = <$fh> // 0;
	return $value =~ /^(\d+)/ ? 0 + $1 : 0;
}

# Each taint flag that was not there at the start.
sub new_taints
{
	my ($self) = @_;
	my $new = $self->taint & ~$self->{before};

	return map { $taints[$_] // "bit $_" } grep { $new >> $_ & 1 } 0 .. 63;
}

# Each line that the kernel logged since the start.
sub lines
{
	my ($self) = @_;
	my @lines;

	return if !$self->{log};
	while (1) {
		my $got = sysread($self->{log}, my $record, 65536);
		# EPIPE: records were overwritten, the next read goes on.
		next if !defined $got && ($!{EPIPE} || $!{EINTR});
		last if !$got;
		for my $line (split(/\n/, $record)) {
			push(@lines, $2) if $line =~ /^(\d+),[^;]*;(.*)/ && $1 < 8;
		}
	}
	return @lines;
}

sub splats
{
	my ($self) = @_;
	my @found;
	my $more = 0;

	for my $line ($self->lines) {
		$more = LINES_OF_A_SPLAT if $line =~ $splat;
		next if $more <= 0;
		push(@found, $line);
		$more = $line =~ /---\[ end / ? 0 : $more - 1;
	}
	splice(@found, LINES_IN_ALL, @found, '...') if @found > LINES_IN_ALL;
	return @found;
}

1;

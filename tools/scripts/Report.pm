# SPDX-License-Identifier: GPL-2.0
#
# The three ways to tell what a run found: KTAP, a summary for people, JUnit.
package Report;

use strict;
use warnings;
use File::Basename qw(dirname);

my $lib = dirname(__FILE__);
my @kinds = qw(pass fail xfail skip);

sub totals
{
	my (@verdicts) = @_;
	my %total = map { $_ => 0 } @kinds;

	for my $verdict (@verdicts) {
		$total{$_} += $verdict->{count}{$_} for @kinds;
		$total{error} += @{$verdict->{problems}};
	}
	return \%total;
}

# KTAP: each program is a test, its own output nested below it.
package Report::Ktap;

sub new
{
	my ($class) = @_;

	return bless({ number => 0 }, $class);
}

sub begin
{
	my ($self, @names) = @_;

	print "KTAP version 1\n1..", scalar @names, "\n";
}

sub begin_program
{
	my ($self, $name) = @_;

	$self->{name} = $name;
}

sub line
{
	my ($self, $line) = @_;

	$line = "KTAP version 1\n  # Subtest: $self->{name}"
		if $line =~ /^K?TAP version \d/;
	print "  $line\n";
}

sub end_program
{
	my ($self, $verdict) = @_;
	my $number = ++$self->{number};
	my $name = $verdict->{program};

	print "# $name: $_\n" for @{$verdict->{problems}};
	if ($verdict->failed) {
		print "not ok $number $name\n";
	} elsif ($verdict->all_skipped) {
		print "ok $number $name # SKIP ",
		      $verdict->{skip_all} || 'all tests were skipped', "\n";
	} else {
		print "ok $number $name\n";
	}
}

sub kernel
{
	my ($self, $kernel) = @_;
	my $number = ++$self->{number};

	print "# $kernel->{name}: $_\n" for @{$kernel->{problems}};
	print !@{$kernel->{problems}} ? '' : 'not ', "ok $number $kernel->{name}",
	      $kernel->{skip} ? " # SKIP $kernel->{skip}" : '', "\n";
}

sub end
{
	my ($self, $verdicts) = @_;
	my $total = Report::totals(@$verdicts);

	printf("# Totals: pass:%d fail:%d xfail:%d xpass:0 skip:%d error:%d\n",
	       @$total{@kinds}, $total->{error} // 0);
}

sub bail_out
{
	my ($self, $why) = @_;

	print "Bail out! $why\n";
}

# For people: a line a program, then only what asks for attention.
package Report::Human;

sub new
{
	my ($class, $colour) = @_;

	return bless({ colour => $colour }, $class);
}

sub paint
{
	my ($self, $code, $text) = @_;

	return $self->{colour} ? "\e[${code}m$text\e[0m" : $text;
}

sub red { return $_[0]->paint(31, $_[1]) }
sub green { return $_[0]->paint(32, $_[1]) }
sub yellow { return $_[0]->paint(33, $_[1]) }

sub begin
{
	my ($self, @names) = @_;

	($self->{width}) = sort { $b <=> $a } map { length } @names;
}

sub begin_program { }
sub line { }

sub counts
{
	my ($count) = @_;
	my @word = qw(passed failed xfail skipped);

	return join(', ', map { "$count->{$kinds[$_]} $word[$_]" }
		    grep { $_ == 0 || $count->{$kinds[$_]} } 0 .. $#kinds);
}

sub end_program
{
	my ($self, $verdict) = @_;
	my $word = $verdict->failed ? $self->red('FAIL') :
		   $verdict->all_skipped ? $self->yellow('SKIP') :
		   $self->green('ok  ');

	printf("%s %-*s  %s  %.2f s\n", $word, $self->{width},
	       $verdict->{program}, counts($verdict->{count}),
	       $verdict->{seconds});
	for my $test (@{$verdict->{tests}}) {
		if ($test->{kind} eq 'fail') {
			print '     ', $self->red('failed'), " $test->{name}\n";
			print "            $_\n" for @{$test->{diag}};
		} elsif ($test->{kind} eq 'xfail') {
			print '     ', $self->yellow('xfail'),
			      " $test->{name}: $test->{reason}\n";
		}
	}
	$self->skips($verdict);
	if (@{$verdict->{problems}}) {
		print "     $_\n" for @{$verdict->{last_words}};
		print '     ', $self->red($_), "\n" for @{$verdict->{problems}};
	}
}

# Many tests are skipped for few reasons.
sub skips
{
	my ($self, $verdict) = @_;
	my (%count, @reasons);

	for my $test (grep { $_->{kind} eq 'skip' } @{$verdict->{tests}}) {
		push(@reasons, $test->{reason}) if !$count{$test->{reason}}++;
	}
	@reasons = ($verdict->{skip_all}) if !@reasons && $verdict->{skip_all};
	print '     ', $self->yellow('skipped'),
	      $count{$_} ? " $count{$_}" : '', ": $_\n" for @reasons;
}

sub kernel
{
	my ($self, $kernel) = @_;
	my $word = @{$kernel->{problems}} ? $self->red('FAIL') :
		   $kernel->{skip} ? $self->yellow('SKIP') : $self->green('ok  ');

	print "$word $kernel->{name}",
	      $kernel->{skip} ? ": $kernel->{skip}" : '', "\n";
	print "     $_\n" for @{$kernel->{problems}};
}

sub end
{
	my ($self, $verdicts, $exit, $seconds, $kernel) = @_;
	my $word = $exit == 0 ? $self->green('PASS') :
		   $exit == 4 ? $self->yellow('SKIP') : $self->red('FAIL');

	printf("%s %s  %.2f s  Linux %s\n", $word,
	       counts(Report::totals(@$verdicts)), $seconds, $kernel);
}

sub bail_out
{
	my ($self, $why) = @_;

	print $self->red($why), "\n";
}

package Report;

# junit(PYTHON, FILE, VERDICTS, KERNEL): true where the report was written.
sub junit
{
	my ($python, $file, $verdicts, $kernel) = @_;
	my @plain = map { { %$_ } } @$verdicts;

	push(@plain, {
		program => $kernel->{name}, problems => [], seconds => 0,
		tests => [ {
			name => 'the log has no splat, no taint flag is new',
			kind => @{$kernel->{problems}} ? 'fail' :
				$kernel->{skip} ? 'skip' : 'pass',
			reason => $kernel->{skip}, diag => $kernel->{problems},
		} ],
	});
	require JSON::PP;
	open(my $to, '|-', $python, "$lib/junit.py", $file) or return;
	print $to JSON::PP->new->encode(\@plain);
	return close($to);
}

1;

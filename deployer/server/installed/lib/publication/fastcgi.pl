#!/usr/bin/perl
# Asks a pool of PHP-FPM as NGINX does: fastcgi.pl SOCKET SECONDS NAME=VALUE…
# The answer comes on standard output, headers first; what PHP said of it on standard error. Fails without an answer.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($path, $seconds, @values) = @ARGV;
my ($BEGIN, $END, $PARAMETERS, $INPUT, $OUTPUT, $WORDS) = (1, 3, 4, 5, 6, 7);

sub record { my ($type, $content) = @_; return pack('CCnnCx', 1, $type, 1, length $content, 0) . $content }
sub size { my $length = length shift; return $length < 128 ? pack('C', $length) : pack('N', $length | 0x80000000) }

$SIG{ALRM} = sub { print STDERR "no answer within $seconds s\n"; exit 1 };
alarm $seconds;
my $pool = IO::Socket::UNIX->new(Peer => $path) or do { print STDERR "$path: $!\n"; exit 1 };
my $parameters = join '', map { my ($name, $value) = split /=/, $_, 2; size($name) . size($value) . $name . $value } grep { length } @values;
print {$pool} record($BEGIN, pack('nCx5', 1, 0)), record($PARAMETERS, $parameters), record($PARAMETERS, ''), record($INPUT, '');
$pool->flush;

while (read($pool, my $head, 8) == 8) {
    my (undef, $type, undef, $length, $padding) = unpack 'CCnnC', $head;
    my $content = '';
    last if read($pool, $content, $length + $padding) != $length + $padding;
    $content = substr $content, 0, $length;
    if ($type == $OUTPUT) { print STDOUT $content }
    elsif ($type == $WORDS) { print STDERR $content }
    elsif ($type == $END) { exit 0 }
}
print STDERR "it broke off its answer\n";
exit 1;

#!/usr/bin/perl
# An agent behind HTTP on the loopback interface: GET /health, and POST /solve with {"task_id": ...}, which answers with a unified diff.
use strict;
use warnings;
use IO::Socket::INET;
use File::Basename;

my $port = shift // die "usage: http-agent.pl PORT\n";
my $patches = dirname(__FILE__) . "/patches";
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 16, ReuseAddr => 1) or die "port $port: $!\n";
$| = 1;
printf "listening on %s\n", $server->sockport;

while (my $client = $server->accept) {
    my $request = <$client> // "";
    my $length = 0;
    while (defined(my $line = <$client>) ) {
        last if $line =~ /^\r?\n$/;
        $length = $1 if $line =~ /^content-length:\s*(\d+)/i;
    }
    my $body = "";
    read $client, $body, $length if $length;
    my ($status, $answer) = ("404 Not Found", "no such thing\n");
    if ($request =~ m{^GET /health }) {
        ($status, $answer) = ("200 OK", "well\n");
    } elsif ($request =~ m{^POST /solve } && $body =~ /"task_id":"([A-Za-z0-9_-]+)"/ && open(my $patch, "<", "$patches/$1.patch")) {
        local $/;
        ($status, $answer) = ("200 OK", scalar <$patch>);
    }
    print $client "HTTP/1.1 $status\r\nContent-Type: text/plain\r\nContent-Length: " . length($answer) . "\r\nConnection: close\r\n\r\n$answer";
    close $client;
}

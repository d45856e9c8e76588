#!/usr/bin/perl
# A child that tries to get out. Each attempt answers true if it got through; what got through is printed as "ESCAPED name". Needs perl-base alone.
# Arguments: NAME=VALUE of what lies outside: secret ledger victim socket abstract port fifo outside shm view
use strict;
use warnings;
use Socket;
use Fcntl;
use POSIX ();

my %arg = map { split /=/, $_, 2 } @ARGV;
my ($secret, $ledger, $victim, $outside) = @arg{qw(secret ledger victim outside)};
my $engine = getppid();
my $has_view = $arg{view} eq 'yes';

my ($attempts, $escapes) = (0, 0);
sub attempt {
  my ($name, $try) = @_;
  $attempts++;
  # A process of its own: an attempt may be killed for it.
  my $pid = fork();
  if (!defined $pid) { print "ESCAPED $name: no fork\n"; return; }
  if ($pid == 0) {
    alarm 5;
    my $got = eval { $try->() };
    POSIX::_exit($got ? 42 : 0);
  }
  waitpid $pid, 0;
  return unless $? == 42 << 8;
  $escapes++;
  print "ESCAPED $name\n";
}

sub can_read { my $path = shift; open(my $f, '<', $path) or return 0; my $got = sysread($f, my $bytes, 64); return defined $got && $got > 0; }
sub can_write { my $path = shift; sysopen(my $f, $path, O_WRONLY | O_CREAT, 0644) or return 0; return defined syswrite($f, "x"); }
sub ok { return syscall(@_) >= 0; }
sub path { my $text = shift; return $text . "\0"; }

# Reading
attempt 'read a secret beside', sub { can_read($secret) };
attempt 'read the ledger', sub { can_read($ledger) };
attempt 'read /etc/shadow', sub { can_read('/etc/shadow') };
attempt 'read private keys of the system', sub { for (glob '/etc/ssl/private/* /etc/ssh/*key') { return 1 if can_read($_) } 0 };
attempt 'list a home', sub { opendir(my $d, '/root') or return 0; my @all = grep { !/^\.\.?$/ } readdir $d; @all > 0 };
attempt 'list /var/lib', sub { opendir(my $d, '/var/lib') or return 0; my @all = readdir $d; @all > 2 };
attempt 'read kernel memory', sub { can_read('/dev/mem') || can_read('/dev/kmsg') || can_read('/proc/kcore') };
attempt 'read a disk', sub { for (glob '/dev/vd* /dev/sd* /dev/nvme*') { return 1 if can_read($_) } 0 };
attempt 'environment of another', sub { can_read("/proc/$victim/environ") };
attempt 'environment of the engine', sub { can_read("/proc/$engine/environ") && $engine > 2 || can_read("/proc/$arg{engine}/environ") };
attempt 'memory of another', sub { can_read("/proc/$victim/mem") || can_read("/proc/$victim/maps") };
attempt 'files of another', sub { defined readlink "/proc/$victim/fd/0" };
attempt 'root of another', sub { can_read("/proc/$victim/root$secret") || can_read("/proc/1/root$secret") || can_read("/proc/$victim/cwd/secret") };
attempt 'a secret by a link', sub { symlink($secret, 'link'); can_read('link') };
attempt 'a secret by a hard link', sub { link($secret, 'hard') && can_read('hard') };
attempt 'a secret by the parent folder', sub { my $up = '../' x 12; can_read("$up$secret") };
attempt 'a secret by rename of folders', sub { rename($outside, 'stolen') };
attempt 'a secret by a file handle', sub {
  my $handle = pack('L l C128', 128, 0); my $mount = pack('l', 0);
  ok(303, -100, path($secret), $handle, $mount, 0) && ok(304, -100, $handle, 0)
};

# Writing and changing
attempt 'write a secret beside', sub { can_write($secret) };
attempt 'make a file beside', sub { can_write("$outside/made") };
attempt 'write the ledger', sub { can_write($ledger) };
attempt 'write /usr', sub { can_write('/usr/assay-escaped') };
attempt 'write /etc', sub { can_write('/etc/assay-escaped') };
attempt 'remove a program', sub { unlink '/usr/bin/env' };
attempt 'write beside the run root', sub { can_write('../escaped') };
attempt 'remove the run root', sub { my $here = POSIX::getcwd(); chdir '/'; rmdir($here) || rename($here, "$here.away") };
attempt 'change a kernel setting', sub { can_write('/proc/sys/kernel/core_pattern') || can_write('/proc/sys/kernel/hostname') || can_write('/proc/sys/vm/drop_caches') };
attempt 'trigger sysrq', sub { sysopen(my $f, '/proc/sysrq-trigger', O_WRONLY) };
attempt 'be spared by the OOM killer', sub { open(my $f, '>', "/proc/self/oom_score_adj") or return 0; defined syswrite($f, "-1000") };
attempt 'score of another', sub { open(my $f, '>', "/proc/$victim/oom_score_adj") or return 0; defined syswrite($f, "1000") };
attempt 'leave the cgroup', sub {
  for (glob '/sys/fs/cgroup/*/tasks /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs') { open(my $f, '>', $_) or next; return 1 if defined syswrite($f, "0") }
  0
};
attempt 'raise the cgroup', sub { for (glob '/sys/fs/cgroup/*/assay/*/*max* /sys/fs/cgroup/*/assay/*/*limit*') { return 1 if can_write($_) } 0 };
attempt 'write to a pipe of the host', sub { sysopen(my $f, $arg{fifo}, O_WRONLY | O_NONBLOCK) or return 0; defined syswrite($f, "x") };
attempt 'make a device', sub { ok(133, path('disk'), 0060600, 0xFD00) || ok(133, path('mem'), 0020600, 0x0101) };
if ($has_view) {
  attempt 'mode of a program', sub { chmod 0755, '/usr/bin/env' };
  attempt 'mode of /etc', sub { chmod 0755, '/etc/passwd' };
  attempt 'owner of a program', sub { chown $<, -1, '/usr/bin/env' };
  attempt 'times of a program', sub { utime 1, 1, '/usr/bin/env' };
  attempt 'attributes of a program', sub { ok(188, path('/usr/bin/env'), path('user.assay'), 'x', 1, 0) };
  attempt 'mode of a secret', sub { chmod 0777, $secret };
}

# Other processes
attempt 'signal another', sub { kill(0, $victim) };
attempt 'stop another', sub { kill('STOP', $victim) };
attempt 'kill the engine', sub { kill(0, $arg{engine}) || ($engine > 2 && kill('KILL', $engine)) };
attempt 'signal init', sub { $has_view && $$ < 100 ? 0 : kill(0, 1) };
attempt 'signal by a descriptor', sub { my $fd = syscall(434, $victim, 0); $fd >= 0 && ok(424, $fd, 0, 0, 0) };
attempt 'signal a thread', sub { ok(200, $victim, 0) || ok(234, $victim, $victim, 0) };
attempt 'queue a signal', sub { my $info = "\0" x 128; substr($info, 8, 4) = pack('l', -1); ok(129, $victim, 10, $info) };
attempt 'limits of another', sub { ok(302, $victim, 0, pack('QQ', 1, 1), 0) };
attempt 'trace another', sub { ok(101, 16, $victim, 0, 0) || ok(101, 0x4206, $victim, 0, 0) };
attempt 'read memory by call', sub { my $to = "\0" x 8; ok(310, $victim, pack('PQ', $to, 8), 1, pack('QQ', 0x400000, 8), 1, 0) };
attempt 'file of another by descriptor', sub { my $fd = syscall(434, $victim, 0); $fd >= 0 && ok(438, $fd, 0, 0) };
attempt 'namespaces of another', sub { open(my $f, '<', "/proc/$victim/ns/mnt") or return 0; ok(308, fileno($f), 0) };

# Namespaces, mounts, kernel
attempt 'new user namespace', sub { ok(272, 0x10000000) };
attempt 'new mount namespace', sub { ok(272, 0x20000) };
attempt 'new network namespace', sub { ok(272, 0x40000000) };
attempt 'clone into namespaces', sub { my $pid = syscall(56, 0x10000000 | 17, 0, 0, 0, 0); POSIX::_exit(0) if $pid == 0; $pid > 0 };
attempt 'clone3', sub { ok(435, pack('Q11', (0) x 11), 88) };
attempt 'mount', sub { ok(165, path('tmpfs'), path('.'), path('tmpfs'), 0, 0) };
attempt 'mount anew', sub { ok(165, 0, path('/'), 0, 0x1020, 0) };
attempt 'unmount', sub { ok(166, path('/proc'), 2) };
attempt 'open a tree', sub { ok(428, -100, path('/'), 1) };
attempt 'new file system', sub { ok(430, path('tmpfs'), 0) };
attempt 'chroot', sub { ok(161, path('.')) };
attempt 'pivot_root', sub { ok(155, path('.'), path('.')) };
attempt 'host name', sub { ok(170, path('escaped'), 7) };
attempt 'clock', sub { ok(227, 0, pack('qq', time, 0)) };
attempt 'reboot', sub { ok(169, 0xfee1dead, 672274793, 0, 0) };
attempt 'module', sub { ok(175, path(''), 0, path('')) };
attempt 'bpf', sub { ok(321, 0, pack('LLLL', 1, 4, 4, 1), 16) };
attempt 'perf', sub { ok(298, pack('LLQQ', 1, 112, 0, 0) . "\0" x 88, 0, -1, -1, 0) };
attempt 'io_uring', sub { my $parameters = "\0" x 120; ok(425, 1, $parameters) };
attempt 'userfaultfd', sub { ok(323, 0) };
attempt 'fanotify', sub { ok(300, 0, 0) };
attempt 'keys', sub { ok(248, path('user'), path('assay'), 'x', 1, -4) || ok(250, 0, -3, 0) };
attempt 'kernel log', sub { my $to = ' ' x 100; ok(103, 3, $to, 100) };
attempt 'io ports', sub { ok(172, 3) };
attempt 'quota', sub { my $to = "\0" x 128; ok(179, 0x80000700, path('/dev/vda'), 0, $to) };
attempt 'accounting', sub { ok(163, 0) };
attempt 'swap', sub { ok(168, path('/nowhere')) };
attempt 'capabilities', sub { open(my $f, '<', '/proc/self/status'); grep { /^Cap(Eff|Prm|Bnd|Amb):\s*0*[1-9a-f]/ && !/^CapBnd/ } <$f> };
attempt 'gain by setuid', sub { open(my $f, '<', '/proc/self/status'); !grep { /^NoNewPrivs:\s*1/ } <$f> };
attempt 'no filter', sub { open(my $f, '<', '/proc/self/status'); !grep { /^Seccomp:\s*2/ } <$f> };

# Memory that is shared by name
attempt 'shared memory of the host', sub { my $id = syscall(29, $arg{shm}, 0, 0); $id >= 0 };
attempt 'file of shared memory', sub { can_read("/dev/shm/$arg{token}") };

# Sockets and network
attempt 'socket by path', sub { my $s; socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un($arg{socket})) };
attempt 'datagram by path', sub { my $s; socket($s, PF_UNIX, SOCK_DGRAM, 0) && send($s, 'x', 0, sockaddr_un("$arg{socket}.dgram")) };
attempt 'datagram by a pair', sub { my ($a, $b); socketpair($a, $b, PF_UNIX, SOCK_DGRAM, 0) && send($a, 'x', 0, sockaddr_un("$arg{socket}.dgram")) };
attempt 'raw pair', sub { my ($a, $b); socketpair($a, $b, PF_UNIX, SOCK_RAW, 0) };
attempt 'abstract socket', sub { my $s; socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, pack('S a*', 1, "\0$arg{abstract}")) };
attempt 'netlink', sub { my $s; socket($s, 16, SOCK_RAW, 0) };
attempt 'packets', sub { my $s; socket($s, 17, SOCK_RAW, 0) };
attempt 'raw', sub { my $s; socket($s, PF_INET, SOCK_RAW, 1) };
attempt 'virtual machine socket', sub { my $s; socket($s, 40, SOCK_STREAM, 0) };
attempt 'crypto socket', sub { my $s; socket($s, 38, SOCK_SEQPACKET, 0) };
attempt 'multipath', sub { my $s; socket($s, PF_INET, SOCK_STREAM, 262) };
attempt 'a port of the host', sub { my $s; socket($s, PF_INET, SOCK_STREAM, 0) && connect($s, sockaddr_in($arg{port}, INADDR_LOOPBACK)) };
attempt 'datagram to the host', sub { $has_view ? 0 : socket(my $s, PF_INET, SOCK_DGRAM, 0) };
attempt 'the world', sub { my $s; socket($s, PF_INET, SOCK_STREAM, 0) && connect($s, sockaddr_in(53, inet_aton('192.0.2.1'))) };

# What is left behind: a daemon without session, environment or name, which ignores what it can
if (fork() == 0) {
  POSIX::setsid();
  exit 0 if fork();
  $SIG{$_} = 'IGNORE' for qw(TERM HUP INT);
  close STDIN; close STDOUT; close STDERR;
  exec { '/bin/sleep' } $arg{token}, '600' or POSIX::_exit(1);
}
wait;
print "$attempts attempts, $escapes escapes\n";

# What the corpus needs of the kernel and no command of Debian's does. `helper.pl hold WHAT …` takes something that lives
# as long as its holder, forks twice into a session of its own, and ends: what it took is there when it has ended.
use strict;
use warnings;
use POSIX ();
use Socket;

our $arm = ((POSIX::uname())[4]) =~ /^(?:aarch64|riscv64|loongarch64)$/;
# System call numbers: x86_64 first, then those that all newer architectures share (asm-generic/unistd.h).
our %number = (
  setxattr => [188, 5], lsetxattr => [189, 6], mq_open => [240, 180], mq_unlink => [241, 181], add_key => [248, 217],
  keyctl => [250, 219], memfd_create => [319, 279], bpf => [321, 280], mq_timedsend => [242, 182], setpriority => [141, 140], prlimit64 => [302, 261],
);

sub call {
  my ($name, @parameters) = @_;
  my $result = syscall($number{$name}[$arm ? 1 : 0], @parameters);
  refuse($name) if $result == -1;
  return $result;
}

# 77 says that the kernel does not allow it, or does not have it; anything else that fails is a mistake of the corpus.
sub refuse {
  my ($what) = @_;
  my $refused = grep { $! == $_ } (POSIX::EPERM, POSIX::ENOSYS, POSIX::EAFNOSUPPORT, POSIX::EPROTONOSUPPORT, POSIX::EOPNOTSUPP, POSIX::ENODEV);
  print "$what: $!\n";
  exit($refused ? 77 : 1);
}

my @held;
sub opened {
  my ($family, $type, $protocol, $address, $listens) = @_;
  socket(my $socket, $family, $type, $protocol) or refuse("socket $family");
  if (defined $address) { bind($socket, $address) or refuse("bind $family") }
  if ($listens) { listen($socket, 8) or refuse("listen $family") }
  push @held, $socket;
  return $socket;
}

my %take = (
  nothing => sub { },
  tcp => sub { opened(PF_INET, SOCK_STREAM, 0, pack_sockaddr_in($_[1], inet_aton($_[0])), 1) },
  tcp6 => sub { opened(PF_INET6, SOCK_STREAM, 0, pack_sockaddr_in6($_[1], Socket::inet_pton(AF_INET6, $_[0])), 1) },
  udp => sub { opened(PF_INET, SOCK_DGRAM, 0, pack_sockaddr_in($_[1], inet_aton($_[0])), 0) },
  unix => sub { opened(PF_UNIX, SOCK_STREAM, 0, pack_sockaddr_un($_[0]), 1) },
  datagram => sub { opened(PF_UNIX, SOCK_DGRAM, 0, pack_sockaddr_un($_[0]), 0) },
  abstract => sub { opened(PF_UNIX, SOCK_STREAM, 0, pack("Sa*", PF_UNIX, "\0$_[0]"), 1) },
  # IPPROTO 253 is for experiments (RFC 3692); ETH_P_ALL would copy all traffic, 0 receives none.
  raw => sub { opened(PF_INET, SOCK_RAW, 253, undef, 0) },
  packet => sub { opened(17, SOCK_RAW, 0, undef, 0) },
  vsock => sub { opened(40, SOCK_STREAM, 0, pack("SSLLx4", 40, 0, $_[0], 0xffffffff), 1) },
  netlink => sub { opened(16, SOCK_RAW, 0, pack("SSLL", 16, 0, 0, 1), 0) },
  connection => sub {
    my $socket = opened(PF_INET, SOCK_STREAM, 0, undef, 0);
    connect($socket, pack_sockaddr_in($_[1], inet_aton($_[0]))) or refuse("connect");
  },
  deleted => sub {
    open(my $file, ">", $_[0]) or refuse("open");
    syswrite($file, "held\n");
    unlink($_[0]);
    push @held, $file;
  },
  memfd => sub {
    my $descriptor = call("memfd_create", $_[0], 0);
    open(my $file, ">&=", $descriptor) or refuse("memfd");
    syswrite($file, "held\n");
    push @held, $file;
  },
  map => sub {
    # BPF_MAP_CREATE of an array of one number; the name stands at 28 in union bpf_attr.
    my $attributes = pack("LLLLLLL", 2, 4, 4, 1, 0, 0, 0) . pack("a16", $_[0]) . "\0" x 84;
    my $descriptor = call("bpf", 0, $attributes, 72);
    open(my $file, "<&=", $descriptor) or refuse("bpf");
    push @held, $file;
  },
  zombie => sub { },
);

# The caller goes on when the daemon is on its own, and is nobody's child any more.
sub away {
  my ($after) = @_;
  pipe(my $ready, my $tell) or refuse("pipe");
  if (fork // refuse("fork")) {
    close $tell;
    exit(sysread($ready, my $byte, 1) ? 0 : 1);
  }
  close $ready;
  POSIX::setsid();
  my $middle = $$;
  POSIX::_exit(0) if fork // POSIX::_exit(1);
  select(undef, undef, undef, 0.001) while getppid() == $middle;
  chdir "/";
  open(STDIN, "<", "/dev/null");
  open(STDOUT, ">", "/dev/null");
  open(STDERR, ">", "/dev/null");
  syswrite($tell, "1");
  close $tell;
  $after->();
}

sub rest {
  my ($listening) = @_;
  # One guest at a time, until it goes.
  while (defined $listening && accept(my $guest, $listening)) {
    while (sysread($guest, my $bytes, 512)) { }
  }
  sleep 3600 while 1;
}

our %command = (
  hold => sub {
    my ($what, @parameters) = @_;
    $take{$what} or die "nothing holds $what\n";
    # Not inherited by what is executed, but by what is forked.
    $take{$what}->(@parameters);
    # Its name only: what it was told to hold would be found in its command line.
    $0 = $ENV{SHOWN_AS} // ($^X =~ m{([^/]+)$})[0];
    away(sub {
      if ($what eq "zombie") { POSIX::_exit(0) unless fork }
      rest($what =~ /^tcp/ ? $held[0] : undef);
    });
  },
  # A writer that keeps its file open to append to it.
  append => sub {
    my ($path) = @_;
    open(my $file, ">>", $path) or refuse("open");
    away(sub {
      while (1) {
        syswrite($file, "something happened\n");
        select(undef, undef, undef, 0.1);
      }
    });
  },
  # One that waits, as a service does, for a byte on a named pipe, and then writes a file.
  serve => sub {
    my ($pipe, $path) = @_;
    open(my $requests, "+<", $pipe) or refuse("open");
    away(sub {
      while (sysread($requests, my $byte, 1)) {
        open(my $file, ">", $path);
        print {$file} "as asked\n";
        close $file;
      }
    });
  },
  # Runs a program from memory only.
  "run-memfd" => sub {
    my ($name, $program, @parameters) = @_;
    open(my $from, "<", $program) or refuse("open");
    binmode $from;
    local $/;
    my $bytes = <$from>;
    $^F = 99;
    my $descriptor = call("memfd_create", $name, 0);
    open(my $file, ">&=", $descriptor) or refuse("memfd");
    binmode $file;
    syswrite($file, $bytes);
    exec {"/proc/self/fd/$descriptor"} $name, @parameters or refuse("exec");
  },
  xattr => sub {
    my ($path, $name, $hex) = @_;
    my $value = pack("H*", $hex);
    call("lsetxattr", $path, $name, $value, length $value, 0);
  },
  # struct mq_attr is left to the kernel's defaults.
  queue => sub { call("mq_open", $_[0], 0102, 0600, 0) },
  unqueue => sub { syscall($number{mq_unlink}[$arm ? 1 : 0], my $name = $_[0]) },
  # Into the keyring of the user (-4, KEY_SPEC_USER_KEYRING), which outlives every session.
  key => sub { call("add_key", my $type = "user", my $name = $_[0], my $value = "value", 5, -4) },
  unkey => sub {
    # KEYCTL_SEARCH (10), KEYCTL_UNLINK (9)
    my $at = $number{keyctl}[$arm ? 1 : 0];
    my $key = syscall($at, 10, -4, my $type = "user", my $name = $_[0], 0);
    syscall($at, 9, $key, -4) if $key != -1;
  },
  shm => sub { shmget($_[0], 4096, 01600) // refuse("shmget") },
  sem => sub { semget($_[0], 2, 01600) // refuse("semget") },
  msg => sub { msgget($_[0], 01600) // refuse("msgget") },
  # Below more directories than PATH_MAX has room for.
  deep => sub {
    my ($top, $file) = @_;
    chdir $top or refuse("chdir");
    for (1 .. 20) {
      mkdir "d" x 240;
      chdir "d" x 240 or refuse("chdir");
    }
    return unless defined $file;
    open(my $made, ">", $file) or refuse("open");
  },
  # In place, by the same number of bytes.
  overwrite => sub {
    my ($path, $text) = @_;
    open(my $file, "+<", $path) or refuse("open");
    syswrite($file, $text);
  },
  connect => sub {
    my $socket = opened(PF_INET, SOCK_STREAM, 0, undef, 0);
    connect($socket, pack_sockaddr_in($_[1], inet_aton($_[0]))) or refuse("connect");
  },
  # `name NAME` names the host with bytes: % and two digits stand for one.
  bytes => sub {
    my ($name) = @_;
    $name =~ s/%([0-9a-f]{2})/chr hex $1/ge;
    open(my $file, ">", $name) or refuse("open");
    print {$file} "x";
  },
  unbytes => sub {
    my ($name) = @_;
    $name =~ s/%([0-9a-f]{2})/chr hex $1/ge;
    unlink $name;
  },
);

require((__FILE__ =~ m{^(.*/)})[0] . "files.pl");
# What kernel.pl adds.
our (%more_holds, %more_commands, %more_numbers);
%take = (%take, %more_holds);
%command = (%command, %more_commands);
%number = (%number, %more_numbers);

my $name = shift @ARGV;
$command{$name} or die "there is no command $name\n";
$command{$name}->(@ARGV);

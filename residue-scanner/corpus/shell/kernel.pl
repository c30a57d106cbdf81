# What the plants among kernel objects need more than helper.pl has; everything of that is here, too.
use strict;
use warnings;
use POSIX ();
use Socket;

# Calls of the kernel: x86_64 first, then those that all newer architectures share.
our %more_numbers = (
  ptrace => [101, 117], setdomainname => [171, 162], adjtimex => [159, 171], shmctl => [31, 195], semctl => [66, 191],
  syslog => [103, 116], sendmsg => [46, 211], recvmsg => [47, 212], mq_timedsend => [242, 182], exit => [60, 93],
  gettid => [186, 178], getsockopt => [55, 209], msgsnd => [69, 189],
  request_key => [249, 218], clone => [56, 220],
);

# One descriptor as ancillary data (unix(7), cmsg(3)): struct msghdr with one byte of data.
our ($control, $byte, $vector, $answer);
sub message {
  ($control, $byte) = @_;
  $vector = pack("PQ", $byte, 1);
  return pack("QLx4PQPQi", 0, 0, $vector, 1, $control, length $control, 0) . "\0" x 4;
}

sub unix_to {
  my ($path) = @_;
  my $socket = opened(PF_UNIX, SOCK_STREAM, 0, undef, 0);
  connect($socket, pack_sockaddr_un($path)) or refuse("connect");
  return $socket;
}

# struct bpf_attr of BPF_PROG_LOAD: two instructions, r0 = 1 and exit, which let all packets pass.
sub load_program {
  my ($type, $name) = @_;
  my $code = pack("CCsl", 0xb7, 0, 0, 1) . pack("CCsl", 0x95, 0, 0, 0);
  my $license = "GPL\0";
  my $attributes = pack("LLPPLLQLL", $type, 2, $code, $license, 0, 0, 0, 0, 0) . pack("a16", $name) . "\0" x 64;
  return call("bpf", 5, $attributes, 120);
}

sub netlink {
  my ($protocol, @messages) = @_;
  my $socket = opened(16, SOCK_RAW, $protocol, undef, 0);
  my $bytes = join("", map { pack("LSSLL", 16 + length($_->[2]), $_->[0], $_->[1], $_->[3] // 1, 0) . $_->[2] } @messages);
  syswrite($socket, $bytes) // refuse("netlink");
  sysread($socket, $answer, 4096) // refuse("netlink");
  my ($type, $error) = unpack("x4Sx10l", $answer);
  if ($type == 2 && $error != 0) { $! = -$error; refuse("netlink") }
  return $socket;
}

sub interface_ioctl {
  my ($request, $name, $value) = @_;
  my $socket = opened(PF_INET, SOCK_DGRAM, 0, undef, 0);
  my $data = pack("a16a24", $name, $value);
  ioctl($socket, $request, $data) or refuse("ioctl");
  return substr($data, 16);
}

our %more_holds = (
  seqpacket => sub { opened(PF_UNIX, SOCK_SEQPACKET, 0, pack("Sa*", PF_UNIX, "\0$_[0]"), 1) },
  udp6 => sub { opened(PF_INET6, SOCK_DGRAM, 0, pack_sockaddr_in6($_[1], Socket::inet_pton(AF_INET6, $_[0])), 0) },
  udplite => sub { opened(PF_INET, SOCK_DGRAM, 136, pack_sockaddr_in($_[1], inet_aton($_[0])), 0) },
  bound => sub { opened(PF_INET, SOCK_STREAM, 0, pack_sockaddr_in($_[1], inet_aton($_[0])), 0) },
  alg => sub { opened(38, SOCK_SEQPACKET, 0, pack("Sa14LLa64", 38, "hash", 0, 0, "sha256"), 0) },
  # IP_ADD_MEMBERSHIP, by the address of an interface
  member => sub {
    my $socket = opened(PF_INET, SOCK_DGRAM, 0, pack_sockaddr_in($_[1], inet_aton($_[0])), 0);
    setsockopt($socket, 0, 35, inet_aton($_[0]) . inet_aton("127.0.0.1")) or refuse("membership");
  },
  # Beside another one that shares its port.
  shared => sub {
    my $socket = opened(PF_INET, SOCK_STREAM, 0, undef, 0);
    setsockopt($socket, SOL_SOCKET, SO_REUSEPORT, 1) or refuse("reuseport");
    bind($socket, pack_sockaddr_in($_[1], inet_aton($_[0]))) or refuse("bind");
    listen($socket, 8) or refuse("listen");
  },
  # Several, on ports that the kernel chooses.
  listeners => sub { opened(PF_INET, SOCK_STREAM, 0, pack_sockaddr_in(0, inet_aton($_[0])), 1) for 1 .. 5 },
  # The trace of somebody else's process (PTRACE_SEIZE), which goes on.
  traced => sub { call("ptrace", 0x4206, $_[0] + 0, 0, 0) },
  lock => sub {
    open(my $file, "+<", $_[0]) or refuse("open");
    flock($file, 2) or refuse("flock");
    our $locked = $file;
  },
);

our %more_commands = (
  # The first thread ends, and another one goes on to listen (pthread_exit(3) of main).
  headless => sub {
    my ($shown, $address, $port) = @_;
    require threads;
    $0 = $shown;
    my $socket = opened(PF_INET, SOCK_STREAM, 0, pack_sockaddr_in($port, inet_aton($address)), 1);
    away(sub {
      threads->create(sub { sleep 3600 while 1 });
      call("exit", 0);
    });
  },
  # Waits with a thread beside the first one, whose id it writes down.
  threaded => sub {
    my ($path) = @_;
    require threads;
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      threads->create(sub {
        open(my $file, ">", "$path.new") or die;
        print {$file} call("gettid"), "\n";
        close $file;
        rename "$path.new", $path;
        sleep 3600 while 1;
      });
      sleep 3600 while 1;
    });
  },
  # A service that takes descriptors from whoever comes, and keeps them; or lets them lie.
  keeper => sub {
    my ($path, $takes) = @_;
    my $listening = opened(PF_UNIX, SOCK_STREAM, 0, pack_sockaddr_un($path), 1);
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      my @guests;
      while (accept(my $guest, $listening)) {
        push @guests, $guest;
        next unless $takes;
        call("recvmsg", fileno($guest), my $header = message("\0" x 24, "\0"), 0);
        syswrite($guest, "k");
      }
    });
  },
  # Gives a service a listening socket, and ends.
  hand => sub {
    my ($path, $takes, $address, $port) = @_;
    my $given = opened(PF_INET, SOCK_STREAM, 0, pack_sockaddr_in($port, inet_aton($address)), 1);
    my $socket = unix_to($path);
    # SCM_RIGHTS
    my $header = message(pack("QllLx4", 20, SOL_SOCKET, 1, fileno($given)), "x");
    call("sendmsg", fileno($socket), $header, 0);
    sysread($socket, my $kept, 1) if $takes;
  },
  # Into a keyring of the kernel's: -4 is the user's.
  keyring => sub { call("add_key", my $type = "keyring", my $name = $_[0], 0, 0, -4) },
  logon => sub { call("add_key", my $type = "logon", my $name = $_[0], my $value = "value", 5, -4) },
  "key-update" => sub {
    my $key = call("keyctl", 10, -4, my $type = "user", my $name = $_[0], 0);
    my $value = $_[1];
    call("keyctl", 2, $key, $value, length $value, 0);
  },
  "key-permissions" => sub {
    my ($type, $name) = ("user", $_[0]);
    call("keyctl", 5, call("keyctl", 10, -4, $type, $name, 0), oct $_[1]);
  },
  unkeyring => sub {
    my ($type, $name) = @_;
    my $at = $^O eq "linux" ? call_quietly("keyctl", 10, -4, $type, $name, 0) : -1;
    call_quietly("keyctl", 9, $at, -4) if $at != -1;
  },
  # semctl(2) SETVAL of the first, shmctl(2) IPC_RMID
  "sem-value" => sub { call("semctl", semget($_[0], 2, 0), 0, 16, $_[1] + 0) },
  "shm-remove" => sub { call("shmctl", shmget($_[0], 4096, 0), 0, 0) },
  domain => sub { my $name = $_[0]; call("setdomainname", $name, length $name) },
  # syslog(2) SYSLOG_ACTION_CONSOLE_LEVEL
  "console-level" => sub { call("syslog", 8, 0, $_[0] + 0) },
  # struct timex of adjtimex(2): modes 2 sets the frequency, in 2^-16 parts per million.
  frequency => sub {
    my $struct = pack("Lx4qq", 0, 0, 0) . "\0" x 184;
    call("adjtimex", $struct);
    my $now = unpack("x16q", $struct);
    if (!defined $_[0]) { print "$now\n"; return }
    $struct = pack("Lx4qq", 2, 0, $_[0] + 0) . "\0" x 184;
    call("adjtimex", $struct);
  },
  # BPF_PROG_ATTACH of a program for packets (cgroup_skb, 8) to a control group, and its BPF_PROG_DETACH.
  "bpf-attach" => sub {
    my ($directory, $name) = @_;
    my $program = load_program(8, $name);
    sysopen(my $group, $directory, 0) or refuse("open");
    my $attributes = pack("LLLL", fileno($group), $program, 0, 2) . "\0" x 48;
    call("bpf", 8, $attributes, 64);
  },
  "bpf-pin" => sub {
    my ($path, $name) = @_;
    my $map = call("bpf", 0, my $attributes = pack("LLLLLLL", 2, 4, 4, 1, 0, 0, 0) . pack("a16", $name) . "\0" x 84, 72);
    my $text = "$path\0";
    call("bpf", 6, my $pin = pack("PLL", $text, $map, 0) . "\0" x 48, 16);
  },
  # struct ifreq: SIOCSIFMTU, SIOCSIFFLAGS, SIOCSIFADDR
  mtu => sub { interface_ioctl(0x8922, $_[0], pack("l", $_[1])) },
  flags => sub { interface_ioctl(0x8914, $_[0], pack("s", oct $_[1])) },
  "add-address" => sub { interface_ioctl(0x8916, $_[0], pack("SSa4", PF_INET, 0, inet_aton($_[1]))) },
  # ETHTOOL_SGRO (0x2c), by SIOCETHTOOL, with a pointer to its struct
  gro => sub {
    my $value = pack("LL", 0x2c, $_[1]);
    interface_ioctl(0x8946, $_[0], pack("P", $value));
  },
  # nfnetlink: a batch (0x10, 0x11) of one NFT_MSG_NEWTABLE (0xa00) or NFT_MSG_DELTABLE (0xa02), family inet (1)
  nft => sub {
    my ($what, $name) = @_;
    my $batch = pack("CCn", 0, 0, 10);
    my $attribute = pack("SS", 5 + length $name, 1) . "$name\0";
    $attribute .= "\0" x (-length($attribute) % 4);
    netlink(12, [0x10, 1, $batch], [$what eq "add" ? 0xa00 : 0xa02, $what eq "add" ? 0x405 : 5, pack("CCn", 1, 0, 0) . $attribute], [0x11, 1, $batch]);
  },
  # struct audit_status of AUDIT_SET (1001): mask 0x10 sets the length of the queue; AUDIT_GET (1000)
  backlog => sub {
    if (defined $_[0]) { netlink(9, [1001, 5, pack("L10", 0x10, 0, 0, 0, 0, $_[0], 0, 0, 0, 0)]); return }
    netlink(9, [1000, 1, ""]);
    print unpack("x36L", $answer), "\n";
  },
  # A server of sessions as sshd is: each guest has a process, of another user and in a session of its own.
  sessions => sub {
    my ($address, $port) = @_;
    my $listening = opened(PF_INET, SOCK_STREAM, 0, pack_sockaddr_in($port, inet_aton($address)), 1);
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      $SIG{CHLD} = "IGNORE";
      while (1) {
        accept(my $guest, $listening) or next;
        next if fork;
        POSIX::setsid();
        POSIX::setgid(65534);
        POSIX::setuid(65534);
        syswrite($guest, "hello\n");
        while (sysread($guest, my $bytes, 512)) { }
        POSIX::_exit(0);
      }
    });
  },
  # msgsnd(2)
  send => sub {
    my $text = pack("q", 1) . "left";
    call("msgsnd", msgget($_[0], 0), $text, 4, 04000);
  },
);

sub call_quietly {
  my ($name, @parameters) = @_;
  our %more_numbers;
  my $arm = ((POSIX::uname())[4]) =~ /^(?:aarch64|riscv64|loongarch64)$/;
  my %known = (%more_numbers, keyctl => [250, 219]);
  return syscall($known{$name}[$arm ? 1 : 0], @parameters);
}

my ($here) = __FILE__ =~ m{^(.*)/};
do "$here/asked.pl" or die $@;
our %asked_commands;
%more_commands = (%more_commands, %asked_commands);
do "$here/helper.pl";
die $@ if $@;

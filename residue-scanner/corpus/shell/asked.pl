# Services that wait for orders, and whoever gives them. Read by kernel.pl.
use strict;
use warnings;
use Socket;

our %asked_commands = (
  # Waits at a socket, and does what it is there for as often as somebody comes: writes a file, or starts a program.
  "serve-guests" => sub {
    my ($kind, $address, $what, @parameters) = @_;
    my ($family, $name) = place($kind, $address);
    my $listening = opened($family, SOCK_STREAM, 0, $name, 1);
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      $SIG{CHLD} = "IGNORE";
      while (accept(my $guest, $listening)) {
        sysread($guest, my $order, 1);
        if ($what eq "write") { written($parameters[0]) }
        elsif (!fork) { exec @parameters or POSIX::_exit(1) }
        syswrite($guest, "done");
      }
    });
  },
  "ask-guest" => sub {
    my ($kind, $address) = @_;
    my ($family, $name) = place($kind, $address);
    socket(my $socket, $family, SOCK_STREAM, 0) or refuse("socket");
    connect($socket, $name) or refuse("connect");
    syswrite($socket, "x");
    sysread($socket, my $answer, 4);
  },
  # Writes a file whenever it is told to by a signal.
  "serve-signals" => sub {
    my ($path, $signal) = @_;
    $0 = ($^X =~ m{([^/]+)$})[0];
    $SIG{$signal} = sub { written($path) };
    away(sub { sleep 3600 while 1 });
  },
  # Whoever is not there is asked of the kernel's helper; KEY_SPEC_SESSION_KEYRING (-3).
  "request-key" => sub { call_quietly("request_key", my $type = "user", my $name = $_[0], my $hint = "x", -3) },
  # A child of one's own parent writes a file (CLONE_PARENT, SIGCHLD).
  sister => sub {
    my ($path) = @_;
    my $child = call("clone", 0x8000 | 17, 0, 0, 0, 0);
    return if $child;
    written($path);
    POSIX::_exit(0);
  },
  "when-gone" => sub {
    my ($pid, $path) = @_;
    away(sub {
      select(undef, undef, undef, 0.001) while kill(0, $pid);
      written($path);
    });
  },
  # Takes a number that is free, and writes a file under it: the kernel's next pid can be chosen (proc(5)).
  "as-number" => sub {
    my ($number, $path) = @_;
    for (1 .. 200) {
      open(my $last, ">", "/proc/sys/kernel/ns_last_pid") or refuse("ns_last_pid");
      syswrite($last, $number - 1);
      close $last;
      my $child = fork // refuse("fork");
      unless ($child) {
        written($path) if $$ == $number;
        POSIX::_exit($$ == $number ? 5 : 0);
      }
      waitpid($child, 0);
      return if $? >> 8 == 5;
    }
    print "somebody else has $number\n";
    exit 77;
  },
  # IPC_STAT (2), IPC_SET (1); the mode stands at 20 in struct shmid_ds (shmctl(2)).
  "shm-mode" => sub {
    my ($key, $mode) = @_;
    my $id = shmget($key, 0, 0) // refuse("shmget");
    my $state = "\0" x 256;
    call("shmctl", $id, 2, $state);
    substr($state, 20, 4) = pack("L", oct $mode);
    call("shmctl", $id, 1, $state);
  },
  # Looks into a spool all the time, does what lies there, and takes it away.
  "serve-spool" => sub {
    my ($spool, $path) = @_;
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      while (1) {
        for my $order (glob("$spool/*")) { written($path); unlink $order }
        select(undef, undef, undef, 0.05);
      }
    });
  },
  # Opens a file and hands it to whoever comes, who writes.
  "serve-opened" => sub {
    my ($door, $path) = @_;
    my $listening = opened(PF_UNIX, SOCK_STREAM, 0, pack_sockaddr_un($door), 1);
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      while (accept(my $guest, $listening)) {
        open(my $file, "+<", $path) or next;
        my ($byte, $control) = ("x", pack("QllLx4", 20, 1, 1, fileno($file)));
        my ($header, $vector) = envelope(\$byte, \$control);
        call("sendmsg", fileno($guest), $header, 0);
        sysread($guest, my $answer, 1);
      }
    });
  },
  "write-handed" => sub {
    my ($door) = @_;
    my $socket = unix_to($door);
    my ($byte, $control) = ("x", "\0" x 24);
    my ($header, $vector) = envelope(\$byte, \$control);
    call("recvmsg", fileno($socket), $header, 0);
    open(my $file, ">&=", unpack("x16l", $control)) or refuse("descriptor");
    syswrite($file, "left");
  },
  # A thread sets its own priority (PRIO_PROCESS, 0), as those that play sound do.
  "own-thread" => sub {
    my ($path) = @_;
    require threads;
    $0 = ($^X =~ m{([^/]+)$})[0];
    away(sub {
      threads->create(sub {
        until (-e $path) { select(undef, undef, undef, 0.02) }
        call("setpriority", 0, 0, 3);
        sleep 3600 while 1;
      });
      sleep 3600 while 1;
    });
  },
  # KEYCTL_SEARCH (10) in the user's keyring, KEYCTL_SET_TIMEOUT (15)
  "key-timeout" => sub {
    my ($name, $seconds) = @_;
    my $key = call("keyctl", 10, -4, my $type = "user", $name, 0);
    call("keyctl", 15, $key, $seconds + 0);
  },
  # SHM_LOCK (11)
  "shm-lock" => sub { call("shmctl", shmget($_[0], 4096, 0), 11, 0) },
  # mq_open(3) to write, mq_timedsend(2) without a deadline
  "queue-send" => sub {
    my $queue = call("mq_open", $_[0], 01 | 04000, 0, 0);
    my $text = "left";
    call("mq_timedsend", $queue, $text, length $text, 0, 0);
  },
);

sub place {
  my ($kind, $address) = @_;
  return (PF_UNIX, pack_sockaddr_un($address)) if $kind eq "unix";
  return (PF_UNIX, pack("Sa*", PF_UNIX, "\0$address")) if $kind eq "abstract";
  my ($host, $port) = split(/:/, $address);
  return (PF_INET, pack_sockaddr_in($port, inet_aton($host)));
}

sub written {
  my ($path) = @_;
  open(my $file, ">", "$path") or return;
  print {$file} "as asked\n";
  close $file;
}

1;

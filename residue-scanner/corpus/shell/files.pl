# Ways to write a file that no command of Debian's knows; read by helper.pl.
use strict;
use warnings;

our ($arm, %command, %number);
%number = (
  %number,
  read => [0, 63], mmap => [9, 222], munmap => [11, 215], sendmsg => [46, 211], recvmsg => [47, 212],
  sendfile => [40, 71], splice => [275, 76], copy_file_range => [326, 285], linkat => [265, 37],
  renameat2 => [316, 276], io_uring_setup => [425, 425], io_uring_enter => [426, 426],
  removexattr => [197, 14], fchmodat2 => [452, 452],
);
my $here = -100;

sub openedFile {
  my ($mode, $path) = @_;
  open(my $file, $mode, $path) or refuse("open $path");
  return $file;
}

# The kernel reads into any address: the only way from here to write to one.
sub poke {
  my ($address, $bytes) = @_;
  pipe(my $out, my $in) or refuse("pipe");
  syswrite($in, $bytes);
  call("read", fileno($out), $address + 0, length $bytes);
}
sub peek { return unpack("L", unpack("P4", pack("J", $_[0]))) }
sub addressOf { return unpack("J", pack("P", $_[0])) }
# PROT_READ | PROT_WRITE, MAP_SHARED
sub mapped { return call("mmap", 0, $_[1], 3, 1, fileno($_[0]), $_[2] // 0) }

# struct msghdr with one byte of data and room for one descriptor (SCM_RIGHTS, unix(7)).
sub envelope {
  my ($byte, $control) = @_;
  my $vector = pack("JJ", addressOf($$byte), 1);
  return (pack("JLx4JJJJLx4", 0, 0, addressOf($vector), 1, addressOf($$control), length $$control, 0), $vector);
}

%command = (
  %command,
  # Through a mapping: no write(2) at all.
  map => sub {
    my ($path, $text) = @_;
    my $file = openedFile("+<", $path);
    poke(mapped($file, length $text), $text);
  },
  # By a daemon that keeps the mapping and nothing else: the file is never closed after the writing.
  "map-held" => sub {
    my ($path, $text) = @_;
    my $file = openedFile("+<", $path);
    my $address = mapped($file, 4096);
    close $file;
    poke($address, $text);
    away(sub { rest() });
  },
  # A service that writes through its mapping whenever it is asked to, by a byte on a named pipe.
  "map-asked" => sub {
    my ($path, $pipe) = @_;
    my $file = openedFile("+<", $path);
    my $address = mapped($file, 4096);
    close $file;
    my $requests = openedFile("+<", $pipe);
    away(sub { poke($address, pack("d", rand)) while sysread($requests, my $byte, 1) });
  },
  # IORING_OP_WRITE by a worker of the ring (IOSQE_ASYNC), io_uring(7).
  ring => sub {
    my ($path, $text) = @_;
    my $file = openedFile("+<", $path);
    my $parameters = "\0" x 120;
    my $ring = syscall($number{io_uring_setup}[0], 4, $parameters);
    refuse("io_uring_setup") if $ring == -1;
    open(my $held, "+<&=", $ring) or refuse("ring");
    my @offset = unpack("x40L7", $parameters);
    my $queue = mapped($held, $offset[6] + 16);
    my $entries = mapped($held, 4 * 64, 0x10000000);
    poke($entries, pack("CCSlQQLLQx24", 23, 16, 0, fileno($file), 0, addressOf($text), length $text, 0, 1));
    poke($queue + $offset[6], pack("L", 0));
    poke($queue + $offset[1], pack("L", peek($queue + $offset[1]) + 1));
    call("io_uring_enter", $ring, 1, 1, 1, 0, 0);
  },
  "copy-range" => sub {
    my ($from, $to) = (openedFile("<", $_[0]), openedFile("+<", $_[1]));
    call("copy_file_range", fileno($from), 0, fileno($to), 0, 6, 0);
  },
  splice => sub {
    my ($path, $text) = @_;
    my $file = openedFile("+<", $path);
    pipe(my $out, my $in) or refuse("pipe");
    syswrite($in, $text);
    call("splice", fileno($out), 0, fileno($file), 0, length $text, 0);
  },
  sendfile => sub {
    my ($from, $to) = (openedFile("<", $_[0]), openedFile("+<", $_[1]));
    call("sendfile", fileno($to), fileno($from), 0, 6);
  },
  # A file that had no name (O_TMPFILE), given one.
  unnamed => sub {
    my ($directory, $name) = @_;
    sysopen(my $file, $directory, 020000000 | ($arm ? 040000 : 0200000) | 2, 0644) or refuse("O_TMPFILE");
    syswrite($file, "left\n");
    # AT_SYMLINK_FOLLOW
    call("linkat", $here, my $from = "/proc/self/fd/" . fileno($file), $here, $name, 0x400);
  },
  # RENAME_EXCHANGE, 2; RENAME_WHITEOUT, 4
  rename => sub { call("renameat2", $here, $_[0], $here, $_[1], $_[2] + 0) },
  unattribute => sub { call("removexattr", $_[0], $_[1]) },
  # One that is handed an open file by whoever asks, and writes to it.
  "serve-files" => sub {
    my ($path, $done) = @_;
    my $listening = opened(PF_UNIX, SOCK_STREAM, 0, pack_sockaddr_un($path), 1);
    away(sub {
      while (accept(my $guest, $listening)) {
        my ($byte, $control) = ("x", "\0" x 24);
        my ($header, $vector) = envelope(\$byte, \$control);
        next if syscall($number{recvmsg}[$arm ? 1 : 0], fileno($guest), $header, 0) < 1;
        open(my $file, ">&=", unpack("x16l", $control)) or next;
        syswrite($file, "as asked\n");
        close $file;
        syswrite($guest, "1");
      }
    });
  },
  "hand-over" => sub {
    my ($path, $target) = @_;
    my $file = openedFile("+<", $target);
    my $socket = opened(PF_UNIX, SOCK_STREAM, 0, undef, 0);
    connect($socket, pack_sockaddr_un($path)) or refuse("connect");
    my ($byte, $control) = ("x", pack("QllLx4", 20, 1, 1, fileno($file)));
    my ($header, $vector) = envelope(\$byte, \$control);
    call("sendmsg", fileno($socket), $header, 0);
    close $file;
    sysread($socket, my $answer, 1);
  },
  # Double fork, session and root directory of its own, no environment; writes after its parents are gone.
  late => sub {
    my ($path) = @_;
    %ENV = ();
    away(sub {
      open(my $file, ">", $path) or POSIX::_exit(1);
      print {$file} "left\n";
      close $file;
      POSIX::_exit(0);
    });
  },
);
1;

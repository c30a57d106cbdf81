import type { CorpusItem, CorpusSection } from "../item.ts";

const written = (
  name: string,
  what: string,
  more: Omit<CorpusItem, "name" | "what" | "undo" | "traces">,
): CorpusItem => ({
  ...{ name, what, ...more },
  undo: String.raw`rm -rf "$D"/left* "$D"/second "$D"/file*`,
  traces: [{ text: "$D/left" }],
});

/** A service of somebody's that was there before: a program of perl's, after `my $d` names the item's directory. */
const service = (name: string, program: string): string =>
  `tool ${name}; setsid "$W/bin/${name}" -e 'my $d = shift; ${program}' "$D" </dev/null >/dev/null 2>&1 &
  until_true "pid_of ${name} >/dev/null"`;
const nap = "select(undef, undef, undef, 0.05)";

/** What others go on to do with what the job did: they run it, rewrite it, rotate it and move it, and type what it says. */
export const handedOnPlants: CorpusSection = {
  surface: "handed on to others",
  items: [
    written("n-hook", "a file by a script of somebody's that their service runs, to which the job added a line", {
      needs: ["pgrep"],
      before: `: > "$D/file.hook"; ${service("n-hook", `while (1) { system("/bin/sh", "$d/file.hook"); ${nap} }`)}`,
      act: String.raw`echo "echo left >> '$D/left'; sleep 0.2" >> "$D/file.hook"; wait_for "$D/left"`,
    }),
    {
      ...written("n-rotated", "a line in a log that somebody then rotates", {
        needs: ["pgrep"],
        before: `echo old > "$D/file"; ${service(
          "n-rotated",
          `while (1) { if (-s "$d/file" > 4) { rename "$d/file", "$d/file.1"; open(my $f, ">", "$d/file"); sleep 3600 } ${nap} }`,
        )}`,
        act: String.raw`echo left >> "$D/file"; wait_for "$D/file.1"`,
      }),
      traces: [{ text: "$D/file.1" }],
    },
    {
      ...written("n-rewritten", "a line in a file that somebody's program then reads and writes anew", {
        needs: ["pgrep"],
        before: `echo old > "$D/file"; ${service(
          "n-rewritten",
          `while (1) { if (-s "$d/file" > 4) { open(my $f, "<", "$d/file"); my @l = <$f>; open(my $o, ">", "$d/file.new"); print $o @l, "more\\n"; close $o; rename "$d/file.new", "$d/file"; sleep 3600 } ${nap} }`,
        )}`,
        act: String.raw`echo left >> "$D/file"; until_true 'grep -q more "$D/file"'`,
      }),
      traces: [{ text: "$D/file" }],
    },
    {
      ...written("n-moved-on", "a file in a directory that somebody then moves elsewhere", {
        needs: ["pgrep"],
        before: `mkdir "$D/file"; ${service(
          "n-moved-on",
          `while (1) { if (-e "$d/file/left") { rename "$d/file", "$d/second"; sleep 3600 } ${nap} }`,
        )}`,
        act: String.raw`echo left > "$D/file/left"; wait_for "$D/second/left"`,
      }),
      traces: [{ text: "$D/second/left" }],
    },
    written("n-forked", "a file by a child that somebody's service forked for the job's connection", {
      needs: ["pgrep"],
      before: service(
        "n-forked",
        `use IO::Socket::INET; $SIG{CHLD} = "IGNORE"; my $s = IO::Socket::INET->new(LocalAddr => "'"$A.93"'", LocalPort => 4711, Listen => 5) or die; while (my $c = $s->accept) { next if fork; my $l = <$c>; open(my $f, ">", "$d/left"); print $f "x"; close $f; exit }`,
      ),
      act: String.raw`"$W/bin/perl" -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0]) or die; print $s "x\n"; my $l = <$s>' "$A.93:4711"; wait_for "$D/left"`,
    }),
    {
      ...written("n-typed", "a file by a shell in somebody's tmux, into which the job typed", {
        needs: ["tmux"],
        before: String.raw`env -i PATH="$PATH" HOME="$D" TERM=xterm setsid tmux -S "$D/file.socket" -f /dev/null new-session -d -s old sh`,
        act: String.raw`tmux -S "$D/file.socket" send-keys -t old "echo left > '$D/left'" Enter; wait_for "$D/left"`,
      }),
      undo: String.raw`[ ! -S "$D/file.socket" ] || tmux -S "$D/file.socket" kill-server || :; rm -f "$D/left" "$D/file.socket"`,
    },
    {
      name: "n-own-tmux",
      what: "a server of tmux with a shell",
      needs: ["tmux"],
      act: String.raw`env TERM=xterm HOME="$D" tmux -S "$D/socket" -f /dev/null new-session -d sh`,
      undo: String.raw`[ ! -e "$D/socket" ] || tmux -S "$D/socket" kill-server || :; rm -f "$D/socket"`,
      traces: [{ text: "$D/socket" }],
    },
    {
      name: "n-forwarding",
      what: "an address that somebody's bridge is to know at a port",
      needs: ["ip", "bridge"],
      before: String.raw`ip link add "$T"m type bridge || refuse "no bridges"; ip link add "$T"p type veth peer name "$T"q; ip link set "$T"p master "$T"m`,
      act: String.raw`bridge fdb add 02:00:5e:77:77:09 dev "$T"p master`,
      undo: String.raw`for link in "$T"p "$T"m; do [ ! -e "/sys/class/net/$link" ] || ip link del "$link"; done`,
      traces: [{ text: "02:00:5e:77:77:09", surface: "network" }],
    },
  ],
};

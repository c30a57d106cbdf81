import type { CorpusItem, CorpusSection } from "../item.ts";
import { itemOf } from "../pairs.ts";
import { filePairs } from "../pairs/files.ts";
import { helperPairs } from "../pairs/helpers.ts";
import { kernelPairs } from "../pairs/kernel.ts";
import { programPairs } from "../pairs/programs.ts";
import { line } from "./configuration.ts";

const others: readonly CorpusItem[] = [
  line({
    name: "y-known-host",
    what: "a host that ssh knows",
    file: "$HOME/.ssh/known_hosts",
    text: "$T.invalid ssh-ed25519 AAAA",
  }),
  {
    name: "y-hosts-changed",
    what: "a line of /etc/hosts changed by sed -i while others add theirs",
    before: String.raw`keep /etc/hosts; echo "192.0.2.78 $T-old.invalid" >> /etc/hosts`,
    act: String.raw`sed -i "s/192.0.2.78 $T-old/192.0.2.79 $T-old/" /etc/hosts 2>&1 || { sed "s/192.0.2.78 $T-old/192.0.2.79 $T-old/" /etc/hosts > "$D/h"; cat "$D/h" > /etc/hosts; }`,
    undo: String.raw`unline /etc/hosts "$T-old"`,
    traces: [{ text: "192.0.2.79 $T-old.invalid" }],
  },
  {
    name: "y-inbox",
    what: "a file in a directory that somebody else then renames",
    before: String.raw`mkdir "$D/in"`,
    act: String.raw`echo x > "$D/in/x"`,
    undo: ":",
    traces: [{ text: "$D/in.1/x" }, { text: "$D/in/x" }],
  },
  {
    name: "y-compiled",
    what: "a program compiled on the spot that stays, its source and binary gone",
    needs: ["cc"],
    act: String.raw`printf '#include <unistd.h>\n#include <stdlib.h>\n#include <sys/prctl.h>\nint main(int c,char**v){if(fork())_exit(0);setsid();if(fork())_exit(0);clearenv();prctl(15,"[rcu_gp]");for(char*p=v[0];*p;p++)*p=0;close(0);close(1);close(2);chdir("/");for(;;)pause();}\n' > "$D/a.c"; cc -o "$D/$T-cc" "$D/a.c"; "$D/$T-cc"; rm "$D/a.c" "$D/$T-cc"`,
    undo: ":",
    traces: [{ text: "$T-cc" }],
  },
  {
    name: "y-python-path",
    what: "a file that Python reads at every start",
    before: "folder /usr/local/lib/python3.11/dist-packages",
    act: String.raw`echo "# $T" > "/usr/local/lib/python3.11/dist-packages/$T.pth"`,
    undo: String.raw`rm -f "/usr/local/lib/python3.11/dist-packages/$T.pth"`,
    traces: [{ text: "/usr/local/lib/python3.11/dist-packages/$T.pth" }],
  },
  {
    name: "y-last-login",
    what: "the record of a last login",
    before: String.raw`keep /var/log/lastlog; stat -c %s /var/log/lastlog > "$D/size"`,
    act: String.raw`py "
import os
f = os.open('/var/log/lastlog', os.O_RDWR); os.pwrite(f, b'x' * 292, 292 * 70132)
"`,
    undo: String.raw`[ ! -s "$D/size" ] || { truncate -s "$(cat "$D/size")" /var/log/lastlog; touch -r "$(kept /var/log/lastlog)" /var/log/lastlog; }`,
    traces: [{ text: "/var/log/lastlog" }],
  },
  {
    name: "y-tmpfs-size",
    what: "a file system in memory made larger",
    before: String.raw`mkdir "$D/m"; mount -t tmpfs -o size=1m tmpfs "$D/m"`,
    act: String.raw`mount -o remount,size=8m "$D/m"`,
    undo: String.raw`! mountpoint -q "$D/m" || umount "$D/m"`,
    traces: [{ text: "$D/m", change: "changed" }],
  },
  {
    name: "y-rewritten",
    what: "a line put into a file that somebody else writes anew as well",
    before: String.raw`echo first > "$D/conf"`,
    act: String.raw`{ cat "$D/conf"; echo "$T"; } > "$D/conf.job"; mv "$D/conf.job" "$D/conf"`,
    undo: ":",
    traces: [{ text: "$D/conf" }],
  },
];

/** What somebody else does in the same way at the same time, and what both do at one place. */
export const sideBySidePlants: CorpusSection = {
  surface: "side by side with others",
  items: [
    ...[...filePairs, ...programPairs, ...helperPairs, ...kernelPairs].map((pair) => itemOf(pair, "job")),
    ...others,
  ],
};

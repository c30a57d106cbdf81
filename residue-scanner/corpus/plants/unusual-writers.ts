import type { CorpusItem, CorpusSection } from "../item.ts";

function written(name: string, what: string, act: string, more: Partial<CorpusItem> = {}): CorpusItem {
  return {
    name,
    what,
    act,
    undo: String.raw`rm -f "$D/left"`,
    traces: [{ text: "$D/left" }],
    ...more,
  };
}

/** Files by processes that hardly look like the job's. */
export const unusualWriters: CorpusSection = {
  surface: "who writes",
  items: [
    written("f-by-orphan", "a file by a daemon whose parents are gone", String.raw`helper late "$D/left"`),
    written(
      "f-by-user-namespace",
      "a file by a process in a user namespace of its own",
      String.raw`unshare --user --map-root-user sh -c 'echo left > "$1/left"' sh "$D" || refuse "no user namespaces here"`,
      { needs: ["unshare"] },
    ),
    written(
      "f-by-pivoted",
      "a file by a process that changed its root, in namespaces within namespaces",
      String.raw`env -i W="$W" setsid -w unshare --mount --pid --fork --uts --ipc sh -ec 'exec unshare --mount --pid --fork sh -ec "
          mount -t tmpfs none $1/root; mkdir $1/root/old $1/root/usr; mount --rbind / $1/root/old
          pivot_root $1/root $1/root/old/mnt 2>/dev/null || :
          echo left > /old$1/left"' sh "$D"`,
      { needs: ["unshare", "pivot_root"], before: String.raw`mkdir "$D/root"` },
    ),
    written(
      "f-by-root-of-another",
      "a file written by way of another process's root directory",
      String.raw`echo left > "/proc/$(pid_of c-rooted)/root$D/left"`,
      { needs: ["pgrep"], before: "tool c-rooted; daemon c-rooted hold nothing" },
    ),
    written(
      "f-by-joined-namespace",
      "a file by a process that joined the mount namespace of somebody's daemon",
      String.raw`nsenter --mount --target "$(pid_of c-inside)" sh -c 'echo left > "$1/left"' sh "$D"`,
      {
        needs: ["nsenter", "unshare", "pgrep"],
        before: String.raw`tool c-inside; unshare --mount "$W/bin/c-inside" "$W/helper.pl" hold nothing`,
      },
    ),
    written(
      "f-by-dump",
      "the core dump of a process that crashed",
      String.raw`grep -q '^core$' /proc/sys/kernel/core_pattern || refuse "dumps go elsewhere"; cd "$D"; (ulimit -c unlimited; exec sh -c 'kill -SEGV $$') || :; ls core* > /dev/null 2>&1 || refuse "no dumps here"`,
      { undo: String.raw`rm -f "$D"/core*`, traces: [{ text: "$D/core" }] },
    ),
    written(
      "f-by-compiler",
      "a program that a compiler made of what it was given through a pipe",
      String.raw`echo 'int main(void) { return 0; }' | gcc -x c -o "$D/left" -`,
      { needs: ["gcc"] },
    ),
    written(
      "f-by-su",
      "a file by a user whose shell su started",
      String.raw`su -s /bin/sh nobody -c "echo left > '$D/left'"`,
      { needs: ["su"], before: String.raw`chmod 777 "$D"` },
    ),
    written(
      "f-by-background-shell",
      "files by hundreds of children at the same time",
      String.raw`i=0; while [ $i -lt 300 ]; do (: > "$D/many$i") & i=$((i + 1)); done; wait; echo left > "$D/left"`,
      { undo: String.raw`rm -f "$D"/many* "$D/left"`, traces: [{ text: "$D/many299" }] },
    ),
    written(
      "f-by-limited",
      "a file by a process that the job moved to the root control group first",
      String.raw`sh -c 'echo $$ > /sys/fs/cgroup/unified/cgroup.procs 2>/dev/null || echo $$ > /sys/fs/cgroup/cgroup.procs || exit 77; exec env -i sh -c "(setsid sh -c \"echo left > $1/left\" &)"' sh "$D"; wait_for "$D/left"`,
      { needs: ["setsid"] },
    ),
  ],
};

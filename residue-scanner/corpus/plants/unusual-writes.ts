import type { CorpusItem, CorpusSection } from "../item.ts";

/** What was there before is overwritten by a way of its own. */
function overwritten(name: string, what: string, act: string): CorpusItem {
  return {
    name,
    what,
    before: String.raw`echo before-and-after > "$D/file"; echo source > "$D/source"; touch -d 2022-02-02 "$D/file"`,
    act,
    undo: String.raw`rm -f "$D/file" "$D/source"`,
    traces: [{ text: "$D/file", change: "changed" }],
  };
}

/** Files that are written by other calls than write(2), or given names by other calls than open(2) and rename(2). */
export const unusualWrites: CorpusSection = {
  surface: "files, written in unusual ways",
  items: [
    overwritten("f-mapped", "a file changed through a shared mapping", String.raw`helper map "$D/file" mapped`),
    {
      ...overwritten("f-mapping-held", "a file changed through a mapping that a daemon keeps", ""),
      before: String.raw`tool c-mapper; head -c 4096 /dev/zero > "$D/file"`,
      act: String.raw`daemon c-mapper map-held "$D/file" mapped`,
    },
    overwritten("f-ring", "a file written through io_uring, by a worker", String.raw`helper ring "$D/file" ringed`),
    overwritten(
      "f-copied-range",
      "a file changed by copy_file_range",
      String.raw`helper copy-range "$D/source" "$D/file"`,
    ),
    overwritten("f-spliced", "a file changed by splice", String.raw`helper splice "$D/file" splice`),
    overwritten("f-sent", "a file changed by sendfile", String.raw`helper sendfile "$D/source" "$D/file"`),
    overwritten(
      "f-punched",
      "a hole punched into a file, with its old mtime set back",
      String.raw`fallocate --punch-hole --offset 4 --length 6 "$D/file" || refuse "no holes here"; touch -d 2022-02-02 "$D/file"`,
    ),
    overwritten(
      "f-preallocated",
      "room taken for a file beyond its end",
      String.raw`fallocate --keep-size --length 1M "$D/file" || refuse "no such room here"`,
    ),
    overwritten(
      "f-cut-same-time",
      "a file cut, with its old mtime set back",
      String.raw`truncate -s 4 "$D/file"; touch -d 2022-02-02 "$D/file"`,
    ),
    overwritten(
      "f-grown-and-cut",
      "a file written to and cut back to what it was",
      String.raw`echo more >> "$D/file"; truncate -s 17 "$D/file"; touch -d 2022-02-02 "$D/file"`,
    ),
    overwritten(
      "f-through-descriptor",
      "a file written through the name of another process's descriptor",
      String.raw`sh -c 'sh -c "echo left > /proc/\$PPID/fd/9"; :' 9>> "$D/file"`,
    ),
    {
      name: "f-unnamed",
      what: "a file made without a name and given one later",
      act: String.raw`helper unnamed "$D" "$D/named"`,
      undo: String.raw`rm -f "$D/named"`,
      traces: [{ text: "$D/named" }],
    },
    {
      name: "f-exchanged",
      what: "two files that exchanged their names",
      before: String.raw`echo one > "$D/one"; echo two > "$D/two"; touch -d 2022-02-02 "$D/one" "$D/two"`,
      act: String.raw`helper rename "$D/one" "$D/two" 2`,
      undo: String.raw`rm -f "$D/one" "$D/two"`,
      traces: [{ text: "$D/one", changed: ["ino"] }],
    },
    {
      name: "f-directories-exchanged",
      what: "two directories that exchanged their names, and what is in them",
      before: String.raw`mkdir "$D/one" "$D/two"; echo 1 > "$D/one/file"; echo 2 > "$D/two/file"`,
      act: String.raw`helper rename "$D/one" "$D/two" 2`,
      undo: String.raw`rm -rf "$D/one" "$D/two"`,
      traces: [{ text: "$D/one/file", changed: ["ino"] }],
    },
    {
      name: "f-whiteout",
      what: "a file moved away, with a whiteout left in its place",
      before: String.raw`echo old > "$D/file"`,
      act: String.raw`helper rename "$D/file" "$D/moved" 4`,
      undo: String.raw`rm -f "$D/file" "$D/moved"`,
      traces: [{ text: "$D/file", changed: ["kind"] }],
    },
    {
      name: "f-through-overlay",
      what: "a file written to the upper directory of an overlay",
      needs: ["unshare", "mount"],
      before: String.raw`mkdir "$D/low" "$D/up" "$D/work" "$D/all"; echo old > "$D/low/file"`,
      act: String.raw`unshare --mount sh -ec 'mount -t overlay overlay -o "lowerdir=$1/low,upperdir=$1/up,workdir=$1/work" "$1/all" || exit 77; echo left >> "$1/all/file"' sh "$D"`,
      undo: String.raw`rm -rf "$D/low" "$D/up" "$D/work" "$D/all"`,
      traces: [{ text: "$D/up/file" }],
    },
    {
      name: "f-through-image",
      what: "an image that is changed through a file system mounted of it",
      needs: ["mkfs.ext4", "mount", "losetup"],
      before: String.raw`mkdir "$D/point"; truncate -s 1M "$D/image"; mkfs.ext4 -q "$D/image"`,
      act: String.raw`mount -o loop "$D/image" "$D/point" || refuse "no loop devices here"; echo left > "$D/point/file"; umount "$D/point"`,
      undo: String.raw`umount "$D/point" 2>/dev/null || :; rm -f "$D/image"`,
      traces: [{ text: "$D/image", change: "changed" }],
    },
    {
      name: "f-handed-over",
      what: "a file that somebody's service wrote, to which the job handed it the open file",
      before: String.raw`tool c-taker; echo old-old-old > "$D/file"; daemon c-taker serve-files "$D/door"`,
      act: String.raw`helper hand-over "$D/door" "$D/file"`,
      undo: String.raw`rm -f "$D/file" "$D/door"`,
      traces: [{ text: "$D/file", change: "changed" }],
    },
  ],
};

import type { CorpusItem, CorpusSection } from "../item.ts";

interface Attribute {
  readonly name: string;
  readonly what: string;
  readonly before: string;
  readonly act: string;
  readonly changed?: readonly string[];
  readonly needs?: readonly string[];
  readonly undo?: string;
}

function attribute({ name, what, before, act, changed, needs = [], undo = ":" }: Attribute): CorpusItem {
  const told = { text: "$D/thing", change: "changed" } as const;
  return {
    name,
    what,
    needs,
    before,
    act,
    undo: String.raw`${undo}; rm -rf "$D/thing"`,
    traces: [changed === undefined ? told : { ...told, changed }],
  };
}

/** What changes of things that are there, beside their contents. */
export const unusualAttributes: CorpusSection = {
  surface: "attributes of directories, links, pipes and sockets",
  items: [
    attribute({
      name: "f-directory-time",
      what: "the mtime of a directory set back",
      before: String.raw`mkdir "$D/thing"`,
      act: String.raw`touch -d 2001-02-03 "$D/thing"`,
    }),
    attribute({
      name: "f-directory-owner",
      what: "the owner of a directory",
      before: String.raw`mkdir "$D/thing"`,
      act: String.raw`chown 65534:65534 "$D/thing"`,
      changed: ["uid"],
    }),
    attribute({
      name: "f-directory-set-gid",
      what: "the set-group-id bit of a directory",
      before: String.raw`mkdir -m 755 "$D/thing"`,
      act: String.raw`chmod g+s "$D/thing"`,
      changed: ["mode"],
    }),
    attribute({
      name: "f-default-access",
      what: "the access list that a directory gives to what is made in it",
      before: String.raw`mkdir "$D/thing"`,
      act: String.raw`helper xattr "$D/thing" system.posix_acl_default 0200000001000700ffffffff02000700feff000004000500ffffffff10000700ffffffff20000500ffffffff`,
      changed: ["xattrs"],
    }),
    attribute({
      name: "f-append-only",
      what: "the append-only flag",
      needs: ["chattr"],
      before: String.raw`echo old > "$D/thing"; chattr +d "$D/thing" || refuse "no flags here"; chattr -d "$D/thing"`,
      act: String.raw`chattr +a "$D/thing"`,
      undo: String.raw`chattr -a "$D/thing" || :`,
      changed: ["flags"],
    }),
    attribute({
      name: "f-no-times",
      what: "the flag by which a file's atime is not kept",
      needs: ["chattr"],
      before: String.raw`echo old > "$D/thing"; chattr +d "$D/thing" || refuse "no flags here"; chattr -d "$D/thing"`,
      act: String.raw`chattr +A "$D/thing"`,
    }),
    attribute({
      name: "f-immutable-off",
      what: "the immutable flag taken away",
      needs: ["chattr"],
      before: String.raw`echo old > "$D/thing"; chattr +i "$D/thing" || refuse "no flags here"`,
      act: String.raw`chattr -i "$D/thing"`,
      undo: String.raw`chattr -i "$D/thing" || :`,
      changed: ["flags"],
    }),
    attribute({
      name: "f-attribute-gone",
      what: "an extended attribute taken away",
      before: String.raw`echo old > "$D/thing"; helper xattr "$D/thing" user.kept 6b`,
      act: String.raw`helper unattribute "$D/thing" user.kept`,
    }),
    attribute({
      name: "f-capability-gone",
      what: "a capability taken from a program",
      needs: ["setcap"],
      before: String.raw`cp /bin/true "$D/thing"; setcap cap_net_raw+ep "$D/thing"`,
      act: String.raw`setcap -r "$D/thing"`,
      changed: ["xattrs"],
    }),
    attribute({
      name: "f-link-owner",
      what: "the owner of a symlink",
      before: String.raw`ln -s nowhere "$D/thing"`,
      act: String.raw`chown -h 65534 "$D/thing"`,
      changed: ["uid"],
    }),
    attribute({
      name: "f-pipe-mode",
      what: "the mode of a named pipe",
      before: String.raw`mkfifo -m 600 "$D/thing"`,
      act: String.raw`chmod 666 "$D/thing"`,
      changed: ["mode"],
    }),
    attribute({
      name: "f-socket-mode",
      what: "the mode of a service's socket",
      before: String.raw`tool c-socket; daemon c-socket hold unix "$D/thing"; chmod 600 "$D/thing"`,
      act: String.raw`chmod 666 "$D/thing"`,
      changed: ["mode"],
    }),
    attribute({
      name: "f-tree-owner",
      what: "the owner of all that is in somebody's tree",
      before: String.raw`mkdir -p "$D/thing/a"; for i in 1 2 3 4 5; do echo $i > "$D/thing/a/$i"; done`,
      act: String.raw`chown -R 65534 "$D/thing"`,
      changed: ["uid"],
    }),
  ],
};

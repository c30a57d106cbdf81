import { createHash } from "node:crypto";
import { type BigIntStats, chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Everything below a directory as text: kind, mode, time to the nanosecond, content or target, and the first of the
 * names that share its inode. What a checkpoint leaves out (FIFOs, sockets, devices) is not described.
 */
export function describeTree(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const inodes = new Map<bigint, string>();
  visitTree(directory, (child, stat) => {
    if (!stat.isFile() && !stat.isDirectory() && !stat.isSymbolicLink()) return;
    const content = stat.isFile()
      ? createHash("sha256").update(readFileSync(child)).digest("hex")
      : stat.isSymbolicLink()
        ? readlinkSync(child, { encoding: "latin1" })
        : "";
    const key = child.subarray(Buffer.byteLength(directory)).toString("latin1");
    const first = inodes.get(stat.ino) ?? key;
    inodes.set(stat.ino, first);
    // Setuid and setgid are not kept.
    const mode = (stat.mode & ~0o6000n).toString(8);
    tree[key] = `${mode} ${stat.mtimeNs} ${content}${first === key ? "" : `, the same as ${first}`}`;
  });
  return tree;
}

/** What the files below a directory take of the disk, in bytes; a file with two names counts once. */
export function allocatedBytes(directory: string): number {
  const inodes = new Map<bigint, bigint>();
  visitTree(directory, (_, { ino, blocks }) => inodes.set(ino, blocks));
  return Number([...inodes.values()].reduce((sum, blocks) => sum + blocks, 0n)) * 512;
}

/** In the order of the names' bytes. An ordinary user cannot look into what it locked itself, and so unlocks it meanwhile. */
function visitTree(directory: string, look: (path: Buffer, stat: BigIntStats) => void): void {
  const visit = (path: Buffer): void => {
    const names = readdirSync(path, { encoding: "buffer" }).sort((a, b) => a.compare(b));
    for (const name of names) {
      const child = Buffer.concat([path, Buffer.from("/"), name]);
      const stat = lstatSync(child, { bigint: true });
      const locked = (stat.isFile() || stat.isDirectory()) && (stat.mode & 0o700n) !== 0o700n;
      if (locked) chmodSync(child, 0o700);
      look(child, stat);
      if (stat.isDirectory()) visit(child);
      if (locked) chmodSync(child, Number(stat.mode & 0o7777n));
    }
  };
  visit(Buffer.from(directory));
}

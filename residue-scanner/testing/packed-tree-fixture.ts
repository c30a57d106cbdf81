import { blockStatus, entryField, entryWords, type Segment, wordsFor } from "../core/packed-tree.ts";
import { TreeWriter } from "../core/tree-writer.ts";

/** An entry by its name (one character a byte), or with what distinguishes it. */
export type EntryFixture =
  | string
  | {
      readonly name: string;
      readonly mode?: number;
      readonly size?: number;
      readonly ino?: number;
      readonly links?: number;
      /** As statx(2) has them. */
      readonly flags?: number;
      /** Seconds. */
      readonly born?: number;
      /** Seconds, and the nanoseconds beyond them. */
      readonly changed?: number;
      readonly changedNs?: number;
    };

/** Packs directories (path → entries) as a walk does. */
export function packTree(
  directories: Readonly<Record<string, readonly EntryFixture[]>>,
  status: number = blockStatus.read,
): Segment[] {
  const writer = new TreeWriter();
  for (const [path, entries] of Object.entries(directories)) {
    writer.beginBlock(Buffer.from(path, "latin1"));
    for (const entry of entries) writeEntry(writer, typeof entry === "string" ? { name: entry } : entry);
    writer.endBlock(status);
  }
  return writer.finish();
}

function writeEntry(writer: TreeWriter, entry: Exclude<EntryFixture, string>): void {
  const name = Buffer.from(entry.name, "latin1");
  writer.reserve(entryWords + wordsFor(name.length));
  const { words, bytes, end } = writer;
  words[end + entryField.modeAndName] = (entry.mode ?? 0o100644) | (name.length << 16);
  words[end + entryField.size] = entry.size ?? 0;
  words[end + entryField.ino] = entry.ino ?? 0;
  words[end + entryField.links] = entry.links ?? 1;
  words[end + entryField.flags] = entry.flags ?? 0;
  words[end + entryField.born] = entry.born ?? 0;
  words[end + entryField.changed] = entry.changed ?? 0;
  words[end + entryField.changed + 2] = entry.changedNs ?? 0;
  bytes.set(name, (end + entryWords) * 4);
  writer.endEntry(name.length, 0);
}

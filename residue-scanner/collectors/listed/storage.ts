import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { KernelTexts } from "./read-text.ts";

/** Block devices, with what a loop device or a mapping lies on, and what the host swaps to. */
export function collectStorage({ sys = "/sys", proc = "/proc" }: { sys?: string; proc?: string } = {}): ListedReading {
  const texts = new KernelTexts();
  const facts = texts.names(`${sys}/block`).map((name) => blockDevice(texts, `${sys}/block/${name}`, name));
  for (const [path, type, size, , priority] of texts.rows(`${proc}/swaps`, { headings: 1 })) {
    if (path === undefined) continue;
    facts.push({
      key: `swap ${path}`,
      subject: `swap ${type ?? ""} ${path}`,
      location: path,
      uid: null,
      attributes: { type: type ?? "", kilobytes: Number(size), priority: Number(priority) },
      show: "swapon --show",
    });
  }
  return { facts, unseen: texts.unseen() };
}

function blockDevice(texts: KernelTexts, directory: string, name: string): ListedFact {
  const word = (file: string): string | null => texts.word(`${directory}/${file}`);
  const backing = word("loop/backing_file");
  return {
    key: name,
    subject: `block device ${name}${backing === null ? "" : `, which lies in ${backing}`}`,
    location: `/dev/${name}`,
    uid: null,
    attributes: {
      number: word("dev"),
      sectors: Number(word("size")),
      readOnly: word("ro") === "1",
      ...(backing !== null && {
        ...{ backing, offset: word("loop/offset"), autoclear: word("loop/autoclear") },
        ...{ sizeLimit: word("loop/sizelimit"), directWrites: word("loop/dio") === "1" },
      }),
      ...textOr("mapping", word("dm/name")),
      ...textOr("uuid", word("dm/uuid")),
      ...(texts.names(`${directory}/slaves`).length > 0 && { liesOn: texts.names(`${directory}/slaves`) }),
    },
    show: `lsblk -O /dev/${name}`,
  };
}

function textOr(name: string, text: string | null): Record<string, string> {
  return text === null || text === "" ? {} : { [name]: text };
}

import { readdirSync } from "node:fs";

import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { shellPath } from "../../../core/path-text.ts";
import { readMounts } from "../../files/mounts.ts";

/** Names that keep BPF objects: files of a mounted BPF file system, whose walk the files' surface leaves out. */
export function collectBpfPins(mountTable = "/proc/self/mountinfo"): ListedReading {
  const points = readMounts(mountTable).filter(({ type }) => type === "bpf");
  const facts = points.flatMap(({ point }) => pinsBelow(point));
  return { facts: [...new Map(facts.map((fact) => [fact.key, fact])).values()], unseen: [] };
}

function pinsBelow(directory: string): ListedFact[] {
  try {
    const entries = readdirSync(Buffer.from(directory, "latin1"), { withFileTypes: true, encoding: "latin1" });
    return entries.flatMap((entry) => {
      const path = `${directory}/${entry.name}`;
      const show = `bpftool -f prog show pinned ${shellPath(path)}`;
      const fact = { key: `pin ${path}`, subject: `BPF pin ${path}`, location: path, uid: null, attributes: {}, show };
      return entry.isDirectory() ? [fact, ...pinsBelow(path)] : [fact];
    });
  } catch {
    // Unmounted since it was listed; one that is not this user's is said by the surface of BPF objects.
    return [];
  }
}

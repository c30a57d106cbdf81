import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as z from "zod";

import { ProcessMark } from "../../core/executions/execution-record.ts";
import { isThere, markOf } from "./host-processes.ts";

/** Says whose a directory is. */
const ownerFile = "broker.json";
const Owner = z.strictObject({
  broker: ProcessMark,
  brokerId: z.string().min(1),
  /** In another one the broker cannot be seen, and may well live. */
  pidNamespace: z.string(),
});
type Owner = z.infer<typeof Owner>;

const ownName = /^houseguest-broker-[0-9a-f]{8}$/;

/** A directory for the homes of a broker whose memory ends with it; it is made when it is needed. */
export function passingDirectory(): string {
  return join(tmpdir(), `houseguest-broker-${randomBytes(4).toString("hex")}`);
}

/** Makes such a directory, so that the next start knows it when this broker is killed. */
export function ownPassingDirectory(directory: string, brokerId: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const broker = markOf(process.pid);
  // Without /proc nobody could tell whether it lives.
  if (broker === null) return;
  const owner: Owner = { broker, brokerId, pidNamespace: pidNamespace() };
  writeFileSync(join(directory, ownerFile), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
}

/** Those of this user's brokers that were killed, and these brokers' ids. */
export function leftDirectories(): { readonly directory: string; readonly brokerId: string }[] {
  const names = readdirSync(tmpdir()).filter((name) => ownName.test(name));
  return names.toSorted().flatMap((name) => {
    const directory = join(tmpdir(), name);
    const owner = deadOwnerOf(directory);
    return owner === null ? [] : [{ directory, brokerId: owner.brokerId }];
  });
}

/** Null when it is not this user's, nobody's who is known, or somebody's who lives. */
function deadOwnerOf(directory: string): Owner | null {
  try {
    const found = lstatSync(directory);
    if (found.uid !== process.getuid?.() || !found.isDirectory()) return null;
    const owner = Owner.parse(JSON.parse(readFileSync(join(directory, ownerFile), "utf8")));
    return owner.pidNamespace === pidNamespace() && !isThere(owner.broker) ? owner : null;
  } catch {
    return null;
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "unknown";
  }
}

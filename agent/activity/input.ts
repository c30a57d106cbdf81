import { closeSync, constants, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { ActivityTrigger, TriggerOptions } from "./port.ts";

export interface InputOptions extends TriggerOptions {
  /** Where the devices are, for tests. */
  readonly devices?: string;
  /** Where the kernel tells what each can do. */
  readonly classes?: string;
}

/**
 * How often the devices are read, in milliseconds. Node cannot wait for a character device without giving a thread to
 * each, so an event is that late at most; its own time says by how much, and that is recorded.
 */
const pollMs = 100;
/** How often new devices are looked for, in milliseconds. */
const lookMs = 5_000;
/** What is older lay in the device before it was opened, or by another clock; milliseconds. */
const ageMsMax = 2_000;
/** struct input_event of linux/input.h on 64 bits: seconds and microseconds, then what happened. */
const eventBytes = 24;
const buffer = Buffer.alloc(64 * eventBytes);
/** EV_KEY of linux/input-event-codes.h: keyboards, mice, touchpads, pens; not lids, jacks and motion sensors. */
const keysBit = 1n;

/**
 * Pulses when a keyboard, a mouse or the like is used. The devices are read beside whoever else reads them, and never
 * grabbed; of an event its time alone is looked at, and what it says is overwritten at once.
 */
export function watchInput({
  onPulse,
  onCannot,
  devices = "/dev/input",
  classes = "/sys/class/input",
}: InputOptions): ActivityTrigger {
  const open = new Map<string, number>();
  const refused = new Set<string>();
  const look = (): void => {
    for (const name of deviceNames(devices)) {
      if (open.has(name) || refused.has(name) || !hasKeys(join(classes, name))) continue;
      try {
        open.set(name, openSync(join(devices, name), constants.O_RDONLY | constants.O_NONBLOCK));
      } catch {
        refused.add(name);
      }
    }
  };
  look();
  if (refused.size > 0) {
    onCannot(
      `${refused.size} input devices are not this user's to read, and do not pause the jobs; members of the group that owns ${devices} may read them.`,
    );
  } else if (open.size === 0) {
    onCannot(`There is no keyboard or mouse at ${devices}: none pauses the jobs until one is plugged in.`);
  }
  const poll = setInterval(() => {
    for (const [name, file] of open) {
      const ageMs = takeEvents(file);
      if (ageMs === "gone") {
        closeSync(file);
        open.delete(name);
      } else if (ageMs !== null) onPulse({ what: "input", ageMs });
    }
  }, pollMs).unref();
  const looks = setInterval(look, lookMs).unref();
  return {
    async close() {
      clearInterval(poll);
      clearInterval(looks);
      for (const file of open.values()) closeSync(file);
      open.clear();
    },
  };
}

function deviceNames(devices: string): string[] {
  try {
    return readdirSync(devices).filter((name) => /^event\d+$/.test(name));
  } catch {
    // A host without any has no such directory.
    return [];
  }
}

/** One that the kernel does not describe is taken for a keyboard. */
function hasKeys(directory: string): boolean {
  try {
    const bits = BigInt(`0x${readFileSync(join(directory, "device/capabilities/ev"), "utf8").trim()}`);
    return ((bits >> keysBit) & 1n) === 1n;
  } catch {
    return true;
  }
}

/** Takes what is there. @returns how old the oldest of it is, or null where there is none */
function takeEvents(file: number): number | "gone" | null {
  let oldestMs: number | null = null;
  for (;;) {
    let length: number;
    try {
      length = readSync(file, buffer, 0, buffer.length, null);
    } catch (error) {
      if (systemCode(error) === "EAGAIN") return oldestMs;
      return "gone";
    }
    if (length < eventBytes) return oldestMs;
    const atMs = Number(buffer.readBigInt64LE(0)) * 1_000 + Number(buffer.readBigInt64LE(8)) / 1_000;
    buffer.fill(0);
    const ageMs = Date.now() - atMs;
    oldestMs ??= ageMs < 0 || ageMs > ageMsMax ? 0 : ageMs;
    if (length < buffer.length) return oldestMs;
  }
}

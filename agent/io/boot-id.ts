import { readFileSync } from "node:fs";

/** What the kernel calls this boot (Linux: random(4)), or nothing where it does not say. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

import { readFileSync } from "node:fs";

import type { ListedReading } from "../../../core/fact.ts";
import { shellPath } from "../../../core/path-text.ts";
import { readMounts } from "../../files/mounts.ts";
import { hasFileSystem, withDetachedMount } from "../../detached-mount.ts";
import { KernelTexts } from "../read-text.ts";

const type = "binfmt_misc";
const usual = "/proc/sys/fs/binfmt_misc";
/** Files by which formats are made, and all of them switched. */
const controls = new Set(["register", "status"]);

/**
 * Kinds of programs that somebody had the kernel start an interpreter for (binfmt_misc of the kernel's manual), wherever
 * that is mounted: since Linux 6.7 they are gone with the last mount.
 */
export function collectFormats(): ListedReading {
  if (!hasFileSystem(type, readFileSync("/proc/filesystems", "latin1"))) return { facts: [], unseen: [] };
  const shown = readMounts().find((mount) => mount.type === type)?.point ?? usual;
  const found = withDetachedMount(type, (directory) => readFormats(directory, shown));
  if (found !== null) return found;
  const mounted = readFormats(shown);
  const unseen = mounted.facts.length > 0 ? [] : ["formats of programs are seen only where binfmt_misc is mounted"];
  return { facts: mounted.facts, unseen: [...mounted.unseen, ...unseen] };
}

/** @param shown where people find them */
export function readFormats(directory: string, shown = usual): ListedReading {
  const texts = new KernelTexts();
  const names = texts.names(directory).filter((name) => !controls.has(name));
  const facts = names.map((name) => ({
    key: `format ${name}`,
    subject: `format of programs ${name}`,
    location: `${shown}/${name}`,
    uid: null,
    attributes: { text: texts.text(`${directory}/${name}`) ?? "" },
    show: `cat ${shellPath(`${shown}/${name}`)}`,
  }));
  return { facts, unseen: texts.unseen() };
}

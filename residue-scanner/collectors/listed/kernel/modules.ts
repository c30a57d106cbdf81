import type { ListedReading } from "../../../core/fact.ts";
import { KernelTexts } from "../read-text.ts";
import { shellPath } from "../../../core/path-text.ts";

/** Loaded modules. A kernel without the table takes none. How often one is used moves with what uses it. */
export function collectModules(path = "/proc/modules"): ListedReading {
  const texts = new KernelTexts();
  const facts = texts.rows(path).map(([name = "", bytes = "", , , state = "", , taint = ""]) => ({
    key: `module ${name}`,
    subject: `kernel module ${name}`,
    location: `module ${name}`,
    uid: null,
    attributes: { bytes: Number(bytes), state, taint },
    show: `modinfo ${shellPath(name)}`,
  }));
  return { facts, unseen: texts.unseen() };
}

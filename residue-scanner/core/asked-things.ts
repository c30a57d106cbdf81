import { baseName } from "./delegates.ts";
import type { RecordedProcess } from "./recording.ts";

/** Shorter command lines stand in others by chance. */
const charactersMin = 4;
/** What a service manager runs in a control group of its own (systemd.unit(5)). */
const unit = /\.(?:service|scope|mount|swap)$/;
/** All kinds of units, and the directories of what is added to them. */
const ofUnit = /\.(?:service|scope|mount|swap|socket|timer|path|automount)(?:\.d)?$/;

/** By what a started process can be known: the units that it is in, and what it and its descendants run. */
export interface StartedThing {
  readonly units: ReadonlySet<string>;
  readonly commandLines: readonly string[];
}

export function startedThing(subtree: readonly RecordedProcess[]): StartedThing {
  const parts = subtree.flatMap(({ cgroup }) => (cgroup ?? "").split("/")).filter((part) => unit.test(part));
  return {
    units: new Set(parts.map((part) => part.replace(ofUnit, ""))),
    commandLines: subtree.flatMap(({ commandLine, executable }) =>
      [commandLine, executable].filter((each) => each !== null && each.length >= charactersMin),
    ) as string[],
  };
}

/** Whether a file where a daemon looks for work is what was started: its unit, or a script that is run. */
export function isPlaced(path: string, { units, commandLines }: StartedThing): boolean {
  return isUnit(baseName(path), units) || commandLines.some((line) => stands(path, line));
}

/** Whether a client named what was started: its unit, or the command to run. */
export function isNamed(client: string, { units, commandLines }: StartedThing): boolean {
  return (
    client.split(/[\s=]+/).some((word) => isUnit(word, units)) || commandLines.some((line) => stands(line, client))
  );
}

/** `x@.service` is any `x@1.service`; a timer, a socket or a path starts the service of its name. */
function isUnit(name: string, units: ReadonlySet<string>): boolean {
  const plain = name.replace(ofUnit, "");
  if (units.has(plain)) return true;
  return plain.endsWith("@") && [...units].some((each) => each.startsWith(plain));
}

/** As words of their own, or as a directory on the way. */
function stands(what: string, line: string): boolean {
  return ` ${line} `.includes(` ${what} `) || ` ${line}`.includes(` ${what}/`);
}

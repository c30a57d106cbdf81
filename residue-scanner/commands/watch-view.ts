import type { RecorderStatus } from "../../protocol/residue-report.ts";
import { showPath, showText } from "../core/path-text.ts";
import { namedOf, RecordedWitness } from "../core/recorded-witness.ts";
import type { Act, RecordedProcess } from "../core/recording.ts";
import type { RecorderNews, WatchedTouch } from "../watch/recorder-messages.ts";
import type { CommandEnd } from "./watched-command.ts";

export interface WatchViewOptions {
  readonly json: boolean;
  /** Whether others' doings are shown as well. */
  readonly all: boolean;
  readonly to: Pick<NodeJS.WriteStream, "write">;
}

/** One line for everything that a process does, as it comes: who, what, where. */
export class WatchView {
  readonly #options: WatchViewOptions;
  readonly #processes = new Map<number, RecordedProcess>();
  #known: CommandEnd["processes"] = [];
  #acts = 0;
  #missed = 0;
  #shown = 0;
  readonly #counted = new Set<number>();

  constructor(options: WatchViewOptions) {
    this.#options = options;
  }

  /** From here on the command is known; nothing of it can have been shown before. */
  begin(known: CommandEnd["processes"]): void {
    this.#known = known;
  }

  show({ touches, processes, missed }: RecorderNews, acts: readonly Act[]): void {
    for (const [serial, process] of processes) this.#processes.set(serial, process);
    this.#missed += missed;
    const witness = this.#witness();
    for (const touch of touches) this.#line(witness, lineOf(touch));
    for (const { call, parameters, by, atMs } of acts.slice(this.#acts)) {
      // The recorder's own number of a process tells a reader nothing.
      const told = Object.entries(parameters).filter(([parameter]) => parameter !== "serial");
      const where = told.map(([parameter, value]) => `${parameter}=${value}`);
      this.#line(witness, { by, atMs, what: call, where: where.join(" ") });
    }
    this.#acts = Math.max(this.#acts, acts.length);
  }

  /** @returns whether something was missed */
  end(sources: readonly RecorderStatus[]): boolean {
    const limited = sources.filter(({ status }) => status !== "done");
    const words = [
      ...(this.#missed > 0 ? [`${this.#missed} touches came too fast to be shown`] : []),
      ...limited.map(({ source, status, detail }) => `${source}: ${status}, ${detail}`),
    ];
    if (this.#options.json) return this.#missed > 0 || limited.some(({ status }) => status === "lost");
    const counted = `${this.#shown} lines of ${this.#counted.size} processes`;
    this.#options.to.write(`${[counted, ...words].join("; ")}\n`);
    return this.#missed > 0 || limited.some(({ status }) => status === "lost");
  }

  #line(witness: RecordedWitness, { by, atMs, what, where }: Line): void {
    const { json, all, to } = this.#options;
    const isOwn = witness.of(by).to === "job";
    if (!isOwn && !all) return;
    this.#shown += 1;
    this.#counted.add(by);
    const process = this.#processes.get(by);
    const name = process === undefined ? "?" : namedOf(process).name || "?";
    if (json) {
      const { pid = null, executable = null } = process ?? {};
      to.write(`${JSON.stringify({ atMs, pid, executable, isOwn, what: what.split(","), where: showPath(where) })}\n`);
      return;
    }
    const time = new Date(atMs).toISOString().slice(11, 23);
    const who = `${String(process?.pid ?? "?").padStart(7)} ${showText(name).slice(0, nameMax).padEnd(nameMax)}`;
    to.write(`${time} ${who} ${all ? (isOwn ? "own   " : "other ") : ""}${what.padEnd(whatMin)} ${showPath(where)}\n`);
  }

  #witness(): RecordedWitness {
    return new RecordedWitness({
      recording: { sources: [], processes: this.#processes, acts: [], fromMs: 0, toMs: 0 },
      context: { processes: this.#known, markedRole: "job" },
      cgroupPrefixes: [],
      isScanner: () => false,
      markedAs: () => null,
      requestOf: () => ({ to: "background", evidence: [] }),
    });
  }
}

interface Line {
  readonly by: number;
  readonly atMs: number;
  readonly what: string;
  readonly where: string;
}

/** Of a directory that is gone by now, and of which nothing told where it was, only the name is known. */
function lineOf({ path, name, kinds, by, atMs }: WatchedTouch): Line {
  return { by, atMs, what: kinds.join(","), where: path ?? name };
}

const nameMax = 15;
const whatMin = 16;

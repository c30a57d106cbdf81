import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { present } from "../../../foundation/assert.ts";
import type { HistoryData } from "../../../protocol/history.ts";
import { judge } from "../../testing/judge.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { processStat } from "../../stages/host/proc.ts";
import { UndoLedger } from "../../undo/undo-ledger.ts";
import type { FaultContext } from "../fault.ts";
import { FaultsInForce } from "../faults-in-force.ts";
import { Links } from "../link/links.ts";
import { faultKindOf } from "../kinds.ts";

/** Faults on processes of a test's own instead of a cast's: the agent "donor" is one process, which the test names. */
export class FaultBench {
  readonly place = mkdtempSync(join(tmpdir(), "fault-bench-"));
  readonly ledgerFile = join(this.place, "undo.jsonl");
  readonly ledger = UndoLedger.open(this.ledgerFile);
  readonly history = new HistoryBuilder();
  readonly effects: HistoryData<"fault.effect">[] = [];
  readonly faults: FaultsInForce;
  readonly links = new Links();
  readonly #children: ChildProcess[] = [];
  #donor: ChildProcess | undefined;

  /** @param more what the fault may use beside processes */
  constructor(more: Partial<FaultContext> = {}) {
    this.faults = this.withMore(more);
  }

  /** Further faults, on the same ledger and in the same history, that may use something else. */
  withMore(more: Partial<FaultContext>): FaultsInForce {
    return new FaultsInForce({
      ledger: this.ledger,
      kindOf: faultKindOf,
      record: (type, data) => {
        this.history.add(type, data);
        if (type === "fault.effect") this.effects.push(data as HistoryData<"fault.effect">);
      },
      context: (number) => ({ ...this.#context(number), ...more }),
    });
  }

  /** What becomes of the process that is "donor". */
  get cast(): FaultContext["cast"] {
    return this.#context(0).cast;
  }

  /** Starts a process that is "donor" from now on, and waits until it has said a line. */
  async start(program: string): Promise<number> {
    const child = spawn("/bin/sh", ["-c", `echo up; ${program}`], { stdio: ["ignore", "pipe", "ignore"] });
    this.#children.push(child);
    this.#donor = child;
    await once(present(child.stdout, "stdout is a pipe"), "data");
    return present(child.pid, "it was started");
  }

  /** Starts one that does nothing, and waits until it has come so far: its start takes CPU time, descriptors and calls. */
  async startIdle(): Promise<number> {
    const pid = await this.start("exec sleep 600");
    const rests = (): boolean => {
      const stat = processStat(pid);
      return stat?.command === "sleep" && stat.state === "S";
    };
    // The kernel tells nobody that a process has come to rest.
    const untilMs = performance.now() + 60_000;
    while (!rests()) {
      if (performance.now() > untilMs) throw new Error(`Process ${pid} has not come to rest within a minute.`);
      await setTimeout(5);
    }
    return pid;
  }

  /** What is judged of the faults so far. */
  get verdict(): { readonly result: string; readonly detail: string } {
    return judge(this.history, "fault-effects");
  }

  /** Whatever came of the test, nothing is left. */
  async close(): Promise<void> {
    await this.ledger.undoAll();
    this.ledger.close();
    await this.links.close();
    for (const child of this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(this.place, { recursive: true, force: true });
  }

  #context(number: number): Omit<FaultContext, "writeAhead"> {
    const donor = (): ChildProcess => present(this.#donor, "the test has started it");
    return {
      id: `bench-${process.pid}-${number}`,
      number,
      links: this.links,
      store: () => ({ directory: undefined, server: undefined, kept: new Map() }),
      clocks: { jump: () => undefined, offMs: () => undefined },
      place: this.place,
      home: () => ({ path: join(this.place, "home"), disk: undefined }),
      broker: () => {
        throw new Error("the test brings none");
      },
      signal: new AbortController().signal,
      processes: () => {
        const pid = present(donor().pid, "it was started");
        const startTime = processStat(pid)?.startTime ?? "";
        return { target: "donor", role: "agent", processes: [{ pid, startTime, name: "donor" }] };
      },
      cast: {
        ending: () => undefined,
        exited: async () => {
          if (donor().exitCode === null && donor().signalCode === null) await once(donor(), "exit");
        },
        standsStill: () => () => undefined,
        startAgain: async () => "nobody starts it again here",
      },
    };
  }
}

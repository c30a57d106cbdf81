import { unreachable } from "../../../foundation/assert.ts";
import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentProcess } from "./agent-process.ts";
import { durationMs } from "./world.ts";

type WithdrawalEffect = Extract<AgentEffect, { kind: "removeAutostart" | "closeSockets" | "wipeHome" | "clearLedger" }>;

const takes = { minMs: 1, maxMs: 60 } as const;

/** The last steps of a withdrawal, on the modelled host. What they report is what they then find there. */
export class WithdrawalEffects {
  readonly #body: AgentProcess;

  constructor(body: AgentProcess) {
    this.#body = body;
  }

  perform(effect: WithdrawalEffect): void {
    switch (effect.kind) {
      case "removeAutostart":
        return this.#later(effect.kind, () => this.#removeAutostart());
      case "closeSockets":
        return this.#later(effect.kind, () => this.#closeSockets());
      case "wipeHome":
        return this.#wipeInTime(effect.deadlineMs);
      case "clearLedger":
        return this.#clearLedger(effect.keep);
      default:
        return unreachable(effect);
    }
  }

  #later(kind: string, happens: () => void): void {
    const body = this.#body;
    body.whenDone(durationMs(body.host.stream, kind, takes), happens);
  }

  /** What there is no time for stays, but for the key, and is named. */
  #wipeInTime(deadlineMs: number): void {
    const body = this.#body;
    const takesMs = durationMs(body.host.stream, "wipeHome", takes);
    if (takesMs <= deadlineMs) body.whenDone(takesMs, () => this.#wipeHome());
    else body.whenDone(deadlineMs, () => this.#giveUpWipe());
  }

  #giveUpWipe(): void {
    const body = this.#body;
    const before = body.host.things();
    const wiped = before.filter((thing) => thing.startsWith("key:"));
    for (const key of wiped) body.ledger.unmake(key);
    const left = before.filter((thing) => thing.startsWith(`directory:${body.home}/`));
    body.see({ type: "homeWiped", wiped, left });
  }

  /** What the ledger knows of it, whether it came to be or not. */
  #removeAutostart(): void {
    const body = this.#body;
    const removed = [...body.host.journal.resources].filter(isStartupHook);
    for (const hook of removed) body.ledger.unmake(hook);
    body.see({ type: "autostartRemoved", removed, left: body.host.things().filter(isStartupHook) });
  }

  #closeSockets(): void {
    const body = this.#body;
    body.stream.shut();
    body.ledger.unmake(`socket:${body.home}/control.sock`);
    const left = body.host.things().filter((thing) => thing.startsWith("socket:"));
    body.see({ type: "socketsClosed", left, measured: `${left.length} sockets are bound` });
  }

  /** Everything but the ledger. */
  #wipeHome(): void {
    const body = this.#body;
    const { host } = body;
    const { workspaces, checkpoints } = host.leasesOnDisk();
    const before = host.things();
    for (const leaseId of workspaces) host.wipeWorkspace(leaseId);
    for (const leaseId of checkpoints) host.dropCheckpoints(leaseId);
    for (const thing of before) {
      if (thing.startsWith("key:") || thing.startsWith(`directory:${body.home}/`)) body.ledger.unmake(thing);
    }
    // Struck off though nothing of it is there: journalled by an instance that died before it made it.
    for (const key of [...host.journal.resources].sort()) {
      if (key.startsWith(`directory:${body.home}/`) || key.startsWith("key:")) body.ledger.release(key);
    }
    const after = host.things();
    const wiped = before.filter((thing) => !after.includes(thing));
    const left = after.filter((thing) => thing.startsWith(`directory:${body.home}/`) || thing.startsWith("key:"));
    body.see({ type: "homeWiped", wiped, left });
  }

  #clearLedger(keep: boolean): void {
    const body = this.#body;
    const { host } = body;
    const home = `directory:${body.home}`;
    const open = [...host.journal.resources].filter((key) => key !== home);
    if (keep || open.length > 0) {
      body.see({ type: "ledgerCleared", entriesLeft: host.journal.resources.size, wiped: [], directoriesLeft: [] });
      return;
    }
    body.ledger.unmake(home);
    host.journal.clear();
    body.see({ type: "ledgerCleared", entriesLeft: 0, wiped: [home], directoriesLeft: [] });
  }
}

function isStartupHook(resource: string): boolean {
  return resource.startsWith("crontab:");
}

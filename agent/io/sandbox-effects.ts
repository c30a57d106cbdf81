import { messageOf } from "../../foundation/errors.ts";
import { exitReasonOf } from "../../protocol/exit-reason.ts";
import type { AgentEffect } from "../core/effect.ts";
import { readResult } from "../sandbox/job-output.ts";
import type { Sandbox, SandboxExit } from "../sandbox/port.ts";
import type { AgentContext } from "./agent-context.ts";
import { Cooperations } from "./cooperations.ts";

type Effect<K extends AgentEffect["kind"]> = Extract<AgentEffect, { kind: K }>;

const kinds = [
  "freezeAll",
  "thawAll",
  "askCooperation",
  "endCooperation",
  "endStrays",
  "prepareSandbox",
  "startSandbox",
  "terminateSandbox",
  "wipeSandbox",
  "saveCheckpoint",
  "wipeLeftovers",
  "discardCheckpoint",
  "discardCheckpoints",
] as const;
export type SandboxEffect = Effect<(typeof kinds)[number]>;

export function isSandboxEffect(effect: AgentEffect): effect is SandboxEffect {
  return (kinds as readonly string[]).includes(effect.kind);
}

/** Carries out what the core wants of the sandboxes. Freeze and thaw happen in the call, everything else answers later. */
export class SandboxEffects {
  readonly #context: AgentContext;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #cooperations: Cooperations;

  constructor(context: AgentContext) {
    this.#context = context;
    this.#cooperations = new Cooperations(context.see);
  }

  perform(effect: SandboxEffect): void {
    if (effect.kind === "freezeAll") this.#freeze(effect);
    else if (effect.kind === "thawAll") this.#thaw(effect);
    else if (effect.kind === "endCooperation") this.#cooperations.end();
    else this.#context.background(this.#later(effect));
  }

  /** Kills whatever runs and waits for it no longer than that. */
  async endAll(withinMs: number): Promise<void> {
    await this.#context.driver.endAll({ graceMs: 0, deadlineMs: withinMs });
  }

  #freeze({ generation, triggeredAtMs }: Effect<"freezeAll">): void {
    const { driver, clock, see } = this.#context;
    const { processes, running } = driver.freezeAll();
    const freezeMs = Math.max(0, clock.nowMs() - triggeredAtMs);
    see({ type: "frozen", generation, freezeMs, processes, running: running.map((process) => ({ ...process })) });
  }

  #thaw({ trigger, triggeredAtMs, requestId }: Effect<"thawAll">): void {
    const { driver, clock, see } = this.#context;
    driver.thawAll();
    see({ type: "thawed", trigger, thawMs: Math.max(0, clock.nowMs() - triggeredAtMs), requestId });
  }

  async #later(effect: Exclude<SandboxEffect, { kind: "freezeAll" | "thawAll" | "endCooperation" }>): Promise<void> {
    const { driver, files, see } = this.#context;
    switch (effect.kind) {
      case "endStrays": {
        const { everything, graceMs, deadlineMs } = effect;
        const limits = { graceMs, deadlineMs };
        const { terminated, left, unseen } = everything ? await driver.endAll(limits) : await driver.endStrays(limits);
        const known = unseen === undefined ? {} : { unseen };
        return see({ type: "straysEnded", terminated, left: [...left], ...known });
      }
      case "askCooperation": {
        const sandbox = this.#sandboxes.get(effect.leaseId);
        return await this.#cooperations.ask(effect, { sandbox, workspace: files.workspace(effect.leaseId) });
      }
      case "prepareSandbox":
        return await this.#prepare(effect);
      case "startSandbox":
        return await this.#start(effect);
      case "terminateSandbox":
        return await this.#terminate(effect);
      case "wipeSandbox": {
        const { leaseId } = effect;
        return see({ type: "sandboxWiped", leaseId, left: await files.wipeSandbox(leaseId) });
      }
      case "saveCheckpoint":
        return await this.#save(effect);
      case "wipeLeftovers":
        return await files.wipeLeftovers(effect.leaseIds);
      case "discardCheckpoint":
        return await files.discardCheckpoint(effect.leaseId, effect.generation);
      case "discardCheckpoints":
        return await files.discardCheckpoints(effect.leaseId);
    }
  }

  async #prepare({ leaseId, checkpoint }: Effect<"prepareSandbox">): Promise<void> {
    const { driver, files, broker, see } = this.#context;
    try {
      const source =
        checkpoint === null || broker === null
          ? null
          : { reference: checkpoint, fetch: (digest: string) => broker.client.getBlob(digest) };
      const workspace = await driver.asOrdinary(async () => await files.prepare(leaseId, source));
      see({ type: "sandboxPrepared", leaseId, workspace });
    } catch (error) {
      see({ type: "sandboxPrepareFailed", leaseId, reason: messageOf(error) });
    }
  }

  async #start({ leaseId, jobId, epoch, job }: Effect<"startSandbox">): Promise<void> {
    const { driver, files, state, see } = this.#context;
    const agentId = state().agentId ?? "";
    const workspace = files.workspace(leaseId);
    const logFile = files.logFile(leaseId);
    let sandbox: Sandbox;
    try {
      sandbox = await driver.start({ leaseId, jobId, epoch, agentId, job, workspace, logFile });
    } catch (error) {
      see({ type: "sandboxStartFailed", leaseId, reason: messageOf(error) });
      return;
    }
    this.#sandboxes.set(leaseId, sandbox);
    see({ type: "sandboxStarted", leaseId, pid: sandbox.pid, cgroup: sandbox.cgroup });
    void sandbox.exited.then((exit) => this.#sawExit(leaseId, exit));
  }

  #sawExit(leaseId: string, { exitCode, signal, exceeded }: SandboxExit): void {
    const { files, see } = this.#context;
    const workspace = files.workspace(leaseId);
    const result = readResult(workspace);
    see({
      type: "sandboxExited",
      leaseId,
      reason: exitReasonOf({ exitCode, signal, exceeded: exceeded ?? null }),
      progress: files.progress(leaseId),
      result: result.text,
      resultProblem: result.problem,
    });
  }

  async #terminate({ leaseId, graceMs, deadlineMs }: Effect<"terminateSandbox">): Promise<void> {
    const sandbox = this.#sandboxes.get(leaseId);
    const result = (await sandbox?.terminate({ graceMs, deadlineMs })) ?? { terminated: 0, left: [] };
    if (result.left.length === 0) this.#sandboxes.delete(leaseId);
    const left = result.left.map((process) => ({ ...process }));
    this.#context.see({ type: "sandboxTerminated", leaseId, terminated: result.terminated, left });
  }

  async #save({ leaseId, jobId, epoch, generation, cooperative }: Effect<"saveCheckpoint">): Promise<void> {
    const { clock, driver, files, state, see } = this.#context;
    const beganAtMs = clock.nowMs();
    const wanted = (): boolean => state().freeze?.generation === generation;
    const lease = { leaseId, jobId, epoch, generation, cooperative };
    try {
      // The owner may have the jobs go on before it is done.
      const content = await driver.asOrdinary(async () => await files.save(lease, wanted));
      if (content === null) {
        see({ type: "checkpointFailed", leaseId, generation, reason: "it was called off before it began" });
        return;
      }
      see({ type: "checkpointSaved", leaseId, generation, content, durationMs: clock.nowMs() - beganAtMs });
    } catch (error) {
      see({ type: "checkpointFailed", leaseId, generation, reason: messageOf(error) });
    }
  }
}

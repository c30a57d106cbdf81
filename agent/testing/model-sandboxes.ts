import { assert } from "../../foundation/assert.ts";
import type { CheckpointContent } from "../../protocol/messages.ts";
import type { AgentEffect } from "../core/effect.ts";
import { digest, intakeClosed, type ModelBody } from "./model-body.ts";

/** What the core asks to be done to the sandboxes on its host. */
export type SandboxEffect = Extract<AgentEffect, { kind: Kind }>;
type Kind =
  | "freezeAll"
  | "thawAll"
  | "endStrays"
  | "prepareSandbox"
  | "startSandbox"
  | "terminateSandbox"
  | "wipeSandbox"
  | "askCooperation"
  | "endCooperation"
  | "saveCheckpoint"
  | "wipeLeftovers";

/** Does it to the modelled sandboxes, and asserts what is never done to one. */
export function performOnSandboxes(body: ModelBody, effect: SandboxEffect): void {
  const { core } = body;
  const closed = intakeClosed(core);
  switch (effect.kind) {
    case "freezeAll": {
      body.frozen = true;
      for (const sandbox of body.sandboxes.values()) sandbox.frozen = true;
      const { generation } = effect;
      // At once: before anything else can happen.
      body.pending.unshift({
        name: "frozen",
        happen: () =>
          body.see({ type: "frozen", generation, freezeMs: 1, processes: body.alive().length, running: [] }),
      });
      return;
    }
    case "thawAll": {
      assert(core.pause === null && core.withdrawal === null, "nothing is thawed while a pause is asked for");
      body.frozen = false;
      for (const sandbox of body.sandboxes.values()) sandbox.frozen = false;
      const { trigger, requestId } = effect;
      body.pending.unshift({
        name: "thawed",
        happen: () => body.see({ type: "thawed", trigger, thawMs: 1, requestId }),
      });
      return;
    }
    case "endStrays":
      return body.later("endStrays", () => {
        const strays = body
          .alive()
          .filter(
            (leaseId) =>
              effect.everything ||
              core.leases[leaseId]?.sandbox === undefined ||
              core.leases[leaseId]?.sandbox === null,
          );
        for (const leaseId of strays) body.sandboxes.delete(leaseId);
        body.see({ type: "straysEnded", terminated: strays.length, left: [] });
      });
    case "prepareSandbox": {
      const { leaseId } = effect;
      return body.later("prepare", () => body.see({ type: "sandboxPrepared", leaseId, workspace: `/w/${leaseId}` }));
    }
    case "startSandbox": {
      assert(!closed && !body.frozen, "nothing is started while intake is closed");
      const { leaseId } = effect;
      // The process is there from the call on; that it runs is heard later.
      body.sandboxes.set(leaseId, { alive: true, frozen: false, started: false });
      assert(body.alive().length <= core.slots, "there are no more sandboxes than slots");
      return body.later("start", () => {
        const sandbox = body.sandboxes.get(leaseId);
        if (sandbox !== undefined) sandbox.started = true;
        body.see({ type: "sandboxStarted", leaseId, pid: 2, cgroup: null });
      });
    }
    case "terminateSandbox": {
      const { leaseId } = effect;
      return body.later("terminate", () => {
        const was = body.sandboxes.get(leaseId)?.alive === true;
        body.sandboxes.delete(leaseId);
        body.see({ type: "sandboxTerminated", leaseId, terminated: was ? 1 : 0, left: [] });
      });
    }
    case "wipeSandbox": {
      const { leaseId } = effect;
      assert(body.sandboxes.get(leaseId)?.alive !== true, "nothing is wiped under a running job");
      return body.later("wipe", () => body.see({ type: "sandboxWiped", leaseId, left: [] }));
    }
    case "askCooperation": {
      const mayWait = core.pause === null && core.withdrawal === null;
      assert(mayWait && !body.frozen, "no job is asked for anything while all stands still or is to");
      const { leaseId, generation } = effect;
      // Whoever drives the world may let the answer come after the freeze, or never.
      return body.later("cooperate", () => body.see({ type: "cooperated", leaseId, generation, answer: "ready" }));
    }
    case "endCooperation":
      assert(body.frozen, "nobody stops waiting for a job before its freeze");
      return;
    case "saveCheckpoint": {
      const { leaseId, generation } = effect;
      assert(body.sandboxes.get(leaseId)?.frozen !== false, "only what stands still is archived");
      const content: CheckpointContent = {
        manifestDigest: digest,
        archiveDigest: digest,
        archiveBytes: 1,
        progress: 5,
      };
      return body.later("save", () =>
        body.see({ type: "checkpointSaved", leaseId, generation, content, durationMs: 1 }),
      );
    }
    case "wipeLeftovers":
      assert(body.alive().length === 0, "what an earlier instance left running is ended before its directory is wiped");
      return;
  }
}

import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defineScenario, defineStep } from "houseguest";
import * as z from "zod";

/** The owner's own program holds a lock for a while, and the agent must neither mind it nor take it away. */
const ownerLocks = defineStep({
  name: "owner-locks",
  parameters: z.strictObject({ forMs: z.int().min(1) }),
  async host(stage, { forMs }) {
    const folder = join(tmpdir(), `owner-${randomUUID()}`);
    // First how it is undone, then the deed: a harness that is killed leaves nothing either.
    const undone = stage.undo({ removeDirectory: folder });
    mkdirSync(folder);
    writeFileSync(join(folder, "lock"), "");
    await stage.pass(forMs);
    const { holds, seen } = await stage.look({ fact: "state", agent: "donor", is: "Idle" });
    if (!holds) throw new Error(`the agent minds the lock: it is ${seen}`);
    await stage.play({ step: "pause", agent: "donor" }, { step: "resume", agent: "donor" });
    // What is still there when the host is looked at again is residue, whoever left it.
    rmSync(folder, { recursive: true });
    undone();
    return `held for ${forMs} ms`;
  },
  async sim(stage, { forMs }) {
    await stage.pass(forMs);
    return "nothing to lock on a modelled host";
  },
});

export default defineScenario({
  name: "owner-keeps-a-lock",
  stages: ["host", "sim"],
  steps: [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots: 1 },
    ownerLocks({ forMs: 200 }),
    { step: "withdraw", agent: "donor", deadlineMs: 10_000 },
  ],
  expectations: [{ checker: "transitions" }, { checker: "withdraw-complete" }],
});

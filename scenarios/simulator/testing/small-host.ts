import { JobBehaviour } from "../plan/plan.ts";
import { Host } from "../world/host.ts";
import { simulatedJob } from "../world/job-behaviours.ts";
import type { Sandbox, SandboxEnd } from "../world/sandbox.ts";
import type { Termination } from "../world/termination.ts";
import { type Draws, SmallWorld } from "./small-world.ts";

const leaseId = "job-a-1:1";

/** One modelled host, the process of an agent on it, and what that hears. */
export class SmallHost {
  readonly small: SmallWorld;
  readonly host: Host;
  /** The agent's process, as whoever has to be alive to send a signal. */
  readonly agent = { alive: true };
  readonly ends: [number, SandboxEnd][] = [];
  /** When a job wrote the file that says that its others are in order. */
  readonly words: number[] = [];
  readonly terminations: [number, Termination][] = [];

  constructor(draws: Draws = {}) {
    this.small = new SmallWorld({ draws });
    this.host = new Host(this.small.world, 0, "a".repeat(64));
    this.host.listener = {
      instanceId: "instance-1",
      killedByJob: () => undefined,
      sandboxCooperated: () => void this.words.push(this.small.nowMs),
      sandboxEnded: (_sandbox, end) => void this.ends.push([this.small.nowMs, end]),
    };
  }

  /** Starts a job, of whose end the agent hears. Ten units of a second each, unless told otherwise. */
  startJob(behaviour: Partial<JobBehaviour> = {}, { progress = 0, lease = leaseId } = {}): Sandbox {
    this.host.makeWorkspace(lease, progress);
    const job = simulatedJob(JobBehaviour.parse(behaviour));
    const sandbox = this.host.startSandbox({ leaseId: lease, jobId: "job-a-1", job, parent: "instance-1" });
    sandbox.heard = true;
    return sandbox;
  }

  terminate(sandbox: Sandbox, { graceMs = 1_000, deadlineMs = 60_000 } = {}): void {
    const gone = (termination: Termination): void => void this.terminations.push([this.small.nowMs, termination]);
    sandbox.terminate({ graceMs, deadlineMs, by: this.agent }, gone);
  }
}

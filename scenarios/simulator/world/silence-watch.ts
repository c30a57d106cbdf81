import type { Host } from "./host.ts";
import type { Sandbox } from "./sandbox.ts";

interface Watched {
  readonly leaseId: string;
  readonly resumes: number;
  /** Once it was seen running, or having run. */
  ran: boolean;
  /** It hears its TERM only when it goes on: from then on it may run. */
  ends: boolean;
}

/** Watches from outside whether anything of a paused host runs between the pause and the resume (I5). */
export class SilenceWatch {
  readonly #host: Host;
  #sinceMs: number | null = null;
  #watched: Watched[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  begin(): void {
    this.#sinceMs = this.#host.world.nowMs;
    this.#watched = [];
    for (const { leaseId, processes, resumes, running } of this.#host.sandboxes.values()) {
      if (processes > 0) this.#watched.push({ leaseId, resumes, ran: running > 0, ends: false });
    }
  }

  /** A sandbox is about to be ended, by a shutdown or because its lease is over: up to now it had to stand still. */
  releases({ leaseId, resumes, running }: Sandbox): void {
    const seen = this.#watched.find((one) => one.leaseId === leaseId);
    if (this.#sinceMs === null || seen === undefined || seen.ends) return;
    seen.ran ||= running > 0 || resumes !== seen.resumes;
    seen.ends = true;
  }

  /** Tells what it saw. Does nothing when nothing is watched. */
  end(): void {
    if (this.#sinceMs === null) return;
    const { world, sandboxes, agentId } = this.#host;
    const forMs = world.nowMs - this.#sinceMs;
    this.#sinceMs = null;
    const before = new Map(this.#watched.map((one) => [one.leaseId, one]));
    let running = 0;
    let processes = 0;
    // What sleeps in the kernel and cannot be killed uses no CPU, though nothing can stop it either.
    for (const { leaseId, resumes, processes: now, running: runs, isDoomed } of sandboxes.values()) {
      const seen = before.get(leaseId);
      processes += now;
      // One that was not there at the pause was started in it.
      if (seen?.ends === true) {
        if (seen.ran) running += Math.max(1, now);
        continue;
      }
      const ran = seen === undefined ? now > 0 && !isDoomed : seen.ran || (resumes !== seen.resumes && !isDoomed);
      if (ran || runs > 0) running += Math.max(1, now);
    }
    const cpuUsedUs = running > 0 ? 1_000 * forMs : 0;
    world.record(world.harness, "witness.frozen", { agentId, processes, running, cpuUsedUs, forMs });
  }
}

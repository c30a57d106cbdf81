import { assert, present } from "../../foundation/assert.ts";
import type { JobRecord } from "./records.ts";

const nothing: ReadonlyMap<string, JobRecord> = new Map();

/** The jobs offered or leased to each agent. Most agents of a large fleet never hold one, and have no list. */
export class Holdings {
  readonly #held = new Map<string, Map<string, JobRecord>>();

  /** An agent's jobs by lease, oldest first. */
  of(agentId: string): ReadonlyMap<string, JobRecord> {
    return this.#held.get(agentId) ?? nothing;
  }

  /** Notes a job's grant in its holder's list. */
  add(job: JobRecord): void {
    const { agentId, leaseId } = present(job.grant, "what is held has a grant");
    const held = this.#held.get(agentId);
    if (held === undefined) this.#held.set(agentId, new Map([[leaseId, job]]));
    else held.set(leaseId, job);
  }

  /** Strikes a job's grant off its holder's list. */
  remove(job: JobRecord): void {
    const { agentId, leaseId } = present(job.grant, "what is let go has a grant");
    assert(this.#held.get(agentId)?.delete(leaseId) === true, "the holder's list names the grant");
  }
}

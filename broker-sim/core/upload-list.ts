import { assert } from "../../foundation/assert.ts";
import type { UploadKey } from "./records.ts";

/** What the broker has of one part of a checkpoint that is on its way here. */
export interface Upload extends UploadKey {
  readonly id: string;
  /** So many bytes are in the store, from the beginning. */
  bytes: number;
  /** Of the whole; null while its uploader has not said so to this start of the broker. */
  length: number | null;
  /** It goes when nothing was heard of it until then. */
  keepUntilMs: number;
}

/** Whose id was asked for last: one chunk asks for it several times, and to put it together costs more than to look. */
let lastNamed: UploadKey & { readonly id: string } = { agentId: "", leaseId: "", digest: "", id: "__" };

/** Names an upload in alarms and in the file system: an agent has one for each lease and digest. */
export function uploadIdOf({ agentId, leaseId, digest }: UploadKey): string {
  if (digest === lastNamed.digest && leaseId === lastNamed.leaseId && agentId === lastNamed.agentId)
    return lastNamed.id;
  lastNamed = { agentId, leaseId, digest, id: `${agentId}_${leaseId}_${digest}` };
  return lastNamed.id;
}

const none: ReadonlyMap<string, Upload> = new Map();

/** Every upload that is under way, by its id and by its agent. */
export class UploadList {
  readonly #byId = new Map<string, Upload>();
  readonly #ofAgent = new Map<string, Map<string, Upload>>();

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Upload | undefined {
    return this.#byId.get(id);
  }

  has(key: UploadKey): boolean {
    return this.#byId.has(uploadIdOf(key));
  }

  values(): Iterable<Upload> {
    return this.#byId.values();
  }

  /** Of one agent, the one that was heard of longest ago first. */
  ofAgent(agentId: string): Iterable<Upload> {
    return (this.#ofAgent.get(agentId) ?? none).values();
  }

  /** Of one lease, in the same order. */
  ofLease(agentId: string, leaseId: string): Upload[] {
    const found: Upload[] = [];
    for (const upload of this.ofAgent(agentId)) if (upload.leaseId === leaseId) found.push(upload);
    return found;
  }

  /** Adds it, or makes it the one that was heard of last. */
  put(upload: Upload): void {
    this.#byId.set(upload.id, upload);
    let own = this.#ofAgent.get(upload.agentId);
    if (own === undefined) this.#ofAgent.set(upload.agentId, (own = new Map()));
    own.delete(upload.id);
    own.set(upload.id, upload);
  }

  delete({ id, agentId }: Upload): void {
    assert(this.#byId.delete(id), "an upload that goes was there");
    const own = this.#ofAgent.get(agentId);
    assert(own?.delete(id) === true, "an upload stands in its agent's list");
    if (own.size === 0) this.#ofAgent.delete(agentId);
  }
}

import type { BrokerInput, BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import type { UploadKey } from "../../../broker-sim/core/records.ts";
import { isWhole } from "../../../broker-sim/core/uploads.ts";
import { assert } from "../../../foundation/assert.ts";
import type { BrokerCall } from "./broker-call.ts";
import type { ChunkMessage } from "./chunk-message.ts";
import type { Store } from "./store.ts";

/** What the modelled broker takes of one blob: less than what some jobs have to save. */
export const blobBytesMax = 2_000_000;

type UploadInput = BrokerInput<"upload-chunk" | "upload-stored" | "upload-lost">;

/** The broker's brain, and whether its process still lives after what it decided was carried out. */
export interface UploadBroker {
  readonly store: Store;
  decide(input: UploadInput): BrokerResponse;
  isAlive(): boolean;
}

/**
 * Takes in a chunk as the real broker does (broker-sim/io/blobs/take-chunk.ts), and looks from the outside whether what
 * counts as stored is what its address says.
 *
 * @returns the answer, or null when the process died over it
 */
export function takeChunk(
  broker: UploadBroker,
  { from, leaseId }: BrokerCall,
  { digest, chunk, content }: ChunkMessage,
): BrokerResponse | null {
  const { caller } = from;
  const { agentId } = caller;
  const key: UploadKey = { agentId, leaseId, digest };
  const decided = broker.decide({ type: "upload-chunk", caller, leaseId, digest, chunk });
  if (!broker.isAlive()) return null;
  if (!decided.ok || !(decided as { answer: { take: boolean } }).answer.take) return decided;
  const { uploads } = broker.store;
  const there = uploads.bytes(key);
  assert(there === chunk.offset, `a chunk is taken at the offset that is there: ${there}, not ${chunk.offset}`);
  assert(uploads.append(key, content), "there is a place for what is taken");
  const bytes = chunk.offset + chunk.bytes;
  const written = broker.decide({ type: "upload-stored", agentId, leaseId, digest, bytes, measured: null });
  if (!broker.isAlive()) return null;
  if (!chunk.complete || !written.ok) return written;
  const measured = uploads.measure(key);
  const isKept = isWhole(digest, measured);
  if (isKept) {
    assert(measured === digest, "what counts as stored is what its address says (I8)");
    uploads.remove(key);
    broker.store.putBlob(digest, bytes);
  }
  const stored = broker.decide({ type: "upload-stored", agentId, leaseId, digest, bytes, measured });
  assert(stored.ok === isKept, "what the store made of an upload is what the broker believes of it");
  return broker.isAlive() ? stored : null;
}

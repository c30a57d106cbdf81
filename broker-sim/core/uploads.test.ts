import { expect, test } from "vitest";

import { limits } from "../../foundation/limits.ts";
import { answerOf, codeOf, CoreAgent, CoreBroker } from "../testing/core-broker.ts";
import { brokerLimits } from "./broker-limits.ts";
import type { BrokerResponse } from "./inputs.ts";

const { uploadChunkBytesMax } = limits;

/** An agent that holds a lease, and what it says of its uploads. */
function holder({ slots = 1 } = {}) {
  const broker = new CoreBroker();
  broker.submit(slots);
  const agent = new CoreAgent(broker, { slots }).enrol();
  const leases = agent.takeWork();
  const { agentId, instanceId } = agent;
  const caller = { agentId, instanceId };
  const send = (
    number: number,
    { offset = 0, bytes = 10, length = 20, leaseId = leases[0]!.leaseId } = {},
  ): BrokerResponse<"upload-chunk"> => {
    const digest = number.toString(16).padStart(64, "0");
    const chunk = { offset, bytes, length, complete: offset + bytes === length };
    const response = broker.do({ type: "upload-chunk", caller, leaseId, digest, chunk });
    if (response.ok && response.answer.take) {
      broker.do({ type: "upload-stored", agentId, leaseId, digest, bytes: offset + bytes, measured: null });
    }
    return response;
  };
  const removed = () => broker.effects.filter(({ kind }) => kind === "remove-upload").length;
  return { broker, agent, caller, leases, send, removed };
}

test("a lease has the parts of two checkpoints on their way at most; the one of longest ago gives way", () => {
  const { broker, caller, leases, send, removed } = holder();
  for (let number = 1; number <= brokerLimits.uploadsPerLeaseMax; number += 1) answerOf(send(number));
  // Whoever asks after one means to go on with it.
  const asked = { caller, leaseId: leases[0]!.leaseId, digest: "1".padStart(64, "0") };
  expect(answerOf(broker.do({ type: "upload-asked", ...asked }))).toEqual({ offset: 10, complete: false });
  answerOf(send(9));
  expect(removed()).toBe(1);
  expect(broker.state.uploads.size).toBe(brokerLimits.uploadsPerLeaseMax);
  expect(send(2, { offset: 10 })).toMatchObject({ code: "offset-mismatch", expectedOffset: 0 });
  answerOf(send(1, { offset: 10 }));
});

test("what an agent claims in all is bounded, whatever it has sent of it", () => {
  const { leases, send, broker, agent } = holder({ slots: 24 });
  const length = limits.checkpointBytesMax;
  const fit = Math.floor(brokerLimits.uploadBytesPerAgentMax / length);
  for (const [number, { leaseId }] of leases.entries()) {
    const code = codeOf(send(number, { leaseId, bytes: 1, length }));
    expect(code).toBe(number < fit ? "ok" : "full");
  }
  // Others are not held up by that.
  broker.submit();
  const other = new CoreAgent(broker, { number: 2 }).enrol();
  const [lease] = other.takeWork();
  const caller = { agentId: other.agentId, instanceId: other.instanceId };
  const chunk = { offset: 0, bytes: 1, length, complete: false };
  const digest = "f".repeat(64);
  expect(codeOf(broker.do({ type: "upload-chunk", caller, leaseId: lease!.leaseId, digest, chunk }))).toBe("ok");
  // And there is room again when some of it is over.
  answerOf(agent.complete(leases[0]!));
  expect(codeOf(send(99, { leaseId: leases.at(-1)!.leaseId, bytes: 1, length }))).toBe("ok");
});

test.each([
  [{ offset: 0, bytes: 0, length: 20 }, "bad-request"],
  [{ offset: 0, bytes: 21, length: 20 }, "bad-request"],
  [{ offset: 5, bytes: 5, length: 20 }, "offset-mismatch"],
  [{ offset: 0, bytes: 1, length: limits.checkpointBytesMax + 1 }, "too-large"],
  [{ offset: 0, bytes: uploadChunkBytesMax + 1, length: 3 * uploadChunkBytesMax }, "too-large"],
])("a chunk %o is refused: %s", (chunk, code) => {
  const { broker, send } = holder();
  expect(codeOf(send(1, chunk))).toBe(code);
  expect(broker.state.uploads.size).toBe(0);
});

test("an upload lives on over a restart while its lease does, and is forgotten without it", () => {
  const { broker, agent, leases, send } = holder({ slots: 2 });
  answerOf(send(1));
  answerOf(send(2, { leaseId: leases[1]!.leaseId }));
  // The store heard of the end of one lease; the broker died before its upload was removed.
  const uploads = [...broker.state.uploads.values()].map((upload) => ({ ...upload }));
  answerOf(agent.complete(leases[1]!));
  for (const upload of uploads) if (!broker.state.uploads.has(upload)) broker.state.uploads.put(upload);
  broker.restart();
  expect([...broker.state.uploads.values()].map(({ leaseId, bytes }) => [leaseId, bytes])).toEqual([
    [leases[0]!.leaseId, 10],
  ]);
  answerOf(send(1, { offset: 10 }));
});

test("an end of a lease between a chunk and its being written leaves nothing", () => {
  const { broker, agent, caller, leases, removed } = holder();
  const { leaseId } = leases[0]!;
  const digest = "1".repeat(64);
  const chunk = { offset: 0, bytes: 10, length: 20, complete: false };
  answerOf(broker.do({ type: "upload-chunk", caller, leaseId, digest, chunk }));
  answerOf(agent.complete(leases[0]!));
  const late = broker.do({
    type: "upload-stored",
    agentId: agent.agentId,
    leaseId,
    digest,
    bytes: 10,
    measured: null,
  });
  expect(codeOf(late)).toBe("offset-mismatch");
  expect(removed()).toBe(2);
});

test("the whole counts only when it was measured to be what its address says", () => {
  const { broker, agent, caller, leases } = holder();
  const { leaseId } = leases[0]!;
  const digest = "1".repeat(64);
  const key = { agentId: agent.agentId, leaseId, digest };
  for (const measured of ["2".repeat(64), digest]) {
    const chunk = { offset: 0, bytes: 10, length: 10, complete: true };
    answerOf(broker.do({ type: "upload-chunk", caller, leaseId, digest, chunk }));
    const stored = broker.do({ type: "upload-stored", ...key, bytes: 10, measured });
    expect(codeOf(stored)).toBe(measured === digest ? "ok" : "digest-mismatch");
    expect(broker.state.blobs.has(digest)).toBe(measured === digest);
    expect(broker.state.uploads.size).toBe(0);
  }
});

test("an instance that is not heeded any more uploads nothing", () => {
  const { broker, agent, send } = holder();
  agent.startAnew();
  agent.enrol();
  expect(codeOf(send(1))).toBe("fenced");
  expect(broker.state.uploads.size).toBe(0);
});

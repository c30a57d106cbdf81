import { describe, expect, test } from "vitest";
import type * as z from "zod";

import { limits } from "../foundation/limits.ts";
import {
  BrokerEvent,
  CheckpointReference,
  CompleteRequest,
  HeartbeatRequest,
  HeartbeatResponse,
  JobSpec,
  Lease,
  Problem,
  SubmitRequest,
} from "./messages.ts";

const digest = "0".repeat(64);
const job = { command: ["true"] };
const lease = { leaseId: "lease-1", jobId: "job-1", epoch: 1, job, expiresAt: 1 };
const leaseStatus = { leaseId: "lease-1", jobId: "job-1", epoch: 1, execution: "running", frozen: false, progress: 0 };
const heartbeat = {
  state: "Idle",
  slots: 1,
  slotsFree: 1,
  resources: { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 0 },
  leases: [],
};
const heartbeatAnswer = { brokerTimeMs: 1, offers: [], renewed: [], lost: [] };
const complete = { epoch: 1, outcome: "completed", exitCode: 0, progress: 1 };
const checkpoint = { manifestDigest: digest, archiveDigest: digest, archiveBytes: 0, progress: 0, number: 1 };

const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

/** Each bound at its border: the last value that is taken and the first that is refused. */
const borders: [string, z.ZodType, unknown, unknown][] = [
  ["an argument list", JobSpec, { command: Array(256).fill("a") }, { command: Array(257).fill("a") }],
  ["a job without a command", JobSpec, job, { command: [] }],
  ["an argument", JobSpec, { command: ["a".repeat(8_192)] }, { command: ["a".repeat(8_193)] }],
  ["a job's name", JobSpec, { ...job, name: "a".repeat(200) }, { ...job, name: "a".repeat(201) }],
  ["a variable's name", JobSpec, { ...job, environment: { A_1: "" } }, { ...job, environment: { "A=1": "" } }],
  ["redeliveries", JobSpec, { ...job, redeliveriesMax: 0 }, { ...job, redeliveriesMax: -1 }],
  ["an epoch starts at 1", Lease, lease, { ...lease, epoch: 0 }],
  ["a whole epoch", Lease, { ...lease, epoch: 2 ** 53 - 1 }, { ...lease, epoch: 1.5 }],
  ["a lease's id", Lease, { ...lease, leaseId: "lease-a" }, { ...lease, leaseId: "lease-../../etc" }],
  ["a job's id", Lease, { ...lease, jobId: `job-${"a".repeat(60)}` }, { ...lease, jobId: `job-${"a".repeat(61)}` }],
  ["a digest in lower case", CheckpointReference, checkpoint, { ...checkpoint, archiveDigest: "A".repeat(64) }],
  ["no negative progress", CheckpointReference, checkpoint, { ...checkpoint, progress: -1 }],
  ["slots", HeartbeatRequest, { ...heartbeat, slots: limits.slotsMax }, { ...heartbeat, slots: limits.slotsMax + 1 }],
  ["a heartbeat's state", HeartbeatRequest, { ...heartbeat, state: "Paused" }, { ...heartbeat, state: "Dead" }],
  [
    "leases in a heartbeat",
    HeartbeatRequest,
    { ...heartbeat, leases: many(limits.slotsMax, leaseStatus) },
    { ...heartbeat, leases: many(limits.slotsMax + 1, leaseStatus) },
  ],
  [
    "offers in an answer",
    HeartbeatResponse,
    { ...heartbeatAnswer, offers: many(limits.offersPerHeartbeatMax, lease) },
    { ...heartbeatAnswer, offers: many(limits.offersPerHeartbeatMax + 1, lease) },
  ],
  [
    "a result",
    CompleteRequest,
    { ...complete, result: "a".repeat(limits.resultBytesMax) },
    { ...complete, result: "a".repeat(limits.resultBytesMax + 1) },
  ],
  ["an outcome", CompleteRequest, { ...complete, outcome: "failed" }, { ...complete, outcome: "killed" }],
  ["jobs in one call", SubmitRequest, { jobs: many(10_000, job) }, { jobs: many(10_001, job) }],
  ["a problem's code", Problem, { code: "fenced", message: "" }, { code: "weird", message: "" }],
  [
    "an event's name",
    BrokerEvent,
    { event: "goodbye", data: { reason: "" } },
    { event: "hello", data: { reason: "" } },
  ],
];

describe("messages", () => {
  test.each(borders)("%s: the last that is taken and the first that is refused", (_what, schema, taken, refused) => {
    expect(schema.safeParse(taken).error).toBeUndefined();
    expect(schema.safeParse(refused).success).toBe(false);
  });

  test.each(borders)("%s: a field that nobody knows is refused, so that a slip is seen", (_what, schema, taken) => {
    expect(schema.safeParse({ ...(taken as object), surprise: 1 }).success).toBe(false);
  });

  test("a job gets its defaults", () => {
    expect(JobSpec.parse(job)).toEqual({
      command: ["true"],
      environment: {},
      workspaceBytesMax: 1024 ** 3,
      redeliveriesMax: limits.redeliveriesMax,
    });
  });

  test("the largest heartbeat and the largest result fit into one message", () => {
    const largest = {
      ...heartbeat,
      leases: many(limits.slotsMax, { ...leaseStatus, jobId: `job-${"a".repeat(60)}` }),
    };
    expect(JSON.stringify(HeartbeatRequest.parse(largest)).length).toBeLessThan(limits.messageBytesMax);
    // Every byte of the result as a control character, which JSON writes as six.
    const result = "\u0001".repeat(limits.resultBytesMax);
    expect(JSON.stringify(CompleteRequest.parse({ ...complete, result })).length).toBeLessThan(limits.messageBytesMax);
  });
});

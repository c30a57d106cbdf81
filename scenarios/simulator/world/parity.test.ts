import { join } from "node:path";
import { describe, expect, test } from "vitest";

import type { Note } from "../../../agent/core/effect.ts";
import type { HostResource } from "../../../agent/host-resource.ts";
import { reconnectWait } from "../../../agent/core/reconnect-wait.ts";
import { recoveredFrom } from "../../../agent/core/recovery.ts";
import { outcomeOf as realOutcomeOf, refusal } from "../../../agent/io/broker-error.ts";
import { FileHostLedger } from "../../../agent/io/host-ledger.ts";
import { recoveredFrom as realRecoveredFrom } from "../../../agent/recovered.ts";
import { temporaryDirectory } from "../../../agent/testing/temporary-home.ts";
import { problemStatus } from "../../../broker-sim/io/problem-status.ts";
import { brokerLimits } from "../../../broker-sim/core/broker-limits.ts";
import type { ProblemCode } from "../../../protocol/messages.ts";
import { SmallWorld, wayMs } from "../testing/small-world.ts";
import { BrokerBody } from "./broker-body.ts";
import { type BrokerCall, outcomeOf, type Route } from "./broker-call.ts";
import { Journal } from "./journal.ts";
import { Link } from "./link.ts";
import { Network } from "./network.ts";
import { brokersToken } from "./broker-input.ts";

describe("what a caller makes of a refusal", () => {
  const tryAgain: readonly string[] = [
    "internal",
    "full",
    "store-away",
    "out-of-service",
    "rate-limited",
    "stale-signature",
    "replayed",
    "offset-mismatch",
  ];
  const codes = Object.keys(problemStatus) as ProblemCode[];

  test.each(codes)("%s is the same over the wire and in the model", async (code) => {
    const problem = { code, message: `because of ${code}` };
    const answer = { method: "POST", status: problemStatus[code], body: JSON.stringify(problem) };
    const real = await realOutcomeOf(Promise.reject(refusal(answer)));
    expect(outcomeOf({ ok: false, ...problem })).toEqual(real);
    expect(real).toEqual({ ok: false, ...problem, retriable: tryAgain.includes(code) });
  });

  test("and so is where an upload goes on", async () => {
    const problem = { code: "offset-mismatch", message: "elsewhere", expectedOffset: 7 } as const;
    const answer = { method: "PATCH", status: 409, body: JSON.stringify(problem) };
    const real = await realOutcomeOf(Promise.reject(refusal(answer)));
    expect(outcomeOf({ ok: false, ...problem })).toEqual(real);
    expect(real).toMatchObject({ expectedOffset: 7 });
  });
});

test.each([
  [0, 125, 250],
  [1, 250, 500],
  [4, 2_000, 4_000],
  [7, 16_000, 32_000],
  [8, 30_000, 60_000],
  [1_000, 30_000, 60_000],
])("after %i failed attempts a stream waits from %i to %i ms", (attempts, minMs, maxMs) => {
  expect(reconnectWait(attempts)).toEqual({ minMs, maxMs });
});

describe("what a start finds of the instance before it", () => {
  const lease = { jobId: "job-a-1", epoch: 2, checkpoint: null, uploaded: false, report: null, spawnedInBoot: null };
  const withdrawal = { current: "freeze" } as unknown as Extract<Note, { key: "withdrawal" }>["value"];
  const directory: HostResource = { kind: "directory", path: "/a" };
  const cgroup: HostResource = { kind: "cgroup", path: "/b" };
  const processes: HostResource = { kind: "processes", leaseId: "l", pid: null, startTime: null };

  test.each<[string, { notes: Note[]; resources: [HostResource, string][] }, object]>([
    ["nothing", { notes: [], resources: [] }, { enrolmentSent: false, pause: null, withdrawal: null, strays: false }],
    [
      "an enrolment and a pause",
      {
        notes: [
          { key: "membership", value: { enrolmentSent: true } },
          { key: "pause", value: { by: "broker", reason: "night" } },
        ],
        resources: [[directory, "directory:/a"]],
      },
      { enrolmentSent: true, pause: { by: "broker", reason: "night" }, strays: false },
    ],
    ["a withdrawal", { notes: [{ key: "withdrawal", value: withdrawal }], resources: [] }, { withdrawal }],
    [
      "leases",
      {
        notes: [
          { key: "lease:two", value: lease },
          { key: "lease:one", value: { ...lease, epoch: 7 } },
        ],
        resources: [],
      },
      {
        leases: [
          { leaseId: "one", ...lease, epoch: 7 },
          { leaseId: "two", ...lease },
        ],
      },
    ],
    ["processes", { notes: [], resources: [[processes, "processes:l"]] }, { strays: true }],
    ["a cgroup", { notes: [], resources: [[cgroup, "cgroup:/b"]] }, { strays: true }],
    [
      "notes that were struck off",
      {
        notes: [
          { key: "pause", value: { by: "owner", reason: "noise" } },
          { key: "pause", value: null },
          { key: "lease:one", value: lease },
          { key: "lease:one", value: null },
        ],
        resources: [],
      },
      { pause: null, leases: [] },
    ],
  ])("%s is the same from a file and from the model", (_, { notes, resources }, expected) => {
    const path = join(temporaryDirectory(), "ledger.jsonl");
    const ledger = new FileHostLedger(path);
    const journal = new Journal();
    for (const note of notes) {
      ledger.remember(note);
      journal.remember(note.key, note.value);
    }
    for (const [resource, key] of resources) {
      ledger.acquire(resource);
      journal.acquire(key);
    }
    ledger.close();
    journal.losePower((unsynced) => unsynced);
    const real = realRecoveredFrom(new FileHostLedger(path));
    expect(recoveredFrom({ notes: (prefix) => journal.notes(prefix), resources: journal.resources })).toEqual(real);
    expect(real).toMatchObject(expected);
  });
});

describe("the modelled broker, as the real one's service", () => {
  /** A broker whose store takes a second, and a caller. */
  function scene() {
    const small = new SmallWorld();
    const { world } = small;
    const network = new Network(world);
    const broker = new BrokerBody(world, network, {
      storeFails: false,
      onReleased: () => undefined,
      onPauseAcknowledged: () => undefined,
    });
    const heard: [number, string, boolean][] = [];
    const agentId = "a".repeat(64);
    const from = {
      alive: true,
      caller: { agentId, instanceId: "00000000-0000-4000-8000-000000000001" },
      answered: (call: BrokerCall, { ok }: { ok: boolean }) => void heard.push([world.nowMs, call.route, ok]),
    };
    const link = new Link(world, world.tape.stream("link:0"));
    const send = (route: Route, message: unknown): void =>
      network.send(
        {
          from,
          route,
          message,
          leaseId: "",
          generation: 0,
          sentAtMs: 0,
          deadlineMs: 60_000,
          settled: false,
          watched: false,
        },
        link,
      );
    const enrol = {
      joinToken: brokersToken,
      publicKey: "p".repeat(43),
      slots: 1,
      revocation: { agentId, signature: "s".repeat(86) },
    };
    broker.start();
    small.passUntil(100);
    broker.stallStore({ forMs: 1_000 });
    return { small, broker, heard, send, enrol };
  }

  test("answers, records and shows nothing before it is in the store", () => {
    const { small, heard, send, enrol } = scene();
    send("enrol", enrol);
    small.passUntil(1_099);
    expect([heard, small.said("broker.enrolled")]).toEqual([[], []]);
    small.passUntil(1_100);
    expect(small.said("broker.enrolled")).toHaveLength(1);
    small.passUntil(5_000);
    expect(heard).toEqual([[1_100 + wayMs, "enrol", true]]);
  });

  test("lets an input that changes nothing wait its turn all the same, so that effects keep their order", () => {
    const { small, heard, send, enrol } = scene();
    send("enrol", enrol);
    small.at(200, () => send("complete", { epoch: 1, outcome: "completed", exitCode: 0, progress: 1 }));
    small.passUntil(5_000);
    expect(heard).toEqual([
      [1_100 + wayMs, "enrol", true],
      [1_100 + wayMs, "complete", false],
    ]);
  });

  test("says that the store is away to whoever has waited long enough, and tells of it all the same once it is written", () => {
    const { small, broker, heard, send, enrol } = scene();
    broker.stallStore({ forMs: 9_000 });
    send("enrol", enrol);
    small.passUntil(100 + wayMs + brokerLimits.storeWaitMsMax + wayMs);
    expect(heard).toEqual([[100 + 2 * wayMs + brokerLimits.storeWaitMsMax, "enrol", false]]);
    expect([small.said("broker.enrolled"), broker.state?.agents.size]).toEqual([[], 1]);
    small.passUntil(20_000);
    expect([heard.length, small.said("broker.enrolled").length]).toEqual([1, 1]);
  });

  test("decides nothing while it knows that the store is away, and says so at once", () => {
    const { small, broker, heard, send, enrol } = scene();
    broker.stallStore({ forMs: 9_000, away: true });
    send("enrol", enrol);
    small.passUntil(100 + 2 * wayMs);
    expect(heard).toEqual([[100 + 2 * wayMs, "enrol", false]]);
    small.passUntil(20_000);
    expect([small.said("broker.enrolled"), broker.state?.agents.size]).toEqual([[], 0]);
    send("enrol", enrol);
    small.passUntil(20_000 + 2 * wayMs + 10);
    expect(small.said("broker.enrolled")).toHaveLength(1);
  });

  test("has, after a kill, what was committed and of the rest no more than the store got", () => {
    const { small, broker, send, enrol } = scene();
    send("enrol", enrol);
    small.passUntil(500);
    expect(broker.state?.agents.size).toBe(1);
    broker.kill({ afterEffects: 0, edge: "after", downMs: 100 }, () => undefined);
    small.passUntil(5_000);
    // The benign choice is that what was on its way to the disk got there.
    expect([broker.isUp, broker.state?.agents.size]).toEqual([true, 1]);
    expect(small.said("broker.enrolled")).toEqual([]);
  });
});

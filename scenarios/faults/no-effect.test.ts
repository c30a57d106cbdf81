import * as fs from "node:fs";
import { join } from "node:path";

import { afterEach, describe, expect, it, vi } from "vitest";

import type { FaultContext } from "./fault.ts";
import type * as cgroups from "./fault-cgroup.ts";
import type { FaultKindName, FaultSpecOf } from "./fault-spec.ts";
import { missingFor } from "./fault-needs.ts";
import type * as ends from "./process-ends.ts";
import type * as limits from "./process-limit.ts";
import type * as servers from "./store-server.ts";
import { FaultBench } from "./testing/fault-bench.ts";

// Every kind of fault, with a bug by which it does nothing while it says that it did: the run must become unknown, or the
// fault be refused. What applies each is taken out below; what measures is left as it is.

/** Whether no ballast is written. */
const out = { ballast: false };

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    /** A disk with no room for the ballast, and all for others, is none that the ballast has filled. */
    writeSync: (...args: Parameters<typeof fs.writeSync>) => {
      const [, bytes] = args;
      return out.ballast && Buffer.isBuffer(bytes) && bytes.every((byte) => byte === 0) ? 0 : real.writeSync(...args);
    },
  };
});
vi.mock("./fault-cgroup.ts", async (original) => {
  const real = await original<typeof cgroups>();
  // Nobody is moved into it.
  const limitInCgroup: typeof real.limitInCgroup = (context, hierarchy, limits) =>
    real.limitInCgroup(context, hierarchy, { ...limits, pids: [] });
  return { ...real, limitInCgroup };
});
vi.mock("./process-limit.ts", async (original) => ({
  ...(await original<typeof limits>()),
  setProcessLimit: async () => undefined,
}));
vi.mock("./immutable.ts", () => ({ setImmutable: async () => undefined }));
vi.mock("./process-ends.ts", async (original) => ({
  ...(await original<typeof ends>()),
  // What does not come need not be waited for.
  comesTrue: async (condition: () => boolean) => condition(),
  endsWithin: async () => false,
}));
const records = new Map([["job-1", "leased"]]);
vi.mock("./store-server.ts", async (original) => ({
  ...(await original<typeof servers>()),
  recordsOnServer: async () => records,
  recordsInSnapshot: () => new Map([["job-1", "queued"]]),
  commitsOnServer: async () => 1,
  flushServer: async () => ({ keysBefore: 2, keysAfter: 2 }),
}));

interface Case<Kind extends FaultKindName> {
  /** What does nothing. */
  readonly bug: string;
  readonly spec: Omit<FaultSpecOf<Kind>, "kind">;
  /** What the fault may use, in which it is that nothing happens. */
  readonly context?: (bench: FaultBench) => Partial<FaultContext>;
  /** Takes it out. */
  readonly plant?: (bench: FaultBench) => void;
  /** What the agent does, in the bench's directory. */
  readonly program?: string;
  /** What happens while it is in force. */
  readonly meanwhile?: (bench: FaultBench) => Promise<void>;
}

const donor = { process: "donor" } as const;
const works = "while :; do :; done";
const killsNobody = (): void => void vi.spyOn(process, "kill").mockReturnValue(true);
/** A program of that name does nothing, for a while. */
const idles = (name: string) => (bench: FaultBench) => {
  const place = join(bench.place, "programs");
  fs.mkdirSync(place);
  fs.writeFileSync(join(place, name), "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
  vi.stubEnv("PATH", `${place}:${process.env["PATH"]}`);
};
const server = { socket: "/nowhere", rollBack: async () => records };
const kept = new Map([["early", "/nowhere"]]);
const store = () => ({ store: () => ({ directory: undefined, server, kept }) });
const operator = {
  putFault: async () => ({ ruleId: "fault-1" }),
  faults: async () => [],
  jobs: async () => [],
} as unknown as ReturnType<FaultContext["broker"]>["operator"];

const cases: { readonly [Kind in FaultKindName]: Case<Kind> } = {
  "kill-process": { bug: "no signal is sent", spec: donor, plant: killsNobody },
  "stop-process": { bug: "no signal is sent", spec: donor, plant: killsNobody, program: works },
  "slow-process": { bug: "nobody is moved", spec: { ...donor, cpuPercent: 5 }, program: works },
  "disturb-link": {
    bug: "the line knows of no toxic",
    spec: { agent: "donor", toxic: { type: "reset" } },
    context: () => ({
      links: {
        add: async () => undefined,
        count: async () => ({ bytes: 0, connections: 0, delayedMs: 0 }) as never,
        remove: async () => undefined,
      },
    }),
  },
  "misbehave-broker": {
    bug: "the broker forgets the rule",
    spec: { rule: { kind: "drop-events" } },
    // One that is gone by now has nothing to be undone.
    context: () => ({
      broker: () => ({ url: "http://127.0.0.1:9", operatorToken: "token", operator }),
      processes: () => ({
        target: "broker",
        role: "broker",
        processes: [{ pid: 999_999_999, startTime: "1", name: "" }],
      }),
    }),
  },
  "lose-store": {
    bug: "the server keeps what it has",
    spec: {},
    context: (bench) => ({ ...store(), cast: { ...bench.cast, exited: async () => undefined } }),
    plant: killsNobody,
  },
  "flush-store": { bug: "the server keeps what it has", spec: {}, context: store },
  "rollback-store": { bug: "the server comes back as it was", spec: { to: "early" }, context: store },
  "jump-clock": {
    bug: "the clock stays as it is",
    spec: { ...donor, byMs: 3_600_000 },
    context: () => ({ clocks: { jump: () => undefined, offMs: () => 12 } }),
  },
  "fill-disk": {
    bug: "no ballast is written",
    spec: { agent: "donor" },
    context: (bench) => ({ home: () => ({ path: bench.place, disk: bench.place }) }),
    plant: () => void (out.ballast = true),
  },
  "lock-home": {
    bug: "no flag is set",
    spec: { agent: "donor" },
    context: (bench) => ({ home: () => ({ path: bench.place, disk: undefined }) }),
  },
  "limit-descriptors": {
    bug: "the limit stays",
    spec: { ...donor, spare: 0 },
    program: "while ! [ -e go ]; do sleep 0.02; done; exec 3</dev/null; : > gone; sleep 60",
    // It opens one more than the limit allows.
    meanwhile: async ({ place }) => {
      fs.writeFileSync(join(place, "go"), "");
      await expect.poll(() => fs.existsSync(join(place, "gone"))).toBe(true);
    },
  },
  "disturb-calls": {
    bug: "strace does nothing",
    spec: { ...donor, calls: ["fsync"], error: "EIO" },
    plant: idles("strace"),
  },
  "limit-processes": { bug: "nobody is moved", spec: { ...donor, spare: 0 }, program: "while :; do /bin/true; done" },
  load: { bug: "nobody computes", spec: { cpus: 1, atMostS: 60 }, plant: idles("timeout") },
  storm: { bug: "stress-ng does nothing", spec: { cpus: 1, disks: 0, atMostS: 60 }, plant: idles("stress-ng") },
};

describe("a fault that does nothing", () => {
  let bench: FaultBench;
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    out.ballast = false;
    await bench.close();
  });

  for (const [kind, one] of Object.entries(cases) as [FaultKindName, Case<FaultKindName>][]) {
    it.skipIf(missingFor(kind) !== null)(`${kind} (needs what \`scenarios faults\` says)`, async () => {
      bench = new FaultBench();
      const faults = bench.withMore(one.context?.(bench) ?? {});
      await bench.start(`cd '${bench.place}'; ${one.program ?? "exec sleep 600"}`);
      one.plant?.(bench);
      const spec = { kind, ...one.spec } as Parameters<typeof faults.apply>[0];
      const refused = await faults.apply(spec).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (refused === undefined) {
        await one.meanwhile?.(bench);
        await faults.heal(undefined, { comesBack: false });
      }
      vi.restoreAllMocks();
      const verdict = refused ?? `${bench.verdict.result}: ${bench.verdict.detail}`;
      expect(verdict, one.bug).toMatch(/^unknown: (the fault .* had no effect|nothing was measured)|^FaultError: /);
    });
  }
});

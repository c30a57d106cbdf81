import type { Mutant } from "../mutant.ts";

export type BodyName = "core" | "memory" | "sqlite" | "redis";

/** Bugs of the broker's body and of its stores, which the simulator does not load: the model of `broker-bodies` must find them. */
export const bodyMutants: readonly (Mutant & { readonly in: readonly BodyName[] })[] = [
  {
    name: "write-dropped",
    in: ["memory", "sqlite", "redis"],
    breaks: "I3",
    why: "Of the jobs that are written together only the first gets into the group.",
    patches: [
      {
        file: "broker-sim/io/stores/commit-queue.ts",
        find: "for (const job of batch.jobs) this.#gathering.jobs.set(",
        replace: "for (const job of batch.jobs) if (this.#gathering.jobs.size === 0) this.#gathering.jobs.set(",
      },
    ],
  },
  {
    name: "lost-commits-not-noticed",
    in: ["redis"],
    breaks: "I3",
    why: "A server that came back without its last commits is written on, as if it had them.",
    patches: [
      {
        file: "broker-sim/io/stores/redis-scripts.ts",
        find: "if number ~= asked - 1 then return { 'behind', number } end",
        replace: "",
      },
    ],
  },
  {
    name: "answered-before-written",
    in: ["memory", "sqlite", "redis"],
    breaks: "I3",
    why: "The answer goes out as soon as the decision is made, while the write is still on its way to the store.",
    patches: [
      {
        file: "broker-sim/io/broker-service.ts",
        find: `      await this.#commits.settledInTime();
      await told;
    } catch`,
        replace: "    } catch",
      },
    ],
  },
  {
    name: "first-record-stays-in-memory",
    in: ["memory"],
    breaks: "I1",
    why: "A record that is there already is not written over.",
    patches: [
      {
        file: "broker-sim/io/stores/memory-store.ts",
        find: "else records.set(id, text);",
        replace: "else if (!records.has(id)) records.set(id, text);",
      },
    ],
  },
  {
    name: "first-record-stays-in-sqlite",
    in: ["sqlite"],
    breaks: "I1",
    why: "A record that is there already is not written over.",
    patches: [
      {
        file: "broker-sim/io/stores/sqlite-store.ts",
        find: "INSERT OR REPLACE INTO jobs",
        replace: "INSERT OR IGNORE INTO jobs",
      },
    ],
  },
];

/** Mutants of the simulator's zoo that break what the model knows of; each body must show them. */
export const coreMutants = [
  "epoch-reused-after-store-loss",
  "fence-check-skipped",
  "epoch-not-increased",
  "earlier-instance-has-a-say",
  "grants-forgotten-at-restart",
  "offer-outlives-a-restart",
  "redelivery-limit-off",
  "job-lost-on-hand-back",
  "completion-recorded-twice",
] as const;

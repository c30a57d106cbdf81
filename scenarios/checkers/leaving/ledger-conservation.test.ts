import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "ledger-conservation";

const acquire = (history: HistoryBuilder, resource: string, source = "one") =>
  history.add("agent.acquired", { resource }, source);
const release = (history: HistoryBuilder, resource: string, source = "one") =>
  history.add("agent.released", { resource }, source);
const host = (history: HistoryBuilder, change: "made" | "gone", resource: string) =>
  history.add("witness.resource", { agentId, change, resource });
const started = () => new HistoryBuilder().start();

describe("ledger-conservation by the agent's account", () => {
  it("passes when all that is released was acquired; acquiring again replaces", () => {
    expect(judge(release(acquire(acquire(started(), "key:/k"), "key:/k"), "key:/k"), name).result).toBe("pass");
    expect(judge(started(), name).result).toBe("unknown");
  });

  it("fails on a release of what is not held", () => {
    const twice = release(release(acquire(started(), "key:/k"), "key:/k"), "key:/k");
    expect(judge(twice, name).detail).toBe("key:/k was released, and the ledger did not have it");
    expect(judge(release(acquire(started(), "key:/k"), "key:/other"), name).result).toBe("fail");
  });

  it("knows the ledger of an earlier instance, and what was written before the start was recorded", () => {
    const early = acquire(new HistoryBuilder(), "key:/k").start();
    expect(judge(release(early.start("two", { resumed: true }), "key:/k", "two"), name).result).toBe("pass");
    const wrong = release(acquire(new HistoryBuilder(), "key:/k"), "key:/other").start();
    expect(judge(wrong, name).result).toBe("fail");
  });

  it("takes what an instance acquired that was killed before its start was recorded for held", () => {
    const killed = acquire(new HistoryBuilder(), "key:/k", "zero").start("one");
    expect(judge(release(killed, "key:/k"), name).result).toBe("pass");
  });

  it("cannot judge a ledger that is older than the log", () => {
    const older = new HistoryBuilder().start("one", { resumed: true });
    expect(judge(release(older, "key:/k"), name).result).toBe("pass");
  });

  it("fails on a withdrawal that counts nothing and has not released all", () => {
    const held = () => acquire(started(), "file:/home/agent/log");
    expect(judge(held().withdrawal(), name).detail).toContain("file:/home/agent/log was never released");
    expect(judge(held().withdrawal({ directoriesWiped: ["/home/agen"] }), name).result).toBe("fail");
    expect(judge(held().withdrawal({ directoriesWiped: ["/home/agent"] }), name).result).toBe("pass");
    expect(judge(held().withdrawal({ ledgerEntriesLeft: 1, clean: false }), name).result).toBe("pass");
    expect(judge(release(held(), "file:/home/agent/log").withdrawal(), name).result).toBe("pass");
  });
});

describe("ledger-conservation beside what the host shows", () => {
  it("passes when the journal comes first and the host lets go first", () => {
    const life = host(host(acquire(started(), "directory:/d"), "made", "directory:/d"), "gone", "directory:/d");
    expect(judge(release(life, "directory:/d"), name).result).toBe("pass");
  });

  it("fails on something that comes to be before it is journalled, or after it was struck off", () => {
    const unjournalled = host(started(), "made", "directory:/d");
    expect(judge(acquire(unjournalled, "directory:/d"), name).detail).toContain("the ledger does not have it");
    const struck = release(acquire(started(), "directory:/d"), "directory:/d");
    expect(judge(host(struck, "made", "directory:/d"), name).result).toBe("fail");
  });

  it("fails on a release of what the host still shows", () => {
    const made = () => host(acquire(started(), "directory:/d"), "made", "directory:/d");
    expect(judge(release(made(), "directory:/d"), name)).toMatchObject({
      detail: "directory:/d was released while the host still shows it",
      story: [
        expect.stringContaining("acquired"),
        expect.stringContaining("made"),
        expect.stringContaining("released"),
      ],
    });
    const anew = host(host(made(), "gone", "directory:/d"), "made", "directory:/d");
    expect(judge(release(anew, "directory:/d"), name).result).toBe("fail");
  });

  it("accepts what is made before the start was recorded, if it was journalled", () => {
    const early = host(acquire(new HistoryBuilder(), "directory:/d"), "made", "directory:/d").start();
    expect(judge(early, name).result).toBe("pass");
    expect(judge(host(new HistoryBuilder(), "made", "directory:/d").start(), name).result).toBe("fail");
  });
});

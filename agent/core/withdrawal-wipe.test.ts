import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentInput } from "./input.ts";

/** An idle agent whose withdrawal, of ten seconds, has come to its wipe. */
function wipingWorld() {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  const asked = (requestId: string, deadlineMs: number): AgentInput => ({
    type: "control",
    requestId,
    request: { command: "withdraw", deadlineMs },
  });
  world.see(asked("first", 10_000));
  const begunAtMs = world.nowMs;
  world.goOnUntil(() => world.pending.some(({ name }) => name === "wipeHome"));
  const takenMs = world.nowMs - begunAtMs;
  const wipes = (input: AgentInput): number[] =>
    apply(world.core, input, world.nowMs).effects.flatMap((effect) =>
      effect.kind === "wipeHome" ? [effect.deadlineMs] : [],
    );
  return { world, asked, takenMs, wipes };
}

test("a wipe has what is left of the withdrawal, and the ledger a little after it (L1)", () => {
  const { world, takenMs } = wipingWorld();
  expect(world.wipeDeadlineMs).toBeLessThan(10_000 - takenMs);
  expect(world.wipeDeadlineMs).toBeGreaterThan(9_000 - takenMs);
});

test("a wipe is hurried when the withdrawal is to end sooner, and both answers to it are heard", () => {
  const { world, asked, wipes } = wipingWorld();
  const [hurried] = wipes(asked("second", 1_000));
  expect(hurried).toBeLessThanOrEqual(1_000);
  world.see(asked("third", 900));
  const left = ["/home/agent/sandboxes/lease-1 (there was no time left to remove all of it)"];
  const homeWiped: AgentInput = { type: "homeWiped", wiped: [], left };
  const { effects } = apply(world.core, homeWiped, world.nowMs);
  expect(effects).toContainEqual({ kind: "clearLedger", keep: true });
  expect(apply(world.core, homeWiped, world.nowMs).effects).toEqual([]);
});

test("directories that others use by now are named in the report of a withdrawal that is clean", () => {
  const { world } = wipingWorld();
  world.goOnUntil(() => world.pending.some(({ name }) => name === "clearLedger"));
  const kept = ["/home/me/.local/share", "/home/me/.local"];
  const cleared = { type: "ledgerCleared", entriesLeft: 0, wiped: [], directoriesLeft: [] } as const;
  const { effects } = apply(world.core, { ...cleared, directoriesKept: kept }, world.nowMs);
  const report = { clean: true, directoriesLeft: [], directoriesKept: kept.toSorted() };
  expect(effects).toContainEqual(
    expect.objectContaining({ response: expect.objectContaining({ report: expect.objectContaining(report) }) }),
  );
  expect(effects).toContainEqual({ kind: "exit", ending: { how: "withdrawn", clean: true } });
});

test("a wipe has a little time, however late the withdrawal is", () => {
  const { asked, wipes } = wipingWorld();
  expect(wipes(asked("second", 1))).toEqual([250]);
});

test.each([
  ["more time", 60_000, 60_000],
  ["the usual time", undefined, 10_000],
])("whoever asks for a withdrawal again that was resumed gives it %s", (_, deadlineMs, expectedMs) => {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.see({ type: "control", requestId: "first", request: { command: "withdraw", deadlineMs: 300 } });
  world.kill();
  world.start({ mayEnrol: false });
  expect(world.core.withdrawal?.record.attempts).toBe(2);
  const request = { command: "withdraw", ...(deadlineMs === undefined ? {} : { deadlineMs }) } as const;
  world.see({ type: "control", requestId: "second", request });
  const { withdrawal } = world.core;
  expect((withdrawal?.endsAtMs ?? 0) - world.nowMs).toBe(expectedMs);
  expect(world.notes.get("withdrawal")).toMatchObject({ deadlineMs: expectedMs });
  world.see({ type: "control", requestId: "third", request: { command: "withdraw", deadlineMs: 3_600_000 } });
  expect((world.core.withdrawal?.endsAtMs ?? 0) - world.nowMs).toBe(expectedMs);
});

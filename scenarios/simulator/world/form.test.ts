import { describe, expect, test } from "vitest";
import * as z from "zod";

import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import type { HistoryType } from "../../../protocol/history.ts";
import { demandAgentEffect } from "./agent-effect-form.ts";
import { demandAnswer } from "./broker-answer-forms.ts";
import { Form } from "./form.ts";
import { demandRecord } from "./history-forms.ts";
import { writtenNote } from "./note-forms.ts";

describe("a form", () => {
  const form = new Form("the thing", z.strictObject({ name: z.string(), size: z.number().optional() }));

  test("lets pass what is as it says", () => {
    expect(() => form.demand({ name: "a", size: 1 }, true)).not.toThrow();
    expect(form.crossed({ name: "a", size: undefined })).toEqual({ name: "a" });
  });

  test("refuses at any time what lacks something, and says whose value it is", () => {
    expect(() => form.demand({ size: 1 }, false)).toThrow(/the thing is not what the protocol says.*name/s);
  });

  test("refuses what is of another kind where the whole is looked at, and only there", () => {
    expect(() => form.demand({ name: 7 }, false)).not.toThrow();
    expect(() => form.demand({ name: 7 }, true)).toThrow(/the thing/);
    expect(() => form.crossed({ name: "a", more: 1 })).toThrow(/the thing/);
  });
});

test("a record of a type that the history does not know is refused", () => {
  expect(() => demandRecord("agent.nothing" as HistoryType, {}, false)).toThrow(/agent.nothing/);
  expect(() => demandRecord("agent.acquired", {}, false)).toThrow(/the record agent.acquired/);
  expect(() => demandRecord("agent.acquired", { resource: "directory:/a" }, true)).not.toThrow();
});

test("an effect that lacks what its body reads is refused", () => {
  const ending = (how: object) => ({ kind: "exit", ending: how }) as unknown as AgentEffect;
  expect(() => demandAgentEffect(ending({ how: "shutdown" }), true)).not.toThrow();
  expect(() => demandAgentEffect(ending({}), true)).toThrow(/the effect exit/);
  expect(() => demandAgentEffect({ kind: "wipeSandbox" } as AgentEffect, false)).toThrow(/the effect wipeSandbox/);
});

describe("a note", () => {
  const value = { by: "owner", reason: "noise" } as const;

  test("stands in the journal as it was when it was written", () => {
    const kept = { ...value };
    const written = writtenNote({ key: "pause", value: kept }, true);
    Object.assign(kept, { reason: "other" });
    expect(written).toEqual(value);
    expect(writtenNote({ key: "pause", value: null }, true)).toBeNull();
  });

  test("that the next instance could not read is refused", () => {
    expect(() => writtenNote({ key: "pause", value: { by: "owner" } as typeof value }, false)).toThrow(/the pause/);
    expect(() => writtenNote({ key: "lease:" as "lease:a", value: null }, false)).toThrow(/note lease:/);
  });
});

test("an answer that whoever asked could not read is refused", () => {
  const done = (answer: object) => ({ ok: true, answer }) as BrokerResponse;
  expect(() => demandAnswer("cancel", done({ ok: true }))).not.toThrow();
  expect(() => demandAnswer("cancel", done({}))).toThrow(/the answer to a call/);
  expect(() => demandAnswer("heartbeat", done({ offers: [] }))).toThrow(/the answer to heartbeat/);
  expect(() => demandAnswer("tick", { ok: false, code: "strange" as "full", message: "" })).toThrow(/a refusal/);
});

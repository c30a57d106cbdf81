import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";

import type { AgentStatus } from "../../protocol/control.ts";
import { launcher } from "../autostart/hook.ts";
import { joinAgent, tinyBroker } from "../testing/agent-process.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { statusInWords } from "./status.ts";

const status: AgentStatus = {
  agentId: null,
  instanceId: "00000000-0000-4000-8000-000000000001",
  pid: 7,
  state: "Idle",
  pauseAsked: false,
  reason: "the broker knows the key",
  broker: "http://127.0.0.1:1",
  brokerReachable: true,
  sandboxDriver: "process",
  slots: 1,
  sandboxes: [],
  ledgerEntries: 0,
};

test("a broker that answers with a no is not one that answers", () => {
  const line = (more: object): string | undefined => /^broker .*$/m.exec(statusInWords({ ...status, ...more }))?.[0];
  expect(line({})).toContain("(answers)");
  expect(line({ brokerRefusal: "revoked: no." })).toContain("(refuses this agent: revoked: no.)");
  expect(line({ brokerReachable: false })).toContain("(does not answer)");
});

test("notes are no wider than 80 columns, and lose no word", () => {
  const sentence = `${"A word or two ".repeat(20)}${"x".repeat(90)} end.`;
  const words = statusInWords({ ...status, sandboxCannot: [sentence] });
  const note = words.slice(words.indexOf("Note:")).trimEnd();
  expect(note.split("\n").filter((line) => line.length > 80)).toEqual([`      ${"x".repeat(90)}`]);
  expect(note.replaceAll(/\s+/g, " ")).toBe(`Note: ${sentence}`);
});

test("a status that cannot be written is no success", async (context) => {
  if (!existsSync("/dev/full")) context.skip("this system has no /dev/full");
  const broker = await tinyBroker(onTestFinished);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, onFinished: onTestFinished });
  await agent.ready();
  const full = openSync("/dev/full", "w");
  try {
    const { status: code, stderr } = spawnSync(process.execPath, [launcher, "status", "--json", "--home", paths.home], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    expect(stderr).toContain("could not be written: ENOSPC");
    expect(code).toBe(1);
  } finally {
    closeSync(full);
  }
});

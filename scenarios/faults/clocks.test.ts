import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

import { expect, it } from "vitest";

import { Clocks, startedAtMs } from "./clocks.ts";

const hourMs = 3_600_000;

it("a program of Node that is started after a jump has the wrong wall clock, and its steady one as ever", () => {
  const clocks = new Clocks();
  clocks.jump("donor", -hourMs);
  const shows =
    "console.log(JSON.stringify([Date.now(), +new Date(), performance.timeOrigin + performance.now(), +new Date(0), performance.now()]))";
  const ask = (name: string): number[] => {
    const env = { ...process.env, ...clocks.environmentOf(name) };
    return JSON.parse(execFileSync(process.execPath, ["-e", shows], { env, encoding: "utf8" })) as number[];
  };
  const aheadMs = (shown: number | undefined): number => Math.round(((shown ?? 0) - Date.now()) / hourMs);
  const [now, date, origin, epoch, steady] = ask("donor");
  expect([aheadMs(now), aheadMs(date), aheadMs(origin), epoch]).toEqual([-1, -1, -1, 0]);
  expect(steady).toBeLessThan(hourMs);
  clocks.jump("donor", hourMs);
  expect([clocks.environmentOf("donor"), clocks.environmentOf("other")]).toEqual([{}, {}]);
});

it("knows when a process was started", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    const apartMs = Math.abs((startedAtMs(child.pid ?? 0) ?? 0) - Date.now());
    expect(apartMs).toBeLessThan(60_000);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { AgentProcess, endlessJob, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

/** Whether strace is there, and may attach to a process that is no child of its (ptrace(2), kernel.yama.ptrace_scope). */
const scopeFile = "/proc/sys/kernel/yama/ptrace_scope";
const mayTrace = process.getuid?.() === 0 || !existsSync(scopeFile) || readFileSync(scopeFile, "utf8").startsWith("0");
const canTrace = mayTrace && spawnSync("strace", ["-V"]).status === 0;

/** From the so-many-th on, the disk refuses to keep what is written. */
async function failSyncs({ child }: AgentProcess, from: number): Promise<() => Promise<void>> {
  const threads = readdirSync(`/proc/${child.pid}/task`);
  const attach = threads.flatMap((thread) => ["-p", thread]);
  const inject = ["-e", "trace=fdatasync", "-e", `inject=fdatasync:error=EIO:when=${from}+`];
  const strace = spawn("strace", ["-qq", "-o", "/dev/null", ...inject, ...attach], { stdio: "ignore" });
  const exited = once(strace, "exit");
  const end = async (): Promise<void> => {
    strace.kill();
    await exited;
  };
  onTestFinished(end);
  // It comes to one thread after the other, and any of them may be who syncs.
  const isTraced = (thread: string): boolean =>
    /^TracerPid:\s*[1-9]/m.test(readFileSync(`/proc/${child.pid}/task/${thread}/status`, "utf8"));
  await until(() => threads.every(isTraced));
  return end;
}

describe.skipIf(!canTrace)("on a disk that fails (skipped: needs strace, and the right to trace)", () => {
  test.each([1, 4])(
    "an agent claims nothing from the failed sync %i of its withdrawal on, and is clean after the next start",
    async (from) => {
      const broker = await tinyBroker(onTestFinished);
      const paths = temporaryHome(onTestFinished);
      broker.jobs.push(endlessJob);
      const agent = joinAgent({ paths, broker, onFinished: onTestFinished });
      await agent.ready();
      await agent.busy(1);
      const end = await failSyncs(agent, from);
      await expect(agent.ask({ command: "withdraw" })).rejects.toThrow("hung up without an answer");
      const { code, stderr } = await agent.exited;
      expect([code, stderr]).toEqual([1, expect.stringContaining("The disk failed (EIO)")]);
      expect(stderr).not.toContain("A bug of the agent");
      expect(existsSync(paths.home)).toBe(true);
      await end();
      const next = new AgentProcess({ paths, args: ["withdraw", "--json"], onFinished: onTestFinished });
      expect(WithdrawalReport.parse(jsonOf(await next.exited))).toMatchObject({ clean: true, processesLeft: [] });
      expect(existsSync(paths.home)).toBe(false);
    },
  );
});

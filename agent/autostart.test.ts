import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { steadyNodeFlags } from "../foundation/steady-node.ts";
import { hookOf, launcher } from "./autostart/hook.ts";
import { rebootCommand } from "./autostart/testing/crontab-situations.ts";
import { FakeCrontab } from "./autostart/testing/fake-crontab.ts";
import { argumentsOf } from "./autostart/testing/recorded-start.ts";
import { TreeBed } from "./autostart/testing/tree-bed.ts";
import { startOf } from "./autostart/testing/unquote-unit.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { AgentProcess, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

/** A user with a home and a crontab of his own, and what a hook there would start. */
class Donor {
  readonly tree = new TreeBed();
  readonly crontab = new FakeCrontab();
  readonly environment = {
    HOME: this.tree.userHome,
    XDG_CONFIG_HOME: "",
    PATH: `${this.crontab.directory}${delimiter}${process.env["PATH"]}`,
  };

  scan(): unknown {
    return { tree: this.tree.scan(), crontab: this.crontab.text() };
  }

  started(): string[] {
    const units = join(this.tree.userHome, ".config/systemd/user");
    const unit = existsSync(units) ? readdirSync(units).find((name) => name.endsWith(".service")) : undefined;
    if (unit !== undefined) return startOf(readFileSync(join(units, unit), "utf8"));
    return argumentsOf(rebootCommand(this.crontab.text() ?? ""));
  }
}

async function joined({ autostart = [] as string[], crashAfter = "^$", donor = new Donor() } = {}) {
  const broker = await tinyBroker(onFinished);
  const paths = temporaryHome();
  const join = (more: readonly string[]): AgentProcess =>
    new AgentProcess({
      paths,
      args: ["join", "--foreground", "--json", ...more],
      onFinished,
      environment: { ...donor.environment, HOUSEGUEST_CRASH_AFTER: crashAfter },
    });
  const agent = join(["--broker", broker.url, "--token", "secret-token", "--slots", "1", ...autostart]);
  return { broker, paths, agent, donor, join };
}

describe.each(["crontab", "systemd-user"])("join --autostart %s", (how) => {
  test("has the very same agent started again, and a withdrawal leaves the host as it was", async () => {
    const donor = new Donor();
    donor.crontab.table(Buffer.from("# theirs\n"));
    const before = donor.scan();
    const { agent, paths } = await joined({ autostart: ["--autostart", how, "--checkpoint-interval", "5000"], donor });
    const { agentId } = await agent.ready();
    expect(donor.scan()).not.toEqual(before);
    agent.child.kill("SIGTERM");
    await agent.exited;

    const command = donor.started();
    expect(command.slice(0, steadyNodeFlags.length + 2)).toEqual([process.execPath, ...steadyNodeFlags, launcher]);
    expect(command.join(" ")).not.toContain("secret-token");
    const [program = "", ...args] = command;
    // As a service starts it: next to nothing in the environment.
    const again = spawn(program, args, { cwd: "/", env: { HOME: donor.tree.userHome, PATH: "/usr/bin:/bin" } });
    const exited = new Promise((resolve) => again.once("exit", resolve));
    onFinished(() => void again.kill("SIGKILL"));
    await until(async () => await agent.answers());
    const { status } = await agent.ask({ command: "status" });
    expect(status).toMatchObject({ agentId, pid: again.pid, slots: 1 });
    again.kill("SIGTERM");
    expect(await exited).toBe(0);

    const withdraw = new AgentProcess({
      paths,
      args: ["withdraw", "--json"],
      onFinished,
      environment: donor.environment,
    });
    const { code, stdout, stderr } = await withdraw.exited;
    const report = WithdrawalReport.parse(jsonOf({ stdout, stderr, code }));
    expect(report).toMatchObject({ clean: true });
    expect(report.steps.find(({ step }) => step === "remove-autostart")).toMatchObject({ outcome: "done" });
    expect(code).toBe(0);
    expect(donor.scan()).toEqual(before);
    expect(existsSync(paths.home)).toBe(false);
  });

  test("killed right after it was journalled, it is taken away by the next withdrawal, whatever came of it", async () => {
    const donor = new Donor();
    const before = donor.scan();
    const crashAfter = '"autostart:';
    const { agent, paths } = await joined({ autostart: ["--autostart", how], crashAfter, donor });
    expect((await agent.exited).signal).toBe("SIGKILL");
    const withdraw = new AgentProcess({
      paths,
      args: ["withdraw", "--json"],
      onFinished,
      environment: donor.environment,
    });
    expect(jsonOf(await withdraw.exited)).toMatchObject({ clean: true });
    expect(donor.scan()).toEqual(before);
  });

  test("is on request only, stays over starts that say nothing of it, and `none` takes it away", async () => {
    const donor = new Donor();
    const before = donor.scan();
    const { agent, join } = await joined({ donor });
    await agent.ready();
    expect(donor.scan()).toEqual(before);
    const start = async (more: readonly string[]): Promise<void> => {
      const next = join(more);
      await next.ready();
      next.child.kill("SIGTERM");
      await next.exited;
    };
    agent.child.kill("SIGTERM");
    await agent.exited;
    await start(["--autostart", how]);
    const installed = donor.scan();
    expect(installed).not.toEqual(before);
    await start([]);
    expect(donor.scan()).toEqual(installed);
    await start(["--autostart", how]);
    expect(donor.scan()).toEqual(installed);
    await start(["--autostart", "none"]);
    expect(donor.scan()).toEqual(before);
  });
});

test("a hook that cannot be installed refuses the join, and nothing is left", async () => {
  const donor = new Donor();
  donor.tree.write(".config", "a file where a directory should be");
  const before = donor.scan();
  const { agent, paths, broker } = await joined({ autostart: ["--autostart", "systemd-user"], donor });
  const { code, stderr } = await agent.exited;
  expect(code).toBe(64);
  expect(stderr).toContain("The startup hook cannot be installed");
  expect(donor.scan()).toEqual(before);
  expect(existsSync(paths.home)).toBe(false);
  expect(broker.calls).toEqual([]);
});

test("a hook that is refused leaves the one that was there, and one that is not takes its place", async () => {
  const donor = new Donor();
  donor.crontab.table(Buffer.from("# theirs\n"));
  const { agent, join, paths } = await joined({ autostart: ["--autostart", "crontab"], donor });
  await agent.ready();
  agent.child.kill("SIGTERM");
  await agent.exited;
  const blocked = donor.tree.write(".config", "a file where a directory should be");
  const installed = donor.scan();
  const refused = await join(["--autostart", "systemd-user"]).exited;
  expect(refused.code).toBe(64);
  expect(donor.scan()).toEqual(installed);
  rmSync(blocked);
  const other = join(["--autostart", "systemd-user"]);
  await other.ready();
  expect(donor.crontab.text()).toBe("# theirs\n");
  expect(Object.keys(donor.tree.scan())).not.toEqual([]);
  donor.crontab.refuse("the disk is on fire");
  other.child.kill("SIGTERM");
  await other.exited;
  expect((await join(["--autostart", "crontab"]).exited).code).toBe(64);
  expect(Object.keys(donor.tree.scan())).not.toEqual([]);
  donor.crontab.refuse(null);
  const withdraw = new AgentProcess({
    paths,
    args: ["withdraw", "--json"],
    onFinished,
    environment: donor.environment,
  });
  expect(jsonOf(await withdraw.exited)).toMatchObject({ clean: true });
  expect(donor.scan()).toEqual({ tree: {}, crontab: "# theirs\n" });
});

test("a hook that cannot be taken away keeps the withdrawal from being clean, and the ledger names it", async () => {
  const donor = new Donor();
  const { agent, paths } = await joined({ autostart: ["--autostart", "crontab"], donor });
  await agent.ready();
  donor.crontab.refuse("the disk is on fire");
  const { report } = await agent.ask({ command: "withdraw" });
  expect(report).toMatchObject({ clean: false });
  expect(report?.steps.find(({ step }) => step === "remove-autostart")).toMatchObject({ outcome: "failed" });
  expect(report?.autostartLeft[0]).toMatch(/^the line houseguest:.* \(.*the disk is on fire/);
  await agent.exited;
  donor.crontab.refuse(null);
  const again = new AgentProcess({ paths, args: ["withdraw", "--json"], onFinished, environment: donor.environment });
  expect(jsonOf(await again.exited)).toMatchObject({ clean: true });
  expect(donor.scan()).toEqual({ tree: {}, crontab: undefined });
});

test("a home whose name no hook can hold is refused by name", () => {
  expect(() => hookOf({ home: "/home/a\nb" })).toThrow(/control character/);
});

test("--autostart of an unknown kind is a usage error", () => {
  const { status, stderr } = spawnSync(process.execPath, [launcher, "join", "--autostart", "initd"], {
    encoding: "utf8",
  });
  expect(status).toBe(64);
  expect(stderr).toContain("crontab, systemd-user, systemd, launchd, none");
});

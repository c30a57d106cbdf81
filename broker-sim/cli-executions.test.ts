import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { temporaryDirectory } from "./testing/live-broker.ts";
import { operatorEnvironment, restart, run, serve, stop } from "./testing/served-broker.ts";

/** A test that runs a dozen of them, one after the other. */
const manyPrograms = { timeout: 300_000 };

describe("agents that the broker starts", () => {
  test(
    "are started, listed and found again after kill -9 of the broker, and all end by the killswitch",
    manyPrograms,
    async () => {
      const data = join(temporaryDirectory(), "data");
      const first = await serve(["--data", data]);
      const environment = operatorEnvironment(first);
      const spawned = await run(["spawn", "--name", "one", "--sandbox", "process", "--wait", "--json"], environment);
      expect(spawned).toMatchObject({ code: 0, stderr: "" });
      const { execution } = jsonOf(spawned);
      expect(execution).toMatchObject({ state: "running", spec: { name: "one", slots: 1, sandbox: "process" } });
      const second = await restart(first, ["--data", data]);
      const listed = await run(["ps", "--state", "running"], environment);
      expect(listed.stdout).toContain(`${execution.executionId}  running  ${execution.pid}`);
      const ended = await run(["killswitch", "--wait"], environment);
      expect(ended).toMatchObject({ code: 0, stdout: `${execution.executionId} has ended.\n` });
      expect((await run(["killswitch"], environment)).stdout).toBe("No agent runs that the broker started.\n");
      const again = await run(["kill", execution.executionId, "--wait", "--json"], environment);
      expect(jsonOf(again)).toEqual({ executionIds: [execution.executionId], ended: [] });
      expect((await run(["executions", "--state", "running"], environment)).stdout).toBe("No executions.\n");
      await stop(second, "SIGTERM");
    },
  );

  test(
    "and that a broker without a store left when it was killed, with their homes, the next one clears away",
    manyPrograms,
    async () => {
      const TMPDIR = temporaryDirectory();
      const first = await serve(["--store", "memory"], { TMPDIR });
      const spawned = await run(["spawn", "--sandbox", "process", "--wait"], operatorEnvironment(first));
      expect(spawned).toMatchObject({ code: 0, stderr: "" });
      const left = (): string[] => readdirSync(TMPDIR).filter((name) => name.startsWith("houseguest-broker-"));
      const [directory = ""] = left();
      expect(readdirSync(join(TMPDIR, directory))).toContainEqual(expect.stringMatching(/^exec-/));
      // Another that lives is left alone, and so is what nobody knows.
      const other = await serve(["--store", "memory"], { TMPDIR });
      expect((await run(["spawn", "--sandbox", "process", "--wait"], operatorEnvironment(other))).code).toBe(0);
      mkdirSync(join(TMPDIR, "houseguest-broker-00000000"));
      const before = left();
      expect(before).toHaveLength(3);
      await stop(first, "SIGKILL");
      await serve(["--store", "memory"], { TMPDIR });
      await expect.poll(left, { timeout: 60_000 }).toEqual(before.filter((name) => name !== directory));
      expect((await run(["ps", "--state", "running"], operatorEnvironment(other))).stdout).toContain("running");
      await stop(other, "SIGTERM");
    },
  );

  test("that cannot be started, and ends that cannot be made, fail and say why", async () => {
    const served = await serve(["--store", "memory", "--agent", "/bin/false"]);
    const environment = operatorEnvironment(served);
    const unknown = await run(["kill", "exec-nobody-1"], environment);
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toMatch(/knows no execution exec-nobody-1\.\n.*broker-sim executions/);
    expect(await run(["spawn", "--slots", "0"], environment)).toMatchObject({ code: 64, stdout: "" });
    expect(await run(["spawn", "--name", "x".repeat(300)], environment)).toMatchObject({ code: 64, stdout: "" });
    const missing = await run(["serve", "--port", "0", "--store", "memory", "--agent", "/no/such/agent"]);
    expect(missing).toMatchObject({ code: 64, stdout: "" });
    await stop(served, "SIGTERM");
  });
});

describe("two federated brokers", () => {
  test(
    "are connected by an invitation, and the hub's operator starts, lists and ends an agent at the spoke",
    manyPrograms,
    async () => {
      const [hub, spoke] = [await serve(["--store", "memory"]), await serve(["--store", "memory"])];
      const [atHub, atSpoke] = [operatorEnvironment(hub), operatorEnvironment(spoke)];
      const invited = await run(["federation", "invite", "--name", "hub"], atSpoke);
      expect(invited).toMatchObject({ code: 0, stderr: "" });
      const accepted = await run(["federation", "accept", invited.stdout.trim(), "--name", "lab", "--json"], atHub);
      const { connectionId } = jsonOf(accepted).connection;
      expect((await run(["federation", "list"], atSpoke)).stdout).toContain(`${connectionId}  spoke  active`);
      const spawned = await run(["remote", "spawn", connectionId, "--slots", "2", "--json"], atHub);
      const { commandId, execution } = jsonOf(spawned).remote;
      expect((await run(["ps"], atSpoke)).stdout).toContain(execution.executionId);
      const listed = await run(["remote", "list", connectionId], atHub);
      expect(listed.stdout).toMatch(new RegExp(`${commandId}  ${execution.executionId}  (spawning|running)`));
      expect((await run(["remote", "kill", connectionId, commandId, "--now"], atHub)).stdout).toMatch(
        /is kill(ing|ed)\.\n/,
      );
      expect((await run(["federation", "suspend", connectionId], atSpoke)).stdout).toContain("is suspended, as spoke");
      const refused = await run(["remote", "list", connectionId], atHub);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toContain("is suspended");
      expect((await run(["federation", "resume", connectionId], atSpoke)).code).toBe(0);
      expect((await run(["federation", "revoke", connectionId], atHub)).stdout).toContain("is revoked, as hub");
      expect((await run(["federation", "resume", connectionId], atHub)).code).toBe(1);
      expect((await run(["federation", "accept", "nonsense"], atHub)).stderr).toContain("That is no invitation");
      expect((await run(["federation", "invite"], atSpoke)).code).toBe(64);
      for (const served of [hub, spoke]) await stop(served, "SIGTERM");
    },
  );
});

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { describe, expect, test } from "vitest";

import { bubblewrapDriver } from "./bubblewrap-driver.ts";
import type { BubblewrapOptions } from "./bubblewrap-enclosure.ts";
import { probeBubblewrap } from "./bubblewrap-probe.ts";
import { mayDelegate, ownCgroup, removeCgroup } from "./cgroup.ts";
import { driverContract } from "./driver.contract.ts";
import { DriverBed, isRunning, type MakeDriver, processesOf, until } from "./testing/driver-bed.ts";
import { readProcess } from "./proc-stat.ts";
import { type HeldNamespace, holdPidNamespaceOf, pidsInNamespace } from "./testing/host-pids.ts";
import { runAlone } from "./testing/disk-fixture.ts";

const own = ownCgroup();
const delegated = own !== null && mayDelegate(own);
const isRoot = process.getuid?.() === 0;
const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace: tmpdir() });
if (!found.works) console.warn(`Skipped: every test of the bubblewrap driver, because ${found.why}`);
const options: BubblewrapOptions = found.works
  ? found.options
  : { program: "bwrap", network: "none", hidden: [], visible: [], refusesNamespaces: true };

const makeDriver: MakeDriver = ({ home, ...each }) => bubblewrapDriver({ ...each, ...options, hidden: [home] });

describe.skipIf(!found.works)("bubblewrap (skipped where it does not work)", () => {
  describe.skipIf(!delegated)("with cgroups (skipped where this user may not make any)", () => {
    driverContract({ name: "bubblewrap driver, cgroups", makeDriver });
  });
  driverContract({
    name: "bubblewrap driver, no cgroups",
    makeDriver: (each) => makeDriver({ ...each, cgroupRoot: null }),
  });

  /** Runs a script to its end and returns its log, a line each. */
  async function linesOf(
    script: string,
    environment: Record<string, string> = {},
    make: MakeDriver = makeDriver,
  ): Promise<string[]> {
    const bed = new DriverBed(make);
    try {
      writeFileSync(join(bed.place, "identity.pem"), "the agent's key");
      const { sandbox, request } = await bed.start(script, { HOUSE: bed.place, ...environment });
      await sandbox.exited;
      return readFileSync(request.logFile, "utf8").trim().split("\n");
    } finally {
      await bed.close();
    }
  }

  test("a job sees nothing of the agent's home but its workspace, and changes nothing there", async () => {
    const script = `find "$HOUSE" -mindepth 1 -maxdepth 2 | sort; cat "$HOUSE/identity.pem"; touch "$HOUSE/x" "$HOUSE/../x" /etc/x /usr/x; true`;
    const lines = await linesOf(script);
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/\/workspace-1$/),
      expect.stringMatching(/\/workspace-1\/\.tmp$/),
    ]);
    expect(lines.join("\n")).not.toContain("the agent's key");
    expect(lines.filter((line) => line.includes("Read-only file system"))).toHaveLength(3);
    for (const path of ["/etc/x", "/usr/x", join(tmpdir(), "x")]) expect(existsSync(path)).toBe(false);
  });

  test("a job neither sees nor commands another agent of the same user, and sees no home at all", async () => {
    const other = mkdtempSync(join(homedir(), ".houseguest-other-"));
    const server = createServer((socket) => socket.end("yours to command"));
    try {
      writeFileSync(join(other, "identity.pem"), "the other's key");
      server.listen(join(other, "control.sock"));
      await once(server, "listening");
      const script = `cat "$OTHER/identity.pem"; ls -A "$OTHER" "$OTHER/.." /root /home /opt /var/lib
        "$NODE" -e 'require("net").connect(process.env.OTHER + "/control.sock").on("data", (said) => console.log(String(said))).on("error", ({ code }) => console.log(code))'`;
      const text = (await linesOf(script, { OTHER: other, NODE: process.execPath })).join("\n");
      expect(text).not.toContain("the other's key");
      expect(text).not.toContain("yours to command");
      expect(text).toMatch(/^ENOENT$/m);
      expect(text.match(/No such file or directory/g)?.length).toBeGreaterThanOrEqual(3);
    } finally {
      server.close();
      rmSync(other, { recursive: true });
    }
  });

  test("a job reads what the donor names, under the name that it has, and changes none of it", async () => {
    const place = mkdtempSync(join(homedir(), ".houseguest-read-"));
    try {
      writeFileSync(join(place, "data"), "for jobs");
      const read = await probeBubblewrap({
        ...{ environment: process.env, network: "none", hidden: [], workspace: tmpdir() },
        read: [place],
      });
      const make: MakeDriver = ({ home, ...each }) =>
        bubblewrapDriver({ ...each, ...(read as { options: BubblewrapOptions }).options, hidden: [home] });
      const lines = await linesOf('cat "$PLACE/data"; echo; echo x > "$PLACE/data"', { PLACE: place }, make);
      expect(lines[0]).toBe("for jobs");
      expect(lines[1]).toContain("Read-only file system");
      expect(readFileSync(join(place, "data"), "utf8")).toBe("for jobs");
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  test.skipIf(!isRoot)("a job of root reads no settings that only root may (needs root)", async () => {
    const lines = await linesOf("head -c 20 /etc/passwd; echo; wc -c < /etc/shadow; touch /x /etc/ssl/private/x; true");
    expect(lines[0]).toContain("root:");
    expect(lines[1]).toMatch(/^0$|Permission denied/);
    expect(lines.filter((line) => line.includes("Read-only file system"))).toHaveLength(2);
  });

  test("a job has /tmp, /run and /dev/shm to itself, small devices, and no other process to see", async () => {
    const script = `ls -A /tmp /run /dev/shm | grep -v houseguest; echo x > /tmp/mine; echo x > /dev/shm/mine; echo x > /dev/mine
      ls /dev | tr '\\n' ' '; echo; ls -d /proc/[0-9]* | wc -l; hostname; id -u; grep CapEff /proc/self/status`;
    const text = (await linesOf(script)).join("\n");
    expect(text).toContain("cannot create /dev/mine");
    expect(text).toMatch(/null.*random.*zero/);
    expect(text).not.toMatch(/\b(mem|kmsg|vda|sda|nvme)\b/);
    expect(text).toContain("\nsandbox\n");
    expect(text).toMatch(/CapEff:\s+0+$/);
    expect(Number(/^\d+$/m.exec(text)?.[0])).toBeLessThan(10);
    expect(existsSync(join(tmpdir(), "mine")) || existsSync("/dev/shm/mine")).toBe(false);
  });

  test("a job can make neither mounts nor user namespaces", async () => {
    const lines = await linesOf(
      "mkdir m; mount -t tmpfs none m && echo mounted; unshare -U true && echo unshared; true",
    );
    expect(lines).not.toContain("mounted");
    expect(lines).not.toContain("unshared");
  });

  test.each([
    { network: "none", reached: "no" },
    { network: "host", reached: "yes" },
  ] as const)("a job with the network «$network»: $reached", async ({ network, reached }) => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const script = `"$NODE" -e 'require("net").connect(${port}, "127.0.0.1").on("connect", () => console.log("yes")).on("error", () => console.log("no"))'`;
      const make: MakeDriver = (each) => bubblewrapDriver({ ...each, ...options, network });
      expect(await linesOf(script, { NODE: process.execPath }, make)).toEqual([reached]);
    } finally {
      server.close();
    }
  });

  test("a job that kills the one who would report its end is killed with all that is its", async () => {
    const bed = new DriverBed(makeDriver);
    try {
      // 2 is the keeper in a job's own namespace; in the host's it is a thread of the kernel, which nobody can kill.
      const { sandbox } = await bed.start("kill -KILL 2; exec sleep 60");
      expect(await sandbox.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
      await until(() => processesOf(bed.agentId).length === 0, "nothing of it is left");
    } finally {
      await bed.close();
    }
  });

  test("no process of the enclosure is left to process 1, which may be slow to collect it", async () => {
    const bed = new DriverBed(makeDriver);
    let pids: number[] = [];
    try {
      const { namespacePids } = await bed.start("exec sleep 60");
      pids = namespacePids();
    } catch (error) {
      await bed.close();
      throw error;
    }
    const parents = new Set<number>();
    const isGone = (pid: number): boolean => {
      const stat = readProcess(pid);
      if (stat !== null) parents.add(stat.parent);
      return stat === null;
    };
    const collected = until(() => pids.map(isGone).every(Boolean), "every one of them is collected");
    await Promise.all([bed.close(), collected]);
    expect(pids.length).toBeGreaterThanOrEqual(2);
    expect([...parents]).not.toContain(1);
    expect([...parents], "that they came to lose their parents was seen").toContain(process.pid);
  });

  test("a program that a job may not see is told as one that cannot be executed in its sandbox", async () => {
    const place = mkdtempSync(join(homedir(), ".houseguest-program-"));
    const bed = new DriverBed(makeDriver);
    try {
      writeFileSync(join(place, "program"), "#!/bin/sh\n", { mode: 0o755 });
      await expect(bed.run(bed.request([join(place, "program")]))).rejects.toMatchObject({
        code: "spawn-failed",
        message: expect.stringContaining("--job-read"),
      });
    } finally {
      await bed.close();
      rmSync(place, { recursive: true });
    }
  });

  test("an enclosure that cannot be made is told as a start that failed, with its own words", async () => {
    const failing = (each: Parameters<MakeDriver>[0]) =>
      bubblewrapDriver({ ...each, ...options, hidden: ["/proc/no/such/place"] });
    const bed = new DriverBed(failing);
    try {
      await expect(bed.start("true")).rejects.toMatchObject({
        code: "spawn-failed",
        message: expect.stringMatching(/its sandbox could not be made \(bwrap: .+\)/),
      });
      expect(processesOf(bed.agentId)).toEqual([]);
    } finally {
      await bed.close();
    }
  });

  describe.each([
    { mode: "with cgroups", root: {}, able: delegated },
    { mode: "without cgroups", root: { cgroupRoot: null }, able: true },
  ])("when the agent is killed, $mode", ({ root, able }) => {
    test.skipIf(!able).each([
      { when: "running", frozen: false },
      { when: "frozen", frozen: true },
    ])(
      "no process of a $when job is left, and the next start has nothing to do (cases 27 and 50)",
      async ({ frozen }) => {
        expect(await leftBy({ frozen, root })).toEqual([]);
      },
    );
  });

  test.skipIf(!isRoot)(
    "an ordinary user gets the same, and a limit on processes (needs root to become one)",
    async (context) => {
      const read = ["-e", `require("node:fs").readFileSync(${JSON.stringify(import.meta.filename)})`];
      const { status } = spawnSync("setpriv", [...nobody, process.execPath, ...read]);
      if (status !== 0) context.skip("this checkout cannot be read by other users");
      const place = mkdtempSync(join(tmpdir(), "houseguest-ordinary-"));
      try {
        chmodSync(place, 0o777);
        const given = JSON.stringify({ place, agentId: randomBytes(32).toString("hex") });
        const { stdout } = await runAlone({
          script: ordinary,
          arguments: [given],
          prefix: ["setpriv", ...nobody],
        });
        expect(JSON.parse(stdout)).toMatchObject({
          uid: 65_534,
          exit: { exitCode: 7, signal: null },
          log: expect.stringMatching(/uid 65534[^]*[Ff]ork/),
          result: { left: [] },
        });
      } finally {
        rmSync(place, { recursive: true });
      }
    },
  );
});

/** Runs one job that forks more than it may, and says how it went. */
const ordinary = `
  import { mkdirSync, readFileSync } from "node:fs";
  import { bubblewrapDriver } from ${JSON.stringify(join(import.meta.dirname, "bubblewrap-driver.ts"))};
  import { probeBubblewrap } from ${JSON.stringify(join(import.meta.dirname, "bubblewrap-probe.ts"))};
  import { memoryLedger } from ${JSON.stringify(join(import.meta.dirname, "testing/memory-ledger.ts"))};
  import { JobSpec } from ${JSON.stringify(join(import.meta.dirname, "../../protocol/messages.ts"))};
  const { place, agentId } = JSON.parse(process.argv.at(-1));
  const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [place], workspace: place });
  const limits = { processesMax: 24, memoryBytesMax: null, cpusMax: null };
  const driver = bubblewrapDriver({ agentId, ledger: memoryLedger(), limits, ...found.options });
  const workspace = place + "/workspace";
  mkdirSync(workspace);
  const script = "echo uid $(id -u); sh -c 'i=0; while [ $i -lt 60 ]; do i=$((i + 1)); sleep 60 & done'; exit 7";
  const job = JobSpec.parse({ command: ["sh", "-c", script] });
  const logFile = place + "/log";
  const sandbox = await driver.start({ leaseId: "lease-1", jobId: "job-1", epoch: 1, agentId, job, workspace, logFile });
  const exit = await sandbox.exited;
  const result = await sandbox.terminate({ graceMs: 100, deadlineMs: 60000 });
  driver.close();
  console.log(JSON.stringify({ uid: process.getuid(), exit, log: readFileSync(logFile, "utf8"), result }));
`;

const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];

/** An agent that starts one job, freezes it if told so, says so, and waits to be killed. */
const agent = `
  import { bubblewrapDriver } from ${JSON.stringify(join(import.meta.dirname, "bubblewrap-driver.ts"))};
  import { memoryLedger } from ${JSON.stringify(join(import.meta.dirname, "testing/memory-ledger.ts"))};
  import { JobSpec } from ${JSON.stringify(join(import.meta.dirname, "../../protocol/messages.ts"))};
  const { agentId, workspace, command, frozen, options } = JSON.parse(process.argv.at(-1));
  const driver = bubblewrapDriver({ agentId, ledger: memoryLedger(), ...options });
  const job = JobSpec.parse({ command });
  const request = { leaseId: "lease-1", jobId: "job-1", epoch: 1, agentId, job, workspace, logFile: workspace + "/log" };
  const sandbox = await driver.start(request);
  process.stdin.once("data", () => {
    if (frozen) driver.freezeAll();
    console.log(sandbox.cgroup ?? "");
  });
`;

/** Kills an agent at work, waits for the kernel to end its job, and returns the pids of what is left. */
async function leftBy({ frozen, root }: { frozen: boolean; root: { cgroupRoot?: null } }): Promise<number[]> {
  const place = mkdtempSync(join(tmpdir(), "houseguest-orphans-"));
  const workspace = join(place, "workspace");
  mkdirSync(workspace);
  const agentId = randomBytes(32).toString("hex");
  const burn = "ulimit -t 60; while :; do :; done";
  const script = `trap '' TERM HUP; (setsid env -i sh -c '${burn}' &); echo > ready; ${burn}`;
  const given = { agentId, workspace, command: ["sh", "-c", script], frozen, options: { ...options, ...root } };
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", agent, JSON.stringify(given)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let cgroup = "";
  let namespace: HeldNamespace | null = null;
  const enclosed = (): number[] => (namespace === null ? [] : pidsInNamespace(namespace.name));
  const left = (): number[] => [...enclosed(), ...processesOf(agentId)].filter(isRunning);
  try {
    await until(() => existsSync(join(workspace, "ready")), "the job is at work", 60_000);
    namespace = holdPidNamespaceOf({ agentId, leaseId: "lease-1" });
    expect(enclosed().length).toBeGreaterThan(3);
    child.stdin?.write("now\n");
    [cgroup] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), "line")) as [string];
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await until(() => left().length === 0, "all are gone");
    return left();
  } finally {
    child.kill("SIGKILL");
    for (const pid of left()) process.kill(pid, "SIGKILL");
    namespace?.close();
    if (cgroup !== "") await until(() => removeCgroup(join(cgroup, "..")), "its cgroups are empty");
    rmSync(place, { recursive: true });
  }
}

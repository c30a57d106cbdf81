import { type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";

import { tallyLine } from "./tally.ts";

/**
 * `npm run test:containers`: the contract of the Redis store on a server in a container, which @testcontainers/redis
 * starts. Where an engine answers it is used. Where none does, root on Debian gets one for as long as this runs: the
 * packages of docker.io are unpacked into a temporary directory and installed nowhere; dockerd runs in mount, network
 * and process namespaces of its own together with the tests, so that its links, rules, mounts and containers end with
 * them; and the image `redis:7.2`, which cannot be had everywhere, is made of Debian's redis-server. Elsewhere it is
 * skipped by name. The last line is the tally.
 */
const root = resolve(import.meta.dirname, "..");
const suite = ["broker-sim/io/stores/redis-store"];
const image = "redis:7.2";
const downloadMsMax = 300_000;
const engineMsMax = 30_000;
const cgroupTriesMax = 50;
const insideFlag = "--inside";
/** Where the engine makes directories whatever it is told; those that were not there before go again. */
const enginePlaces = ["/etc/docker", "/opt/containerd", "/opt/cni", "/var/lib/docker", "/var/lib/containerd"];

const [flag, insideDirectory] = process.argv.slice(2);
process.exitCode = flag === insideFlag ? await inside(insideDirectory ?? "") : await outside();

async function outside(): Promise<number> {
  if (await engineAnswers()) {
    say("a container engine answers; it is used");
    return runSuite({});
  }
  const obstacle = obstacleToEngine();
  if (obstacle !== undefined) {
    console.log(`Skipped (1):\n  the Redis store's contract in a container\n      ${obstacle}`);
    console.log(tallyLine({ passed: 0, failed: 0, skipped: 1 }));
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), "houseguest-containers-"));
  const before = enginePlaces.filter((path) => existsSync(path));
  try {
    unpackEngine(directory);
    say("starting namespaces of our own, and in them dockerd");
    const parameters = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const program = [process.execPath, import.meta.filename, insideFlag, directory];
    const child = spawn("unshare", [...parameters, ...program], { stdio: "inherit", cwd: root });
    // unshare waits for what is inside whatever it is told; when it is killed, the kernel kills all that.
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) process.on(signal, () => child.kill("SIGKILL"));
    const [code] = (await once(child, "exit")) as [number | null];
    if (code === null) console.log(tallyLine({ passed: 0, failed: 1, skipped: 0 }));
    return code ?? 1;
  } catch (error) {
    console.error(error);
    console.log(tallyLine({ passed: 0, failed: 1, skipped: 0 }));
    return 1;
  } finally {
    await removeCgroups(basename(directory));
    for (const path of enginePlaces) if (!before.includes(path)) rmSync(path, { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    say("everything is taken down");
  }
}

/** In the namespaces, as their first process: whatever still runs when it ends is killed by the kernel. */
async function inside(directory: string): Promise<number> {
  must("ip", ["link", "set", "lo", "up"]);
  // Everybody's /run would get the engine's state.
  must("mount", ["-t", "tmpfs", "houseguest", "/run"]);
  const environment = engineEnvironment(directory);
  const socket = join(directory, "docker.sock");
  const engine = spawn("dockerd", dockerdParameters(directory), {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const stream of [engine.stdout, engine.stderr]) stream.on("data", (text: Buffer) => said.push(String(text)));
  const ended = once(engine, "exit");
  const isUp = await waitForSocket(socket, ended);
  if (!isUp) {
    console.log(`dockerd did not start:\n${said.join("").split("\n").slice(-20).join("\n")}`);
    console.log(tallyLine({ passed: 0, failed: 1, skipped: 0 }));
    return 1;
  }
  say("dockerd answers; making the image of Debian's redis-server");
  makeImage(directory, environment);
  say("running the suite");
  const code = runSuite({ ...environment, TESTCONTAINERS_RYUK_DISABLED: "true" });
  const left = spawnSync("docker", ["ps", "-aq"], { env: environment, encoding: "utf8" }).stdout.trim();
  engine.kill("SIGTERM");
  await ended;
  if (left === "") return code;
  console.log(`The suite left containers behind: ${left}`);
  return 1;
}

function obstacleToEngine(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "no container engine answers, and only root on Debian can start one";
  if (!existsSync("/etc/debian_version")) return "no container engine answers, and this is not Debian";
  const missing = ["apt-get", "dpkg-deb", "unshare", "ip", "mount", "tar", "redis-server"].filter(
    (name) => !isThere(name),
  );
  return missing.length === 0
    ? undefined
    : `no container engine answers, and to start one ${missing.join(", ")} is missing`;
}

/** Downloads what `apt-get install docker.io` would install here, and unpacks it without installing anything. */
function unpackEngine(directory: string): void {
  const archives = join(directory, "archives");
  mkdirSync(join(archives, "partial"), { recursive: true });
  say("downloading Debian's docker.io");
  const options = [
    "-q",
    "-o",
    `Dir::Cache::archives=${archives}`,
    "-o",
    "APT::Sandbox::User=root",
    "-o",
    "Debug::NoLocking=1",
  ];
  const network = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"];
  must("apt-get", [...options, ...network, "update"]);
  must("apt-get", [...options, ...network, "install", "-y", "--download-only", "--no-install-recommends", "docker.io"]);
  const packages = readdirSync(archives)
    .filter((name) => name.endsWith(".deb"))
    .sort();
  if (packages.length === 0) say("docker.io is installed already");
  for (const name of packages) must("dpkg-deb", ["-x", join(archives, name), join(directory, "engine")]);
  rmSync(archives, { recursive: true });
  say(`unpacked ${packages.length} packages`);
}

function engineEnvironment(directory: string): NodeJS.ProcessEnv {
  const engine = join(directory, "engine");
  const folders = ["usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(engine, folder));
  const libraries = ["usr/lib", "lib"].flatMap((folder) => librariesIn(join(engine, folder)));
  return {
    ...process.env,
    PATH: [...folders, process.env["PATH"] ?? "", "/usr/sbin", "/sbin"].join(delimiter),
    ...(libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(delimiter) }),
    DOCKER_HOST: `unix://${join(directory, "docker.sock")}`,
    DOCKER_CONFIG: join(directory, "config"),
    HOME: directory,
  };
}

function librariesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => /-linux-gnu[a-z0-9]*$/.test(path));
}

function dockerdParameters(directory: string): string[] {
  const place = (name: string): string => join(directory, name);
  return [
    `--host=unix://${place("docker.sock")}`,
    `--data-root=${place("data")}`,
    `--exec-root=${place("exec")}`,
    `--pidfile=${place("dockerd.pid")}`,
    `--cgroup-parent=/${basename(directory)}`,
    "--group=root",
    // It needs nothing of the file system beneath, and the image is small.
    "--storage-driver=vfs",
    // Ports are passed on by a process; nothing in here goes out into the world.
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
  ];
}

async function waitForSocket(path: string, ended: Promise<unknown>): Promise<boolean> {
  const deadlineMs = Date.now() + engineMsMax;
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  while (Date.now() < deadlineMs && !hasEnded) {
    if (await answers(path)) return true;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return false;
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The server and the libraries that it is linked with, and nothing else. */
function makeImage(directory: string, environment: NodeJS.ProcessEnv): void {
  const server = must("readlink", ["-f", "/usr/bin/redis-server"]).trim();
  const libraries = [...must("ldd", [server]).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
  const content = join(directory, "image");
  for (const [from, to] of [[server, "/usr/bin/redis-server"], ...libraries.map((path) => [path, path])]) {
    const place = join(content, to ?? "");
    mkdirSync(dirname(place), { recursive: true });
    must("cp", ["-L", from ?? "", place]);
  }
  for (const folder of ["data", "tmp", "etc"]) mkdirSync(join(content, folder), { recursive: true });
  const archive = join(directory, "image.tar");
  must("tar", ["-C", content, "-cf", archive, "."]);
  must("docker", ["import", "--change", "WORKDIR /data", "--change", "ENV PATH=/usr/bin", archive, image], {
    env: environment,
  });
}

function runSuite(environment: NodeJS.ProcessEnv): number {
  const { status } = spawnSync(process.execPath, [join(root, "tools/run-suite.ts"), ...suite], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...environment, REDIS_URL: "", HOUSEGUEST_TEST_REDIS: "container" },
  });
  return status ?? 1;
}

async function engineAnswers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  return await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/** The engine leaves its empty cgroups behind; each hierarchy has its own. */
async function removeCgroups(name: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  for (const [, path = "", kind = ""] of mounts) {
    if (kind === "cgroup" || kind === "cgroup2") await removeCgroup(join(path, name));
  }
}

/** What was killed in it may take a moment to be gone. */
async function removeCgroup(path: string): Promise<void> {
  for (let tries = 0; existsSync(path); tries += 1) {
    try {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
      }
      rmdirSync(path);
    } catch (error) {
      if (tries === cgroupTriesMax) throw error;
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }
}

function isThere(command: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, command)));
}

function must(command: string, parameters: readonly string[], options: SpawnSyncOptions = {}): string {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C", ...options.env };
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    encoding: "utf8",
    timeout: downloadMsMax,
    ...options,
    env,
  });
  if (status === 0) return String(stdout);
  throw new Error(`${command} ${parameters.join(" ")} failed: ${error?.message ?? String(stderr)}`);
}

function say(what: string): void {
  console.log(`containers: ${what}`);
}

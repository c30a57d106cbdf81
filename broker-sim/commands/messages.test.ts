import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";

import { describe, expect, onTestFinished, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../testing/live-broker.ts";
import { operatorEnvironment, program, run, serve, start, stop } from "../testing/served-broker.ts";

describe("what is wrong is said in the words of the command line", () => {
  const add = ["fault", "add", "--broker", "http://127.0.0.1:9", "--for", "1000"];
  const memory = ["serve", "--store", "memory", "--port", "0"];
  test.each<[string[], RegExp]>([
    [[...add, "latency"], /^A fault latency needs --delay\.\n/],
    [[...add, "truncate", "--delay", "3"], /^A fault truncate needs --after\.\n/],
    [[...add, "reset", "--delay", "3"], /^A fault reset takes no --delay\.\n/],
    [[...add, "truncate", "--after", "1", "--answer"], /^A fault truncate takes no --answer\.\n/],
    [[...add, "latency", "--delay", "soon"], /^--delay soon is not usable: .*number/],
    [[...add, "status", "--status", "200"], /^--status 200 is not usable: .*400/],
    [
      [...add, "status", "--status", "500", "--code", "nonsense"],
      /^--code nonsense is no code of a problem\.\n.*\/documentation/,
    ],
    [[...add, "hang", "--agent", "me"], /^--agent me is not usable: /],
    [["fault", "add", "--for", "never", "hang"], /^--for never is not usable: /],
    [[...memory, "--host", ""], /^--host takes an address, and was given none\.\n/],
    [[...memory, "--timing", "[]"], /^The timing is not usable: .*expected object, received array/],
    [[...memory, "--timing", '"x"'], /^The timing is not usable: .*expected object, received string/],
    [[...memory, "--timing", '{"leaseTtlMs":0,"x":1}'], /^The timing is not usable: leaseTtlMs: .*; .*"x"\.\n/],
  ])("%j", async (argv, sentence) => {
    const { code, stdout, stderr } = await run(argv);
    expect(stderr).toMatch(sentence);
    // Two sentences: what is wrong, and what to do.
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).not.toMatch(/✖|→|    at /);
    expect([code, stdout]).toEqual([64, ""]);
  });

  test.each([
    [["jobs"], { HOUSEGUEST_OPERATOR_TOKEN: "a token" }, /^\$HOUSEGUEST_OPERATOR_TOKEN takes a word of/],
    [["jobs", "--operator-token", "ä"], {}, /^--operator-token takes a word of/],
    [["serve", "--store", "memory"], { HOUSEGUEST_OPERATOR_TOKEN: "a\ntoken" }, /^\$HOUSEGUEST_OPERATOR_TOKEN takes/],
  ] as const)(
    "a token that no header carries is refused before anything is asked: %j %j",
    async (argv, environment, told) => {
      const { code, stderr } = await run(argv, environment);
      expect([code, stderr]).toEqual([64, expect.stringMatching(told)]);
    },
  );

  test("a body that is no JSON is told what is taken", async () => {
    const live = await LiveBroker.start();
    const headers = { ...live.operatorHeaders(), "content-type": "text/plain" };
    const answer = await fetch(live.url + routes.jobs, { method: "POST", headers, body: "{}" });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { code: "bad-request", message: "This content-type is not taken here; messages are application/json." },
    ]);
  });
});

test("the token that a broker left is found under the name localhost too, and goes to the address that it is for", async () => {
  const state = { XDG_STATE_HOME: temporaryDirectory() };
  const served = await serve([], state);
  const named = served.url.replace("127.0.0.1", "localhost");
  expect(await run(["jobs", "--broker", named], state)).toMatchObject({ code: 0, stderr: "" });
  await stop(served, "SIGTERM");
});

test("a broker on every address says how others reach it, and listens where it says", async () => {
  const child = start(["serve", "--host", "0.0.0.0", "--allow-remote", "--port", "0", "--store", "memory"]);
  const lines: string[] = [];
  child.stdout!.setEncoding("utf8");
  for await (const chunk of child.stdout!) {
    lines.push(...String(chunk).split("\n"));
    if (lines.some((line) => line.startsWith("Give it work:"))) break;
  }
  const [first = "", others = "", join = ""] = lines;
  expect(first).toMatch(/^Broker at http:\/\/127\.0\.0\.1:\d+ and on every other address of this machine, port \d+,/);
  const port = /port (\d+),/.exec(first)?.[1];
  const there = addressesOfThisMachine("IPv4").map((address) => `http://${address}:${port}`);
  expect(others).toBe(`From elsewhere:   ${there.length === 0 ? "no network is up here" : there.join(", ")}`);
  const [, address = ""] = /--broker (\S+) /.exec(join) ?? [];
  expect((await fetch(address + routes.health)).status).toBe(200);
  child.kill("SIGTERM");
});

/** In a network of its own, whose loopback interface has a second address. */
const twoAddresses = 'ip link set lo up && ip address add 127.53.106.77/32 dev lo && exec "$0" "$@"';
const canHaveTwo = spawnSync("unshare", ["-rn", "sh", "-c", twoAddresses, "true"]).status === 0;

test.skipIf(!canHaveTwo)("and calls itself 127.0.0.1 where that is one of several (needs unshare and ip)", async () => {
  const serving = [
    program,
    "serve",
    "--host",
    "0.0.0.0",
    "--allow-remote",
    "--port",
    "0",
    "--store",
    "memory",
    "--json",
  ];
  const child = spawn("unshare", ["-rn", "sh", "-c", twoAddresses, process.execPath, ...serving], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  expect(JSON.parse(line)).toMatchObject({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
  child.kill("SIGTERM");
  await ended;
});

test.each([
  ["0.0.0.0", ["IPv4"]],
  ["::", ["IPv4", "IPv6"]],
])("a broker on %s lists for programs where it listens, the address of this machine first", async (host, families) => {
  const served = await serve(["--store", "memory", "--host", host, "--allow-remote"]);
  const { port } = new URL(served.url);
  const others = families.flatMap((family) => addressesOfThisMachine(family));
  const { addresses } = served.line as { addresses: string[] };
  expect(addresses[0]).toBe(served.url);
  expect(new Set(addresses.slice(1))).toEqual(new Set(others.map((address) => `http://${address}:${port}`)));
  for (const address of addresses) expect((await fetch(address + routes.health)).status, address).toBe(200);
  await stop(served, "SIGTERM");
});

test("a broker that listens on one address says that one", async () => {
  const served = await serve(["--store", "memory"]);
  expect((await run(["jobs"], operatorEnvironment(served))).code).toBe(0);
  expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect(served.line["addresses"]).toEqual([served.url]);
  await stop(served, "SIGTERM");
});

/** Under which other machines may reach this one; an address of one link alone means nothing without the link's name. */
function addressesOfThisMachine(family: string): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  const reachable = all.filter((one) => !one.internal && one.family === family && !one.address.startsWith("fe80"));
  return reachable.map(({ address }) => (family === "IPv6" ? `[${address}]` : address));
}

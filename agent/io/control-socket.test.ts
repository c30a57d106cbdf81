import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { expect, onTestFinished, test } from "vitest";

import { limits } from "../../foundation/limits.ts";
import type { ControlAsking } from "../testing/ask-control.ts";
import { temporaryDirectory } from "../testing/temporary-home.ts";
import { askAgent } from "./control-client.ts";
import { controlServer, type ControlServerOptions } from "./control-server.ts";

async function fixture(onRequest: ControlServerOptions["onRequest"]) {
  const path = join(temporaryDirectory(), "control.sock");
  const server = await controlServer({ path, onRequest });
  onTestFinished(() => server.close());
  return { path, server };
}

async function raw(path: string, bytes: string, { end = false } = {}): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("error", reject);
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.once("end", () => {
      socket.end();
      resolve(text);
    });
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

test("a request gets its answer, now or later, and several are served at once", async () => {
  const later: (() => void)[] = [];
  const { path } = await fixture((request, respond) => {
    if (request.command === "resume") respond({ ok: true, resumeMs: 2 });
    else
      later.push(() =>
        respond({ ok: true, pause: { freezeMs: 1, frozenSandboxes: 0, checkpoints: 0, snapshotMs: 1 } }),
      );
  });
  const pause = askAgent(path, { command: "pause" }, { timeoutMs: 5_000 });
  expect(await askAgent(path, { command: "resume" }, { timeoutMs: 5_000 })).toMatchObject({ resumeMs: 2 });
  for (const answer of later) answer();
  expect(await pause).toMatchObject({ pause: { freezeMs: 1 } });
});

test("a request that is there when its connection is taken comes before what others send", async () => {
  const asked: string[] = [];
  const { path } = await fixture(({ command }, respond) => {
    asked.push(command);
    respond({ ok: true, resumeMs: 1 });
  });
  const workerData: ControlAsking = {
    path,
    text: '{"command":"resume"}\n',
    sent: new Int32Array(new SharedArrayBuffer(4)),
  };
  const worker = new Worker(new URL("../testing/ask-control.ts", import.meta.url), { workerData });
  onTestFinished(async () => void (await worker.terminate()));
  await once(worker, "online");
  // A timer is followed by one look at all connections, and that by what is to be done at once.
  const askedThen = await new Promise((resolve) => {
    setTimeout(() => {
      Atomics.wait(workerData.sent, 0, 0);
      setImmediate(() => resolve([...asked]));
    }, 1);
  });
  expect(askedThen).toEqual(["resume"]);
});

test("a request that comes in pieces is put together, wherever it was cut", async () => {
  const { path } = await fixture((request, respond) => {
    respond({ ok: false, code: "bad-request", message: JSON.stringify(request), next: "none" });
  });
  const line = Buffer.from('{"command":"resume","reason":"zurück"}\n');
  const cut = line.indexOf(0xc3) + 1;
  const answer = new Promise<string>((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("data", (bytes) => resolve(String(bytes)));
    socket.write(line.subarray(0, cut), () => setImmediate(() => socket.end(line.subarray(cut))));
  });
  expect(await answer).toContain("zurück");
});

test("only the owner may use it", async () => {
  const { path } = await fixture(() => undefined);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ["nonsense", "hello\n"],
  ["an unknown command", '{"command":"explode"}\n'],
  ["too much", "x".repeat(limits.controlRequestBytesMax + 10)],
])("%s is answered with what is wrong", async (_name, bytes) => {
  const { path } = await fixture(() => expect.fail("it is no request"));
  expect(JSON.parse(await raw(path, bytes))).toMatchObject({ ok: false, code: "bad-request" });
});

test("a client that hangs up without a request is answered too", async () => {
  const { path } = await fixture(() => expect.fail("it is no request"));
  expect(JSON.parse(await raw(path, "", { end: true }))).toMatchObject({ ok: false, code: "bad-request" });
});

test("a refusal reaches the caller with its code and what to do next", async () => {
  const { path } = await fixture((_request, respond) =>
    respond({ ok: false, code: "refused", message: "The agent cannot go.", next: "Wait." }),
  );
  await expect(askAgent(path, { command: "pause" }, { timeoutMs: 5_000 })).rejects.toMatchObject({
    code: "refused",
    message: "The agent cannot go.",
    next: "Wait.",
  });
});

test("nobody there is no error", async () => {
  const directory = temporaryDirectory();
  expect(await askAgent(join(directory, "none.sock"), { command: "status" }, { timeoutMs: 500 })).toBeNull();
  // A dead instance's socket: the name is there, nobody listens.
  const { path, server } = await fixture(() => undefined);
  await server.close();
  writeFileSync(path, "");
  expect(await askAgent(path, { command: "status" }, { timeoutMs: 500 })).toBeNull();
});

test("a dead instance's socket is replaced", async () => {
  const path = join(temporaryDirectory(), "control.sock");
  writeFileSync(path, "");
  const server = await controlServer({ path, onRequest: (_request, respond) => respond({ ok: true }) });
  onTestFinished(() => server.close());
  expect(await askAgent(path, { command: "status" }, { timeoutMs: 5_000 })).toEqual({ ok: true });
});

test("once it stops listening its name is gone, and who waits is still answered", async () => {
  let answer = (): void => undefined;
  let arrived = (): void => undefined;
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  const { path, server } = await fixture((_request, respond) => {
    answer = () => respond({ ok: true, resumeMs: 1 });
    arrived();
  });
  const waiting = askAgent(path, { command: "resume" }, { timeoutMs: 5_000 });
  await asked;
  await server.stopListening();
  expect(existsSync(path)).toBe(false);
  answer();
  expect(await waiting).toMatchObject({ resumeMs: 1 });
  await server.close();
});

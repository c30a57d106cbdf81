import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { ServerKind, Served, Used } from "./heartbeat-server.ts";

/** A heartbeat-server.ts in a process of its own; it ends with its parent. */
export class ChildServer {
  readonly kind: ServerKind;
  readonly url: string;
  readonly joinToken: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(kind: ServerKind, { child, ended }: Forked, { url, joinToken }: Served) {
    this.kind = kind;
    this.#child = child;
    this.#ended = ended;
    this.url = url;
    this.joinToken = joinToken;
  }

  /** @param place a directory for what it keeps, and the address of the server of a `redis` store */
  static async start(kind: ServerKind, { directory = "", redis = "" } = {}): Promise<ChildServer> {
    const file = new URL("./heartbeat-server.ts", import.meta.url);
    const child = fork(file.pathname, [kind, directory, redis], { execArgv: ["--expose-gc"] });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the ${kind} server ended with ${code}`);
    });
    ended.catch(() => undefined);
    const forked = { child, ended };
    return new ChildServer(kind, forked, await heard<Served>(forked));
  }

  async used(): Promise<Used> {
    this.#child.send("used");
    return await heard<Used>({ child: this.#child, ended: this.#ended });
  }

  async stop(): Promise<void> {
    this.#child.disconnect();
    await this.#ended.catch(() => undefined);
  }
}

interface Forked {
  readonly child: ChildProcess;
  /** Rejects when the process ends. */
  readonly ended: Promise<never>;
}

async function heard<T>({ child, ended }: Forked): Promise<T> {
  const listening = new AbortController();
  try {
    const [message] = await Promise.race([once(child, "message", listening), ended]);
    return message as T;
  } finally {
    listening.abort();
  }
}

/**
 * A Redis server that keeps what it takes on its disk before it answers (docs/stores.md), on a socket in the directory.
 *
 * @returns its address and how to stop it; undefined where there is none to start
 */
export async function startRedis(directory: string): Promise<{ url: string; stop: () => Promise<void> } | undefined> {
  const command = ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (command === undefined) return undefined;
  const socket = join(directory, "socket");
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const child = spawn(command, ["--port", "0", "--unixsocket", socket, "--dir", directory, ...durable], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    if (/ready to accept connections/i.test(line)) break;
  }
  child.stdout.resume();
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url: `redis+unix://${socket}`, stop };
}

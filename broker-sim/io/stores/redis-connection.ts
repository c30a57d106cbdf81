import { once } from "node:events";

import { Redis } from "ioredis";

import { UsageError, messageOf } from "../../../foundation/errors.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { RedisScript } from "./redis-scripts.ts";

/** All in milliseconds. */
const limits = {
  connectMs: 5_000,
  openMs: 8_000,
  /** A connection on which nothing has come back for so long is given up, and another is made. */
  silenceMs: 10_000,
  /** A server that has not answered for so long is away. */
  answerMs: 1_500,
  reconnectMinMs: 50,
  reconnectMaxMs: 500,
  /** After an answer that says that the server cannot just now. */
  againMs: 100,
} as const;

/**
 * What a server answers that cannot do it now and may soon: it loads its file, is a replica since a failover, is out of
 * memory or disk, runs somebody's long script (https://redis.io/docs/latest/develop/reference/protocol-spec).
 */
const passing = /^(LOADING|READONLY|MASTERDOWN|OOM|MISCONF|BUSY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|UNKILLABLE)\b/;

/** One connection for commands to a server that may go and come back. Its errors hold no password. */
export class RedisConnection {
  readonly #address: RedisAddress;
  readonly #client: Redis;
  /** Why the last attempt did not succeed; null while all is well. */
  #trouble: string | null = null;
  /** Since when an answer is waited for, by the monotonic clock; null while none is. */
  #askedAtMs: number | null = null;
  #isClosed = false;

  constructor(address: RedisAddress) {
    this.#address = address;
    this.#client = new Redis({
      ...address.connection,
      lazyConnect: true,
      connectTimeout: limits.connectMs,
      socketTimeout: limits.silenceMs,
      // A command whose connection broke has an unknown outcome; whoever sent it knows how to ask again.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      retryStrategy: (times) => Math.min(times * limits.reconnectMinMs, limits.reconnectMaxMs),
      // A replica that a failover made of its server takes no writes; its address may lead to another one by now.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
    });
    // ioredis reports every failed attempt to connect here.
    this.#client.on("error", (error: unknown) => (this.#trouble = this.#told(error)));
    this.#client.on("ready", () => (this.#trouble = null));
  }

  /** @throws UsageError `store-unreachable` or `store-refused` */
  async open(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      // A server may take the connection and close it again, time after time, as one in protected mode does.
      const patience = new Promise<never>((_resolve, reject) => {
        const why = new Error(`it does not let us in within ${limits.openMs} ms`);
        timer = setTimeout(() => reject(why), limits.openMs);
      });
      await Promise.race([this.#client.connect(), patience]);
    } catch (error) {
      const why = this.#trouble ?? this.#told(error);
      this.close();
      throw this.unusable(why);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Another connection to the same server, which comes back by itself and listens to the same channels again. */
  async listen(channel: string, onMessage: (message: string) => void): Promise<() => void> {
    const listener = this.#client.duplicate({
      lazyConnect: false,
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      socketTimeout: undefined,
    });
    // The other connection tells of the same troubles.
    listener.on("error", () => undefined);
    listener.on("message", (_channel: string, message: string) => onMessage(message));
    try {
      await listener.subscribe(channel);
    } catch (error) {
      listener.disconnect();
      throw this.unusable(this.#told(error));
    }
    return () => listener.disconnect();
  }

  /** Why the server cannot be written to now, in a few words; null while it can. */
  outage(): string | null {
    if (this.#trouble !== null) return this.#trouble;
    if (this.#client.status !== "ready") return "the connection to it is broken";
    if (this.#askedAtMs === null || performance.now() - this.#askedAtMs < limits.answerMs) return null;
    return `it has not answered for ${limits.answerMs} ms`;
  }

  /** Asks once. @throws whatever the server or the connection says, without a password */
  async command(name: string, parameters: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#client.call(name, [...parameters]);
    } catch (error) {
      throw this.#plain(error);
    }
  }

  /**
   * Runs a script, and asks again for as long as the server is away, until `close`. The script may have run when it is
   * asked for again.
   *
   * @throws what no waiting helps against
   */
  async run(script: RedisScript, keys: readonly string[], parameters: readonly (string | number)[]): Promise<unknown> {
    for (;;) {
      if (this.#isClosed) throw new Error(`The store ${this.#address.shown} was closed.`);
      try {
        const answer = await this.#runOnce(script, [keys.length, ...keys, ...parameters]);
        this.#trouble = null;
        return answer;
      } catch (error) {
        if (!this.#mayPass(error)) throw this.#plain(error);
        this.#trouble = this.#told(error);
      }
      await this.#again();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#client.disconnect();
  }

  async #runOnce({ text, digest }: RedisScript, parameters: readonly (string | number)[]): Promise<unknown> {
    this.#askedAtMs = performance.now();
    try {
      return await this.#client.call("EVALSHA", [digest, ...parameters]);
    } catch (error) {
      if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
      // The server is new, or somebody emptied its cache of scripts.
      return await this.#client.call("EVAL", [text, ...parameters]);
    } finally {
      this.#askedAtMs = null;
    }
  }

  #mayPass(error: unknown): boolean {
    if (this.#isClosed || !(error instanceof Error)) return false;
    if (error.name === "ReplyError") return passing.test(error.message);
    // Everything else is the connection's, but for bugs of ours.
    return !(error instanceof TypeError || error instanceof RangeError);
  }

  async #again(): Promise<void> {
    const timeout = AbortSignal.timeout(limits.againMs);
    // Either is as good: connected again, or time to look.
    if (this.#client.status === "ready") await new Promise((resolve) => setTimeout(resolve, limits.againMs));
    else await once(this.#client, "ready", { signal: timeout }).catch(() => undefined);
  }

  /** ioredis hangs the command on its errors, and with it a password that it may have held. */
  #plain(error: unknown): Error {
    return new Error(this.#told(error));
  }

  #told(error: unknown): string {
    const { password } = this.#address.connection;
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
    const said = messageOf(error) || code || "no reason was given";
    return password === undefined || password === "" ? said : said.replaceAll(password, "…");
  }

  /** `store-refused` or `store-unreachable`, by what the server or the connection said. */
  unusable(why: string): UsageError {
    const isRefused = /^(WRONGPASS|NOAUTH|NOPERM|ERR|DENIED)\b/.test(why);
    return new UsageError(`The Redis store ${this.#address.shown} cannot be used: ${why}`, {
      code: isRefused ? "store-refused" : "store-unreachable",
      retriable: !isRefused,
      next: isRefused
        ? "Check user, password and database, and that the user may run scripts and publish."
        : "Start the server, or correct the address.",
    });
  }
}

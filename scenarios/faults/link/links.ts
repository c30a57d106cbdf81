import { Worker } from "node:worker_threads";

import { present } from "../../../foundation/assert.ts";
import type { FaultLinks } from "../fault.ts";
import { FaultError } from "../fault-error.ts";
import type { Toxic, ToxicCount, ToxicDirection } from "./toxic.ts";

const loopback = "127.0.0.1";

export type LinkOrder =
  | {
      readonly do: "open";
      readonly link: string;
      readonly target: string;
      readonly seed: string;
      readonly address: string;
    }
  | { readonly do: "enter"; readonly namespace: string }
  | {
      readonly do: "add";
      readonly link: string;
      readonly id: number;
      readonly toxic: Toxic;
      readonly direction: ToxicDirection;
    }
  | { readonly do: "count" | "remove"; readonly link: string; readonly id: number }
  | { readonly do: "close" };

export type LinkAnswer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: string };

/** The lines of a run between agents and broker: proxies in a thread of their own, which is begun with the first. */
export class Links {
  readonly #urls = new Map<string, string>();
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | undefined;
  #called = 0;

  /** Where the broker is to be found through that line; undefined where there is none. */
  url(link: string): string | undefined {
    return this.#urls.get(link);
  }

  /**
   * Makes a line to the broker.
   *
   * @param address of this host, or of the network namespace that the lines are in, at which it is to be found
   * @returns where the broker is to be found through it
   */
  async open(
    link: string,
    { target, seed, address = loopback }: { readonly target: string; readonly seed: string; readonly address?: string },
  ): Promise<string> {
    const port = await this.#call({ do: "open", link, target, seed, address });
    const url = `http://${address}:${String(port)}`;
    this.#urls.set(link, url);
    return url;
  }

  /** From now on lines are made, and connect, in that network namespace; those that are there are found where they were. */
  async enter(namespace: string): Promise<void> {
    await this.#call({ do: "enter", namespace });
  }

  readonly add: FaultLinks["add"] = async (link, id, toxic) => {
    if (!this.#urls.has(link)) throw noLink(link);
    await this.#call({ do: "add", link, id, ...toxic });
  };

  readonly count: FaultLinks["count"] = async (link, id) => (await this.#call({ do: "count", link, id })) as ToxicCount;

  readonly remove: FaultLinks["remove"] = async (link, id) => {
    await this.#call({ do: "remove", link, id });
  };

  /** Every line breaks. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    await this.#call({ do: "close" });
    this.#worker = undefined;
    this.#urls.clear();
    await worker.terminate();
  }

  async #call(order: LinkOrder): Promise<unknown> {
    this.#worker ??= this.#begin();
    this.#called += 1;
    const answered = Promise.withResolvers<unknown>();
    this.#calls.set(this.#called, answered);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage({ ...order, call: this.#called });
    return await answered.promise;
  }

  #begin(): Worker {
    const worker = new Worker(new URL("link-thread.ts", import.meta.url), { execArgv: [] });
    worker.unref();
    worker.on("message", (answer: LinkAnswer) => {
      const waiting = present(this.#calls.get(answer.call), "every answer is one to a call");
      this.#calls.delete(answer.call);
      if ("error" in answer) waiting.reject(new Error(answer.error));
      else waiting.resolve(answer.value);
    });
    worker.on("error", (error) => {
      for (const { reject } of this.#calls.values()) reject(error);
    });
    return worker;
  }
}

function noLink(agent: string): FaultError {
  return new FaultError(`"${agent}" has no line that could be disturbed.`, {
    code: "no-link",
    next: `Let it join through one: { step: "join", agent: "${agent}", link: true, … }.`,
  });
}

import { existsSync } from "node:fs";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { isLoopback } from "../serve/allowed-hosts.ts";
import { reportServer } from "../serve/server.ts";
import { streamOutput } from "../stream-output.ts";

export interface ServeOptions {
  readonly host: string;
  readonly port: string;
  readonly allowHost?: readonly string[];
  readonly json?: true;
}

/**
 * `reports serve`: every stored run in the browser, until SIGINT or SIGTERM.
 *
 * @throws UsageError `no-root`, `port` or `listen`
 */
export async function serveCommand(root: string, { host, port, allowHost = [], json }: ServeOptions): Promise<void> {
  const number = Number(port);
  if (!/^\d{1,5}$/.test(port) || number > 65_535) {
    throw new UsageError(`${JSON.stringify(port)} is no port.`, {
      code: "port",
      next: "Name one from 0 (any that is free) to 65535.",
    });
  }
  if (!existsSync(root)) {
    throw new UsageError(`There is no folder ${root}.`, {
      code: "no-root",
      next: "Name the folder that holds the runs, or make a run with `npx scenarios run withdraw-under-load`.",
    });
  }
  const server = reportServer({ root, allowedHosts: allowHost.map((name) => name.toLowerCase()), nowMs: Date.now });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  let address: string;
  try {
    address = await server.listen({ host, port: number });
  } catch (error) {
    throw new UsageError(`Cannot listen on ${host}, port ${port}: ${systemCode(error) ?? messageOf(error)}.`, {
      code: "listen",
      next: "Name another with --port; 0 takes any that is free.",
      cause: error,
    });
  }
  const stdout = streamOutput(process.stdout);
  if (json === true) stdout.write(`${JSON.stringify({ version: 1, url: address, root })}\n`);
  else {
    const warning = isLoopback(host)
      ? ""
      : "Whoever reaches this address can read every run: nobody is asked who he is.\n";
    stdout.write(`${address}  the runs in ${root}; Ctrl-C ends it\n${warning}`);
  }
  await ended;
  await server.close();
  await stdout.flushed();
}

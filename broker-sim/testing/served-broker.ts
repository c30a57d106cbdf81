import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

import { routes } from "../../protocol/routes.ts";

export const program = join(import.meta.dirname, "..", "..", "bin", "broker-sim.mjs");

/** A program that has ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `broker-sim`; it is killed with the test at the latest. Its stderr is a pipe unless it is to go elsewhere. */
export function start(
  argv: readonly string[],
  environment: Record<string, string> = {},
  { stderr = "pipe" }: { stderr?: number | "pipe" } = {},
): ChildProcess {
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: ["ignore", "pipe", stderr],
    env: { ...process.env, HOUSEGUEST_HISTORY: "", ...environment },
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** Runs `broker-sim` to its end. */
export async function run(argv: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = start(argv, environment);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "close")]);
  return { code: code as number | null, stdout, stderr };
}

/** A broker in a process of its own. */
export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly joinToken: string;
  readonly operatorToken: string;
  readonly line: Record<string, unknown>;
  readonly ended: Promise<unknown>;
}

/** Starts `broker-sim serve` on a free port, and waits until it listens. */
export async function serve(
  argv: readonly string[],
  environment: Record<string, string> = {},
  streams: { stderr?: number | "pipe" } = {},
): Promise<Served> {
  const child = start(["serve", "--json", "--port", "0", "--log-level", "warn", ...argv], environment, streams);
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout! })) {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    return {
      child,
      url: String(parsed["url"]),
      joinToken: String(parsed["joinToken"]),
      operatorToken: String(parsed["operatorToken"]),
      line: parsed,
      ended,
    };
  }
  throw new Error(`the broker did not start: ${child.stderr === null ? "" : await text(child.stderr)}`);
}

/** Sends a signal and waits for the end. @returns its exit code */
export async function stop({ child, ended }: Served, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  await ended;
  return child.exitCode;
}

/**
 * Kills it and starts another at the same address. The port is the kernel's choice, and is given to nobody else as long
 * as there is a connection that the dead broker has to close.
 */
export async function restart(served: Served, argv: readonly string[]): Promise<Served> {
  await holdPort(served);
  await stop(served, "SIGKILL");
  return await serve([...argv, "--port", new URL(served.url).port]);
}

/** Leaves a connection open that the broker has answered on; until it has ended nobody else is given its port. */
export async function holdPort({ url }: Pick<Served, "url">): Promise<void> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.write(`GET ${routes.health} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await once(socket, "data");
  socket.resume().on("error", () => undefined);
}

/** What the operator's requests to it carry. */
export function operatorHeaders({ operatorToken }: Pick<Served, "operatorToken">): Record<string, string> {
  return { authorization: `Bearer ${operatorToken}` };
}

/** What the operator's commands to it need. */
export function brokerOptions({ url, operatorToken }: Served): string[] {
  return ["--broker", url, "--operator-token", operatorToken];
}

/** As the options, where commands find it by themselves. */
export function operatorEnvironment({ url, operatorToken }: Served): Record<string, string> {
  return { HOUSEGUEST_BROKER: url, HOUSEGUEST_OPERATOR_TOKEN: operatorToken };
}

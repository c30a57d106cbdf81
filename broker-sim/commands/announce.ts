import { networkInterfaces } from "node:os";

import type { RunningBroker } from "../io/broker-server.ts";
import { writeOutput } from "./output.ts";

interface Announcement {
  /** As --host has it. */
  readonly host: string;
  readonly store: string;
  readonly json: boolean;
}

/**
 * Says where the broker is, and what to do with it: `url` is for whoever is on this machine, and `addresses` begins with it
 * and goes on with those at which other machines may reach the broker, as they are at this moment.
 *
 * @throws NotToldError
 */
export async function announce(
  { url, joinToken, operatorToken }: RunningBroker,
  { host, store, json }: Announcement,
): Promise<void> {
  const { port } = new URL(url);
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const others = isEverywhere ? otherAddresses(host === "::").map((address) => `http://${address}:${port}`) : [];
  const where = isEverywhere ? ` and on every other address of this machine, port ${port}` : "";
  const elsewhere = isEverywhere
    ? `From elsewhere:   ${others.length === 0 ? "no network is up here" : others.join(", ")}\n`
    : "";
  const join =
    joinToken === ""
      ? `Let an agent in:  broker-sim token create --broker ${url} --operator-token ${operatorToken}\n`
      : `Let an agent in:  donor-agent join --broker ${others[0] ?? url} --token ${joinToken}\n`;
  const words =
    `Broker at ${url}${where}, store ${store}. Ctrl-C ends it.\n` +
    elsewhere +
    join +
    `Give it work:     broker-sim submit --broker ${url} --operator-token ${operatorToken} --wait -- COMMAND\n`;
  const addresses = [url, ...others];
  const line = `${JSON.stringify({ url, addresses, joinToken, operatorToken, store, pid: process.pid })}\n`;
  await writeOutput(json ? line : words, {
    message: "The broker has ended again, because it could not write where it is",
    next: "Make room where the output goes, and start it anew.",
  });
}

/** By which other machines may reach this one, as they stand in an address. */
function otherAddresses(withSix: boolean): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal, family, scopeid }) => !internal && (family === "IPv4" || (withSix && !scopeid)))
    .map(({ family, address }) => (family === "IPv4" ? address : `[${address}]`));
}

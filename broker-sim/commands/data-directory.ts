import { homedir } from "node:os";
import { join } from "node:path";

/** Where a broker keeps its store unless told otherwise: `$XDG_STATE_HOME/houseguest-broker`. */
export function dataDirectory(): string {
  const state = process.env["XDG_STATE_HOME"];
  return join(state === undefined || state === "" ? join(homedir(), ".local", "state") : state, "houseguest-broker");
}

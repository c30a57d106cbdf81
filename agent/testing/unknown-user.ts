import { spawnSync } from "node:child_process";

/** What becomes the program whose command follows, as a user of whom the system knows neither name nor home. */
export const asUnknownUser: readonly string[] = ["unshare", "--user", "--map-user=54321", "--map-group=54321"];

/** Whether this machine gives a user namespace. */
export function canBeUnknownUser(): boolean {
  return spawnSync("unshare", [...asUnknownUser.slice(1), "true"]).status === 0;
}

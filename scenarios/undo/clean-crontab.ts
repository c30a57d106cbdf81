import { Crontab } from "../../agent/autostart/crontab.ts";
import { ownUserName } from "../../agent/io/own-user.ts";

/**
 * Takes the lines with the mark out of this user's crontab, and the crontab away where nothing else is in it. It is
 * somebody's: nothing is written where there are none, and it is changed as the agent changes it, byte by byte and with
 * another look right before.
 *
 * @returns undefined when they are gone, else why they are not
 */
export async function cleanCrontab(mark: string): Promise<string | undefined> {
  const user = ownUserName();
  const crontab = new Crontab({ hook: { name: mark, marker: mark, command: [] }, user });
  const { left } = await crontab.remove([{ kind: "crontab", user, existed: false }]);
  return left[0];
}

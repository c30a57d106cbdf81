import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { afterEach, beforeEach, describe, expect } from "vitest";

import { autostartContract } from "./autostart.contract.ts";
import { Crontab } from "./crontab.ts";
import type { Hook } from "./hook.ts";
import { type CrontabBed, crontabSituations, rebootCommand } from "./testing/crontab-situations.ts";
import { argumentsOf } from "./testing/recorded-start.ts";

/** The real crontab(1): as root on the table of a user who logs in nowhere, else on one's own. */
const isRoot = process.getuid?.() === 0;
const user = isRoot ? "nobody" : userInfo().username;
const command = isRoot ? ["crontab", "-u", user] : ["crontab"];
const places = ["/var/spool/cron", "/etc/crontab", "/etc/cron.d", "/tmp"];

const crontab = (args: readonly string[], input?: Buffer): Buffer =>
  execFileSync("crontab", [...command.slice(1), ...args], {
    stdio: ["pipe", "pipe", "ignore"],
    ...(input && { input }),
  });

function table(): Buffer | null {
  return spawnSync("crontab", [...command.slice(1), "-l"]).status === 0 ? crontab(["-l"]) : null;
}

function put(content: Buffer | null): void {
  if (content !== null) crontab(["-"], content);
  else if (table() !== null) crontab(["-r"]);
}

/** Every crontab of the host that this user may see, but for the date that crontab(1) writes at the head of each. */
function crontabsOfHost(): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    try {
      const stat = lstatSync(path);
      const isCron = /cron/.test(path);
      if (stat.isDirectory() && (isCron || path === "/tmp")) {
        for (const name of readdirSync(path).sort())
          if (path !== "/tmp" || name.startsWith("crontab")) visit(join(path, name));
      }
      const text = stat.isFile() ? readFileSync(path, "latin1").replace(/^# \(.* installed on .*\)$/m, "") : "";
      if (isCron) found[path] = `${stat.mode.toString(8)} ${stat.uid} ${text}`;
    } catch {
      // Not for this user to see.
    }
  };
  for (const place of places) visit(place);
  return found;
}

class RealCrontab implements CrontabBed {
  make(hook: Hook): Crontab {
    return new Crontab({ hook, command, user });
  }

  table(content: Buffer): void {
    put(content);
  }

  scan(): Record<string, string | null> {
    return { ...crontabsOfHost(), table: table()?.toString("latin1") ?? null };
  }

  started(): string[] {
    return argumentsOf(rebootCommand(table()?.toString() ?? ""));
  }
}

describe.skipIf(spawnSync("crontab", ["-l"]).error !== undefined)(
  "with cron (skipped where it is not installed)",
  () => {
    let before: Buffer | null;
    let hostBefore: Record<string, string>;
    beforeEach(() => {
      before = table();
      hostBefore = crontabsOfHost();
      if (isRoot) expect(Object.keys(hostBefore)).toContain("/var/spool/cron/crontabs");
      put(null);
    });
    afterEach(() => {
      put(before);
      expect(table()).toEqual(before);
      expect(crontabsOfHost()).toEqual(hostBefore);
    });

    autostartContract({ name: "crontab", makeBed: () => new RealCrontab(), situations: crontabSituations });
  },
);

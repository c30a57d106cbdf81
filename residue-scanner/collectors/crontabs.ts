import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { CrontabFact, SurfaceReading } from "../core/fact.ts";
import { showPath } from "../core/path-text.ts";

interface Place {
  readonly path: string;
  /** One crontab; a directory of crontabs named after their users; a directory of crontabs; of scripts; of at's jobs. */
  readonly holds: "crontab" | "user-crontabs" | "crontabs" | "scripts" | "jobs";
}

/** cron(8) of Debian, cronie, busybox, macOS and others; run-parts(8); anacron(8); at(1); incrond(8). */
export const crontabPlaces: readonly Place[] = [
  { path: "/var/spool/cron/crontabs", holds: "user-crontabs" },
  { path: "/var/spool/cron", holds: "user-crontabs" },
  { path: "/var/spool/cron/tabs", holds: "user-crontabs" },
  { path: "/usr/lib/cron/tabs", holds: "user-crontabs" },
  { path: "/usr/lib/cron/jobs", holds: "jobs" },
  { path: "/etc/crontabs", holds: "user-crontabs" },
  { path: "/var/spool/incron", holds: "user-crontabs" },
  { path: "/etc/crontab", holds: "crontab" },
  { path: "/etc/anacrontab", holds: "crontab" },
  { path: "/etc/cron.d", holds: "crontabs" },
  { path: "/etc/cron.hourly", holds: "scripts" },
  { path: "/etc/cron.daily", holds: "scripts" },
  { path: "/etc/cron.weekly", holds: "scripts" },
  { path: "/etc/cron.monthly", holds: "scripts" },
  { path: "/etc/cron.yearly", holds: "scripts" },
  ...["15min", "hourly", "daily", "weekly", "monthly"].map(
    (name) => ({ path: `/etc/periodic/${name}`, holds: "scripts" }) as const,
  ),
  { path: "/etc/incron.d", holds: "crontabs" },
  { path: "/var/spool/cron/atjobs", holds: "jobs" },
  { path: "/var/spool/at", holds: "jobs" },
];

/** Every line of every crontab that asks for something, and every script in cron's directories. */
export function collectCrontabs({
  places = crontabPlaces,
  readOwn = ownCrontab,
}: {
  places?: readonly Place[];
  readOwn?: () => string;
} = {}): { crontabs: CrontabFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const crontabs: CrontabFact[] = [];
  const refused: string[] = [];
  for (const place of places) readPlace(place, crontabs, refused);
  for (const { path, holds } of places) {
    if (holds !== "user-crontabs" || !refused.includes(path)) continue;
    const user = userName();
    crontabs.push(...linesIn(readOwn(), { file: join(path, user), user }));
  }
  const detail = refused.length > 0 ? `cannot be read: ${refused.sort().join(", ")}` : "";
  const status = refused.length > 0 ? "partial" : "done";
  const durationMs = performance.now() - startedMs;
  return { crontabs, reading: { surface: "crontabs", status, detail, facts: crontabs.length, durationMs } };
}

function readPlace({ path, holds }: Place, crontabs: CrontabFact[], refused: string[]): void {
  try {
    if (holds === "crontab") {
      crontabs.push(...linesOf(path, null));
      return;
    }
    for (const name of readdirSync(path, "latin1").sort()) {
      const file = join(path, name);
      try {
        if (!statSync(Buffer.from(file, "latin1")).isFile()) continue;
        if (holds === "scripts") crontabs.push({ key: file, file, line: null, text: name, user: null });
        // What begins with a dot counts at's jobs.
        else if (holds === "jobs") crontabs.push(...(name.startsWith(".") ? [] : [jobOf(file, name)]));
        else crontabs.push(...linesOf(file, holds === "user-crontabs" ? name : null));
      } catch (error) {
        if (systemCode(error) !== "ENOENT") refused.push(showPath(file));
      }
    }
  } catch (error) {
    if (systemCode(error) !== "ENOENT") refused.push(path);
  }
}

/** A script that at(1) runs once, as its owner. */
function jobOf(file: string, name: string): CrontabFact {
  const { uid } = statSync(Buffer.from(file, "latin1"));
  return { key: file, file, line: null, text: `at job ${name} of user ${uid}`, user: null };
}

/**
 * This user's own crontab where the directory of all of them is closed to it: crontab(1) is allowed to look inside. Empty
 * when there is none, or no such command.
 */
function ownCrontab(): string {
  try {
    return execFileSync("crontab", ["-l"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // "no crontab for …" is its error; that others' cannot be read is said by the surface's status.
    return "";
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "?");
  }
}

/** Lines by their text and how often it came before, so that a line put in above does not change those below. */
function linesIn(content: string, { file, user }: { file: string; user: string | null }): CrontabFact[] {
  const seen = new Map<string, number>();
  const facts: CrontabFact[] = [];
  for (const [index, line] of content.split("\n").entries()) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    const earlier = seen.get(text) ?? 0;
    seen.set(text, earlier + 1);
    const key = `${file}: ${text}${earlier > 0 ? ` (${earlier + 1})` : ""}`;
    facts.push({ key, file, line: index + 1, text, user });
  }
  return facts;
}

function linesOf(file: string, user: string | null): CrontabFact[] {
  return linesIn(readFileSync(Buffer.from(file, "latin1"), "utf8"), { file, user });
}

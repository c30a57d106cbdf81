import type { Finding, ResidueReport, SurfaceStatus } from "../../protocol/residue-report.ts";
import { beganAt } from "./history-builder.ts";

/** What a root user's two readings look like when nothing is left. */
export function cleanResidue(): ResidueReport {
  return {
    version: 1,
    verdict: "clean",
    policy: "developer",
    summary: "Every surface was seen, and nothing of the agent, its jobs or the harness is left.",
    baselineAt: beganAt + 1_900,
    afterAt: beganAt + 8_000,
    readings: 2,
    surfaces: [
      surface("files", { before: 541_208, after: 541_209, ms: 1_634 }),
      surface("processes", { before: 96, after: 97, ms: 21 }),
      surface("sockets", { before: 41, after: 41, ms: 4.2 }),
      surface("crontabs", { before: 14, after: 14, ms: 1.3 }),
    ],
    findings: [],
    excused: [
      {
        rule: "append-only-log",
        reason: "the file only grew, and what it held before is unchanged",
        count: 3,
        examples: ["/var/log/syslog"],
      },
      {
        rule: "kernel-worker",
        reason: "a thread of the kernel itself (PF_KTHREAD)",
        count: 1,
        examples: ["kworker/1:2"],
      },
    ],
  };
}

/** What an ordinary user's readings look like: nothing found, and two surfaces not wholly visible. */
export function partialResidue(): ResidueReport {
  return {
    ...cleanResidue(),
    verdict: "partial",
    summary: "Nothing was found, but files and crontabs are not wholly visible to this user.",
    surfaces: [
      surface("files", {
        ...{ before: 498_113, after: 498_113, ms: 1_702, status: "partial" },
        detail: "212 folders may not be read: /root, /var/lib/private, /etc/ssl/private and 209 more",
      }),
      surface("processes", {
        ...{ before: 96, after: 96, ms: 24, status: "partial" },
        detail: "the environment of 61 processes of other users may not be read",
      }),
      surface("sockets", { before: 41, after: 41, ms: 4.4 }),
      surface("crontabs", {
        ...{ before: 9, after: 9, ms: 1, status: "not-permitted" },
        detail: "/var/spool/cron/crontabs may only be read by root and the group crontab",
      }),
    ],
  };
}

/** Five things planted by an agent that does not behave. */
export function plantedResidue(): ResidueReport {
  const findings = plantedFindings();
  return {
    ...cleanResidue(),
    verdict: "residue",
    summary: `${findings.length} differences belong to the agent or its jobs.`,
    findings,
  };
}

export function lostResidue(): ResidueReport {
  const [files, ...others] = cleanResidue().surfaces;
  const reason = "/var was unmounted between the readings";
  return {
    ...cleanResidue(),
    verdict: "unknown",
    summary: `Evidence was lost in files: ${reason}.`,
    surfaces: [{ ...(files as SurfaceStatus), status: "failed", detail: reason }, ...others],
  };
}

export function finding(over: Partial<Finding> & Pick<Finding, "id">): Finding {
  return {
    surface: "files",
    change: "appeared",
    subject: "file /tmp/left (0644 root, 12 B)",
    location: "/tmp/left",
    owner: "root",
    before: null,
    after: null,
    changed: [],
    attribution: { to: "agent", evidence: [{ kind: "time", detail: "it appeared while the run went on" }] },
    show: "ls -la /tmp/left",
    ...over,
  };
}

function plantedFindings(): Finding[] {
  return [
    finding({
      id: "processes:5120/88123",
      surface: "processes",
      subject: "process 5120 (sleep 3600), parent 1",
      location: "pid 5120, started 10:15:03",
      attribution: {
        to: "agent",
        evidence: [
          { kind: "marker", detail: "HOUSEGUEST_RUN=20260131T101500-withdraw-under-load in its environment" },
          { kind: "session", detail: "its session 4720 is the agent's" },
        ],
      },
      show: "cat /proc/5120/status; tr '\\0' '\\n' </proc/5120/environ",
    }),
    finding({
      id: "sockets:tcp:127.0.0.1:40999",
      surface: "sockets",
      subject: "listening tcp 127.0.0.1:40999 (pid 5120)",
      location: "tcp 127.0.0.1:40999",
      attribution: {
        to: "agent",
        evidence: [{ kind: "marker", detail: "process 5120 holds it and carries the mark" }],
      },
      show: "ss -ltnp 'sport = :40999'",
    }),
    finding({
      id: "crontabs:root:*/5 * * * * /tmp/wake",
      surface: "crontabs",
      subject: "line 3 of root's crontab: */5 * * * * /tmp/wake",
      location: "/var/spool/cron/crontabs/root:3",
      attribution: {
        to: "agent",
        evidence: [{ kind: "path", detail: "it runs /tmp/wake, which the agent's home holds" }],
      },
      show: "crontab -u root -l",
    }),
    finding({
      id: "files:/var/lib/a-long-path",
      subject:
        "file /var/lib/houseguest-agent/2f/9c/9c41d7/with a rather long name that goes on and on.checkpoint (0600 root, 48213 B)",
      location: "/var/lib/houseguest-agent/2f/9c/9c41d7/with a rather long name that goes on and on.checkpoint",
      attribution: { to: "job", evidence: [{ kind: "time", detail: "it was made while job-load-9 was running" }] },
      show: "ls -la '/var/lib/houseguest-agent/2f/9c/9c41d7/with a rather long name that goes on and on.checkpoint'",
    }),
    finding({
      id: "files:/etc/hosts",
      change: "changed",
      subject: "file /etc/hosts",
      location: "/etc/hosts",
      before: { mode: "0644", size: 174 },
      after: { mode: "0666", size: 174 },
      changed: ["mode"],
      attribution: { to: "unknown", evidence: [{ kind: "time", detail: "it was changed while the run went on" }] },
      show: "stat /etc/hosts",
    }),
  ];
}

function surface(
  name: string,
  seen: { before: number; after: number; ms: number; status?: SurfaceStatus["status"]; detail?: string },
): SurfaceStatus {
  const { before, after, ms, status = "done", detail = "" } = seen;
  return { surface: name, status, detail, factsBefore: before, factsAfter: after, durationMs: ms };
}

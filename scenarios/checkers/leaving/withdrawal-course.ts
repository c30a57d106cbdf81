import { agentLimits } from "../../../agent/core/limits.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import type { WithdrawalStep } from "../../../protocol/withdrawal-report.ts";
import type { RecordOf } from "../checker.ts";

/** A withdrawal that an owner asked for, where nothing breaks. Times are those of the agent's clock. */
export interface WithdrawalCourse {
  /** The first record of it. */
  readonly begun: RecordOf<"agent.state">;
  /** What it is to end by, as the requests and signals so far want it; null when nobody asked for it. */
  endsAtMs: number | null;
  /** When it was last brought forward, by the agent's clock; 0 for never. */
  hastenedAtMs: number;
  /** How its time was shared out before each time that it was brought forward, the first one first. */
  readonly earlier: { readonly untilMs: number; readonly share: (share: number) => number }[];
  /** How many instances worked on it. */
  instances: number;
  /** By how much the agent's clock is ahead of the harness's. */
  readonly aheadMs: number;
  /** What the agent and the harness said since, in the order of the log. */
  readonly records: HistoryRecord[];
}

/** What courses are made of. */
type CourseRecord = RecordOf<
  | "agent.started"
  | "agent.state"
  | "agent.frozen"
  | "agent.checkpoint"
  | "agent.checkpoint-failed"
  | "agent.execution"
  | "witness.asked"
  | "witness.signal"
  | "witness.call"
  | "witness.resource"
>;

/** Follows the withdrawals of all agents. */
export class WithdrawalCourses {
  readonly #courses = new Map<string, WithdrawalCourse>();
  readonly #agentOf = new Map<string, string>();
  readonly #asked = new Map<string, RecordOf<"witness.asked">>();
  /** How many instances worked in vain, by agent: something was left, and it is tried again. */
  readonly #inVain = new Map<string, number>();

  see(record: CourseRecord): void {
    if (record.type === "agent.started") this.#agentOf.set(record.source, record.data.agentId ?? record.source);
    const agentId = record.actor === "agent" ? this.#agentOf.get(record.source) : agentOf(record);
    if (agentId === undefined) return;
    if (record.type === "witness.asked" && record.data.command === "withdraw") this.#wished(agentId, record);
    if (record.type === "agent.state" && record.data.to === "Withdrawing") this.#begun(agentId, record);
    this.#courses.get(agentId)?.records.push(record);
  }

  /** The course of an agent that withdraws now. */
  of(agentId: string): WithdrawalCourse | undefined {
    return this.#courses.get(agentId);
  }

  /** It has reported. */
  take({ data: { report } }: RecordOf<"agent.withdrawal">): WithdrawalCourse | undefined {
    const agentId = report.agentId ?? report.instanceId;
    const course = this.#courses.get(agentId);
    this.#courses.delete(agentId);
    this.#asked.delete(agentId);
    if (report.clean) this.#inVain.delete(agentId);
    else this.#inVain.set(agentId, course?.instances ?? 0);
    return course;
  }

  /** Ends a withdrawal no later than so long from a moment of the harness's clock. */
  hasten(course: WithdrawalCourse, { atMs, forMs }: { atMs: number; forMs: number }): void {
    const endsAtMs = atMs + course.aheadMs + forMs;
    if (course.endsAtMs === null || course.endsAtMs <= endsAtMs) return;
    course.earlier.push({ untilMs: atMs + course.aheadMs, share: shareOf({ ...course }) });
    course.endsAtMs = endsAtMs;
    course.hastenedAtMs = atMs + course.aheadMs;
  }

  #wished(agentId: string, record: RecordOf<"witness.asked">): void {
    const course = this.#courses.get(agentId);
    if (course === undefined) this.#asked.set(agentId, record);
    else if (record.data.deadlineMs !== undefined) {
      this.hasten(course, { atMs: record.at, forMs: record.data.deadlineMs });
    }
  }

  #begun(agentId: string, record: RecordOf<"agent.state">): void {
    const before = this.#courses.get(agentId);
    if (before !== undefined) {
      before.instances += 1;
      return;
    }
    const asked = this.#asked.get(agentId);
    const forMs = asked?.data.deadlineMs ?? agentLimits.withdrawDeadlineMs;
    this.#courses.set(agentId, {
      begun: record,
      endsAtMs: asked === undefined ? null : record.at + forMs,
      hastenedAtMs: 0,
      earlier: [],
      instances: 1 + (this.#inVain.get(agentId) ?? 0),
      aheadMs: record.at - (asked?.at ?? record.at),
      records: [],
    });
  }
}

function agentOf({ data }: CourseRecord): string | undefined {
  return "agentId" in data ? (data.agentId ?? undefined) : undefined;
}

/** When each step of a withdrawal that one instance carried out was over, by that instance's clock. */
export function endOfStep({ data: { report } }: RecordOf<"agent.withdrawal">, name: WithdrawalStep["step"]): number {
  let atMs = report.startedAt;
  for (const { step, durationMs } of report.steps) {
    atMs += durationMs;
    if (step === name) break;
  }
  return atMs;
}

/** When so large a share of the deadline is over; when it is brought forward, what is left is shared out anew. */
export function shareOf({ begun, endsAtMs, hastenedAtMs }: WithdrawalCourse): (share: number) => number {
  const fromMs = Math.max(hastenedAtMs, begun.at);
  return (share) => fromMs + ((endsAtMs ?? fromMs) - fromMs) * share;
}

/** The same by what the deadline was at a moment. */
export function shareThen(course: WithdrawalCourse, atMs: number): (share: number) => number {
  return course.earlier.find(({ untilMs }) => atMs < untilMs)?.share ?? shareOf(course);
}

export function hurriedBySignals({ records }: WithdrawalCourse): boolean {
  return records.filter(({ type }) => type === "witness.signal").length > 1;
}

import type { RunVerdict, Verdict } from "../../protocol/verdict.ts";
import type { ResidueVerdict } from "../../protocol/residue-report.ts";
import type { Outcome } from "../../protocol/suite.ts";
import type { JobsSummary } from "../figures/jobs.ts";
import type { FrozenTime } from "../figures/frozen-time.ts";
import type { LatencySeries } from "../figures/latencies.ts";
import type { AgentTimeline } from "../figures/timeline.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";

/** What a page is made of, as JSON within it. The elements that hold it are named in `pageElements`. */
export type PageData = RunPage | SuitePage | RunsPage;

/** The ids of a page's elements; `block` is followed by the block's number. */
export const pageElements = {
  ...{ data: "data", findings: "findings", lanes: "lanes", columns: "columns", block: "block-" },
} as const;

/** One run that has come to its end, or, with `follow`, one that goes on. */
export interface RunPage {
  readonly kind: "run";
  /** Its residue report is without its findings, which may be thousands: they are an element of their own. */
  readonly verdict: RunVerdict;
  readonly findings: number;
  /** One word for the whole run: `PASS`. */
  readonly word: string;
  readonly tone: Tone;
  /** What is wrong, one sentence each; the first of them. */
  readonly troubles: readonly string[];
  readonly lostEvidence: readonly string[];
  readonly figures: PageFigures;
  readonly history: HistoryHead;
  readonly runDirectory: string;
  /** Of a page that is served: where the list of all runs is. */
  readonly home?: string;
  /** Of a run that goes on: where its history comes from, as server-sent events. */
  readonly follow?: string;
}

export interface PageFigures {
  readonly latencies: readonly LatencySeries[];
  readonly frozen: FrozenTime | null;
  readonly jobs: JobsSummary;
  readonly withdrawals: readonly WithdrawalReport[];
  /** How long each agent was in which state; the spans are in the lanes. */
  readonly agents: readonly Pick<AgentTimeline, "instance" | "ending" | "states">[];
}

/** How the history lies in the page: columns of all events, and their texts in blocks that are read when they are looked at. */
export interface HistoryHead {
  readonly count: number;
  /** So many events are in a block, but for the last. */
  readonly blockEvents: number;
  /** When the run began, in ms since the epoch. */
  readonly beganAt: number;
  /** Which types and sources occur; a column names them by their places. */
  readonly types: readonly string[];
  readonly sources: readonly string[];
}

export type Tone = "good" | "bad" | "doubt";

/** All runs of one command. */
export interface SuitePage {
  readonly kind: "suite";
  readonly title: string;
  readonly tone: Tone;
  readonly startedAt: number;
  readonly tookMs: number;
  readonly stage: string;
  readonly rows: readonly SuiteRow[];
  /** The command that runs again what was not good; null where there is none. */
  readonly again: string | null;
}

export interface SuiteRow {
  readonly position: number;
  readonly scenario: string;
  /** `repeat 2 of 3`; empty where there is but one. */
  readonly where: string;
  readonly seed: string;
  readonly outcome: Outcome;
  readonly word: string;
  readonly tone: Tone | "faint";
  readonly residue: string;
  readonly freezeP99Ms: number | null;
  readonly withdrawalMs: number | null;
  readonly tookMs: number;
  /** In the order in which they were made. */
  readonly attempts: readonly { readonly run: string; readonly href: string | null; readonly exitCode: number }[];
  readonly trouble: string;
}

/** All runs that are stored, and how they went over time; served only. */
export interface RunsPage {
  readonly kind: "runs";
  readonly root: string;
  readonly runs: readonly StoredRunRow[];
  /** Where changes come from, as server-sent events. */
  readonly follow: string;
}

/** One stored run. What cannot be read of it is null. */
export interface StoredRunRow {
  readonly run: string;
  readonly scenario: string | null;
  readonly stage: string | null;
  /** Ms since the epoch. */
  readonly startedAt: number | null;
  readonly tookMs: number | null;
  /** `running` while no verdict is there and the history grows; `no verdict` when it does not any more. */
  readonly outcome: StoredOutcome;
  readonly exitCode: number | null;
  readonly lifecycle: Verdict | null;
  readonly residue: ResidueVerdict | null;
  /** How many differences count. */
  readonly findings: number | null;
  /** Of the freezes that were seen from outside, else of those that the agent told. */
  readonly freezeP99Ms: number | null;
  readonly withdrawalP99Ms: number | null;
  readonly note: string;
}

export type StoredOutcome = Outcome | "running" | "no-verdict";

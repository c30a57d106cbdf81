import type { Snapshot } from "../../../residue-scanner/scanner.ts";
import type { MadeCage } from "./made-cage.ts";

/** A thing that a job is told to leave outside its workspace, and the entry of the undo ledger that takes it away. */
export interface Leavable {
  readonly surface: "files" | "crontabs";
  /** A path, or the mark in a line. */
  readonly location: string;
  readonly undo: number;
}

/** What jobs of a run are told to try outside their workspaces. */
export interface Outside {
  /** Part of the name of everything. */
  readonly mark: string;
  readonly port: number;
  readonly leavable: readonly Leavable[];
  /** The places in question, before any job could reach them. */
  readonly before: Snapshot;
  readonly beganAtMs: number;
}

/** What a run knows of the hostile jobs that it has submitted. */
export class Hostile {
  /** The cages that the harness made, to be removed when it leaves. */
  readonly cages: string[] = [];
  readonly cageOf = new Map<string, MadeCage>();
  /** By the agent's name, everything that was seen of its jobs: start times by pid. */
  readonly watched = new Map<string, Map<number, string>>();
  /** By the agent's name, which driver it said that it has. */
  readonly drivers = new Map<string, string>();
  outside: Outside | undefined;
}

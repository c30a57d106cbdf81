import { basename } from "node:path";

import { type Digests, fileDigests } from "../attestation/digests.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { counted } from "../text/duration.ts";
import type { GatePolicy, GateRow } from "./policy.ts";
import { touchedHost } from "./run-check.ts";

/** A file to be released, as it is now. */
export interface ArtifactFile {
  /** Without folders. */
  readonly name: string;
  readonly digest: Digests;
}

/** @throws UsageError `unreadable` */
export async function readArtifact(path: string): Promise<ArtifactFile> {
  return { name: basename(path), digest: await fileDigests(path) };
}

/** That the files are those that the policy names, all of them and no others, and those that the runs tested. */
export function releasedArtifacts(
  required: GatePolicy["artifacts"],
  files: readonly ArtifactFile[],
  runs: readonly StoredRun[],
): GateRow[] {
  const unasked = files.filter(({ name }) => required.length > 0 && !required.some((one) => one.name === name));
  return [
    ...required.flatMap(({ name, sha256 }) => digestRows(name, sha256, files)),
    ...unasked.map(({ name }) => rowOf(name, "fail", "the policy names no such file")),
    ...files.flatMap((file) => testedRows(file, runs, required.length > 0)),
  ];
}

/** Of every file of that name: one in another folder is not passed over. */
function digestRows(name: string, sha256: string, files: readonly ArtifactFile[]): GateRow[] {
  const named = files.filter((one) => one.name === name);
  const subject = `${name} has the policy's digest`;
  if (named.length === 0) return [rowOf(subject, "fail", "it was not given; name it with --artifact FILE")];
  return named.map(({ digest }) =>
    digest.sha256 === sha256
      ? rowOf(subject, "pass", `sha256 ${sha256.slice(0, 16)}…`)
      : rowOf(subject, "fail", `its sha256 is ${digest.sha256}, and not ${sha256}`),
  );
}

/** Runs that say nothing of what they tested are enough only where the policy names no artifacts. */
function testedRows({ name, digest }: ArtifactFile, runs: readonly StoredRun[], required: boolean): GateRow[] {
  const subject = `${name} is what the runs tested`;
  const real = runs.filter(touchedHost);
  const silent = real.filter((run) => testedBy(run).length === 0);
  // One in virtual time need not say it; but one that names another file was run for that.
  const others = runs.filter((run) => testedBy(run).length > 0 && !testedBy(run).includes(digest.sha256));
  if (others.length > 0) return others.map((run) => rowOf(subject, "fail", "it tested another file", run.verdict.run));
  const seen = `${real.length - silent.length} of ${counted(real.length, "run")} with real processes say so`;
  if (silent.length === 0 && real.length > 0) return [rowOf(subject, "pass", seen)];
  return required ? [rowOf(subject, "unknown", `${seen}; name it in their configuration`)] : [];
}

/** The digests of what a run tested, by its own first record. */
export function testedBy({ history }: StoredRun): string[] {
  return history.flatMap((record) =>
    record.type === "run.started" ? (record.data.artifacts ?? []).map(({ sha256 }) => sha256) : [],
  );
}

function rowOf(subject: string, result: GateRow["result"], detail: string, run: string | null = null): GateRow {
  return { check: "artifact", subject, result, detail, run };
}

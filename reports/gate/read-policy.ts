import { readFileSync } from "node:fs";

import { isMap, isNode, isScalar, LineCounter, type Document, parseDocument } from "yaml";
import type * as z from "zod";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { type Digests, digestsOf } from "../attestation/digests.ts";
import { GatePolicy } from "./policy.ts";

export interface ReadPolicy {
  readonly policy: GatePolicy;
  /** As it was named on the command line. */
  readonly path: string;
  /** Of the file's very bytes. */
  readonly digest: Digests;
}

const bytesMax = 1024 * 1024;

/**
 * Reads a policy file, YAML 1.2 or JSON.
 *
 * @throws UsageError `policy-file`: every problem as `file:line:column: what`, with the nearest right name
 */
export function readPolicy(path: string): ReadPolicy {
  const bytes = readBytes(path);
  return { policy: parsePolicy(bytes.toString("utf8"), path), path, digest: digestsOf(bytes) };
}

/** The policy that a text says; `path` is what its problems are told by. */
export function parsePolicy(text: string, path: string): GatePolicy {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const told = (offset: number, what: string) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}: ${what}`;
  };
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) throw refused([told(broken.pos[0], `it is no YAML: ${broken.message}`)]);
  const parsed = GatePolicy.safeParse(plainOf(document, path));
  if (parsed.success) return parsed.data;
  throw refused(
    parsed.error.issues
      .flatMap((issue) => problemsOf(issue, document))
      .toSorted((one, other) => one.offset - other.offset)
      .map(({ offset, what }) => told(offset, what)),
  );
}

interface Problem {
  readonly offset: number;
  readonly what: string;
}

function problemsOf(issue: z.core.$ZodIssue, document: Document): Problem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ offset: keyOffset(document, path, key), what: unknownKey(key, path) }));
  }
  const value = document.getIn(path);
  return [{ offset: offsetOf(document, path), what: wordsFor(issue, path, value) }];
}

function wordsFor(issue: z.core.$ZodIssue, path: readonly (string | number)[], value: unknown): string {
  const name = path.filter((part) => typeof part === "string").at(-1) ?? "the policy";
  if (value === undefined) return `${name} is missing`;
  if (issue.code === "invalid_value") {
    const names = issue.values.map(String);
    const meant = nearest(JSON.stringify(value).replaceAll('"', ""), names);
    const hint = meant === undefined ? `it can be ${names.join(", ")}` : `did you mean ${meant}?`;
    return `${name} cannot be ${JSON.stringify(value)}; ${hint}`;
  }
  if (issue.code === "invalid_type" && issue.expected === "string" && typeof value === "number") {
    return `${name} is a text: put it in quotes`;
  }
  if (issue.code === "invalid_type") return `${name} must be ${article(issue.expected)}`;
  return issue.path.length === 0 ? issue.message : `${name}: ${issue.message}`;
}

function article(kind: string): string {
  if (kind === "array") return "a list";
  if (kind === "object") return "a mapping of names to values";
  if (kind === "string") return "a text";
  return kind === "int" ? "a whole number" : `a ${kind}`;
}

function unknownKey(key: string, path: readonly (string | number)[]): string {
  const names = keysAt(path);
  const meant = nearest(key, names);
  return `there is no ${key} here; ${meant === undefined ? `there is ${names.join(", ")}` : `did you mean ${meant}?`}`;
}

/** The keys that the schema knows at this place: of the policy itself, or of an entry of one of its lists. */
function keysAt([list]: readonly (string | number)[]): string[] {
  if (list === undefined) return Object.keys(GatePolicy.shape);
  const entries = {
    scenarios: GatePolicy.shape.scenarios.element,
    waivers: GatePolicy.shape.waivers.unwrap().element,
    latencies: GatePolicy.shape.latencies.unwrap().element,
    artifacts: GatePolicy.shape.artifacts.unwrap().element,
  } as const;
  return Object.keys(entries[list as keyof typeof entries]?.shape ?? {});
}

/** Where a value begins; where it is missing, what should hold it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: readonly (string | number)[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(map) ? map.items.find(({ key: node }) => isScalar(node) && String(node.value) === key) : undefined;
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : offsetOf(document, path);
}

/** An alias bomb is refused by the parser's own limit. */
function plainOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw refused([`${path}:1:1: it is no YAML: ${messageOf(error)}`], error);
  }
}

function readBytes(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read the policy ${path}: ${systemCode(error) ?? messageOf(error)}.`, {
      code: "policy-file",
      next: "Name the file with --policy FILE; docs/release-gate.yaml is an example.",
      cause: error,
    });
  }
  if (bytes.length <= bytesMax) return bytes;
  throw refused([`${path}:1:1: it has ${bytes.length} bytes, and a policy at most ${bytesMax}`]);
}

function refused(problems: readonly string[], cause?: unknown): UsageError {
  return new UsageError(`The policy cannot be used.\n${problems.join("\n")}\n`, {
    code: "policy-file",
    next: "docs/release-gate.md tells what can stand there.",
    cause,
  });
}

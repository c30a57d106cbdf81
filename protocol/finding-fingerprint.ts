import type { Finding } from "./residue-report.ts";

/**
 * What the same leftover of another run is known by again: its surface and place, without what is of one run alone.
 * Several findings may have one fingerprint; whoever needs them apart counts them.
 *
 * @param ownNames names that only this run has, such as its own
 */
export function findingFingerprint(
  { surface, change, subject, location }: Finding,
  ownNames: readonly string[],
): string {
  // A process's number says nothing of it, and its command is in its subject alone.
  const place = surface === "processes" ? subject.replace(/^process \d+:? */, "") : location;
  const unnamed = ownNames.filter((name) => name !== "").reduce((text, name) => text.replaceAll(name, "*"), place);
  return `${surface}/${change}:${drawn.reduce((text, pattern) => text.replaceAll(pattern, "*"), unnamed)}`;
}

/** What programs draw when they start: other ones in every run. */
const drawn: readonly RegExp[] = [
  // A UUID, and whatever else is written as many hexadecimal digits (a digest, an id).
  /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi,
  /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/gi,
  // The end of a name that mkdtemp(3) or mkstemp(3) made, where those usually make them.
  /(?<=^\/(?:var\/)?tmp\/(?:[^/]*[-._])?)[A-Za-z0-9]{6}(?=\/|$)/g,
  // Numbers of processes, inodes, ports and times, beside those of few digits, which are parts of names.
  /(?<![0-9a-z])\d{4,}(?![0-9a-z])/gi,
];

import { shellPath } from "./path-text.ts";

/** A line of a file that many may share. */
export interface SharedLine {
  readonly file: string;
  /** Without blanks around it, one character a byte. */
  readonly text: string;
  /** Where it stands, from 1. */
  readonly line: number;
  /** Whether the same line stands above it as well. */
  readonly isRepeated: boolean;
}

/**
 * The script for sed(1) that takes a line out, by its text: numbers are others once a line above is gone, and of several
 * commands of one report each is meant to be right whatever was run before.
 */
export function lineDeletion({ text, line, isRepeated }: Omit<SharedLine, "file">): string {
  const [, secretOf] = veiled.exec(text) ?? [];
  const address =
    secretOf === undefined ? `/^${blanks}${literally(text)}${blanks}$/` : `/^${blanks}${literally(secretOf)}/`;
  // What stands there twice, or is not known in full: that one, if it is still there.
  return shellPath(isRepeated || secretOf !== undefined ? `${line}{${address}d}` : `${address}d`);
}

/** The command that takes a line out of its file. */
export function lineRemoval(shared: SharedLine): string {
  return `sed -i ${lineDeletion(shared)} ${shellPath(shared.file)}`;
}

const blanks = "[[:space:]]*";
/** Of a file with secrets the rest of each line is known by its digest only. */
const veiled = /^([^:]*:)\(digest [0-9a-f]+\)$/;

/** A basic regular expression of POSIX. */
function literally(text: string): string {
  return text.replace(/[\\.*^$[\]/]/g, "\\$&");
}

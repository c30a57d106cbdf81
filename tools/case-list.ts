export interface Case {
  readonly number: number;
  /** The chapter of docs/cases.md that it stands in. */
  readonly chapter: string;
  /** What happens, without what must come of it and without its sources. */
  readonly words: string;
}

const arrow = " → ";

/**
 * The cases of docs/cases.md, in their order.
 *
 * @throws Error when they are not numbered from 1 on without a gap, as every citation of them expects
 */
export function readCases(document: string): Case[] {
  const cases: Case[] = [];
  let chapter = "";
  for (const line of document.split("\n")) {
    if (line.startsWith("## ")) chapter = line.slice(3);
    const [, number, text] = /^(\d+)\. (.+)$/.exec(line) ?? [];
    if (number === undefined || text === undefined) continue;
    if (Number(number) !== cases.length + 1) throw new Error(`Case ${number} follows case ${cases.length}`);
    const [before = text] = text.split(arrow);
    cases.push({ number: Number(number), chapter, words: before.replace(/ \[[^\]]*\].*$/, "").replace(/\.$/, "") });
  }
  return cases;
}

import { citedCases } from "./case-citations.ts";
import type { Case } from "./case-list.ts";

/** What names a case: a test, a scenario of the catalogue, or a property that the simulator judges every seed by. */
export interface Witness {
  readonly kind: "test" | "scenario" | "property";
  /** A test's title with those of its groups, or the name of the scenario or property. */
  readonly name: string;
  /** From the package's root. */
  readonly file: string;
  /** The sentence in which it names cases. */
  readonly cites: string;
}

export interface CaseRemarks {
  /** Cases that nothing tries, and why. */
  readonly leftOut: Readonly<Record<number, string>>;
  /** Of cases that are tried, what is not. */
  readonly inPart: Readonly<Record<number, string>>;
}

/**
 * docs/cases-tested.md: each case with what names it.
 *
 * @throws Error naming every case that is neither tested nor left out, is both, or does not exist. A property alone is
 *   no test: the simulator may or may not bring the case about.
 */
export function caseTable(cases: readonly Case[], witnesses: readonly Witness[], remarks: CaseRemarks): string {
  const byCase = new Map<number, Witness[]>(cases.map(({ number }) => [number, []]));
  const wrong: string[] = [];
  for (const witness of witnesses) {
    for (const number of citedCases(witness.cites)) {
      const listed = byCase.get(number);
      if (listed === undefined) wrong.push(`case ${number}, which ${witness.file} names, is none`);
      else if (!listed.some((one) => one.file === witness.file && one.name === witness.name)) listed.push(witness);
    }
  }
  for (const [number, named] of byCase) wrong.push(...disagreements(number, named, remarks));
  for (const number of [...Object.keys(remarks.leftOut), ...Object.keys(remarks.inPart)].map(Number))
    if (!byCase.has(number)) wrong.push(`case ${number}, which is remarked on, is none`);
  if (wrong.length > 0) throw new Error(`The tests and docs/cases.md disagree:\n  ${wrong.join("\n  ")}`);
  const left = Object.keys(remarks.leftOut).length;
  const part = Object.keys(remarks.inPart).length;
  const head = [
    "# Cases, and what tries them",
    "",
    `Written by \`npm run cases\` from what the titles of tests say, and the docstrings of scenarios and properties; a test fails when it is not current. What the simulator makes of each case is told in [another table](cases-covered.md).`,
    "",
    `Of the ${cases.length} [cases](cases.md) ${cases.length - left} are tried, ${part} of them in part, and ${left} are left out. A *property* is judged of every run in virtual time.`,
  ];
  return [...head, ...chapters(cases, byCase, remarks), ""].join("\n");
}

function disagreements(number: number, named: readonly Witness[], { leftOut, inPart }: CaseRemarks): string[] {
  const tried = named.some(({ kind }) => kind !== "property");
  if (!tried && leftOut[number] === undefined)
    return [`case ${number} is named by no test or scenario, and no reason says why (tools/case-remarks.ts)`];
  if (tried && leftOut[number] !== undefined)
    return [`case ${number} is called left out (tools/case-remarks.ts), and ${named[0]?.file} names it`];
  if (!tried && inPart[number] !== undefined) return [`case ${number} is called tried in part and left out`];
  return [];
}

function chapters(cases: readonly Case[], byCase: ReadonlyMap<number, readonly Witness[]>, remarks: CaseRemarks) {
  const lines: string[] = [];
  let chapter: string | null = null;
  for (const one of cases) {
    if (one.chapter !== chapter) {
      lines.push("", `## ${one.chapter}`, "", "| case | named by | what nothing tries |", "|---|---|---|");
      chapter = one.chapter;
    }
    const named = (byCase.get(one.number) ?? []).map(witnessCell);
    const missing = remarks.leftOut[one.number] ?? remarks.inPart[one.number] ?? "—";
    lines.push(`| ${one.number} ${cell(one.words)} | ${named.join("<br>") || "**left out**"} | ${cell(missing)} |`);
  }
  return lines;
}

function witnessCell({ kind, name, file }: Witness): string {
  if (kind !== "test") return `${kind} [\`${name}\`](../${file})`;
  return `${cell(name)} ([${file}](../${file}))`;
}

/** Text that stays in its cell and means nothing to Markdown. */
function cell(text: string): string {
  return text.replace(/[\\|<>*_~[\]]/g, (character) => `\\${character}`);
}

import * as z from "zod";

import type { Finding } from "../../protocol/residue-report.ts";
import { GateWaiver } from "./policy.ts";

/** What became of a waiver of the policy. */
export const WaiverUse = z.strictObject({
  ...GateWaiver.shape,
  state: z.enum(["used", "unused", "expired"]),
  /** How many findings or surfaces, over all runs, it covered, or would have if it had not expired. */
  covered: z.int().min(0),
});
export type WaiverUse = z.infer<typeof WaiverUse>;

/** The waivers of one policy on one day; counts what each of them covers. */
export class Waivers {
  readonly #entries: { readonly waiver: GateWaiver; readonly expired: boolean; readonly covered: Set<string> }[];

  /** @param nowMs a waiver holds until the end of its last day, in UTC */
  constructor(waivers: readonly GateWaiver[], nowMs: number) {
    const today = new Date(nowMs).toISOString().slice(0, 10);
    this.#entries = waivers.map((waiver) => ({ waiver, expired: waiver.expires < today, covered: new Set() }));
  }

  coversFinding(run: string, { id }: Finding): boolean {
    return this.#covers(`${run} ${id}`, ({ finding }) => finding !== undefined && patternOf(finding).test(id));
  }

  coversSurface(run: string, name: string): boolean {
    return this.#covers(`${run} ${name}`, ({ surface }) => surface === name);
  }

  /** What to say of something that only an expired waiver covers; empty where there is none. */
  expiredFor(run: string, id: string): string {
    const entry = this.#entries.find(({ expired, covered }) => expired && covered.has(`${run} ${id}`));
    return entry === undefined ? "" : `; ${entry.waiver.owner}'s waiver of it expired with ${entry.waiver.expires}`;
  }

  uses(): WaiverUse[] {
    return this.#entries.map(({ waiver, expired, covered }) => ({
      ...waiver,
      state: expired ? "expired" : covered.size > 0 ? "used" : "unused",
      covered: covered.size,
    }));
  }

  /** The first one that holds has it; those that expired are told what they would have covered. */
  #covers(key: string, fits: (waiver: GateWaiver) => boolean): boolean {
    const fitting = this.#entries.filter(({ waiver }) => fits(waiver));
    const holding = fitting.find(({ expired }) => !expired);
    for (const entry of holding === undefined ? fitting : [holding]) entry.covered.add(key);
    return holding !== undefined;
  }
}

/** As in the scanner's own policy files: `*` is anything but a slash, `**` anything. */
function patternOf(text: string): RegExp {
  const parts = text.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}

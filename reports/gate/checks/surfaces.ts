import { nearest } from "../../../foundation/nearest.ts";
import type { ResidueReport } from "../../../protocol/residue-report.ts";
import { type Objection, type RunCheck, touchedHost, unknown } from "../run-check.ts";

/**
 * That whoever found nothing had looked: every surface that the policy names was read, no surface was seen in part only,
 * and the kernel was heard all the while. *Partial* is never enough for a release.
 */
export const surfacesCheck: RunCheck = {
  check: "surfaces",
  subject: "every surface was wholly seen",
  concerns: touchedHost,
  judge({ verdict: { run, residue } }, { policy, waivers }) {
    // The check of residue says so.
    if (residue === null) return [];
    const unseen = [...unseenSurfaces(residue, policy.surfaces), ...unheard(residue, policy.recorder === "required")];
    return unseen.flatMap(({ name, why }): Objection[] => {
      if (waivers.coversSurface(run, name)) return [];
      return [unknown(`${name}: ${why}${waivers.expiredFor(run, name)}`)];
    });
  },
};

interface Unseen {
  /** As a waiver names it. */
  readonly name: string;
  readonly why: string;
}

function unseenSurfaces({ surfaces }: ResidueReport, required: readonly string[]): Unseen[] {
  const names = surfaces.map(({ surface }) => surface);
  const absent = required.filter((name) => !names.includes(name));
  return [
    ...absent.map((name) => ({ name, why: `it was not read${didYouMean(nearest(name, names))}` })),
    ...surfaces.flatMap(({ surface, status, detail }) =>
      status === "done" ? [] : [{ name: surface, why: `${status}, ${detail === "" ? "nobody says why" : detail}` }],
    ),
  ];
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? "" : `; did you mean ${name}?`;
}

function unheard({ recorder }: ResidueReport, required: boolean): Unseen[] {
  if (recorder === undefined) return required ? [{ name: "recorder", why: "nothing was recorded" }] : [];
  return recorder.flatMap(({ source, status, detail }) => {
    // Lost events make a verdict unknown whoever wanted them.
    if (status === "done" || (!required && status !== "lost")) return [];
    return [{ name: `recorder.${source}`, why: `${status}, ${detail === "" ? "nobody says why" : detail}` }];
  });
}

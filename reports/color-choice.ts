/** What decides about colour, strongest first. */
export interface ColorWishes {
  /** `--no-color` was given. */
  readonly refused: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: boolean;
}

/**
 * Whether to colour: `--no-color`, then FORCE_COLOR, then NO_COLOR (no-color.org: any value that is not empty), then
 * whether there is a terminal that can. FORCE_COLOR wins over NO_COLOR as it does for Node itself.
 */
export function wantsColor({ refused, environment, terminal }: ColorWishes): boolean {
  if (refused) return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  return terminal && environment["TERM"] !== "dumb";
}

export const faultClasses = ["none", "link", "host", "broker", "several"] as const;
export type FaultClass = (typeof faultClasses)[number];

/** Which kinds of faults are in force at this moment, for the coverage. */
export class ActiveFaults {
  readonly #counts = { link: 0, host: 0, broker: 0 };
  /** Index into `faultClasses`. */
  current = 0;

  apply(kind: "link" | "host" | "broker"): void {
    this.#counts[kind] += 1;
    this.#look();
  }

  undo(kind: "link" | "host" | "broker"): void {
    this.#counts[kind] -= 1;
    this.#look();
  }

  #look(): void {
    const { link, host, broker } = this.#counts;
    const kinds = (link > 0 ? 1 : 0) + (host > 0 ? 1 : 0) + (broker > 0 ? 1 : 0);
    if (kinds > 1) this.current = 4;
    else this.current = link > 0 ? 1 : host > 0 ? 2 : broker > 0 ? 3 : 0;
  }
}

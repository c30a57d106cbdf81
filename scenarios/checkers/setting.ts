/** What a scenario may tell a checker: plain data, so that it can be stored. */
export type CheckerSettings = Readonly<Record<string, number | string>>;

/** One thing that a checker can be told, under the name that it has in the checker's table. */
export interface Setting<
  Value extends number | string | null = number | string | null,
  Needed extends boolean = boolean,
> {
  /** What it is for, in a few words. */
  readonly says: string;
  /** What it can be, as a user reads it: `ms`, `a whole number from 1`, `one of Idle, Working`. */
  readonly takes: string;
  /** The names that it is one of, or several of; empty where it is a number. */
  readonly names: readonly string[];
  /** Without it the checker would prove nothing. */
  readonly needed: Needed;
  /** What holds where it is not told; of one that is needed only a stand-in. */
  readonly otherwise: Value;
  readonly isRight: (value: unknown) => boolean;
}

export type SettingTable = Readonly<Record<string, Setting>>;

/** What a checker works with: every setting of its table. */
export type Told<Table extends SettingTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never;
};

type NeededIn<Table extends SettingTable> = {
  [Name in keyof Table]: Table[Name] extends Setting<infer _Value, true> ? Name : never;
}[keyof Table];

/** What a scenario tells: what is needed, and what it likes of the rest. */
export type SettingsFor<Table extends SettingTable> = {
  readonly [Name in NeededIn<Table>]: NonNullable<Told<Table>[Name]>;
} & { readonly [Name in Exclude<keyof Table, NeededIn<Table>>]?: NonNullable<Told<Table>[Name]> };

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value);

/** So many at least, for the checker to have seen enough; 0 proves nothing unless there is something else to see. */
export function atLeast(otherwise: number, says: string): Setting<number, false> {
  const least = Math.min(1, otherwise);
  const isRight = (value: unknown) => isNumber(value) && Number.isInteger(value) && value >= least;
  return { says, takes: `a whole number from ${least}`, names: [], needed: false, otherwise, isRight };
}

/** A whole number from 0. */
export function count<Otherwise extends number | null>(
  says: string,
  otherwise: Otherwise,
): Setting<number | Otherwise, false> {
  return { ...atLeast(0, says), otherwise };
}

/** A time in milliseconds, or how much of something; with no bound only where it is not told. */
export function amount<Otherwise extends number | null>(
  says: string,
  { takes = "ms", otherwise }: { readonly takes?: string; readonly otherwise: Otherwise },
): Setting<number | Otherwise, false> {
  const isRight = (value: unknown) => isNumber(value) && value >= 0 && value < Infinity;
  return { says, takes, names: [], needed: false, otherwise, isRight };
}

/** A time in milliseconds without which the checker would prove nothing. */
export function neededMs(says: string): Setting<number, true> {
  const isRight = (value: unknown) => isNumber(value) && value > 0 && value < Infinity;
  return { says, takes: "ms", names: [], needed: true, otherwise: 0, isRight };
}

/** A whole number from 1 without which the checker would prove nothing. */
export function neededCount(says: string): Setting<number, true> {
  return { ...atLeast(1, says), needed: true };
}

/** 1 for yes. */
export function flag(says: string): Setting<number, false> {
  return { ...count(says, 0), takes: "0 or 1", isRight: (value) => value === 0 || value === 1 };
}

/** One of some names. */
export function neededName(names: readonly string[], says: string): Setting<string, true> {
  const isRight = (value: unknown) => typeof value === "string" && names.includes(value);
  return { says, takes: `one of ${names.join(", ")}`, names, needed: true, otherwise: "", isRight };
}

/** Several of some names, with commas between them. */
export function neededNames(names: readonly string[], says: string): Setting<string, true> {
  const isRight = (value: unknown) => typeof value === "string" && value.split(",").every((one) => names.includes(one));
  return { ...neededName(names, says), takes: `of ${names.join(", ")}, with commas between them`, isRight };
}

/** Everything that a checker works with: what it was told, and of the rest what holds otherwise. */
export function toldBy<Table extends SettingTable>(table: Table, settings: CheckerSettings): Told<Table> {
  const told: Record<string, number | string | null> = {};
  for (const name in table) told[name] = settings[name] ?? (table[name] as Setting).otherwise;
  return told as Told<Table>;
}

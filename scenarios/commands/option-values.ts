import { InvalidArgumentError } from "commander";

import type { Shard } from "../selection/shard.ts";

/** A whole number from 1 to `max`. */
export function whole(max: number): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > max) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    }
    return Number(text);
  };
}

/** A whole number from 0 to `max`. */
export function count(max: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,10}$/.test(text) || Number(text) > max) {
      throw new InvalidArgumentError(`It must be a whole number from 0 to ${max}.`);
    }
    return Number(text);
  };
}

/** `2/4`: the second of four. */
export function shard(text: string): Shard {
  const [, index, total] = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text) ?? [];
  if (index === undefined || Number(index) > Number(total)) {
    throw new InvalidArgumentError("It must be K/N, the Kth of N: 2/4.");
  }
  return { index: Number(index), total: Number(total) };
}

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

/** A time of at most a day, in seconds: `90`, `90s`, `1500ms`, `2m`, `1h`. */
export function seconds(text: string): number {
  const [, number, unit = "s"] = /^(\d+|\d*\.\d+)(ms|s|m|h)?$/.exec(text) ?? [];
  const value = Number(number) * (unitSeconds[unit] ?? Number.NaN);
  if (!(value > 0 && value <= 86_400)) {
    throw new InvalidArgumentError("It must be a time of at most a day: 90, 90s, 1500ms, 2m, 1h.");
  }
  return value;
}

/** Any text but none: `--seed "$(git rev-parse HEAD)"` outside a repository is nothing that somebody meant. */
export function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

export function oneOf(...names: string[]): (text: string) => string {
  return (text) => {
    if (!names.includes(text)) throw new InvalidArgumentError(`It must be ${names.join(" or ")}.`);
    return text;
  };
}

/** An option that may be given several times. */
export function collect(text: string, earlier: string[] = []): string[] {
  return [...earlier, text];
}

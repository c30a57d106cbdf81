import { InvalidArgumentError } from "commander";

/** A whole number from 1 to `max`. */
export function whole(max: number): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > max) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    }
    return Number(text);
  };
}

/** A number of seconds, at most a day. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError("It must be a number of seconds, at most a day.");
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
export function collect(text: string, earlier: string[]): string[] {
  return [...earlier, text];
}

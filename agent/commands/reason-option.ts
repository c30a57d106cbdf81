import { InvalidArgumentError, Option } from "commander";

import { reasonCharactersMax } from "../../protocol/control.ts";

/** Why the owner asks for it: goes to the broker and into the log. */
export function reasonOption(): Option {
  return new Option("--reason <text>", "for the broker and the log").argParser((text: string) => {
    if (text.length > reasonCharactersMax) {
      throw new InvalidArgumentError(`It may have ${reasonCharactersMax} characters, and has ${text.length}.`);
    }
    return text;
  });
}

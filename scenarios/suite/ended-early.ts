import { HouseguestError } from "../../foundation/errors.ts";

/** Something in a scenario ended the thread or the process that ran it: of that one nobody can tell, and the others go on. */
export class EndedEarly extends HouseguestError {
  override readonly name = "EndedEarly";

  constructor(scenario: string) {
    super(`${scenario} ended before it was done: something called process.exit(). It is not judged.`, {
      code: "ended-early",
      next: "Look at its file and what that imports.",
    });
  }
}

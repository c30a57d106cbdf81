import type { Mutant } from "../zoo/mutant.ts";

/** A bug in `planted/`, by its file's name of the scenario that finds it. */
export interface PlantedBug extends Mutant {
  /** It is in what the model does not have, so that its scenario finds it on a real host, and not in virtual time. */
  readonly onHost?: true;
}

import { during } from "./during.ts";
import { repeat } from "./repeat.ts";
import { together } from "./together.ts";
import { wait } from "./wait.ts";
import { waitUntil } from "./wait-until.ts";

/** The interpreters of what is the same on every stage. */
export const eitherStage = {
  together,
  during,
  repeat,
  wait,
  "wait-until": waitUntil,
} as const;

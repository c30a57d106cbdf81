import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { attempted } from "./attempted.mjs";

// A file in every directory that it was told of, none of which is its own.

export async function begin() {
  const places = JSON.parse(process.env.OUTSIDE_PLACES ?? "[]");
  const outcomes = places.map((directory) => {
    try {
      writeFileSync(join(directory, process.env.OUTSIDE_NAME ?? ""), "left by a job\n");
      return [directory, "done"];
    } catch (error) {
      return [directory, error.code];
    }
  });
  attempted(Object.fromEntries(outcomes));
}

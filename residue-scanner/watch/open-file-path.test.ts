import { closeSync, mkdirSync, openSync } from "node:fs";

import { expect, it, onTestFinished } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { openFilePath } from "./open-file-path.ts";

const long = "d".repeat(200);
const beyondPathMax = 4_200 / long.length;

it.runIf(process.platform === "linux")("is not told of a file that lies deeper than a path can say", () => {
  const top = temporaryDirectory();
  const opened: number[] = [];
  onTestFinished(() => opened.forEach(closeSync));
  const open = (path: string): number => {
    const descriptor = openSync(path, "r");
    opened.push(descriptor);
    return descriptor;
  };
  let at = open(top);
  expect(openFilePath(at)).toBe(top);
  for (let depth = 0; depth < beyondPathMax; depth += 1) {
    const below = `/proc/self/fd/${at}/${long}`;
    mkdirSync(below);
    at = open(below);
  }
  expect(openFilePath(at)).toBeNull();
});

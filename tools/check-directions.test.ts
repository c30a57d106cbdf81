import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Cruise, cruiseSources } from "./dependency-cruise.ts";

/** A house in which every rule is broken once: rule -> the file that breaks it and what it says. */
const offences: Record<string, { file: string; text: string }> = {
  "foundation-imports-nothing": { file: "foundation/a.ts", text: `import "zod";` },
  "foundation-tests-stay-at-home": { file: "foundation/b.test.ts", text: `import "../protocol/fine.ts";` },
  "protocol-is-the-wire": { file: "protocol/a.ts", text: `import "fastify";` },
  "protocol-tests-stay-at-home": { file: "protocol/b.test.ts", text: `import "../agent/main.ts";` },
  "agent-stands-alone": { file: "agent/io/a.ts", text: `import "../../broker-sim/main.ts";` },
  "broker-stands-alone": { file: "broker-sim/a.ts", text: `import type {} from "../agent/main.ts";` },
  "the-scanner-is-a-witness": { file: "residue-scanner/a.ts", text: `export * from "../agent/main.ts";` },
  "reports-read-records": { file: "reports/a.ts", text: `await import("../residue-scanner/main.ts");` },
  "the-page-runs-in-a-browser": { file: "reports/page/a.tsx", text: `import "node:fs";` },
  "nobody-imports-the-composition-root": { file: "agent/b.ts", text: `import "../scenarios/main.ts";` },
  "nobody-imports-the-workshop": { file: "scenarios/a.ts", text: `import "../tools/fine.ts";` },
  "core-stays-pure": { file: "agent/core/a.ts", text: `export { readFile } from "node:fs/promises";` },
  "core-knows-no-doors": { file: "broker-sim/core/a.ts", text: `import "../io/door.ts";` },
  "tests-are-not-parts": { file: "scenarios/b.ts", text: `import "./own.test.ts";` },
  "testing-doubles-stay-out-of-the-product": { file: "agent/c.ts", text: `import "./testing/double.ts";` },
  "product-needs-no-development-packages": { file: "reports/b.ts", text: `import "vitest";` },
  "no-unknown-packages": { file: "scenarios/c.ts", text: `import "left-pad";` },
  "no-dead-ends": { file: "scenarios/d.ts", text: `import "./gone.ts";` },
  "no-circles": { file: "scenarios/e.ts", text: `import "./f.ts";` },
  "rooms-have-rules": { file: "attic/a.ts", text: `import "../foundation/fine.ts";` },
};

const bystanders: Record<string, string> = {
  "scenarios/f.ts": `import "./e.ts";`,
  "agent/core/fine.ts": `import "../../protocol/fine.ts"; import "../sandbox/port.ts";`,
  "agent/core/fine.test.ts": `import "node:fs"; import "vitest"; import "../testing/double.ts";`,
  "protocol/fine.ts": `import "zod"; import "../foundation/fine.ts";`,
  "scenarios/fine.ts": `import "../agent/main.ts"; import "../reports/main.ts"; import "node:fs"; import "zod";`,
  "tools/fine.ts": `import "vitest"; import "../scenarios/fine.ts";`,
};

const empty = ["foundation/fine.ts", "agent/main.ts", "agent/testing/double.ts", "agent/sandbox/port.ts"];
empty.push("broker-sim/main.ts", "broker-sim/io/door.ts", "scenarios/main.ts", "scenarios/own.test.ts");
empty.push("residue-scanner/main.ts", "reports/main.ts");

let house: string;
let cruise: Cruise;

function put(path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  writeFileSync(join(house, path), text);
}

beforeAll(async () => {
  house = mkdtempSync(join(tmpdir(), "houseguest-directions-"));
  const root = resolve(import.meta.dirname, "..");
  for (const file of [".dependency-cruiser.mjs", "tsconfig.json", "package.json"]) {
    cpSync(join(root, file), join(house, file));
  }
  for (const name of ["zod", "fastify", "vitest", "left-pad"]) {
    put(`node_modules/${name}/package.json`, `{ "name": "${name}", "version": "1.0.0", "main": "index.js" }`);
    put(`node_modules/${name}/index.js`, "");
  }
  for (const { file, text } of Object.values(offences)) put(file, text);
  for (const [file, text] of Object.entries(bystanders)) put(file, text);
  for (const file of empty) put(file, "export {};");
  cruise = await cruiseSources(house);
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

describe("import directions", () => {
  test("every rule has an offence here", () => {
    expect(Object.keys(offences).toSorted()).toEqual([...cruise.rules.keys()].toSorted());
  });

  test.each(Object.entries(offences))("%s bites and says where to go instead", (rule, { file }) => {
    expect(cruise.violations.filter((each) => each.rule === rule).map((each) => each.from)).toContain(file);
    expect(cruise.rules.get(rule)).toMatch(/: .{20,}\.$/);
  });

  test("files that keep to the rules are left in peace", () => {
    const accused = cruise.violations.filter(({ rule }) => rule !== "no-circles").map(({ from }) => from);
    expect(Object.keys(bystanders).filter((file) => accused.includes(file))).toEqual([]);
  });

  test("every file is looked at", () => {
    const files = [...Object.values(offences).map((offence) => offence.file), ...Object.keys(bystanders), ...empty];
    expect(files.filter((file) => !cruise.modules.has(file))).toEqual([]);
  });
});

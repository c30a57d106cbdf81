import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, test } from "vitest";

import { reporterNames } from "../reports/reporter-names.ts";
import { catalog } from "../scenarios/catalog/catalog.ts";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const documents = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root })].map(
  (file) => [file, readFileSync(join(root, file), "utf8")] as const,
);
const scenarios = catalog.map(({ name }) => name);

/** Of the scenarios that the documents and examples define themselves. */
const examples = globSync("scenarios/examples/*.ts", { cwd: root }).map((file) =>
  readFileSync(join(root, file), "utf8"),
);
const ownNames = [...documents.map(([, text]) => text), ...examples].flatMap((text) =>
  [...text.matchAll(/\bname: "([a-z][\w-]*)"/g)].map(([, name = ""]) => name),
);

/** The words in backticks of a text. */
const quoted = (text: string): string[] => [...text.matchAll(/`([^`\s]+)`/g)].map(([, word = ""]) => word);

test("the README's table names every scenario of the catalogue, each once, and no other", () => {
  const [, table = ""] = /^\| name \| what it proves \|\n\|---\|---\|\n((?:\|.*\n)+)/m.exec(readme) ?? [];
  const named = table.split("\n").flatMap((row) => quoted(row.split("|")[1] ?? ""));
  expect(named.toSorted()).toEqual(scenarios.toSorted());
});

test("the README names every reporter, and no other", () => {
  const [, list = ""] = /`--reporter` takes (.*?), with commas or repeated/.exec(readme) ?? [];
  expect(quoted(list).toSorted()).toEqual([...reporterNames].toSorted());
});

describe.each(documents)("what somebody copies from %s", (_, text) => {
  test("runs scenarios that there are", () => {
    const commands = [
      ...text.matchAll(/\bscenarios run ((?:'[^']*'|[a-z][\w*-]*)(?: (?:'[^']*'|[a-z][\w*-]*))*)(?![\w*./-])/g),
    ];
    const words = commands.flatMap(([, names = ""]) => names.split(" ").map((name) => name.replaceAll("'", "")));
    const known = [...scenarios, "all", ...ownNames];
    const unknown = words.filter((word) => !known.some((name) => globOf(word).test(name)));
    expect(unknown).toEqual([]);
  });

  test("asks for reporters that there are", () => {
    const asked = [...text.matchAll(/--reporter(?:=| )([a-z][\w,=./-]*)/g)].flatMap(([, list = ""]) => list.split(","));
    const unknown = asked.map((one) => one.split("=")[0]).filter((one) => !reporterNames.some((name) => name === one));
    expect(unknown).toEqual([]);
  });
});

function globOf(word: string): RegExp {
  return new RegExp(
    `^${word
      .split("*")
      .map((part) => RegExp.escape(part))
      .join(".*")}$`,
  );
}

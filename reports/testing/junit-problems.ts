import { type ParsedElement, parseXml } from "./parse-xml.ts";

/** What may stand in an element; attributes that must be there end with an exclamation mark. */
interface Shape {
  readonly attributes: readonly string[];
  readonly children: readonly string[];
  /** Whether the children come in that order, each once at most. */
  readonly inOrder?: true;
  readonly text?: true;
}

const problem: Shape = { attributes: ["type", "message"], children: [], text: true };
const attempt: Shape = {
  ...{ attributes: ["type!", "message"], text: true },
  ...{ children: ["stackTrace", "system-out", "system-err"], inOrder: true },
};
const words: Shape = { attributes: [], children: [], text: true };

/** What the readers of Jenkins and Maven Surefire take: the rules of junit-10.xsd of Jenkins' xUnit plugin, as a table. */
const shapes: Readonly<Record<string, Shape>> = {
  testsuites: { attributes: ["name", "time", "tests", "failures", "errors"], children: ["testsuite"] },
  testsuite: {
    attributes: [
      ...["name!", "tests!", "failures!", "errors!", "skipped", "time", "timestamp", "hostname", "id", "package"],
      ...["group", "file", "log", "url"],
    ],
    children: ["testsuite", "properties", "testcase", "system-out", "system-err"],
  },
  properties: { attributes: [], children: ["property"] },
  property: { attributes: ["name!", "value!"], children: [] },
  testcase: {
    attributes: ["name!", "classname", "time", "group"],
    children: [
      ...["skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError"],
      ...["system-out", "system-err"],
    ],
  },
  ...{ skipped: problem, error: problem, failure: problem },
  ...{ rerunFailure: attempt, rerunError: attempt, flakyFailure: attempt, flakyError: attempt },
  ...{ stackTrace: words, "system-out": words, "system-err": words },
};

const counts = new Set(["tests", "failures", "errors", "skipped"]);

/**
 * Holds a JUnit document against what its readers take.
 *
 * @returns what is wrong with it, empty where nothing is
 */
export function junitProblems(document: string): string[] {
  const root = parseXml(document);
  return root.name === "testsuites" || root.name === "testsuite" ? problemsOf(root) : [`<${root.name}> is no root`];
}

function problemsOf(element: ParsedElement): string[] {
  const { name, attributes, children, text } = element;
  const shape = shapes[name];
  if (shape === undefined) return [`<${name}> is unknown`];
  const known = new Set(shape.attributes.map((one) => one.replace("!", "")));
  const missing = shape.attributes.filter((one) => one.endsWith("!") && !(one.slice(0, -1) in attributes));
  const places = children.map((child) => shape.children.indexOf(child.name));
  return [
    ...Object.entries(attributes).flatMap(([key, value]) => {
      if (!known.has(key)) return [`<${name}> has an attribute ${key}`];
      return isOfForm(name, key, value) ? [] : [`<${name}> has the ${key} ${JSON.stringify(value)}`];
    }),
    ...missing.map((one) => `<${name}> has no ${one.slice(0, -1)}`),
    ...children.filter((_, index) => places[index] === -1).map((child) => `<${name}> holds a <${child.name}>`),
    ...(shape.inOrder === true && places.some((place, index) => index > 0 && place <= (places[index - 1] ?? -1))
      ? [`<${name}> holds its parts in another order`]
      : []),
    ...(shape.text !== true && text.trim() !== "" ? [`<${name}> holds a text`] : []),
    ...children.flatMap(problemsOf),
  ];
}

function isOfForm(element: string, key: string, value: string): boolean {
  if (counts.has(key)) return /^\d+$/.test(value);
  if (key === "time") return /^\d+\.\d{3}$/.test(value);
  return key !== "timestamp" || element !== "testsuite" || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value);
}

import { junitShapes } from "./junit-schema.ts";
import { type ParsedElement, parseXml } from "./parse-xml.ts";

/** What the readers of Jenkins and Maven Surefire take. */
const shapes = junitShapes();

const counts = new Set(["tests", "failures", "errors", "skipped"]);

/**
 * Holds a JUnit document against the schema of Jenkins, and its values against what its readers can use.
 *
 * @returns what is wrong with it, empty where nothing is
 */
export function junitProblems(document: string): string[] {
  const root = parseXml(document);
  return root.name === "testsuites" || root.name === "testsuite" ? problemsOf(root) : [`<${root.name}> is no root`];
}

function problemsOf(element: ParsedElement): string[] {
  const { name, attributes, children, text } = element;
  const shape = shapes.get(name);
  if (shape === undefined) return [`<${name}> is unknown`];
  const missing = shape.required.filter((one) => !(one in attributes));
  const places = children.map((child) => shape.children.indexOf(child.name));
  return [
    ...Object.entries(attributes).flatMap(([key, value]) => {
      const form = shape.attributes.get(key);
      if (form === undefined) return [`<${name}> has an attribute ${key}`];
      return form?.test(value) !== false && isOfForm(name, key, value)
        ? []
        : [`<${name}> has the ${key} ${JSON.stringify(value)}`];
    }),
    ...missing.map((one) => `<${name}> has no ${one}`),
    ...children.filter((_, index) => places[index] === -1).map((child) => `<${name}> holds a <${child.name}>`),
    ...(shape.inOrder && places.some((place, index) => index > 0 && place <= (places[index - 1] ?? -1))
      ? [`<${name}> holds its parts in another order`]
      : []),
    ...(!shape.text && text.trim() !== "" ? [`<${name}> holds a text`] : []),
    ...children.flatMap(problemsOf),
  ];
}

/** Where the schema takes any text, what its readers can count and add up. */
function isOfForm(element: string, key: string, value: string): boolean {
  if (counts.has(key)) return /^\d+$/.test(value);
  if (key === "time") return /^\d+\.\d{3}$/.test(value);
  return key !== "timestamp" || element !== "testsuite" || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value);
}

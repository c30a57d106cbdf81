import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type ParsedElement, parseXml } from "./parse-xml.ts";

/** What may stand in an element. */
export interface Shape {
  /** Each with the form of its value; null for any. */
  readonly attributes: ReadonlyMap<string, RegExp | null>;
  /** Those of them that must be there. */
  readonly required: readonly string[];
  readonly children: readonly string[];
  /** Whether the children come in that order, each once at most. */
  readonly inOrder: boolean;
  readonly text: boolean;
}

/**
 * The elements of junit-10.xsd, as Jenkins' xUnit plugin has it (github.com/jenkinsci/xunit-plugin, 8c515de, MIT): a
 * reader of as much of XML Schema 1.0 as that file uses, which throws at whatever else it meets.
 */
export function junitShapes(): ReadonlyMap<string, Shape> {
  const source = readFileSync(join(import.meta.dirname, "junit-10.xsd"), "utf8")
    .replaceAll(/<!--.*?-->/gs, "")
    .replace(/^<\?xml.*?\?>/, '<?xml version="1.0" encoding="UTF-8"?>')
    .replaceAll(/(<\/?)xs:/g, "$1")
    .replace(/ xmlns:xs="[^"]*"/, "");
  const schema = parseXml(source);
  const types = named(schema, "complexType");
  const forms = new Map([...named(schema, "simpleType")].map(([name, type]) => [name, formOf(type)]));
  const shapes = new Map<string, Shape>();
  const take = (element: ParsedElement): void => {
    const { name = "", type } = element.attributes;
    const whole = type === undefined ? element.children[0] : types.get(type);
    shapes.set(name, whole === undefined ? plainText(type) : shapeOf(whole, forms));
    // Those that are declared where they are used.
    for (const local of whole === undefined ? [] : elementsIn(whole)) if ("name" in local.attributes) take(local);
  };
  for (const element of named(schema, "element").values()) take(element);
  return shapes;
}

function named({ children }: ParsedElement, kind: string): Map<string, ParsedElement> {
  return new Map(children.flatMap((one) => (one.name === kind ? [[one.attributes["name"] ?? "", one]] : [])));
}

function plainText(type: string | undefined): Shape {
  if (type !== "xs:string") throw new Error(`the type ${type} is not known`);
  return { attributes: new Map(), required: [], children: [], inOrder: false, text: true };
}

function shapeOf(type: ParsedElement, forms: ReadonlyMap<string, RegExp>): Shape {
  const attributes = type.children.filter(({ name }) => name === "attribute").map((one) => one.attributes);
  const particles = type.children.filter(({ name }) => name !== "attribute");
  const [particle] = particles;
  return {
    attributes: new Map(attributes.map(({ name = "", type: of = "" }) => [name, valueForm(of, forms)])),
    required: attributes.flatMap(({ name = "", use }) => (use === "required" ? [name] : [])),
    children: elementsIn(type).map(({ attributes: { ref, name } }) => ref ?? name ?? ""),
    inOrder:
      particle?.name === "sequence" &&
      particle.children.every((one) => one.name === "element" && one.attributes["maxOccurs"] !== "unbounded"),
    text: type.attributes["mixed"] === "true",
  };
}

function elementsIn({ children }: ParsedElement): ParsedElement[] {
  return children.flatMap((child) => {
    if (child.name === "element") return [child];
    if (child.name === "sequence" || child.name === "choice") return elementsIn(child);
    if (child.name === "attribute") return [];
    throw new Error(`<${child.name}> is not known`);
  });
}

function valueForm(type: string, forms: ReadonlyMap<string, RegExp>): RegExp | null {
  const form = forms.get(type);
  if (form !== undefined) return form;
  plainText(type);
  return null;
}

function formOf({ children: [restriction] }: ParsedElement): RegExp {
  const pattern = restriction?.children.find(({ name }) => name === "pattern")?.attributes["value"];
  if (pattern === undefined) throw new Error("a simple type without a pattern");
  return new RegExp(`^(?:${pattern})$`);
}

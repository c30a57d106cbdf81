import { stripTypeScriptTypes } from "node:module";

import { type AnyNode, type Expression, type Node, parse, type Program } from "acorn";

/** What leads to a value in plain data: fields and positions. */
export type DataPath = readonly PropertyKey[];

/**
 * The line of a source at which a value of its default export is written: as far along the path as the source shows it,
 * and where it does not (a value that is computed), the only place that holds that very text.
 *
 * @param text the value that is wrong, where it is a text, or the name of the field
 * @returns from 1; undefined when the source cannot be read at all
 */
export function lineOf(source: string, path: DataPath, text?: string): number | undefined {
  let program: Program;
  try {
    program = parse(withoutTypes(source), { ecmaVersion: "latest", sourceType: "module", locations: true });
  } catch {
    // Whatever is wrong with its grammar, Node has told by now, with its line.
    return undefined;
  }
  const reached = descend(program, path);
  if (!reached.isWhole && text !== undefined) {
    for (const part of [reached.node, program]) {
      const [only, other] = [...texts(part)].filter((node) => node.value === text);
      if (only !== undefined && other === undefined) return only.loc?.start.line;
    }
  }
  return reached.node.loc?.start.line;
}

/** Types become blanks, so that everything stays on its line. */
function withoutTypes(source: string): string {
  const emitWarning = process.emitWarning.bind(process);
  // That Node still calls this experimental is nothing that whoever mistyped a word has to hear.
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

interface Reached {
  readonly node: AnyNode;
  readonly isWhole: boolean;
}

function descend(program: Program, path: DataPath): Reached {
  const start = program.body.find((node) => node.type === "ExportDefaultDeclaration");
  if (start === undefined) return { node: program, isWhole: path.length === 0 };
  let node = plain(start.declaration, program);
  for (const [index, key] of path.entries()) {
    const next = typeof key === "number" ? element(node, key, program) : field(node, String(key));
    if (next === undefined) return { node, isWhole: false };
    // The whole of a field that is wrong as such stands where its name does.
    if (index === path.length - 1) return { node: next.at, isWhole: true };
    node = plain(next.value, program);
  }
  return { node, isWhole: true };
}

type Part = { readonly at: AnyNode; readonly value: AnyNode };

function element(node: AnyNode, index: number, program: Program): Part | undefined {
  const found = elements(node, program).at(index);
  return found === undefined || found === null ? undefined : { at: found, value: found };
}

/** The elements of a list up to the first spread of something whose length the source does not show. */
function elements(node: AnyNode, program: Program): (AnyNode | null)[] {
  const found: (AnyNode | null)[] = [];
  if (node.type !== "ArrayExpression") return found;
  for (const one of node.elements) {
    if (one?.type !== "SpreadElement") found.push(one);
    else {
      const list = plain(one.argument, program);
      if (list.type !== "ArrayExpression" || list.elements.some((inner) => inner?.type === "SpreadElement")) break;
      found.push(...list.elements);
    }
  }
  return found;
}

function field(node: AnyNode, name: string): Part | undefined {
  // A step that was made by a call holds what the call was given as its parameters.
  if (node.type === "CallExpression") {
    const [given] = node.arguments;
    return name === "parameters" && given !== undefined ? { at: given, value: given } : undefined;
  }
  if (node.type !== "ObjectExpression") return undefined;
  for (const property of node.properties.toReversed()) {
    if (property.type === "SpreadElement") {
      const inner = property.argument.type === "ObjectExpression" ? field(property.argument, name) : undefined;
      if (inner !== undefined) return inner;
    } else if (!property.computed && nameOf(property.key) === name) return { at: property, value: property.value };
  }
  return undefined;
}

const nameOf = (key: Expression | Node): string | undefined => {
  const node = key as AnyNode;
  if (node.type === "Identifier") return node.name;
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
};

/** What an expression comes to: a constant's value, what a function gives, what `defineScenario` was given. */
function plain(node: AnyNode, program: Program): AnyNode {
  if (node.type === "Identifier") {
    const value = constant(program, node.name);
    return value === undefined ? node : plain(value, program);
  }
  if (node.type === "CallExpression") {
    const [given] = node.arguments;
    const isDefinition = node.callee.type === "Identifier" && /^define[A-Z]/.test(node.callee.name);
    return isDefinition && given !== undefined ? plain(given, program) : node;
  }
  if (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression") {
    if (node.body.type !== "BlockStatement") return plain(node.body, program);
    const last = node.body.body.findLast((one) => one.type === "ReturnStatement");
    return last?.argument ? plain(last.argument, program) : node;
  }
  return node;
}

function constant(program: Program, name: string): AnyNode | undefined {
  for (const one of program.body) {
    const statement = one.type === "ExportNamedDeclaration" ? one.declaration : one;
    if (statement?.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      if (id.type === "Identifier" && id.name === name) return init ?? undefined;
    }
  }
  return undefined;
}

/** Every text and every name of a field in a part of the source. */
function* texts(node: unknown): Generator<{ value: string; loc?: Node["loc"] }> {
  if (Array.isArray(node)) for (const one of node) yield* texts(one);
  if (!isNode(node)) return;
  if (node.type === "Literal" && typeof node.value === "string") yield { value: node.value, loc: node.loc };
  if (node.type === "Property" && node.key.type === "Identifier") yield { value: node.key.name, loc: node.key.loc };
  for (const [name, inner] of Object.entries(node)) if (name !== "loc") yield* texts(inner);
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

import ts from "typescript";

const callers = new Set(["describe", "test", "it"]);
/** Members of a caller's chain under which nothing is ever run. */
const idle = new Set(["skip", "todo"]);

export interface TestTitle {
  /** From the outermost `describe` to this one's own title; `…` stands for what is only known when it runs. */
  readonly path: readonly string[];
}

/**
 * The titles of all tests in a file and of all groups (`describe`) in which there are any, in their order: `test(…)`,
 * `test.each(…)(…)`, `describe.skipIf(…)(…)` and the like. What is skipped for good, or still to do, is left out with
 * all that is in it.
 */
export function testTitles(source: string): TestTitle[] {
  const file = ts.createSourceFile("tests.ts", source, ts.ScriptTarget.Latest);
  return titlesIn(file, []);
}

function titlesIn(node: ts.Node, groups: readonly string[]): TestTitle[] {
  const found: TestTitle[] = [];
  ts.forEachChild(node, (child) => {
    const call = titledCall(child);
    if (call === null) found.push(...titlesIn(child, groups));
    if (call === null || call.idle) return;
    const path = [...groups, call.title];
    const inside = titlesIn(child, path);
    if (call.caller !== "describe" || inside.length > 0) found.push({ path }, ...inside);
  });
  return found;
}

interface TitledCall {
  readonly caller: string;
  readonly title: string;
  readonly idle: boolean;
}

/** A call of `test`, `it` or `describe`, through whatever of their members, with a title as its first argument. */
function titledCall(node: ts.Node): TitledCall | null {
  if (!ts.isCallExpression(node)) return null;
  const title = titleOf(node.arguments[0]);
  if (title === null) return null;
  const members: string[] = [];
  let callee: ts.Expression = node.expression;
  while (!ts.isIdentifier(callee)) {
    if (ts.isPropertyAccessExpression(callee)) members.push(callee.name.text);
    else if (!ts.isCallExpression(callee)) return null;
    callee = callee.expression;
  }
  return callers.has(callee.text) ? { caller: callee.text, title, idle: members.some((one) => idle.has(one)) } : null;
}

function titleOf(argument: ts.Expression | undefined): string | null {
  if (argument === undefined) return null;
  if (ts.isStringLiteralLike(argument)) return argument.text;
  if (!ts.isTemplateExpression(argument)) return null;
  return [argument.head.text, ...argument.templateSpans.map((span) => span.literal.text)].join("…");
}

/**
 * Calls that only say something: marks for the coverage, lines of the log. Nothing decides by them, so no property sees
 * whether they are there.
 */
const words = new Set(["sometimes", "turn.log"]);

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "words",
    value: {
      /** @param {{ isExpressionStatement(): boolean, node: any }} path */
      shouldIgnore(path) {
        if (!path.isExpressionStatement() || path.node.expression.type !== "CallExpression") return undefined;
        const { callee } = path.node.expression;
        const name = callee.type === "MemberExpression" ? `${callee.object.name}.${callee.property.name}` : callee.name;
        return words.has(name) ? "It says something, and nothing decides by it." : undefined;
      },
    },
  },
];

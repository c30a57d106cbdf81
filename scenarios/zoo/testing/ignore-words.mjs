/**
 * What only says something, or only asks whether the rest is right: marks for the coverage, lines of the log, what fills
 * a sentence, assertions, and the branch that no value reaches. No property can see them change, for nothing is decided
 * by them while the rest is right. The same holds of a function called `assert…`: it consists of assertions and what
 * they compare, changes nothing, and returns nothing.
 */
const words = new Set(["sometimes", "turn.log", "assert", "unreachable"]);

const reason = "It says something, or asserts what holds, and nothing is decided by it.";

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "words",
    value: {
      /** @param {{ node: any }} path of Babel's */
      shouldIgnore({ node }) {
        return isWords(node) ? reason : undefined;
      },
    },
  },
];

function isWords(node) {
  switch (node.type) {
    case "TemplateLiteral":
      return true;
    case "FunctionDeclaration":
      return isAssertion(node.id?.name);
    case "ClassMethod":
      return isAssertion(node.key.name);
    case "ExpressionStatement":
      return node.expression.type === "CallExpression" && isWord(nameOf(node.expression.callee));
    case "ReturnStatement":
      return node.argument?.type === "CallExpression" && nameOf(node.argument.callee) === "unreachable";
    case "IfStatement":
      return node.alternate === null && isWords(node.consequent);
    case "BlockStatement":
    case "SwitchCase": {
      const statements = node.type === "BlockStatement" ? node.body : node.consequent;
      return statements.length > 0 && statements.every(isWords);
    }
    default:
      return false;
  }
}

function isWord(name) {
  return words.has(name) || isAssertion(name);
}

function isAssertion(name) {
  return /^assert[A-Z]/.test(name ?? "");
}

function nameOf(callee) {
  return callee.type === "MemberExpression" ? `${callee.object.name}.${callee.property.name}` : callee.name;
}

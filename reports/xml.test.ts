import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseXml } from "./testing/parse-xml.ts";
import { xmlDocument } from "./xml.ts";

const legal = fc
  .string({ unit: "binary" })
  .filter((text) => /^[\t\n\r\x20-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(text));

describe("a document", () => {
  test("is well-formed whatever a job wrote", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("]]>", "<![CDATA[", "&#0;", "\0", "\ud800", "\x1b[0m", "\uffff"),
    );
    fc.assert(
      fc.property(nasty, nasty, (text, value) => {
        const document = xmlDocument({
          name: "a",
          attributes: { b: value },
          children: [{ name: "c", children: [text] }],
        });
        expect(parseXml(document).children).toHaveLength(1);
      }),
    );
  });

  test("gives back what XML can hold, byte for byte", () => {
    fc.assert(
      fc.property(legal, legal, (text, value) => {
        const root = parseXml(xmlDocument({ name: "a", attributes: { b: value }, children: [text] }));
        expect(root).toMatchObject({ attributes: { b: value }, text });
      }),
    );
  });

  test("shows what XML cannot hold as an escape", () => {
    expect(parseXml(xmlDocument({ name: "a", children: ["bell \x07, escape \x1b"] })).text).toBe(
      "bell \\u0007, escape \\u001b",
    );
  });
});

describe("the reader of these tests refuses", () => {
  const document = (body: string) => `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
  test.for([
    ["a control character", "<a>\x07</a>", "does not allow"],
    ["a reference to one", "<a>&#7;</a>", "no legal character"],
    ["an unknown entity", "<a>&nbsp;</a>", "not known"],
    ["a bare ampersand", "<a>fish & chips</a>", "not known"],
    ["the end of a section in text", "<a>]]></a>", "]]>"],
    ["a bare less-than in an attribute", '<a b="<"/>', "not well-formed"],
    ["the same attribute twice", '<a b="1" b="2"/>', "twice"],
    ["crossed elements", "<a><b></a></b>", "closes"],
    ["an element that is never closed", "<a>", "never closed"],
    ["two roots", "<a/><b/>", "exactly one root"],
    ["text after the root", "<a/>x", "outside the root"],
    ["a quote in an attribute", '<a b="""/>', "not well-formed"],
  ] as const)("%s", ([, body, complaint]) => {
    expect(() => parseXml(document(body))).toThrow(complaint);
  });
});

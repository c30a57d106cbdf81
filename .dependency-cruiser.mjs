/**
 * Which room may import which (ARCHITECTURE.md draws it). A rule's comment is the message of its violation: it says
 * where to go instead. `npm run directions` checks them, and that every source file was looked at.
 */
const rooms = [
  "foundation",
  "protocol",
  "agent",
  "broker-sim",
  "residue-scanner",
  "scenarios",
  "reports",
  "bench",
  "tools",
];

/** @param {string[]} names */
const inRooms = (...names) => `^(${names.join("|")})/`;
/** @param {string[]} allowed */
const roomsBut = (...allowed) => inRooms(...rooms.filter((room) => !allowed.includes(room)));

const tests = "\\.test\\.ts$";
const pure = "^(protocol/|[^/]+/core/|scenarios/simulator/)";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "foundation-imports-nothing",
      comment:
        "foundation/ stands on nothing: write the few lines yourself (docs/adr/0001), or move the file to the room that needs the import.",
      severity: "error",
      from: { path: "^foundation/", pathNot: tests },
      to: { pathNot: "^foundation/" },
    },
    {
      name: "foundation-tests-stay-at-home",
      comment:
        "A test in foundation/ may use Node and the test tools, but no other room: move it beside the code it tests.",
      severity: "error",
      from: { path: `^foundation/.*${tests}` },
      to: { path: roomsBut("foundation") },
    },
    {
      name: "protocol-is-the-wire",
      comment:
        "protocol/ holds what both sides of a wire agree on and stands on foundation/ and zod only: keep code that acts in the room that acts.",
      severity: "error",
      from: { path: "^protocol/", pathNot: tests },
      to: { pathNot: "^(protocol|foundation)/|(^|/)node_modules/zod/" },
    },
    {
      name: "protocol-tests-stay-at-home",
      comment:
        "A test in protocol/ knows foundation/ and protocol/ only: a test of how a room uses them belongs to that room.",
      severity: "error",
      from: { path: `^protocol/.*${tests}` },
      to: { path: roomsBut("foundation", "protocol") },
    },
    {
      name: "agent-stands-alone",
      comment:
        "agent/ knows protocol/ and foundation/ only, and meets the broker on the wire: put what both need into protocol/, and what drives both into scenarios/.",
      severity: "error",
      from: { path: "^agent/" },
      to: { path: roomsBut("agent", "protocol", "foundation") },
    },
    {
      name: "broker-stands-alone",
      comment:
        "broker-sim/ knows protocol/ and foundation/ only, and meets the agent on the wire: put what both need into protocol/, and what drives both into scenarios/.",
      severity: "error",
      from: { path: "^broker-sim/" },
      to: { path: roomsBut("broker-sim", "protocol", "foundation") },
    },
    {
      name: "the-scanner-is-a-witness",
      comment:
        "residue-scanner/ must not know whom it judges: read the host itself, take records from protocol/, and let scenarios/ tell it markers and paths.",
      severity: "error",
      from: { path: "^residue-scanner/" },
      to: { path: roomsBut("residue-scanner", "protocol", "foundation") },
    },
    {
      name: "reports-read-records",
      comment:
        "reports/ is derived from records alone, so that it can be derived again: read the history and verdict through protocol/, and add to the record what is missing.",
      severity: "error",
      from: { path: "^reports/" },
      to: { path: roomsBut("reports", "protocol", "foundation") },
    },
    {
      name: "the-page-runs-in-a-browser",
      comment:
        "reports/page/ is bundled for a browser, which has neither Node nor files: work it out in reports/html/ and hand it over in page-data.ts, or put what both need into reports/figures/ or reports/text/.",
      severity: "error",
      from: { path: "^reports/page/", pathNot: tests },
      to: {
        pathNot: "^(reports/(page|figures|text|suite)|protocol|foundation)/|(^|/)node_modules/preact/",
      },
    },
    {
      name: "nobody-imports-the-composition-root",
      comment:
        "scenarios/ is where everything is put together: pass what you need down from there instead of reaching up.",
      severity: "error",
      from: { path: roomsBut("scenarios", "bench", "tools") },
      to: { path: "^scenarios/" },
    },
    {
      name: "nobody-imports-the-workshop",
      comment: "tools/ and bench/ serve the people who work on this: product code and its tests must run without them.",
      severity: "error",
      from: { path: roomsBut("tools", "bench") },
      to: { path: inRooms("tools", "bench") },
    },
    {
      name: "core-stays-pure",
      comment:
        "core/, simulator/ and protocol/ decide and touch nothing, or the simulator could not run them: return an effect and let io/ carry it out with node:*.",
      severity: "error",
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "core-knows-no-doors",
      comment:
        "core/ never imports its own room's io/, sandbox/, collectors/, watch/ or entry files: declare a port in core/ and pass the real thing in from main.",
      severity: "error",
      from: { path: "^([^/]+)/core/", pathNot: tests },
      to: { path: "^$1/", pathNot: "^$1/(core/|sandbox/port\\.ts$)" },
    },
    {
      name: "tests-are-not-parts",
      comment: "Nothing imports a test file: move what two tests share into a file of its own in testing/.",
      severity: "error",
      from: {},
      to: { path: "\\.test\\.ts$" },
    },
    {
      name: "testing-doubles-stay-out-of-the-product",
      comment:
        "Only tests and benchmarks import from testing/: what the product needs too belongs into a production file.",
      severity: "error",
      from: { pathNot: `${tests}|\\.contract\\.ts$|(^|/)testing/|^bench/` },
      to: { path: "(^|/)testing/" },
    },
    {
      name: "product-needs-no-development-packages",
      comment: "The product runs on `dependencies` alone: move the package there, or the import into a test.",
      severity: "error",
      from: {
        path: inRooms("foundation", "protocol", "agent", "broker-sim", "residue-scanner", "scenarios", "reports"),
        // What the page imports is in its bundle when it runs.
        pathNot: `${tests}|\\.contract\\.ts$|(^|/)testing/|^reports/page/`,
      },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm"] },
    },
    {
      name: "no-unknown-packages",
      comment:
        "Every package stands in package.json with its exact version: add it there, or import one that is there.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "rooms-have-rules",
      comment:
        "This folder is no room yet: give it a rule in .dependency-cruiser.mjs, or put the file into the room that it serves.",
      severity: "error",
      from: { path: "^[^/]+/", pathNot: `${inRooms(...rooms, "bin")}|(^|/)node_modules/` },
      to: {},
    },
    {
      name: "no-dead-ends",
      comment: "The import leads nowhere: mend the path (with its .ts ending), or add the package to package.json.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-circles",
      comment:
        "Two files that import each other are one file in two halves: move what both need into a third, below them.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "(^|/)node_modules/" },
    exclude: { path: "^(\\.scenarios|coverage|reports/page/built)/|^[^/]+\\.(c?js|mjs)$" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".mjs", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};

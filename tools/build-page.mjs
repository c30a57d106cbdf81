// `npm run build:page`, and the last thing that `npm ci` does: bundles the report's page from reports/page, unless what
// is there was made of the same sources.
//
// Not on first use: that would write into this folder in the middle of a run that looks at the whole host. Not
// committed: nobody reads the diff of a bundle. This runs on whatever Node has run npm.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, "reports/page/built");
const stamp = join(built, "sources.sha256");
/** Whatever the page may be made of. */
const rooms = ["reports/page", "reports/figures", "reports/text", "reports/suite", "protocol", "foundation"];
const packages = ["vite", "preact"];

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensurePage();

/** Builds the page where that is needed and possible. */
export async function ensurePage() {
  if (isPageCurrent()) return;
  if (!existsSync(join(root, "node_modules/vite"))) {
    console.error("The reports' page is not built, because vite is not here (--omit=dev). `--reporter html` needs it.");
    return;
  }
  const { script, style } = await bundle();
  mkdirSync(built, { recursive: true });
  put(join(built, "page.js"), script);
  put(join(built, "page.css"), style);
  // Last, so that a build that broke off is no build.
  put(stamp, sourcesDigest());
}

/** @param {string} path @param {string} text */
function put(path, text) {
  // Somebody may be reading the old one.
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, path);
}

function isPageCurrent() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === sourcesDigest();
}

function sourcesDigest() {
  const hash = createHash("sha256");
  for (const file of ["tools/build-page.mjs", ...rooms.flatMap(sourcesIn)]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  for (const name of packages) hash.update(`${name} ${versionOf(name)}\0`);
  return hash.digest("hex");
}

/** @param {string} room */
function sourcesIn(room) {
  const files = readdirSync(join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.(ts|tsx|css)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
  return files.sort();
}

/** @param {string} name */
function versionOf(name) {
  const manifest = join(root, "node_modules", name, "package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : "none";
}

async function bundle() {
  const { build } = await import(pathToFileURL(join(root, "node_modules/vite/dist/node/index.js")).href);
  const result = await build({
    ...{ root, configFile: false, envFile: false, logLevel: "error", publicDir: false },
    define: { "process.env.NODE_ENV": '"production"' },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      ...{ write: false, target: "es2023", cssTarget: "chrome111", minify: true, modulePreload: false },
      lib: { entry: join(root, "reports/page/main.tsx"), formats: ["iife"], name: "page", cssFileName: "page" },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap(({ output }) => output);
  const script = outputs.find(({ type }) => type === "chunk")?.code;
  const style = outputs.find(({ fileName }) => fileName.endsWith(".css"))?.source;
  if (script === undefined || style === undefined) throw new Error("The bundle has no script or no style.");
  // Either would end the element that it stands in (HTML, 4.12.1.3).
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style))
    throw new Error("The bundle would end its own element.");
  return { script, style };
}

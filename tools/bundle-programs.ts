import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { build, type Plugin, type Rolldown } from "vite";

const root = resolve(import.meta.dirname, "..");

/**
 * What is loaded by its place, and not by an import: the programs, their threads, what they start or lend, and the
 * double of the agent that the tests start hundreds of times.
 */
const entries = [
  "agent/cli.ts",
  "agent/testing/crashing-agent.ts",
  "broker-sim/cli.ts",
  "residue-scanner/cli.ts",
  "residue-scanner/collectors/files/walk-worker.ts",
  "residue-scanner/collectors/mount-table-worker.ts",
  "residue-scanner/watch/recorder-worker.ts",
  "scenarios/cli.ts",
  "scenarios/faults/link/link-thread.ts",
  "scenarios/houseguest.ts",
  "scenarios/reports.ts",
  "scenarios/simulating/simulation-worker.ts",
  "scenarios/suite/host-worker.ts",
  "scenarios/suite/sim-worker.ts",
  "scenarios/watchdog/undo-for.ts",
];

/** Made of many small files, or needed by all; the others are loaded from where they are. */
const packages = ["commander", "croner", "zod"];

/**
 * Puts the five programs into a few files, which Node has ready in a fifth of the time of the hundreds that they are
 * made of: the tests start them thousands of times. `bin/bundled.mjs` is who loads them.
 *
 * @param folder is made, and holds nothing else
 */
export async function bundlePrograms(folder: string): Promise<void> {
  mkdirSync(folder);
  // Before the sources are read: whatever is changed from here on is newer than the bundle.
  const madeAtMs = Date.now();
  await build({
    ...{ root, configFile: false, envDir: false, logLevel: "error", publicDir: false },
    plugins: [whereItWas(folder), listing(folder, madeAtMs)],
    ssr: { noExternal: packages, external: true },
    build: {
      ...{ ssr: true, outDir: folder, emptyOutDir: false, target: "esnext", minify: false, sourcemap: true },
      rolldownOptions: {
        input: Object.fromEntries(entries.map((entry) => [entry.replace(/\.ts$/, ""), join(root, entry)])),
        output: {
          ...{ entryFileNames: "[name].mjs", chunkFileNames: "chunks/[name]-[hash].mjs", keepNames: true },
          sourcemapExcludeSources: true,
        },
      },
    },
  });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

const isOwn = (id: string): boolean =>
  id.startsWith(`${root}/`) && !id.includes("/node_modules/") && id.endsWith(".ts");

/** Writes down of what each entry was made. */
function listing(folder: string, madeAtMs: number): Plugin {
  return {
    name: "listing",
    writeBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk" || !chunk.isEntry) continue;
        const sources = chunksOf(chunk, bundle).flatMap(({ moduleIds }) => moduleIds.filter(isOwn));
        // As `BundleList` in bin/bundled.mjs has it.
        const list = { root, madeAtMs, sources: sources.map((id) => relative(root, id)) };
        writeFileSync(join(folder, chunk.fileName.replace(/\.mjs$/, ".json")), JSON.stringify(list));
      }
    },
  };
}

/** The chunk, and all that it may load. */
function chunksOf(entry: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle): Rolldown.OutputChunk[] {
  const found = new Set<Rolldown.OutputChunk>();
  const pending = [entry.fileName];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const chunk = bundle[name];
    if (chunk?.type !== "chunk" || found.has(chunk)) continue;
    found.add(chunk);
    pending.push(...chunk.imports, ...chunk.dynamicImports);
  }
  return [...found];
}

/** Modules know their place by `import.meta`: of those of the bundle it is the source's, and of its entries their new one. */
function whereItWas(folder: string): Plugin {
  const own = /(["'])((?:\.{1,2}\/)?[\w./-]+\.ts)\1/g;
  const moved = new Map(
    entries.map((entry) => [join(root, entry), pathToFileURL(join(folder, entry.replace(/\.ts$/, ".mjs"))).href]),
  );
  return {
    name: "where-it-was",
    enforce: "pre",
    transform(code, id) {
      if (!isOwn(id) || !code.includes("import.meta.")) return null;
      const placed = code
        .split("\n")
        .map((line) =>
          /\bfrom "|\bimport\(/.test(line)
            ? line
            : line.replace(own, (word: string, _quote: string, path: string) => {
                const url = moved.get(resolve(dirname(id), path));
                return url === undefined ? word : JSON.stringify(url);
              }),
        )
        .join("\n")
        .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(id).href))
        .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(id)))
        .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(id));
      // Each line is where it was, so that the map of the sources stays right.
      return { code: placed, map: null };
    },
  };
}

import type { CorpusItem, CorpusSection } from "../item.ts";
import { itemOf } from "../pairs.ts";
import { filePairs } from "../pairs/files.ts";
import { helperPairs } from "../pairs/helpers.ts";
import { kernelPairs } from "../pairs/kernel.ts";
import { programPairs } from "../pairs/programs.ts";

const atTheSamePlace: readonly CorpusItem[] = [
  {
    name: "by-inbox",
    what: "a directory that is renamed and made anew, in which the job had left a file",
    act: String.raw`I="$W/p/y-inbox"; [ -d "$I/in" ] || I="$D"; mkdir -p "$I/in"; tries=0; until [ -e "$I/in/x" ] || [ $tries -gt 200 ]; do tries=$((tries + 1)); sleep 0.05; done; echo own > "$I/in/own"; mv "$I/in" "$I/in.1"; mkdir "$I/in"; echo new > "$I/in/new"`,
    undo: ":",
    traces: [{ text: "$W/p/y-inbox/in.1/own" }, { text: "$W/p/y-inbox/in/new" }],
  },
  {
    name: "by-rewritten",
    what: "a file written anew into which the job puts a line",
    sharedBecause: "Both write one file anew.",
    act: String.raw`F="$W/p/y-rewritten"; [ -d "$F" ] || F="$D"; { cat "$F/conf" 2>/dev/null || :; echo "$N"; } > "$F/conf.other"; mv "$F/conf.other" "$F/conf"`,
    undo: ":",
    traces: [{ surface: "files", text: "$W/p/y-rewritten/conf" }],
  },
];

/** What the job does in the same way at the same time, or at the same place. */
export const sideBySideBackground: CorpusSection = {
  surface: "others side by side with the job",
  items: [
    ...[...filePairs, ...programPairs, ...helperPairs, ...kernelPairs].map((pair) => itemOf(pair, "other")),
    ...atTheSamePlace,
  ],
};

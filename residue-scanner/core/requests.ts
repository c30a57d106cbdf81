import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import { type DelegateFamily, delegateFamilyOf, isClientOf } from "./delegates.ts";
import type { CrontabFact } from "./fact.ts";
import { likenessOf, scriptLikeness } from "./crontab-command.ts";
import { type RecordedWitness, namedOf, showProcess } from "./recorded-witness.ts";
import { combined, ofWhom } from "./combined-roles.ts";
import { showPath, showText } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import type { RecordedProcess } from "./recording.ts";
import { isPutting } from "./touch-attribution.ts";

export interface RequestKnowledge {
  readonly run: RecordedRun;
  readonly witness: () => RecordedWitness;
  /** Lines of crontabs that were there before the run, and those that are there now. */
  readonly crontabsBefore: readonly CrontabFact[];
  readonly crontabsAfter: readonly CrontabFact[];
}

/** One sign of who asked a daemon for something. */
interface Sign {
  readonly to: AttributionTarget;
  readonly detail: string;
}

/**
 * Says at whose request a daemon did something: what is delegated is the doing of whoever asked for it. A request is a
 * file that was put where the daemon looks for work, or a client program of the daemon's; one that was there before the
 * run is the host's own.
 */
export class Requests {
  readonly #knowledge: RequestKnowledge;
  readonly #clients = new Map<DelegateFamily, readonly RecordedProcess[]>();

  constructor(knowledge: RequestKnowledge) {
    this.#knowledge = knowledge;
  }

  /** Whose request a child of a delegate carries out. */
  of(child: RecordedProcess, delegate: RecordedProcess): Attribution {
    const family = delegateFamilyOf(namedOf(delegate));
    if (family === null) return { to: "unknown", evidence: [] };
    const started = `was started by ${showProcess(delegate)}`;
    const line = family.family === "cron" ? this.#lineOf(child) : null;
    if (line !== null) return answer([line], started);
    return this.#bySigns(family, child.fromMs, started);
  }

  /** Whose request a daemon carried out itself at that time; null where it is no delegate. */
  doneBy(delegate: RecordedProcess, atMs: number): Attribution | null {
    const family = delegateFamilyOf(namedOf(delegate));
    if (family === null) return null;
    return this.#bySigns(family, atMs, `is ${showProcess(delegate)}`);
  }

  #bySigns(family: DelegateFamily, atMs: number, started: string): Attribution {
    const clients = this.#clientsAt(family, atMs);
    const waiting = clients.filter(({ toMs }) => toMs === null || toMs >= atMs);
    const asking = (waiting.length > 0 ? waiting : clients).map((client): Sign => {
      const { to } = this.#knowledge.witness().of(client.serial);
      return { to, detail: `${showProcess(client)} of ${ofWhom(to)} asked it to` };
    });
    const signs = [...asking, ...this.#placed(family, atMs)];
    if (signs.length > 0) return answer(signs, started);
    const detail = `${started}, and nothing of the run had asked it for anything`;
    return { to: "background", evidence: [{ kind: "request", detail }] };
  }

  /** Every process that was a client of this family, until then. */
  #clientsAt(family: DelegateFamily, atMs: number): RecordedProcess[] {
    let clients = this.#clients.get(family);
    if (clients === undefined) {
      const { processes } = this.#knowledge.run.recording;
      clients = [...processes.values()].filter((each) => !each.isOlder && isClientOf(family, namedOf(each)));
      this.#clients.set(family, clients);
    }
    return clients.filter(({ fromMs }) => fromMs <= atMs);
  }

  /** What was put, until then, where this family looks for what it is to do. */
  #placed(family: DelegateFamily, atMs: number): Sign[] {
    const { run, witness } = this.#knowledge;
    const signs = new Map<string, Sign>();
    for (const place of family.places) {
      for (const { path, touches } of [{ path: place, touches: run.touchesOf(place) }, ...run.touchedIn(place)]) {
        for (const { by, kinds, firstMs } of touches) {
          if (firstMs > atMs || kinds.every((kind) => kind === "deleted" || kind === "moved-from")) continue;
          const process = witness().process(by);
          // What the daemon itself writes there is no request.
          if (process === null || delegateFamilyOf(namedOf(process)) === family) continue;
          const { to } = witness().of(by);
          signs.set(`${to} ${path}`, {
            to,
            detail: `${showProcess(process)} of ${ofWhom(to)} had put ${showPath(path)} there`,
          });
        }
      }
    }
    return [...signs.values()];
  }

  /** The line of a crontab, or the script in one of cron's directories, that a child of cron carries out. */
  #lineOf(child: RecordedProcess): Sign | null {
    const { crontabsBefore, crontabsAfter, witness, run } = this.#knowledge;
    const said = witness()
      .subtree(child)
      .flatMap(({ commandLine }) => (commandLine === null ? [] : [commandLine]));
    const old = bestOf(crontabsBefore, said);
    const now = bestOf(crontabsAfter, said);
    if (old !== null && old.likeness >= (now?.likeness ?? 0) && !run.touchesOf(old.fact.file).some(isPutting)) {
      return { to: "background", detail: `${whatAsks(old.fact)}, which was there before the run` };
    }
    const asks = now ?? old;
    if (asks === null) return null;
    const writers = run.touchesOf(asks.fact.file).filter(isPutting);
    const to = combined(writers.map(({ by }) => witness().of(by).to));
    const [writer] = writers.map(({ by }) => witness().process(by)).filter((each) => each !== null);
    const wrote = writer === undefined ? "" : `, which ${showProcess(writer)} wrote`;
    return { to, detail: `${whatAsks(asks.fact)}${wrote}` };
  }
}

function whatAsks({ line, file, text }: CrontabFact): string {
  return line === null
    ? `it runs the script ${showPath(file)}`
    : `line ${line} of ${showPath(file)} asks for it (${showText(text)})`;
}

function bestOf(
  facts: readonly CrontabFact[],
  said: readonly string[],
): { fact: CrontabFact; likeness: number } | null {
  let best: { fact: CrontabFact; likeness: number } | null = null;
  for (const fact of facts) {
    const asks = (commandLine: string) =>
      fact.line === null ? scriptLikeness(commandLine, fact.file) : likenessOf(commandLine, fact.text);
    const likeness = Math.max(0, ...said.map(asks));
    if (likeness > (best?.likeness ?? 0)) best = { fact, likeness };
  }
  return best;
}

function answer(signs: readonly Sign[], started: string): Attribution {
  const evidence = signs
    .slice(0, signsMax)
    .map(({ detail }): Evidence => ({ kind: "request", detail: `${started}: ${detail}` }));
  return { to: combined(signs.map(({ to }) => to)), evidence };
}
const signsMax = 3;

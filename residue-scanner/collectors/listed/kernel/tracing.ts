import { readFileSync } from "node:fs";

import type { FactAttributes } from "../../../../protocol/residue-report.ts";
import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { hasFileSystem, withDetachedMount } from "../../detached-mount.ts";
import { readProcessStat } from "../../proc.ts";
import { KernelTexts } from "../read-text.ts";
import { shellPath } from "../../../core/path-text.ts";

const type = "tracefs";
export const tracingPlace = "/sys/kernel/tracing";
/** Of the whole kernel and of each instance: what is traced, and how. */
const settings = [
  ..."current_tracer tracing_on set_event set_event_pid trace_clock buffer_size_kb".split(" "),
  ...["tracing_cpumask", "trace_options"],
];
/** The same of functions. Some kernels refuse these to root as well (EPERM): there nobody can have set them. */
const functionSettings = ["set_ftrace_pid", "set_ftrace_filter"];
const dynamicEvents = ["dynamic_events", "kprobe_events", "uprobe_events", "synthetic_events"];

/**
 * Instances of the tracer, what they trace, and events that somebody made (kprobes, uprobes, synthetic ones): all of it
 * outlives whoever made it, and a tracefs that is no longer mounted (ftrace of the kernel's manual).
 */
export function collectTracing(): ListedReading {
  if (!hasFileSystem(type, readFileSync("/proc/filesystems", "latin1"))) return { facts: [], unseen: [] };
  const found = withDetachedMount(type, readTracing);
  return found ?? { facts: [], unseen: ["only root sees what is traced"] };
}

export function readTracing(directory: string): ListedReading {
  const texts = new KernelTexts();
  const instances = texts.names(`${directory}/instances`);
  const facts = [
    tracerFact("the tracer", tracingPlace, settingsOf(texts, directory)),
    ...instances.map((name) => ({
      ...tracerFact(
        `instance ${name} of the tracer`,
        `${tracingPlace}/instances/${name}`,
        settingsOf(texts, `${directory}/instances/${name}`),
      ),
      ...recorderOf(name),
    })),
    ...eventsOf(texts, directory),
  ];
  return { facts, unseen: texts.unseen() };
}

/** A recorder of this program's names its instance after itself, and removes it when it ends. */
function recorderOf(name: string): Pick<ListedFact, "holders" | "movesInUse"> {
  const [, pid, startTime] = /^houseguest-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
  const runs = pid !== undefined && readProcessStat(Number(pid))?.startTime === startTime;
  // What it traces follows the processes that come and go.
  return runs ? { holders: [Number(pid)], movesInUse: [...settings, ...functionSettings] } : {};
}

function tracerFact(subject: string, location: string, attributes: FactAttributes): ListedFact {
  return {
    key: `tracer ${location}`,
    subject,
    location,
    uid: null,
    attributes,
    show: `grep . ${shellPath(location)}/* 2>/dev/null`,
  };
}

function settingsOf(texts: KernelTexts, directory: string): FactAttributes {
  const ofFunctions = new KernelTexts();
  return Object.fromEntries([
    ...settings.map((name) => [name, texts.text(`${directory}/${name}`)?.trim() ?? null]),
    ...functionSettings.map((name) => [name, ofFunctions.text(`${directory}/${name}`)?.trim() ?? null]),
  ]);
}

/** A probe stands in the list of its kind and in the list of all. */
function eventsOf(texts: KernelTexts, directory: string): ListedFact[] {
  const lines = dynamicEvents.flatMap((file) => (texts.text(`${directory}/${file}`) ?? "").split("\n"));
  return [...new Set(lines)].filter(Boolean).map((line) => ({
    key: `event ${line}`,
    subject: `event of the tracer that somebody made: ${line}`,
    location: `${tracingPlace}/dynamic_events: ${line}`,
    uid: null,
    attributes: { event: line },
    show: `cat ${tracingPlace}/dynamic_events`,
  }));
}

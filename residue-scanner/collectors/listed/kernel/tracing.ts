import { readFileSync } from "node:fs";

import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { hasFileSystem, withDetachedMount } from "../../detached-mount.ts";
import { KernelTexts } from "../read-text.ts";

const type = "tracefs";
const usual = "/sys/kernel/tracing";
/** Of the whole kernel and of each instance: what is traced, and how. */
const settings = [
  ..."current_tracer tracing_on set_event set_event_pid trace_clock buffer_size_kb".split(" "),
  "tracing_cpumask",
];
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
    ...settingsOf(texts, { directory, path: "" }),
    ...instances.flatMap((name) => [
      instanceFact(name),
      ...settingsOf(texts, { directory, path: `instances/${name}/` }),
    ]),
    ...eventsOf(texts, directory),
  ];
  return { facts, unseen: texts.unseen() };
}

function instanceFact(name: string): ListedFact {
  const location = `${usual}/instances/${name}`;
  const subject = `instance ${name} of the tracer`;
  return { key: `instance ${name}`, subject, location, uid: null, attributes: {}, show: `ls ${location}` };
}

function settingsOf(texts: KernelTexts, { directory, path }: { directory: string; path: string }): ListedFact[] {
  return settings.flatMap((name) => {
    const value = texts.text(`${directory}/${path}${name}`);
    if (value === null) return [];
    const location = `${usual}/${path}${name}`;
    const fact = {
      key: `tracing ${path}${name}`,
      subject: `setting ${path}${name} of the tracer`,
      location,
      uid: null,
    };
    return [{ ...fact, attributes: { value: value.trim() }, show: `cat ${location}` }];
  });
}

/** A probe stands in the list of its kind and in the list of all. */
function eventsOf(texts: KernelTexts, directory: string): ListedFact[] {
  const lines = dynamicEvents.flatMap((file) => (texts.text(`${directory}/${file}`) ?? "").split("\n"));
  return [...new Set(lines)].filter(Boolean).map((line) => ({
    key: `event ${line}`,
    subject: `event of the tracer that somebody made: ${line}`,
    location: `${usual}/dynamic_events: ${line}`,
    uid: null,
    attributes: { event: line },
    show: `cat ${usual}/dynamic_events`,
  }));
}

import { readFileSync } from "node:fs";

import type { ListedFact } from "../../../core/fact.ts";
import { shellPath } from "../../../core/path-text.ts";
import { inDirectory } from "../../directory-access.ts";
import { hasFileSystem, withDetachedMount } from "../../detached-mount.ts";
import { KernelTexts } from "../read-text.ts";
import { tracingPlace } from "./tracing.ts";

const type = "tracefs";
/** What a file says in which nothing is set. */
const unset = /^(?:none|# Available triggers:.*)$/s;

/**
 * What is set of single events of the tracer: which of them count, and what they set off (events of the kernel's
 * manual). There are thousands of events, and no list of those of which something is set.
 */
export function collectTracingFilters(): ListedFact[] {
  if (!hasFileSystem(type, readFileSync("/proc/filesystems", "latin1"))) return [];
  return withDetachedMount(type, readTracingFilters) ?? [];
}

/** Of the kernel's own instance: those of others' instances come and go with them. */
export function readTracingFilters(directory: string): ListedFact[] {
  const texts = new KernelTexts();
  const top = `${directory}/events`;
  // An event with a trigger is among those that are on.
  const on = new Set((texts.text(`${directory}/set_event`) ?? "").split("\n"));
  return texts.names(top).flatMap((system) =>
    texts.names(`${top}/${system}`).flatMap((event) => {
      const names = on.has(`${system}:${event}`) ? ["filter", "trigger"] : ["filter"];
      return inDirectory(`${top}/${system}/${event}`, ({ record }) =>
        names.flatMap((name): ListedFact[] => {
          const outcome = record(name);
          const text = "text" in outcome ? outcome.text.trim() : "";
          return text === "" || unset.test(text) ? [] : [settingFact(`/events/${system}/${event}/${name}`, text)];
        }),
      );
    }),
  );
}

function settingFact(path: string, text: string): ListedFact {
  const location = `${tracingPlace}${path}`;
  return {
    key: `setting ${location}`,
    subject: `${path.endsWith("filter") ? "filter" : "trigger"} of an event of the tracer: ${text}`,
    location,
    uid: null,
    attributes: { text },
    show: `cat ${shellPath(location)}`,
  };
}

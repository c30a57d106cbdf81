import { readlinkSync } from "node:fs";

/** PROC_PID_INIT_INO of linux/proc_ns.h: events of the kernel's tracing tell threads by their ids there. */
const firstPidNamespace = "pid:[4026531836]";

/** Whether pids mean here what they mean to the kernel's tracing, and to whoever is outside of every container. */
export function isInFirstPidNamespace(): boolean {
  try {
    return readlinkSync("/proc/self/ns/pid") === firstPidNamespace;
  } catch {
    return false;
  }
}

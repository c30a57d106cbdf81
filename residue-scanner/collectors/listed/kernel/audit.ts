import { hash } from "node:crypto";
import { constants } from "node:os";

import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { type KernelCalls, kernelCalls } from "../../kernel-calls.ts";
import { protocols } from "../../netlink/netlink.ts";

/** linux/netlink.h, linux/audit.h, asm-generic/socket.h */
const netlinkFamily = 16;
const rawSocket = 3;
const closeOnExec = 0o2000000;
const socketLevel = 1;
const receiveTimeout = 20;
const headerBytes = 16;
const errorMessage = 2;
const doneMessage = 3;
const flags = { request: 0x1, acknowledge: 0x4 } as const;
const listRules = 1013;
const getStatus = 1000;
/** struct audit_status, of words: which are set, enabled, what a failure does, who is told, rate, backlog … */
const statusWords = { enabled: 1, onFailure: 2, rateMax: 4, backlogMax: 5 } as const;
/** struct audit_rule_data: flags, action, count of fields, then five tables of 64 words, then texts and their length. */
const textsBytesAt = 4 * (3 + 4 * 64);
const textsAt = textsBytesAt + 4;
const bufferBytes = 65_536;
const answersMax = 100_000;

/**
 * Rules of the audit system (auditctl(8)). A thread of the kernel's own answers, for which this waits a second at most.
 */
export function collectAudit(): ListedReading {
  const calls = kernelCalls();
  if (calls === null) return { facts: [], unseen: ["audit rules cannot be asked for"] };
  const socket = calls.socket(netlinkFamily, rawSocket | closeOnExec, protocols.audit);
  if (socket < 0) {
    const isAbsent = calls.errno() === constants.errno.EPROTONOSUPPORT;
    return { facts: [], unseen: isAbsent ? [] : ["audit rules cannot be asked for"] };
  }
  try {
    const bodies = ask(calls, socket, listRules);
    const [status] = ask(calls, socket, getStatus) ?? [];
    const facts = status === undefined ? [] : [statusFact(status)];
    return bodies === null
      ? { facts, unseen: ["audit rules are not shown to this user"] }
      : { facts: [...facts, ...factsOf(bodies)], unseen: [] };
  } finally {
    calls.close(socket);
  }
}

/** Null where the kernel refuses, or does not answer. */
function ask(calls: KernelCalls, socket: number, wanted: number): Buffer[] | null {
  const second = Buffer.alloc(16);
  second.writeBigInt64LE(1n, 0);
  calls.setsockopt(socket, socketLevel, receiveTimeout, calls.addressOf(second), second.length);
  const question = Buffer.alloc(headerBytes);
  question.writeUInt32LE(headerBytes, 0);
  question.writeUInt16LE(wanted, 4);
  question.writeUInt16LE(flags.request | flags.acknowledge, 6);
  if (calls.send(socket, calls.addressOf(question), headerBytes, 0) < 0) return null;
  const buffer = Buffer.alloc(bufferBytes);
  const rules: Buffer[] = [];
  for (let count = 0; count < answersMax; count += 1) {
    const bytes = calls.recv(socket, calls.addressOf(buffer), bufferBytes, 0);
    if (bytes < headerBytes) return null;
    const type = buffer.readUInt16LE(4);
    if (type === doneMessage) return rules;
    if (type === errorMessage && buffer.readInt32LE(headerBytes) !== 0) return null;
    if (type === wanted) rules.push(Buffer.from(buffer.subarray(headerBytes, bytes)));
    if (type === getStatus) return rules;
  }
  return null;
}

/** @param status as the kernel answers AUDIT_GET */
function statusFact(status: Buffer): ListedFact {
  const words = Object.entries(statusWords).map(([name, index]) => [name, status.readUInt32LE(4 * index)]);
  return {
    ...{ key: "audit status", subject: "settings of the audit system", location: "audit status", uid: null },
    attributes: Object.fromEntries(words),
    show: "auditctl -s",
  };
}

/** By what they say and how often it was said before: they have no numbers. */
export function factsOf(rules: readonly Buffer[]): ListedFact[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const texts = rule.toString("latin1", textsAt, textsAt + rule.readUInt32LE(textsBytesAt));
    const digest = hash("sha256", rule).slice(0, 16);
    const count = (seen.get(digest) ?? 0) + 1;
    seen.set(digest, count);
    const name = texts === "" ? digest : texts;
    return {
      key: `audit ${digest} ${count}`,
      subject: `audit rule ${name}`,
      location: `audit rule ${digest}`,
      uid: null,
      attributes: { texts, digest },
      show: "auditctl -l",
    };
  });
}

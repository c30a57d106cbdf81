import type { TracedCall, TracedParameter } from "./traced-calls.ts";

/**
 * By what the kernel chooses among the calls of one kind, in the language of its event filters
 * (Documentation/trace/events.rst).
 *
 * @param fields names of the call's arguments in the kernel's event, which differ between versions; by position
 * @returns null where every call counts
 */
export function callFilter(call: TracedCall, fields: readonly string[]): string | null {
  const own = call.filter?.replaceAll(/\{(\d)\}/g, (_, position: string) => fieldAt(call, fields, Number(position)));
  const each = call.parameters.flatMap((parameter, position) =>
    parameter === null ? [] : conditionsOf(parameter, () => fieldAt(call, fields, position)),
  );
  const all = own === undefined ? each : [`(${own})`, ...each];
  return all.length === 0 ? null : all.join(" && ");
}

/**
 * Which calls turn the tracing of ends on.
 *
 * @returns null where none does
 */
export function endFilter(call: TracedCall, fields: readonly string[]): string | null {
  const { endedBy, parameters } = call;
  const position = parameters.findIndex((parameter) => parameter?.isLimitedToWords === true);
  if (endedBy === undefined || position === -1) return null;
  return oneOf(fieldAt(call, fields, position), valuesOf(endedBy));
}

function conditionsOf(parameter: TracedParameter, field: () => string): string[] {
  const { words = {}, isLimitedToWords = false, bits, isNonZero = false } = parameter;
  const conditions: string[] = [];
  if (isLimitedToWords) {
    conditions.push(`(${oneOf(field(), valuesOf(words))})`);
  }
  if (bits !== undefined) conditions.push(`(${field()} & ${hexadecimal(BigInt(bits >>> 0))})`);
  if (isNonZero) conditions.push(`${field()} != 0`);
  return conditions;
}

/**
 * Halved again and again: the kernel compares in the order of the text, some 15 ns each, and most calls of ioctl(2) are
 * of none of these kinds.
 */
function oneOf(field: string, values: readonly bigint[]): string {
  if (values.length <= 2) return values.map((value) => `${field} == ${hexadecimal(value)}`).join(" || ");
  const half = values.length >> 1;
  const pivot = hexadecimal(values[half] as bigint);
  const [low, high] = [oneOf(field, values.slice(0, half)), oneOf(field, values.slice(half))];
  return `(${field} < ${pivot} && (${low})) || (${field} >= ${pivot} && (${high}))`;
}

function valuesOf(words: Readonly<Record<string, number>>): bigint[] {
  return [...new Set(Object.values(words).flatMap(formsOf))].sort((one, other) => (one < other ? -1 : 1));
}

/** The kernel takes 32 bits of a register of 64; whoever calls may have filled the rest with the sign. */
function formsOf(value: number): bigint[] {
  const forms = [BigInt(value)];
  if (value >= 2 ** 31) forms.push(BigInt.asUintN(64, BigInt(value | 0)));
  return forms;
}

function hexadecimal(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function fieldAt(call: TracedCall, fields: readonly string[], position: number): string {
  const field = fields[position];
  if (field === undefined) throw new Error(`The kernel's event of ${call.call} has no argument ${position + 1}.`);
  return field;
}

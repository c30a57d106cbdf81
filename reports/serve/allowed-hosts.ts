import { isIP } from "node:net";

/**
 * Whether a request's Host may be answered. A page of a stranger whose name leads here (DNS rebinding) sends that name:
 * only this machine's own names, addresses as numbers, and what the user allowed are answered.
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return false;
  const name = nameOf(header);
  if (name === undefined) return false;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name) !== 0 || allowed.includes(name);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Without its port, and without the brackets of IPv6. */
function nameOf(header: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

import type { Hook } from "./hook.ts";

/**
 * A service that starts the agent and leaves it to end by itself. The default `KillMode=control-group` takes the jobs
 * down with it; `Delegate=yes` lets it make cgroups of its own for them.
 */
export function systemdUnit({ marker, command }: Hook, { wantedBy }: { readonly wantedBy: string }): string {
  return `# ${marker}
[Unit]
Description=Houseguest: lends this host to a broker
Documentation=man:systemd.service(5)

[Service]
Type=exec
ExecStart=${commandLine(command)}
Restart=no
Delegate=yes

[Install]
WantedBy=${wantedBy}
`;
}

/** systemd.service(5), "Command lines": a colon before the program keeps dollar signs what they are. */
function commandLine(command: readonly string[]): string {
  const keep = command.some((argument) => argument.includes("$")) ? ":" : "";
  return keep + command.map(quoted).join(" ");
}

/** systemd.syntax(7), "Quoting", and a percent sign for itself, which else begins a specifier. */
function quoted(argument: string): string {
  const escaped = argument.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`).replaceAll("%", "%%");
  return `"${escaped}"`;
}

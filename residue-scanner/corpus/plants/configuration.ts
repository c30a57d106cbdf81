import type { CorpusItem, CorpusSection } from "../item.ts";

/** A line that the job adds to a file in which many keep lines of their own. */
export function line(options: { name: string; what: string; file: string; text: string; told?: string }): CorpusItem {
  // What a finding of such a line is called.
  const { name, what, file, text, told = `${file}: ${text}` } = options;
  return {
    name,
    what,
    before: `keep "${file}"`,
    act: `printf '%s\\n' "${text}" >> "${file}"`,
    undo: `unline "${file}" "${text}"`,
    traces: [{ text: told }, { text: file, change: "changed" }],
  };
}

/** A file that the job puts where programs look for their configuration. */
export function dropped(options: {
  name: string;
  what: string;
  file: string;
  text: string;
  mode?: string;
}): CorpusItem {
  const { name, what, file, text, mode = "0644" } = options;
  return {
    name,
    what,
    before: `folder "${file.slice(0, file.lastIndexOf("/"))}"`,
    act: `printf '%s\\n' "${text}" > "${file}"; chmod ${mode} "${file}"`,
    undo: `rm -f "${file}"`,
    traces: [{ text: file }],
  };
}

/** Lines and files of shared configuration. None of them has an effect: what they name is nowhere. */
export const configurationPlants: CorpusSection = {
  surface: "configuration",
  items: [
    line({ name: "hosts-line", what: "a line in /etc/hosts", file: "/etc/hosts", text: "192.0.2.77 $T.invalid" }),
    line({
      name: "user",
      what: "a user",
      file: "/etc/passwd",
      text: "$T:x:64990:64990:corpus:/nonexistent:/usr/sbin/nologin",
    }),
    line({
      name: "password",
      what: "a user's password entry",
      file: "/etc/shadow",
      text: "$T:!:20000:0:99999:7:::",
      told: "/etc/shadow: $T:",
    }),
    line({ name: "group", what: "a group", file: "/etc/group", text: "$T:x:64990:" }),
    line({ name: "subordinate-ids", what: "subordinate user ids", file: "/etc/subuid", text: "$T:4200000:65536" }),
    line({ name: "environment", what: "a variable for everybody", file: "/etc/environment", text: "HOUSEGUEST_$T=1" }),
    line({
      name: "preload",
      what: "a line in ld.so.preload (a comment)",
      file: "/etc/ld.so.preload",
      text: "# $T was here",
    }),
    line({ name: "resolver", what: "a line in resolv.conf (a comment)", file: "/etc/resolv.conf", text: "# by $T" }),
    line({ name: "shell-start", what: "a line in a shell's start file", file: "$HOME/.bashrc", text: "# by $T" }),
    line({
      name: "authorized-key",
      what: "a key that may log in",
      file: "$HOME/.ssh/authorized_keys",
      text: "restrict,command=false ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI$T $T",
    }),
    line({ name: "fstab", what: "a line in fstab (a comment)", file: "/etc/fstab", text: "# by $T" }),
    dropped({
      name: "sudoers",
      what: "a rule for sudo",
      file: "/etc/sudoers.d/$T",
      text: "User_Alias HOUSEGUEST = nobody",
      mode: "0440",
    }),
    dropped({ name: "profile-script", what: "a script for login shells", file: "/etc/profile.d/$T.sh", text: ":" }),
    dropped({ name: "library-path", what: "a path for libraries", file: "/etc/ld.so.conf.d/$T.conf", text: "# none" }),
    dropped({ name: "kernel-setting-file", what: "a file of sysctl.d", file: "/etc/sysctl.d/$T.conf", text: "# none" }),
    dropped({ name: "module-file", what: "a module to load", file: "/etc/modules-load.d/$T.conf", text: "# none" }),
    dropped({ name: "udev-rule", what: "a rule for udev", file: "/etc/udev/rules.d/99-$T.rules", text: "# none" }),
    dropped({ name: "package-setting", what: "a setting for apt", file: "/etc/apt/apt.conf.d/99$T", text: "// none" }),
    {
      name: "alternative",
      what: "an alternative, registered as packages do",
      needs: ["update-alternatives"],
      act: String.raw`update-alternatives --log "$D/log" --quiet --install "/usr/local/bin/$T-alt" "$T-alt" /bin/true 1`,
      undo: String.raw`rm -f "/usr/local/bin/$T-alt" "/etc/alternatives/$T-alt" "/var/lib/dpkg/alternatives/$T-alt" "$D/log"`,
      traces: [{ text: "/var/lib/dpkg/alternatives/$T-alt" }, { text: "/etc/alternatives/$T-alt" }],
    },
  ],
};

import type { CorpusItem, CorpusSection } from "../item.ts";
import { dropped, line } from "./configuration.ts";

const etc = (name: string, what: string, file: string, text = "# none", mode = "0644"): CorpusItem =>
  dropped({ name: `f-${name}`, what, file, text, mode });

/** A package of two files, one of them configuration, as dpkg-deb(1) builds it. */
export const buildPackage = String.raw`build_package() {
  mkdir -p "$D/$1/DEBIAN" "$D/$1/usr/share/$1" "$D/$1/etc"
  printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@invalid>\nDescription: corpus\n' "$1" > "$D/$1/DEBIAN/control"
  echo "/etc/$1.conf" > "$D/$1/DEBIAN/conffiles"
  echo x > "$D/$1/usr/share/$1/data"; echo x > "$D/$1/etc/$1.conf"
  dpkg-deb --root-owner-group --build "$D/$1" "$D/$1.deb" > /dev/null
}
`;

const packageNeeds = ["dpkg", "dpkg-deb"];
// Its own log, and again where somebody else holds the lock.
const dpkg = `again dpkg --log="$D/log"`;

/** What installers leave: packages, users, sources, and what the host is told of them. */
export const installedPlants: CorpusSection = {
  surface: "packages, users, trust",
  items: [
    {
      name: "f-package",
      what: "a package that stays installed",
      needs: packageNeeds,
      before: String.raw`${buildPackage}build_package "$T-stays"`,
      act: String.raw`${dpkg} -i "$D/$T-stays.deb"`,
      undo: String.raw`${dpkg} --purge "$T-stays" 2>/dev/null || ! dpkg -s "$T-stays"`,
      traces: [{ text: "$T-stays", surface: "packages" }],
    },
    {
      name: "f-package-removed",
      what: "a package removed, with its configuration left",
      needs: packageNeeds,
      before: String.raw`${buildPackage}build_package "$T-goes"; ${dpkg} -i "$D/$T-goes.deb"`,
      act: String.raw`${dpkg} --remove "$T-goes"`,
      undo: String.raw`${dpkg} --purge "$T-goes" 2>/dev/null || ! dpkg -s "$T-goes"`,
      traces: [{ text: "$T-goes", surface: "packages" }],
    },
    {
      name: "f-package-held",
      what: "a package that is not to be upgraded any more",
      needs: packageNeeds,
      before: String.raw`${buildPackage}build_package "$T-held"; ${dpkg} -i "$D/$T-held.deb"`,
      act: String.raw`echo "$T-held hold" | dpkg --set-selections`,
      undo: String.raw`${dpkg} --force-hold --purge "$T-held" 2>/dev/null || ! dpkg -s "$T-held"`,
      traces: [{ text: "$T-held", surface: "packages" }],
    },
    {
      name: "f-diversion",
      what: "a file of a package diverted",
      needs: ["dpkg-divert"],
      act: String.raw`again dpkg-divert --local --no-rename --add "/usr/share/$T-diverted"`,
      undo: String.raw`again dpkg-divert --no-rename --remove "/usr/share/$T-diverted"`,
      traces: [{ text: "$T-diverted" }],
    },
    {
      name: "f-stat-override",
      what: "a mode that the package manager is to give to a file",
      needs: ["dpkg-statoverride"],
      act: String.raw`again dpkg-statoverride --force-all --add root root 0755 "/opt/$T-override"`,
      undo: String.raw`again dpkg-statoverride --force-all --remove "/opt/$T-override"`,
      traces: [{ text: "/opt/$T-override" }],
    },
    {
      name: "f-useradd",
      what: "a user with a home, by useradd",
      needs: ["useradd", "userdel"],
      before: String.raw`folder /home; for file in passwd shadow group gshadow subuid subgid; do keep "/etc/$file"; done`,
      act: String.raw`again useradd --create-home "$T-user"`,
      undo: String.raw`id "$T-user" > /dev/null 2>&1 && again userdel --remove --force "$T-user" 2>/dev/null; rm -rf "/home/$T-user" "/var/mail/$T-user"; for file in passwd shadow group gshadow subuid subgid; do [ ! -s "$(kept "/etc/$file")" ] || [ -s "/etc/$file" ] || rm -f "/etc/$file"; touch -r "$(kept "/etc/$file")" "/etc/$file"; done; :`,
      traces: [{ text: "/etc/passwd: $T-user" }],
    },
    {
      name: "f-home",
      what: "the home that useradd made",
      needs: ["useradd"],
      before: "folder /home",
      act: String.raw`cp -a /etc/skel "/home/$T-home"`,
      undo: String.raw`rm -rf "/home/$T-home"`,
      traces: [{ text: "/home/$T-home" }],
    },
    {
      name: "f-group-member",
      what: "a user put into an old group",
      before: "keep /etc/group",
      act: String.raw`sed 's/^\(games:[^:]*:[0-9]*:\).*/\1'"$T"'/' /etc/group > "$D/group"; cat "$D/group" > /etc/group`,
      undo: String.raw`sed "s/^\(games:[^:]*:[0-9]*:\)$T\$/\1/" /etc/group > "$D/group"; cmp -s "$D/group" /etc/group || cat "$D/group" > /etc/group; touch -r "$(kept /etc/group)" /etc/group`,
      traces: [{ text: "/etc/group: games" }],
    },
    {
      name: "f-libraries",
      what: "a library, and what ldconfig notes of it",
      needs: ["ldconfig"],
      before: String.raw`keep /etc/ld.so.cache; cp -p /etc/ld.so.cache "$D/cache"`,
      act: String.raw`cp "$(ldconfig -p | sed -n 's/.* => \(.*libutil.so.1\)$/\1/p' | head -n 1)" "/usr/local/lib/lib$T.so.1"; ldconfig`,
      undo: String.raw`rm -f "/usr/local/lib/lib$T.so.1"; [ "$(readlink /usr/local/lib/libutil.so.1)" != "lib$T.so.1" ] || rm /usr/local/lib/libutil.so.1; ldconfig`,
      traces: [{ text: "/usr/local/lib/lib$T.so.1" }],
    },
    {
      name: "f-time-zone",
      what: "another time zone (the same, by its other name)",
      before: String.raw`[ "$(readlink /etc/localtime)" = /usr/share/zoneinfo/Etc/UTC ] || refuse "another time zone"; ln -s none "$D/times"; touch -h -r /etc/localtime "$D/times"`,
      act: String.raw`ln -sfn /usr/share/zoneinfo/Etc/UCT /etc/localtime`,
      undo: String.raw`[ "$(readlink /etc/localtime)" != /usr/share/zoneinfo/Etc/UCT ] || { ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime; touch -h -r "$D/times" /etc/localtime; }`,
      traces: [{ text: "/etc/localtime" }],
    },
    {
      name: "f-npm-global",
      what: "a module for everybody, with a link to its program",
      before: "folder /usr/local/lib/node_modules",
      act: String.raw`mkdir "/usr/local/lib/node_modules/$T"; echo '{}' > "/usr/local/lib/node_modules/$T/package.json"; ln -s "../lib/node_modules/$T/cli.js" "/usr/local/bin/$T-cli"`,
      undo: String.raw`rm -rf "/usr/local/lib/node_modules/$T" "/usr/local/bin/$T-cli"`,
      traces: [{ text: "/usr/local/bin/$T-cli" }],
    },
    {
      name: "f-certificate",
      what: "an authority to trust, with the link by its hash",
      before: "folder /usr/local/share/ca-certificates; folder /etc/ssl/certs",
      act: String.raw`echo none > "/usr/local/share/ca-certificates/$T.crt"; ln -s "/usr/local/share/ca-certificates/$T.crt" "/etc/ssl/certs/$T.pem"`,
      undo: String.raw`rm -f "/usr/local/share/ca-certificates/$T.crt" "/etc/ssl/certs/$T.pem"`,
      traces: [{ text: "/etc/ssl/certs/$T.pem" }],
    },
    etc("apt-source", "a source of packages", "/etc/apt/sources.list.d/$T.list"),
    etc("apt-key", "a key that signs packages", "/usr/share/keyrings/$T.gpg", "none"),
    etc("apt-pin", "a preference for packages", "/etc/apt/preferences.d/$T"),
    etc("bus-policy", "who may speak on the system's bus", "/etc/dbus-1/system.d/$T.conf", "<busconfig/>"),
    etc("authority-rule", "a rule for polkit", "/etc/polkit-1/rules.d/99-$T.rules", "// none"),
    etc("format-file", "a format of programs to register", "/etc/binfmt.d/$T.conf"),
    etc("greeting", "a script that greets", "/etc/update-motd.d/99-$T", "#!/bin/sh", "0755"),
    etc("skeleton", "a file for all new homes", "/etc/skel/.$T"),
    etc("module-option", "options of a module", "/etc/modprobe.d/$T.conf"),
    line({ name: "f-pam", what: "a line for logins", file: "/etc/pam.d/other", text: "# by $T, for logins" }),
    line({ name: "f-names", what: "where names are looked up", file: "/etc/nsswitch.conf", text: "# by $T, of names" }),
    line({ name: "f-limits", what: "limits of users", file: "/etc/security/limits.conf", text: "# by $T, of limits" }),
    line({ name: "f-locale", what: "a locale to make", file: "/etc/locale.gen", text: "# $T.UTF-8 UTF-8" }),
    line({ name: "f-hostname", what: "a line in the host's name", file: "/etc/hostname", text: "# by $T, a name" }),
    line({ name: "f-git", what: "a setting for git", file: "$HOME/.config/git/config", text: "# by $T, for git" }),
    line({ name: "f-login-shell", what: "a line for login shells", file: "$HOME/.profile", text: "# by $T, at login" }),
    line({ name: "f-sub-groups", what: "subordinate group ids", file: "/etc/subgid", text: "$T-sub:4200000:65536" }),
  ],
};

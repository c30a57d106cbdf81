import type { CorpusSection } from "../item.ts";
import { buildPackage } from "../plants/installed.ts";

const dpkg = `again dpkg --log="$D/log"`;
const noLines = "Both write to one file, and nobody keeps who wrote which of its lines.";

/** What others set up on the host while the job sets up its own. */
export const othersConfiguration: CorpusSection = {
  surface: "others' configuration, users, packages",
  items: [
    {
      name: "bf-refresh",
      what: "lists of packages fetched anew by a user of their own",
      needs: ["setpriv"],
      before: String.raw`mkdir -p "$D/lists/partial"; chown 65534 "$D/lists/partial"; echo old > "$D/lists/Packages"; echo old > "$D/pkgcache.bin"`,
      act: String.raw`setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'echo new > "$1/lists/partial/Packages"' sh "$D"; chown root "$D/lists/partial/Packages"; mv "$D/lists/partial/Packages" "$D/lists/Packages"; echo new > "$D/pkgcache.bin.Q1"; mv "$D/pkgcache.bin.Q1" "$D/pkgcache.bin"; touch "$D/lists/partial"`,
      undo: String.raw`rm -rf "$D/lists" "$D/pkgcache.bin"`,
      traces: [{ text: "$D/lists/Packages" }, { text: "$D/pkgcache.bin" }],
    },
    {
      name: "bf-package",
      what: "a package that somebody else installs",
      needs: ["dpkg", "dpkg-deb"],
      before: String.raw`${buildPackage}build_package "$N-theirs"`,
      act: String.raw`${dpkg} -i "$D/$N-theirs.deb"`,
      undo: String.raw`${dpkg} --purge "$N-theirs" 2>/dev/null || ! dpkg -s "$N-theirs"`,
      traces: [{ text: "$N-theirs" }],
    },
    {
      name: "bf-crontab",
      what: "a crontab that another user edits",
      needs: ["crontab"],
      before: String.raw`crontab -u man -l > /dev/null 2>&1 && refuse "man has a crontab"; echo "0 0 30 2 * /opt/$N/one" | crontab -u man -`,
      act: String.raw`printf '0 0 30 2 * /opt/%s/one\n0 0 30 2 * /opt/%s/two\n' "$N" "$N" | crontab -u man -`,
      undo: String.raw`crontab -u man -l 2>/dev/null | grep -q -F "$N" && crontab -u man -r; :`,
      traces: [{ text: "/opt/$N/two" }, { text: "/opt/$N/one" }],
    },
    {
      name: "bf-crontab-line",
      what: "a line that somebody puts into /etc/crontab, as the job does",
      sharedBecause: noLines,
      before: "keep /etc/crontab",
      act: String.raw`echo "0 0 30 2 * root /opt/$N/system-cron" >> /etc/crontab`,
      undo: String.raw`unline /etc/crontab "/opt/$N/system-cron"`,
      traces: [{ text: "/opt/$N/system-cron" }],
    },
    {
      name: "bf-user",
      what: "a user that somebody adds, as the job does",
      needs: ["useradd", "userdel"],
      sharedBecause: noLines,
      before: String.raw`for file in passwd shadow group gshadow subuid subgid; do keep "/etc/$file"; done`,
      act: String.raw`again useradd --no-create-home "$N-user"`,
      undo: String.raw`id "$N-user" > /dev/null 2>&1 && again userdel --force "$N-user" 2>/dev/null; for file in passwd shadow group gshadow subuid subgid; do [ ! -e "/etc/$file" ] || touch -r "$(kept "/etc/$file")" "/etc/$file"; done`,
      traces: [{ text: "/etc/passwd: $N-user" }],
    },
    {
      name: "bf-alternative",
      what: "an alternative that somebody registers",
      needs: ["update-alternatives"],
      act: String.raw`update-alternatives --log "$D/log" --quiet --install "/usr/local/bin/$N-alt" "$N-alt" /bin/true 1`,
      undo: String.raw`rm -f "/usr/local/bin/$N-alt" "/etc/alternatives/$N-alt" "/var/lib/dpkg/alternatives/$N-alt" "$D/log"`,
      traces: [
        { text: "/var/lib/dpkg/alternatives/$N-alt" },
        { text: "/etc/alternatives/$N-alt" },
        { text: "/usr/local/bin/$N-alt" },
      ],
    },
    {
      name: "bf-mail",
      what: "mail that comes for somebody, with a lock beside it",
      before: String.raw`folder /var/mail; echo "From old" > "/var/mail/$N"`,
      act: String.raw`: > "/var/mail/$N.lock"; ln "/var/mail/$N.lock" "/var/mail/$N.1"; echo "From new" >> "/var/mail/$N"; rm "/var/mail/$N.lock" "/var/mail/$N.1"`,
      undo: String.raw`rm -f "/var/mail/$N" "/var/mail/$N.lock" "/var/mail/$N.1"`,
      traces: [{ text: "/var/mail/$N" }],
    },
    {
      name: "bf-unit",
      what: "a unit of systemd that somebody enables",
      before: "folder /etc/systemd/system/multi-user.target.wants",
      act: String.raw`echo "[Service]" > "/etc/systemd/system/$N.service"; ln -s "../$N.service" "/etc/systemd/system/multi-user.target.wants/$N.service"`,
      undo: String.raw`rm -f "/etc/systemd/system/$N.service" "/etc/systemd/system/multi-user.target.wants/$N.service"`,
      traces: [
        { text: "/etc/systemd/system/$N.service" },
        { text: "/etc/systemd/system/multi-user.target.wants/$N.service" },
      ],
    },
    {
      name: "bf-log-dpkg",
      what: "the log of a package manager, rotated and begun anew",
      before: String.raw`echo old > "$D/dpkg.log"`,
      act: String.raw`mv "$D/dpkg.log" "$D/dpkg.log.1"; : > "$D/dpkg.log"; chmod 640 "$D/dpkg.log"; chown 0:4 "$D/dpkg.log"; gzip "$D/dpkg.log.1"`,
      steady: String.raw`date >> "$D/dpkg.log"`,
      undo: String.raw`rm -f "$D"/dpkg.log*`,
      traces: [{ text: "$D/dpkg.log" }, { text: "$D/dpkg.log.1.gz" }],
    },
    {
      name: "bf-repository",
      what: "a commit in somebody's repository",
      needs: ["git"],
      before: String.raw`export HOME="$D"; git init -q "$D/repository"; cd "$D/repository"; git -c user.name=n -c user.email=n@invalid commit -q --allow-empty -m one`,
      act: String.raw`export HOME="$D"; cd "$D/repository"; echo new > file; git add file; git -c user.name=n -c user.email=n@invalid commit -q -m two; git gc -q`,
      undo: String.raw`rm -rf "$D/repository"`,
      traces: [
        { text: "$D/repository/file" },
        { text: "$D/repository/.git/index" },
        { text: "$D/repository/.git/packed-refs" },
      ],
    },
    {
      name: "bf-alias",
      what: "a system user's shell changed by somebody, as the job changes its lines",
      sharedBecause: noLines,
      before: "keep /etc/hosts",
      act: String.raw`sed "\$a 192.0.2.79 $N-alias.invalid" /etc/hosts > "$D/hosts"; cat "$D/hosts" > /etc/hosts`,
      undo: String.raw`unline /etc/hosts "192.0.2.79 $N-alias.invalid"`,
      traces: [{ text: "$N-alias.invalid" }],
    },
  ],
};

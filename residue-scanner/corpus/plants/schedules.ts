import type { CorpusSection } from "../item.ts";
import { dropped } from "./configuration.ts";

/** What is to be run later, by whoever runs things. The 30th of February never comes. */
export const schedulePlants: CorpusSection = {
  surface: "schedules and services",
  items: [
    {
      name: "crontab",
      what: "a user's crontab",
      needs: ["crontab"],
      before: String.raw`crontab -u nobody -l 2>/dev/null && refuse "nobody has a crontab"; :`,
      act: String.raw`echo "0 0 30 2 * /opt/$T/cron" | crontab -u nobody -`,
      undo: String.raw`crontab -u nobody -l 2>/dev/null | grep -q -F "$T" && crontab -u nobody -r; :`,
      traces: [{ text: "/opt/$T/cron", surface: "crontabs" }],
    },
    {
      name: "system-crontab",
      what: "a line in /etc/crontab",
      before: "keep /etc/crontab",
      act: String.raw`echo "0 0 30 2 * root /opt/$T/system-cron" >> /etc/crontab`,
      undo: String.raw`unline /etc/crontab "/opt/$T/system-cron"`,
      traces: [{ text: "/opt/$T/system-cron" }],
    },
    {
      name: "cron-file",
      what: "a file in cron.d",
      before: "folder /etc/cron.d",
      act: String.raw`echo "0 0 30 2 * root /opt/$T/cron-d" > "/etc/cron.d/$T"`,
      undo: String.raw`rm -f "/etc/cron.d/$T"`,
      traces: [{ text: "/etc/cron.d/$T" }],
    },
    {
      name: "daily-script",
      what: "a script in cron.daily",
      before: "folder /etc/cron.daily",
      // Not executable, so that run-parts(8) passes it by.
      act: String.raw`echo '#!/bin/sh' > "/etc/cron.daily/$T"`,
      undo: String.raw`rm -f "/etc/cron.daily/$T"`,
      traces: [{ text: "/etc/cron.daily/$T" }],
    },
    {
      name: "at-job",
      what: "a job for at",
      needs: ["at", "atrm"],
      act: String.raw`echo ": $T" | at -q z 23:59 2029-12-31`,
      undo: String.raw`for job in $(atq -q z | cut -f 1); do at -c "$job" | grep -q -F "$T" && atrm "$job"; done; :`,
      // A finding names the job by a number of its own.
      traces: [{ text: "at job", surface: "crontabs", change: "appeared" }],
    },
    dropped({
      name: "system-unit",
      what: "a unit of systemd",
      file: "/etc/systemd/system/$T.service",
      text: "[Service]",
    }),
    {
      name: "enabled-unit",
      what: "a unit of systemd, enabled",
      before: "folder /etc/systemd/system/multi-user.target.wants",
      act: String.raw`ln -s "/etc/systemd/system/$T-on.service" "/etc/systemd/system/multi-user.target.wants/$T-on.service"`,
      undo: String.raw`rm -f "/etc/systemd/system/multi-user.target.wants/$T-on.service"`,
      traces: [{ text: "/etc/systemd/system/multi-user.target.wants/$T-on.service" }],
    },
    dropped({
      name: "timer",
      what: "a timer of systemd",
      file: "/etc/systemd/system/$T.timer",
      text: "[Timer]",
    }),
    dropped({
      name: "user-unit",
      what: "a unit of a user's systemd",
      file: "$HOME/.config/systemd/user/$T.service",
      text: "[Service]",
    }),
    dropped({
      name: "linger",
      what: "a user whose services run without a login",
      file: "/var/lib/systemd/linger/$T",
      text: "",
    }),
    dropped({
      name: "desktop-autostart",
      what: "a program that starts with the desktop",
      file: "$HOME/.config/autostart/$T.desktop",
      text: "[Desktop Entry]",
    }),
    dropped({
      name: "init-script",
      what: "an init script",
      file: "/etc/init.d/$T",
      text: "#!/bin/sh",
      mode: "0755",
    }),
    {
      name: "init-link",
      what: "an init script, enabled",
      before: "folder /etc/rc2.d",
      act: String.raw`ln -s "../init.d/$T-nowhere" "/etc/rc2.d/S99$T"`,
      undo: String.raw`rm -f "/etc/rc2.d/S99$T"`,
      traces: [{ text: "/etc/rc2.d/S99$T" }],
    },
    dropped({
      name: "tmpfiles-rule",
      what: "a rule for temporary files",
      file: "/etc/tmpfiles.d/$T.conf",
      text: "# none",
    }),
    dropped({
      name: "log-rotation",
      what: "a rule for logrotate",
      file: "/etc/logrotate.d/$T",
      text: "# none",
    }),
  ],
};

import type { CorpusItem, CorpusSection } from "../item.ts";
import { dropped, line } from "./configuration.ts";

const put = (name: string, what: string, file: string, text: string, mode = "0644"): CorpusItem =>
  dropped({ name: `f-${name}`, what, file, text, mode });

/** What is to be run later, where few look for it. */
export const unusualSchedules: CorpusSection = {
  surface: "schedules and services, where few look",
  items: [
    {
      name: "f-crontab-line",
      what: "a line put into an old crontab by hand",
      needs: ["crontab"],
      before: String.raw`crontab -u games -l 2>/dev/null | grep -q -F -x "0 0 30 2 * /opt/old" || echo "0 0 30 2 * /opt/old" | crontab -u games -`,
      act: String.raw`echo "0 0 30 2 * /opt/$T/by-hand" >> /var/spool/cron/crontabs/games`,
      undo: String.raw`crontab -u games -l 2>/dev/null | grep -q -F -x "0 0 30 2 * /opt/old" && crontab -u games -r; :`,
      traces: [{ text: "/opt/$T/by-hand", surface: "crontabs" }],
    },
    {
      name: "f-crontab-gone",
      what: "an old crontab taken away",
      needs: ["crontab"],
      before: String.raw`crontab -u sys -l > /dev/null 2>&1 && refuse "sys has a crontab"; echo "0 0 30 2 * /opt/$T/was-there" | crontab -u sys -`,
      act: "crontab -u sys -r",
      undo: String.raw`crontab -u sys -l 2>/dev/null | grep -q -F "$T" && crontab -u sys -r; :`,
      traces: [{ text: "/opt/$T/was-there", change: "vanished" }],
    },
    {
      name: "f-crontab-variable",
      what: "to whom cron writes of an old crontab",
      needs: ["crontab"],
      before: String.raw`crontab -u bin -l > /dev/null 2>&1 && refuse "bin has a crontab"; printf 'MAILTO=""\n0 0 30 2 * /opt/old-too\n' | crontab -u bin -`,
      act: String.raw`printf 'MAILTO="%s"\n0 0 30 2 * /opt/old-too\n' "$T-mail" | crontab -u bin -`,
      undo: String.raw`crontab -u bin -l 2>/dev/null | grep -q -F -x "0 0 30 2 * /opt/old-too" && crontab -u bin -r; :`,
      traces: [{ text: "$T-mail" }],
    },
    line({
      name: "f-anacron",
      what: "a line for anacron",
      file: "/etc/anacrontab",
      text: "365 9999 $T-anacron /bin/true",
      told: "$T-anacron",
    }),
    {
      name: "f-hourly-link",
      what: "a link among the hourly scripts",
      before: "folder /etc/cron.hourly",
      act: String.raw`ln -s "/opt/$T/hourly" "/etc/cron.hourly/$T"`,
      undo: String.raw`rm -f "/etc/cron.hourly/$T"`,
      traces: [{ text: "/etc/cron.hourly/$T" }],
    },
    line({ name: "f-start-script", what: "a line in rc.local", file: "/etc/rc.local", text: "# by $T, at the start" }),
    {
      name: "f-masked-unit",
      what: "a unit masked",
      before: "folder /etc/systemd/system",
      act: String.raw`ln -s /dev/null "/etc/systemd/system/$T-masked.service"`,
      undo: String.raw`rm -f "/etc/systemd/system/$T-masked.service"`,
      traces: [{ text: "/etc/systemd/system/$T-masked.service" }],
    },
    put("drop-in", "a drop-in for a unit", "/etc/systemd/system/cron.service.d/$T.conf", "[Service]"),
    put("drop-in-manager", "settings for systemd", "/etc/systemd/system.conf.d/$T.conf", "[Manager]"),
    put("local-unit", "a unit beside those of packages", "/usr/local/lib/systemd/system/$T.service", "[Service]"),
    put("passing-unit", "a unit until the next start", "/run/systemd/transient/$T.service", "[Service]"),
    put("generator", "a program that makes units", "/etc/systemd/system-generators/$T", "#!/bin/sh", "0755"),
    put("socket-unit", "a socket of systemd", "/etc/systemd/system/$T.socket", "[Socket]"),
    put("bus-service", "a service that the bus starts", "/usr/share/dbus-1/system-services/$T.service", "[D-BUS]"),
    put("desktop-for-all", "a program that starts with every desktop", "/etc/xdg/autostart/$T.desktop", "[Desktop]"),
    put("user-drop", "a variable for users' services", "/etc/environment.d/99-$T.conf", "# none"),
    put("apt-hook", "a hook of the package manager", "/etc/apt/apt.conf.d/98$T-hook", "// DPkg::Post-Invoke"),
    put("interface-hook", "a script for interfaces that come up", "/etc/network/if-up.d/$T", "#!/bin/sh"),
    put("kernel-hook", "a script for new kernels", "/etc/kernel/postinst.d/$T", "#!/bin/sh"),
    {
      name: "f-late-job",
      what: "a job in the spool of at, put there by hand",
      before: "folder /var/spool/cron/atjobs",
      act: String.raw`echo ": $T" > "/var/spool/cron/atjobs/z0000101dcba98-$T"; chmod 600 "/var/spool/cron/atjobs/z0000101dcba98-$T"`,
      undo: String.raw`rm -f "/var/spool/cron/atjobs/z0000101dcba98-$T"`,
      traces: [{ text: "/var/spool/cron/atjobs/z0000101dcba98-$T" }],
    },
  ],
};

# Read by every script of the corpus. Its variables stand in env.sh: W is the corpus's own directory, T and N are names
# that only the plants and only the background use.
. "$W/env.sh"
helper() { "$W/bin/perl" "$W/helper.pl" "$@"; }
# The same, and what only the plants among kernel objects need.
kernel() { "$W/bin/perl" "$W/kernel.pl" "$@"; }
# A daemon whose program was linked by `tool`, as those of `daemon`, that holds one of the latter.
kernel_daemon() { tool_name=$1; shift; "$W/bin/$tool_name" "$W/kernel.pl" "$@"; }
# A daemon of a name of its own; its program was linked before the baseline by `tool`.
daemon() { tool_name=$1; shift; "$W/bin/$tool_name" "$W/helper.pl" "$@"; }
tool() { for tool_name in "$@"; do ln -f "$W/bin/perl" "$W/bin/$tool_name"; done; }
# The process that runs such a program.
pid_of() {
  for pid_found in $(pgrep -x "$1"); do
    if [ "$(readlink "/proc/$pid_found/exe")" = "$W/bin/$1" ]; then echo "$pid_found"; return 0; fi
  done
  return 1
}
refuse() { echo "$*"; exit 77; }

# Makes missing directories before the baseline; the clean-up removes them again.
folder() {
  [ -d "$1" ] && return 0
  folder "$(dirname "$1")"
  mkdir "$1"
  echo "$1" >> "$W/folders"
}
kept() { printf '%s/kept/%s' "$W" "$(printf %s "$1" | tr / _)"; }
# Before the baseline: remembers a shared file's times, and makes it where there is none.
keep() {
  [ -e "$(kept "$1")" ] && return 0
  if [ -e "$1" ]; then touch -r "$1" "$(kept "$1")"; return 0; fi
  folder "$(dirname "$1")"
  : > "$1"
  echo made > "$(kept "$1")"
}
# Takes the lines with a text out of a shared file, in place, and leaves what others wrote into it.
unline() {
  [ -e "$1" ] || return 0
  if grep -q -a -F -e "$2" "$1"; then
    grep -v -a -F -e "$2" "$1" > "$W/rest" || :
    cat "$W/rest" > "$1"
    touch -r "$(kept "$1")" "$1"
  fi
  if [ -s "$(kept "$1")" ] && [ ! -s "$1" ]; then rm -f "$1"; fi
}
# Takes a network namespace's name away, and with the last one the mount of the folder, if the corpus made it.
unname() {
  [ ! -e "/run/netns/$1" ] || ip netns del "$1"
  if grep -q -x -s /run/netns "$W/folders" && [ -z "$(ls /run/netns)" ] && mountpoint -q /run/netns; then umount /run/netns; fi
}
# Until a file has something in it: cron(8) looks once a minute.
wait_for() {
  waited=0
  until [ -s "$1" ]; do
    [ $waited -lt 1500 ] || { echo "nobody wrote $1"; return 1; }
    waited=$((waited + 1))
    sleep 0.1
  done
}
# A cron of the corpus's own where none runs; it is ended with all that runs from W.
start_cron() {
  pgrep -x cron >/dev/null && return 0
  [ -x /usr/sbin/cron ] || refuse "this host has no cron"
  folder /etc/cron.d
  if [ -e /run/crond.pid ]; then cp -p /run/crond.pid "$W/cron-was"; fi
  cp /usr/sbin/cron "$W/bin/cron"
  "$W/bin/cron"
}
forget_cron() {
  [ -e "$W/bin/cron" ] || return 0
  rm -f /run/crond.pid
  [ ! -e "$W/cron-was" ] || cp -p "$W/cron-was" /run/crond.pid
}
# Tries again for as long as the kernel says that something is still in use.
again() { for _ in 1 2 3 4 5 6 7 8 9 10; do "$@" 2>/dev/null && return 0; sleep 0.1; done; "$@"; }
# Before the baseline: keeps a setting's value, or says that this host has no such setting.
keep_setting() { [ -w "$1" ] || refuse "this host has no $1"; cat "$1" > "$D/was"; }
restore_setting() { [ ! -s "$D/was" ] || cat "$D/was" > "$1"; }
# A directory in which a file system is mounted that nobody else sees: `hidden_mount TYPE COMMANDS`, with $M in them.
hidden_mount() {
  mkdir -p "$D/hidden"
  unshare --mount sh -ec 'mount -t "$1" hidden "$2"; M=$2; eval "$3"' sh "$1" "$D/hidden" "$2"
}
# Waits until a condition holds.
until_true() {
  tries=0
  until eval "$1"; do
    [ $tries -lt 200 ] || { echo "not so: $1"; return 1; }
    tries=$((tries + 1))
    sleep 0.05
  done
}
# A process in namespaces of its own, whose program was linked by `tool`: `dweller NAME OPTIONS OF UNSHARE`.
dweller() {
  dweller_name=$1
  shift
  setsid unshare "$@" "$W/bin/$dweller_name" -e 'sleep 3600 while 1' </dev/null >/dev/null 2>&1 &
  until_true "pid_of $dweller_name >/dev/null"
}
# A hierarchy of control groups without groups goes with its last mount, once the kernel has forgotten those that were.
gone_hierarchy() {
  grep -q "name=$T:" /proc/self/cgroup || return 0
  unshare --mount mount -t cgroup -o "none,name=$T" hidden "$D/hidden"
  return 1
}
# Runs a program of Python's, known for its end by a parameter.
py() { py_text=$1; shift; python3 -I -B -c "$py_text" "$W/scripts/" "$@"; }
# The same, in a session of its own, until it has said that it is ready.
py_away() {
  away_name=$1 py_text=$2; shift 2
  setsid -f python3 -I -B -c "import os
def ready(): open('$W/kept/$away_name.tmp', 'w').write(str(os.getpid())); os.rename('$W/kept/$away_name.tmp', '$W/kept/$away_name.pid')
$py_text" "$W/scripts/$away_name" "$@" </dev/null >/dev/null 2>&1
  wait_for "$W/kept/$away_name.pid"
}
# A shell that goes on, in a session of its own.
daemon_of() {
  setsid -f sh -c "echo \$\$ > '$W/kept/$1.tmp'; mv '$W/kept/$1.tmp' '$W/kept/$1.pid'; $2" "$W/scripts/$1" </dev/null >/dev/null 2>&1
  wait_for "$W/kept/$1.pid"
}
end_of() {
  [ ! -s "$W/kept/$1.pid" ] || kill -9 "-$(cat "$W/kept/$1.pid")" 2>/dev/null || :
}

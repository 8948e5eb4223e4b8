#!/bin/sh
# Starts the tool whose name this file has, from a USB stick, on NixOS and other Linux systems. Every
# launcher of the kit is this same file. Where the stick's files cannot be executed: sh ./NAME
#
# The tool is copied off the stick first: the stick may be mounted noexec, and may be pulled out while
# the tool runs. The loader it names is a link, pointed at the one this machine has: NixOS keeps its
# loader elsewhere than other distributions.
set -u
umask 022
tool=${0##*/}
kit=$(cd "$(dirname "$0")" && pwd -P) || exit 1

say() { printf '[%s] error: %s\n' "$tool" "$1" >&2; }

# Nothing starts there, and nothing says why. A shell's own pwd may repeat what it was told.
_=$(env pwd 2>&1) || { say "the folder that you are in was removed: cd / first"; exit 1; }
[ -e /proc/self/exe ] || { say "/proc is not mounted: mount -t proc proc /proc first"; exit 2; }

case $(uname -sm) in
  "Linux x86_64") system=x86_64-linux loader=ld-linux-x86-64.so.2 ;;
  "Linux aarch64") system=aarch64-linux loader=ld-linux-aarch64.so.1 ;;
  *) say "the kit has nothing for $(uname -sm)"; exit 2 ;;
esac
program=$kit/bin/$system/$tool
if ! [ -f "$program" ]; then
  say "the kit has no $tool for $system"
  exit 2
fi

own=
if [ "$(id -u)" = 0 ]; then
  folder=/run/hypervisor
  link=$folder/ld.so
  mkdir -p "$folder"
  # Someone else's folder could be changed while root runs what is in it.
  if [ -L "$folder" ] || ! [ -O "$folder" ]; then
    say "$folder is not root's own folder: remove it and try again"
    exit 3
  fi
  chmod 755 "$folder"
else
  folder=$(mktemp -d "${TMPDIR:-/tmp}/hv.XXXXXX") || exit 1
  own=$folder
  link=$folder/ld
  trap 'rm -rf "$own"' EXIT
  # The terminal's signals are the tool's to handle; this shell waits for it.
  trap : HUP INT TERM
fi

copy() { cp "$program" "$1/$tool.$$" && chmod 755 "$1/$tool.$$"; }

# Without root the link lies in a folder of one's own, whose name is written over the fixed one.
patch() {
  [ -n "$own" ] || return 0
  read -r offset room < "$program.loader" || return 1
  [ ${#link} -lt "$room" ] || { say "TMPDIR is too long: use one of at most $((room - 14)) letters"; return 1; }
  { printf '%s' "$link"; head -c $((room - ${#link})) /dev/zero; } |
    dd of="$1" bs=1 seek="$offset" conv=notrunc 2>/dev/null
}

starts() {
  ln -sfn "$1" "$link.$$" && mv -f "$link.$$" "$link" &&
    _=$("$2" --version 2>&1)
}

# NixOS; other distributions; whatever loader started this machine's own sed.
find_loader() {
  for candidate in "/run/current-system/sw/lib/$loader" "/lib64/$loader" "/lib/$loader" \
    "$(sed -n "s|.* \(/.*/ld-linux[^ ]*\)\$|\1|p" /proc/self/maps 2>/dev/null | head -n 1)"; do
    [ -e "$candidate" ] || continue
    if starts "$candidate" "$1"; then return 0; fi
  done
  return 1
}

for place in "$folder" /var/tmp /tmp; do
  if [ "$place" != "$folder" ]; then
    # /run is mounted noexec on some distributions.
    [ -z "$own" ] || break
    place=$(mktemp -d "$place/hypervisor.XXXXXX") || continue
    chmod 755 "$place"
  fi
  copy "$place" || { rm -f "$place/$tool.$$"; continue; }
  patch "$place/$tool.$$" || exit 1
  if find_loader "$place/$tool.$$"; then
    mv -f "$place/$tool.$$" "$place/$tool" || exit 1
    HYPERVISOR_SOURCE=${HYPERVISOR_SOURCE:-$kit/source}
    # What is offered after sudo: the copy is gone when this ends, and its folder's name free for anyone.
    HYPERVISOR_LAUNCHER=$kit/$tool
    export HYPERVISOR_SOURCE HYPERVISOR_LAUNCHER
    if [ -z "$own" ]; then exec "$place/$tool" "$@"; fi
    "$place/$tool" "$@"
    exit $?
  fi
  rm -f "$place/$tool.$$"
  [ "$place" = "$folder" ] || rmdir "$place"
done
say "no loader of glibc was found that starts it (or no folder from which programs may be run)"
grep -q '^Max address space *unlimited' /proc/self/limits ||
  say "it may need more address space than it is allowed: ulimit -v unlimited"
printf '[%s] next: with Nix at hand: nix run path:%s/source#%s\n' "$tool" "$kit" "$tool" >&2
exit 2

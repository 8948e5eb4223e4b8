# shellcheck shell=bash
# guest_backup.sh LIBVIRT FOLDER: keeps what libvirt knows of guests, networks, storage pools and filters
# (their XML, which lists their disks and is not on them) in FOLDER/TIME, for root alone; only when it
# differs from what was kept last. The newest 30 stay. Never an empty one: that is no backup.
# The module puts before it: coreutils, findutils.
set -euo pipefail
: "${coreutils:?}" "${findutils:?}"
libvirt=$1 folder=$2
umask 077
"$coreutils/mkdir" -p -m 0700 -- "$folder"
new=$folder/.new
"$coreutils/rm" -rf -- "$new"
"$coreutils/mkdir" -- "$new"
if ! cd -- "$libvirt" 2>/dev/null; then exec "$coreutils/rm" -rf -- "$new"; fi

kinds=()
for kind in qemu storage nwfilter; do
  if [[ -d $kind ]]; then kinds+=("$kind"); fi
done
if ((${#kinds[@]})); then
  "$findutils/find" "${kinds[@]}" -xdev -type f -name '*.xml' \
    -exec "$coreutils/cp" --parents --preserve=timestamps -t "$new" -- {} +
fi

# Names and contents, in one order.
sums() {
  (cd -- "$1" && "$findutils/find" . -type f -exec "$coreutils/sha256sum" {} + | "$coreutils/sort")
}
kept=("$folder"/[0-9]*)
newest=${kept[-1]}
found=$(sums "$new")
if [[ -z $found ]]; then
  "$coreutils/rm" -rf -- "$new"
elif [[ -d $newest && $(sums "$newest") == "$found" ]]; then
  "$coreutils/rm" -rf -- "$new"
  "$coreutils/touch" -- "$newest"
else
  "$coreutils/sync" -f "$new"
  "$coreutils/mv" -T -- "$new" "$folder/$("$coreutils/date" -u +%Y%m%dT%H%M%SZ)"
  "$coreutils/sync" -f "$folder"
  kept=("$folder"/[0-9]*)
  for ((old = 0; old < ${#kept[@]} - 30; old++)); do "$coreutils/rm" -rf -- "${kept[old]}"; done
fi

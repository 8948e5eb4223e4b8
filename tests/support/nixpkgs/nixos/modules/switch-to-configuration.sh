#!/bin/sh
# Stands in for NixOS's switch-to-configuration: changes nothing, records the action, and ends as the
# test asks. README.md of the stand-in says how a test does that.
action=${1:-}
case "$action" in
  switch | boot | test | dry-activate | check) ;;
  *) echo "Usage: $0 [switch|boot|test|dry-activate|check]" >&2; exit 1 ;;
esac
folder=${STANDIN_ACTIVATION:-${HYPERVISOR_ROOT:-}/run/standin-activation}
[ -d "$folder" ] || exit 0
printf '%s %s\n' "$action" "@out@" >> "$folder/actions"
if [ -x "$folder/hook" ]; then
  "$folder/hook" "$action" "@out@" || exit $?
fi
for file in "$folder/exit-$action" "$folder/exit"; do
  if [ -f "$file" ]; then exit "$(cat "$file")"; fi
done
exit 0

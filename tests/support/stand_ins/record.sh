# Sourced by every stand-in: where its files are, and the record of its calls.
# Sets `folder` (the stand-ins) and `state` (what tests script and read).
folder=$(cd "$(dirname "$0")" && pwd)
state=$folder/state

# One text as a JSON string.
json() {
  printf '"'
  printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$(printf '\t')/\\\\t/g" |
    sed -e ':a' -e 'N' -e '$!ba' -e 's/\n/\\n/g'
  printf '"'
}

# Appends {"command", "args", "cwd", "env"} to calls.jsonl in one write; runs the test's hook, if any.
record() {
  command=$(basename "$0")
  line="{\"command\":$(json "$command"),\"args\":["
  separator=
  for argument in "$@"; do
    line="$line$separator$(json "$argument")"
    separator=,
  done
  line="$line],\"cwd\":$(json "$PWD"),\"env\":{"
  separator=
  for name in HOME PATH NIX_CONFIG NIX_PATH HYPERVISOR_ROOT SUDO_USER SSH_CONNECTION; do
    eval "value=\${$name-}; given=\${$name+yes}"
    if [ -n "$given" ]; then
      line="$line$separator\"$name\":$(json "$value")"
      separator=,
    fi
  done
  printf '%s}}\n' "$line" >>"$state/calls.jsonl"
  if [ -x "$state/$command/hook" ]; then "$state/$command/hook" "$@" || exit $?; fi
  if [ -f "$state/$command/fail" ]; then
    cat "$state/$command/fail" >&2
    exit "$(cat "$state/$command/fail-code" 2>/dev/null || echo 1)"
  fi
}

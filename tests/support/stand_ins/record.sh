# shellcheck shell=sh
# Sourced by every stand-in: where its files are, and the record of its calls. Tests start stand-ins
# hundreds of times, so it is the shell's own words that do this, without a process for each.
# Sets `folder` (the stand-ins) and `state` (what tests script and read).
folder=${0%/*}
case "$folder" in /*) ;; *) folder=$(cd "$(dirname "$0")" && pwd) ;; esac
state=$folder/state
newline='
'
tab='	'

# Adds one text to `line` as a JSON string.
json() {
  rest=$1
  line="$line\""
  while :; do
    case "$rest" in
      *[\\\"$newline$tab]*)
        plain=${rest%%[\\\"$newline$tab]*}
        rest=${rest#"$plain"}
        case "$rest" in
          "$newline"*) special='\n' ;;
          "$tab"*) special='\t' ;;
          \"*) special='\"' ;;
          *) special='\\' ;;
        esac
        line="$line$plain$special"
        rest=${rest#?}
        ;;
      *) line="$line$rest\""; return ;;
    esac
  done
}

# Appends {"command", "args", "cwd", "env"} to calls.jsonl in one write; runs the test's hook, if any.
record() {
  command=${0##*/}
  line='{"command":'
  json "$command"
  line="$line,\"args\":["
  separator=
  for argument in "$@"; do
    line="$line$separator"
    json "$argument"
    separator=,
  done
  line="$line],\"cwd\":"
  json "$PWD"
  line="$line,\"env\":{"
  separator=
  for name in HOME PATH NIX_CONFIG NIX_PATH HYPERVISOR_ROOT SUDO_USER SSH_CONNECTION; do
    eval "value=\${$name-}; given=\${$name+yes}"
    if [ -n "$given" ]; then
      line="$line$separator\"$name\":"
      # shellcheck disable=SC2154 # by eval
      json "$value"
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

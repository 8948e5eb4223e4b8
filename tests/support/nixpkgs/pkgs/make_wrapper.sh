# shellcheck shell=bash
# makeWrapper EXECUTABLE WRAPPER [--set NAME VALUE] [--set-default NAME VALUE]
#   [--prefix NAME SEPARATOR VALUE] [--suffix NAME SEPARATOR VALUE] [--run COMMAND]
#   [--add-flags FLAGS]
makeWrapper() {
  wrapped=$1 wrapper=$2 flags=
  shift 2
  mkdir -p "$(dirname "$wrapper")"
  printf '#!/bin/sh\n' > "$wrapper"
  while [ $# -gt 0 ]; do
    case "$1" in
      --set) printf "export %s='%s'\n" "$2" "$3" >> "$wrapper"; shift 3 ;;
      --set-default) printf "export %s=\"\${%s-%s}\"\n" "$2" "$2" "$3" >> "$wrapper"; shift 3 ;;
      --prefix) printf "export %s=\"%s\${%s:+%s\$%s}\"\n" "$2" "$4" "$2" "$3" "$2" >> "$wrapper"; shift 4 ;;
      --suffix) printf "export %s=\"\${%s:+\$%s%s}%s\"\n" "$2" "$2" "$2" "$3" "$4" >> "$wrapper"; shift 4 ;;
      --run) printf '%s\n' "$2" >> "$wrapper"; shift 2 ;;
      --add-flags) flags="$flags $2"; shift 2 ;;
      *) echo "makeWrapper: $1 is not known to the stand-in" >&2; exit 1 ;;
    esac
  done
  printf 'exec "%s"%s "$@"\n' "$wrapped" "$flags" >> "$wrapper"
  chmod +x "$wrapper"
}
wrapProgram() {
  program=$1
  shift
  hidden="$(dirname "$program")/.$(basename "$program")-wrapped"
  mv "$program" "$hidden"
  makeWrapper "$hidden" "$program" "$@"
}

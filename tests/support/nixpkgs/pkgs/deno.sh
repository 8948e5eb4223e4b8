#!/bin/sh
# Stands in for Deno where none is named: downloads nothing, and compiles to a script.
case "$1" in
  install)
    mkdir -p "$DENO_DIR/npm"
    : > "$DENO_DIR/npm/stand-in"
    ;;
  compile)
    while [ $# -gt 1 ]; do
      if [ "$1" = --output ]; then output=$2; fi
      shift
    done
    printf '#!/bin/sh\necho "%s (stand-in)"\n' "$output" > "$output"
    chmod +x "$output"
    ;;
esac

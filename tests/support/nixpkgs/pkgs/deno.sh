#!/bin/sh
# Stands in for Deno where none is named: downloads nothing, and "compiles" to a script.
case "$1" in
  install)
    mkdir -p "$DENO_DIR/npm"
    : > "$DENO_DIR/npm/stand-in"
    ;;
  run)
    # nix/compile.ts --into FOLDER NAME
    while [ $# -gt 2 ] && [ "$1" != --into ]; do shift; done
    [ "$1" = --into ] || exit 0
    mkdir -p "$2"
    printf '#!/bin/sh\necho "%s (stand-in)"\n' "$3" > "$2/$3"
    chmod +x "$2/$3"
    ;;
esac

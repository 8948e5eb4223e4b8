# The executables by name. One whose entry point is not in this tree is left out, so that the flake
# of any commit is valid.
builtins.filter (name: builtins.pathExists (../cmd + "/${name}.ts")) [
  "system-installer"
  "smart-sync"
  "dev-update"
  "rebuild-helper"
  "validator"
]

# Source trees cut down to what a package needs.
{ lib }:
rec {
  cleanSourceFilter =
    path: type:
    let
      name = baseNameOf path;
    in
    !(
      builtins.elem name [
        ".git"
        ".svn"
        ".hg"
      ]
      || lib.hasSuffix "~" name
      || type == "symlink" && lib.hasPrefix "result" name
      || type == "unknown"
    );
  cleanSource =
    src:
    cleanSourceWith {
      inherit src;
      filter = cleanSourceFilter;
    };
  cleanSourceWith =
    {
      src,
      filter ? _: _: true,
      name ? "source",
    }:
    builtins.path {
      inherit filter name;
      path = src;
    };
}

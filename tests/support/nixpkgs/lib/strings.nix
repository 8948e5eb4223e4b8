# Text: joining, escaping, testing, versions, and printing values as Nix or INI.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    filter
    isString
    map
    replaceStrings
    stringLength
    substring
    ;
in
rec {
  inherit (builtins)
    compareVersions
    match
    split
    hashString
    hashFile
    baseNameOf
    dirOf
    parseDrvName
    ;

  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStrings (map f list);
  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  concatImapStringsSep =
    separator: f: list:
    concatStringsSep separator (lib.imap1 f list);
  concatLines = concatMapStrings (line: line + "\n");
  concatMapAttrsStringSep =
    separator: f: attrs:
    concatStringsSep separator (lib.mapAttrsToList f attrs);
  optionalString = cond: text: if cond then text else "";
  intersperse =
    separator: list:
    lib.drop 1 (
      lib.concatMap (v: [
        separator
        v
      ]) list
    );
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      extra = stringLength text - stringLength suffix;
    in
    extra >= 0 && substring extra (-1) text == suffix;
  hasInfix = infix: text: replaceStrings [ infix ] [ "" ] text != text || infix == "";
  removePrefix =
    prefix: text: if hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text;
  splitString = separator: text: filter isString (split (escapeRegex separator) text);
  stringToCharacters = text: lib.genList (i: substring i 1 text) (stringLength text);
  escape = characters: replaceStrings characters (map (c: "\\" + c) characters);
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeShellArg =
    value:
    let
      text = toString value;
    in
    if match "[[:alnum:],._+:@%/-]+" text != null then
      text
    else
      "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  escapeNixString = text: replaceStrings [ "$" ] [ "\\$" ] (builtins.toJSON text);
  strings = {
    inherit
      escapeNixString
      escapeShellArg
      hasPrefix
      hasSuffix
      toJSON
      concatMapStringsSep
      concatStringsSep
      ;
  };
  toJSON = builtins.toJSON;
  toLower = replaceStrings (stringToCharacters upper) (stringToCharacters lower);
  toUpper = replaceStrings (stringToCharacters lower) (stringToCharacters upper);
  lower = "abcdefghijklmnopqrstuvwxyz";
  upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  trim =
    text:
    let
      found = match "[ \t\r\n]*(.*[^ \t\r\n])[ \t\r\n]*" text;
    in
    if found == null then "" else builtins.head found;
  fixedWidthString =
    width: filler: text:
    if stringLength text >= width then text else fixedWidthString width filler (filler + text);
  isStorePath =
    value: (isString value || value ? outPath) && hasPrefix "${builtins.storeDir}/" (toString value);
  makeBinPath = makeSearchPath "bin";
  makeSearchPath =
    folder: packages: concatMapStringsSep ":" (p: "${lib.getBin p}/${folder}") packages;
  versionOlder = a: b: builtins.compareVersions b a == 1;
  versionAtLeast = a: b: !versionOlder a b;
  getName =
    package:
    if isString package then
      (builtins.parseDrvName package).name
    else
      package.pname or (builtins.parseDrvName package.name).name;
  getVersion =
    package:
    if isString package then
      (builtins.parseDrvName package).version
    else
      package.version or (builtins.parseDrvName package.name).version;
  nameFromURL =
    url: separator: builtins.head (splitString separator (lib.last (splitString "/" url)));
  fileContents = path: removeSuffix "\n" (builtins.readFile path);
  readFile = builtins.readFile;

  generators = {
    toJSON = _: builtins.toJSON;
    toPretty = _: toPretty;
    toKeyValue =
      {
        mkKeyValue ? generators.mkKeyValueDefault { } "=",
        ...
      }:
      attrs: concatLines (lib.mapAttrsToList mkKeyValue attrs);
    mkKeyValueDefault =
      { ... }:
      separator: name: value:
      "${name}${separator}${if builtins.isBool value then lib.boolToString value else toString value}";
    toINI =
      _: sections:
      concatStringsSep "\n" (
        lib.mapAttrsToList (section: values: "[${section}]\n${generators.toKeyValue { } values}") sections
      );
  };

  # A value as it would be typed; what cannot be printed is named in angle brackets.
  toPretty =
    value:
    if builtins.isFunction value then
      "<function>"
    else if lib.isDerivation value then
      "<derivation ${value.name or "?"}>"
    else if builtins.isList value then
      "[ ${concatMapStringsSep " " toPretty value} ]"
    else if builtins.isAttrs value && value ? __toString then
      toString value
    else if builtins.isAttrs value then
      "{ ${concatStrings (lib.mapAttrsToList (n: v: "${n} = ${toPretty v}; ") value)}}"
    else if isString value then
      escapeNixString value
    else if builtins.isPath value then
      toString value
    else
      builtins.toJSON value;
}

# Lists, attribute sets, functions and numbers.
{ lib }:
rec {
  inherit (builtins)
    all
    any
    attrValues
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    functionArgs
    genList
    hasAttr
    head
    intersectAttrs
    isAttrs
    isBool
    isFloat
    isFunction
    isInt
    isList
    isPath
    isString
    length
    lessThan
    listToAttrs
    map
    mapAttrs
    partition
    pathExists
    readDir
    readFile
    seq
    deepSeq
    sort
    tail
    toJSON
    fromJSON
    trace
    tryEval
    attrNames
    concatStringsSep
    replaceStrings
    stringLength
    substring
    toString
    typeOf
    unsafeGetAttrPos
    bitAnd
    bitOr
    ceil
    floor
    catAttrs
    groupBy
    isNull
    zipAttrsWith
    fromTOML
    addErrorContext
    ;

  version = "24.05.standin";
  trivial = {
    release = "24.05";
    codeName = "Standin";
    version = version;
  };
  inherit (trivial) release;

  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = foldl' (value: f: f value);
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  mod = a: b: a - b * (a / b);
  boolToString = b: if b then "true" else "false";
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  throwIf = cond: message: if cond then throw message else id;
  throwIfNot = cond: throwIf (!cond);
  assertMsg = cond: message: cond || throw message;
  warn = message: value: builtins.trace "warning: ${message}" value;
  warnIf = cond: message: if cond then warn message else id;
  toFunction = v: if builtins.isFunction v then v else _: v;
  fix =
    f:
    let
      x = f x;
    in
    x;
  extends =
    overlay: f: final:
    let
      previous = f final;
    in
    previous // overlay final previous;
  composeExtensions =
    f: g: final: prev:
    let
      first = f final prev;
    in
    first // g final (prev // first);
  composeManyExtensions = foldr composeExtensions (_: _: { });
  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };
  inPureEvalMode = !(builtins ? currentSystem);

  optional = cond: value: if cond then [ value ] else [ ];
  optionals = cond: list: if cond then list else [ ];
  singleton = value: [ value ];
  toList = value: if builtins.isList value then value else [ value ];
  foldr =
    f: initial: list:
    let
      go = i: if i == length list then initial else f (builtins.elemAt list i) (go (i + 1));
    in
    go 0;
  fold = foldr;
  foldl = foldl';
  last = list: builtins.elemAt list (length list - 1);
  init = list: take (length list - 1) list;
  take = count: list: genList (builtins.elemAt list) (min count (length list));
  drop = count: list: genList (i: builtins.elemAt list (i + count)) (max 0 (length list - count));
  sublist =
    start: count: list:
    take count (drop start list);
  range = from: to: genList (i: from + i) (max 0 (to - from + 1));
  replicate = count: value: genList (_: value) count;
  imap0 = f: list: genList (i: f i (builtins.elemAt list i)) (length list);
  imap1 = f: imap0 (i: f (i + 1));
  flatten = value: if builtins.isList value then builtins.concatMap flatten value else [ value ];
  remove = value: filter (v: v != value);
  unique = foldl' (seen: v: if builtins.elem v seen then seen else seen ++ [ v ]) [ ];
  allUnique = list: length (unique list) == length list;
  subtractLists = gone: filter (v: !(builtins.elem v gone));
  intersectLists = kept: filter (v: builtins.elem v kept);
  reverseList = list: genList (i: builtins.elemAt list (length list - 1 - i)) (length list);
  findFirst =
    test: default: list:
    let
      found = filter test list;
    in
    if found == [ ] then default else head found;
  findSingle =
    test: default: multiple: list:
    let
      found = filter test list;
    in
    if found == [ ] then
      default
    else if length found == 1 then
      head found
    else
      multiple;
  count = test: list: length (filter test list);
  zipListsWith =
    f: a: b:
    genList (i: f (builtins.elemAt a i) (builtins.elemAt b i)) (min (length a) (length b));
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  crossLists = f: foldl' (fs: xs: builtins.concatMap (g: map g xs) fs) [ f ];
  naturalSort = builtins.sort builtins.lessThan;
  sortOn = key: builtins.sort (a: b: key a < key b);
  mutuallyExclusive = a: b: intersectLists a b == [ ];
  toInt =
    text:
    let
      value = builtins.fromJSON text;
    in
    if builtins.isInt value then value else throw "toInt: not a whole number: ${text}";

  nameValuePair = name: value: { inherit name value; };
  optionalAttrs = cond: attrs: if cond then attrs else { };
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  filterAttrs =
    test: attrs:
    listToAttrs (
      map (name: nameValuePair name attrs.${name}) (
        filter (name: test name attrs.${name}) (attrNames attrs)
      )
    );
  mapAttrs' = f: attrs: listToAttrs (map (name: f name attrs.${name}) (attrNames attrs));
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (attrNames attrs);
  attrsToList = mapAttrsToList nameValuePair;
  concatMapAttrs = f: attrs: foldl' (a: b: a // b) { } (mapAttrsToList f attrs);
  mergeAttrsList = foldl' (a: b: a // b) { };
  foldlAttrs =
    f: initial: attrs:
    foldl' (acc: name: f acc name attrs.${name}) initial (attrNames attrs);
  mapAttrsRecursiveCond =
    cond: f: attrs:
    let
      go =
        path:
        builtins.mapAttrs (
          name: value:
          if isAttrs value && cond value then go (path ++ [ name ]) value else f (path ++ [ name ]) value
        );
    in
    go [ ] attrs;
  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  collect =
    test: value:
    if test value then
      [ value ]
    else if isAttrs value then
      builtins.concatMap (collect test) (builtins.attrValues value)
    else
      [ ];
  attrByPath =
    path: default: attrs:
    if path == [ ] then
      attrs
    else if isAttrs attrs && attrs ? ${head path} then
      attrByPath (builtins.tail path) default attrs.${head path}
    else
      default;
  hasAttrByPath =
    path: attrs:
    path == [ ]
    || isAttrs attrs && attrs ? ${head path} && hasAttrByPath (builtins.tail path) attrs.${head path};
  getAttrFromPath =
    path: attrs:
    attrByPath path (throw "cannot find attribute `${builtins.concatStringsSep "." path}'") attrs;
  setAttrByPath = path: value: foldr (name: inner: { ${name} = inner; }) value path;
  attrVals = names: attrs: map (name: attrs.${name}) names;
  getAttrs = names: attrs: genAttrs names (name: attrs.${name});
  zipAttrs = builtins.zipAttrsWith (_: values: values);
  recursiveUpdate =
    a: b:
    if isAttrs a && isAttrs b then
      a
      // builtins.mapAttrs (name: value: if a ? ${name} then recursiveUpdate a.${name} value else value) b
    else
      b;
  isDerivation = value: isAttrs value && value.type or null == "derivation";
  recurseIntoAttrs = attrs: attrs // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = attrs: attrs // { recurseForDerivations = false; };
  makeOverridable =
    f: args: f args // { override = new: makeOverridable f (args // toFunction new args); };
  callPackageWith =
    available: f: extra:
    let
      function = if builtins.isFunction f then f else import f;
      wanted = builtins.functionArgs function;
    in
    makeOverridable function (builtins.intersectAttrs wanted available // extra);
  attrsets = {
    inherit
      genAttrs
      filterAttrs
      mapAttrs'
      mapAttrsToList
      recursiveUpdate
      optionalAttrs
      attrByPath
      ;
  };
  lists = {
    inherit
      optional
      optionals
      unique
      flatten
      range
      ;
  };
  customisation = { inherit makeOverridable callPackageWith; };
  maintainers = { };
  licenses = builtins.mapAttrs (spdxId: fullName: { inherit spdxId fullName; }) {
    mit = "MIT License";
  };
  sourceTypes = { };
  platforms = {
    linux = [
      "x86_64-linux"
      "aarch64-linux"
    ];
    all = platforms.linux;
    x86_64 = [ "x86_64-linux" ];
    aarch64 = [ "aarch64-linux" ];
  };

  getBin = package: package.bin or package.out or package;
  getLib = package: package.lib or package.out or package;
  getOutput = output: package: package.${output} or package.out or package;
  getExe' = package: name: "${getBin package}/bin/${name}";
  getExe =
    package: getExe' package (package.meta.mainProgram or package.pname or (lib.getName package));
}

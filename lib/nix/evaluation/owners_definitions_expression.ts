import { factsFunctions } from "./facts_functions.ts";

/** What stands for a value that is no data (a function), cannot be evaluated, or may be a secret. */
export const CANNOT_BE_SHOWN = "cannot be shown";

/**
 * Nix code: a function from an evaluated NixOS to `{ values, treeValues, names, plain, project, both }`. The first
 * three are functions of places in the options' tree (see `evaluateApart`). A value is a list of
 * `{ option, files, value, result }` for the options that files outside nixpkgs define, or of these only files of a
 * source tree of the published layout. What is defined under an older name is listed under that.
 *
 * `plain` gives of some options what `plainOption` of `facts_functions.ts` does: what the owner set, to be
 * written down again; nothing for what is no data.
 *
 * `project` gives the values that options have in the end, of sets only the members that a shape has; null
 * for an option that is not there. Secrets are there as their hashes, to be compared and never shown.
 *
 * What is not looked at: internal and read-only options, and defaults. What is not data is not shown:
 * packages by their name, functions, long texts and secrets not at all.
 */
export const ownersDefinitionsExpression = String.raw`
nixos:
let
${factsFunctions}
  hidden = ${JSON.stringify(CANNOT_BE_SHOWN)};
  # tryEval of a value that is only looked at.
  try = fallback: value: let result = builtins.tryEval value; in if result.success then result.value else fallback;
  isOption = value: isAttrs value && (value._type or "") == "option";

  # nixpkgs defines these in modules that have no file.
  notTheOwners = [ [ "documentation" "nixos" "extraModules" ] [ "nixpkgs" "flake" "source" ] ];

  walk = counts: path: set: concatMap (name: visit counts (path ++ [ name ]) (try null (getAttr name set)))
    (filter (name: name != "_module") (try [ ] (attrNames set)));
  visit = counts: path: value:
    if isOption value then leaf counts path value
    else if isAttrs value then walk counts path value
    else [ ];

  isOwners = file: ! isNixosFile file;
  isTrees = file:
    let parts = match "(/nix/store/[^/]+)/.*" file; in
    parts != null && ! isNixosFile file
    && pathExists (elemAt parts 0 + "/configuration.nix") && pathExists (elemAt parts 0 + "/modules");

  # The priority first: it is known without the default, which may be a package and costs much.
  leaf = counts: path: option:
    if elem path notTheOwners || option.internal or false || option.readOnly or false || try 0 (option.highestPrio or 100) >= 1500
    then [ ] else defined counts path option;
  defined = counts: path: option:
    let
      files = try null (let all = map text (option.files or [ ]); in builtins.deepSeq all all);
      own = filter (index: counts (elemAt files index)) (genList (index: index) (length files));
      definitions = option.definitions;
      value = try hidden (let shown = together (map (index: show 0 (elemAt definitions index)) own); in
        builtins.deepSeq shown shown);
    in
      # Who says it is not known: it is named.
      if files == null then [ { option = path; files = [ ]; value = hidden; result = hidden; } ]
      else if own == [ ] then [ ] else [ {
      inherit value;
      option = path;
      files = map (elemAt files) own;
      result = resultOf path value;
    } ];

  together = shown:
    # Several modules may say the same.
    if length shown == 1 || builtins.all (one: one == elemAt shown 0) shown then elemAt shown 0
    else if builtins.all isList shown then concatMap (list: list) shown
    else if builtins.all isAttrs shown then foldl' merged { } shown
    else if builtins.all isString shown then builtins.concatStringsSep "\n" shown
    else elemAt shown (length shown - 1);
  merged = a: b: a // builtins.mapAttrs (name: value:
    if hasAttr name a && isAttrs value && isAttrs (getAttr name a) then merged (getAttr name a) value
    else if hasAttr name a && isList value && isList (getAttr name a) then getAttr name a ++ value
    else value) b;

  show = showWith (_: hidden);
  showWith = secret: depth: value:
    if depth > 10 || builtins.isFunction value then hidden
    else if isString value then let plain = text value; in if stringLength plain > 4000 then hidden else plain
    else if isPath value then text value
    else if isList value then map (inner: try hidden (let shown = showWith secret (depth + 1) inner; in builtins.deepSeq shown shown)) value
    else if ! isAttrs value then value
    # Versions follow nixpkgs, which a host without the configuration has of its own.
    else if (value.type or "") == "derivation" then "package " + packageName value
    else if value ? _type then property secret depth value
    # Kernel packages are a choice of the kernel; of any other set of packages nothing can be said.
    else if value ? kernel.name && value ? extend then "kernel " + value.kernel.name
    else if value ? callPackage || value ? __unfix__ then hidden
    # A flake, a larger set.
    else if value ? outPath || length (attrNames value) > 400 then hidden
    else builtins.mapAttrs (showMember secret depth) value;
  # mkIf, mkForce and their like inside of a set.
  property = secret: depth: value:
    if value._type == "if" then (if value.condition then showWith secret depth value.content else { })
    else if value._type == "merge" then together (map (showWith secret depth) value.contents)
    else if value ? content then showWith secret depth value.content
    else hidden;
  showMember = secret: depth: name: value:
    let shown = try hidden (let inner = showWith secret (depth + 1) value; in builtins.deepSeq inner inner);
    in if isSecret name && ! isAttrs shown && ! isBool shown && shown != null then secret shown else shown;
  # The file that holds a secret is none.
  isSecret = name: match ".*([Pp]assword|[Pp]assphrase|[Ss]ecret|[Tt]oken|[Pp]sk|[Pp]rivate_?[Kk]ey|[Aa]pi_?[Kk]ey|PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|PSK|PRIVATE_?KEY|API_?KEY).*" name != null
    && match ".*([Ff]iles?|[Pp]aths?|[Cc]ommands?|Authentication|FILES?|PATHS?)" name == null;
  hashed = value: hidden + " " + builtins.hashString "sha256" (builtins.toJSON value);
  projected = name: shape: value:
    if isAttrs shape && isAttrs value && ! value ? outPath then
      builtins.mapAttrs (inner: _: if hasAttr inner value then projected inner (getAttr inner shape) (getAttr inner value) else null) shape
    else (showMember hashed 0 name value);
  resultOf = path: shape:
    let option = at path options; name = elemAt path (length path - 1); in
    if ! isOption option then null
    else try hidden (let value = projected name shape option.value; in builtins.deepSeq value value);
  project = map (entry: resultOf entry.option entry.shape);
  plain = concatMap (path: try [ ] (let found = plainOption (builtins.concatStringsSep "." path); in
    builtins.deepSeq found found));
in {
  inherit project plain;
  both = { entries, options }: { values = project entries; plain = plain options; };
  # The definitions below some places of the options' tree, and the names below one.
  values = map (place: visit isOwners place (at place options));
  treeValues = map (place: visit isTrees place (at place options));
  names = place: let value = at place options; in
    if isOption value || ! isAttrs value then [ ] else filter (name: name != "_module") (attrNames value);
}
`;

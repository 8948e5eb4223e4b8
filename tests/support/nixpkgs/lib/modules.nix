# A module system with the behaviour that configurations and this repository's tests rely on: imports,
# declarations, definitions with conditions, priorities and order, submodules, freeform types,
# disabledModules, and errors in the real one's words (tests and tools look for them).
{ lib }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    elem
    filter
    foldl'
    head
    isAttrs
    isFunction
    isPath
    isString
    length
    map
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;
  inherit (lib)
    isType
    mkIf
    mkOption
    mkOptionDefault
    mkOverride
    showOption
    types
    ;

  # What every evaluation declares besides the given modules.
  internalModule = check: extendModules: {
    _file = "<the module system>";
    config._module.args = { inherit extendModules; };
    options._module = {
      args = mkOption {
        type = types.lazyAttrsOf types.raw;
        default = { };
        internal = true;
      };
      check = mkOption {
        type = types.bool;
        default = check;
        internal = true;
      };
      freeformType = mkOption {
        type = types.raw;
        default = null;
        internal = true;
      };
    };
  };

  callable = value: isFunction value || isAttrs value && value ? __functor;

  # Any form of a module (path, function, attribute set) as { key, file, imports, options, config,
  # disabledModules }.
  loadModule =
    call: file: key: value:
    if isPath value || isString value && lib.hasPrefix "/" value then
      loadModule call (toString value) (toString value) (import value)
    else if callable value then
      loadModule call file key (call key value)
    else if !isAttrs value then
      throw "module ${key} (in ${file}) is neither a path, a function nor a set"
    else
      normalise (value._file or file) (value.key or key) value;

  reserved = [
    "_file"
    "key"
    "imports"
    "require"
    "disabledModules"
    "freeformType"
    "_class"
    "meta"
  ];
  normalise =
    file: key: value:
    let
      explicit = value ? config || value ? options;
      extra = attrNames (
        removeAttrs value (
          reserved
          ++ [
            "config"
            "options"
          ]
        )
      );
      config =
        if !explicit then
          removeAttrs value (lib.remove "meta" reserved)
        else if extra != [ ] then
          throw "Module `${file}' has an unsupported attribute `${head extra}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${toString extra}) into the explicit `config' attribute."
        else
          value.config or { };
    in
    {
      inherit key file;
      imports = value.imports or [ ];
      disabledModules = value.disabledModules or [ ];
      options = value.options or { };
      configs = [
        config
      ]
      ++ lib.optional (value ? freeformType) { _module.freeformType = value.freeformType; };
    };

  # All modules reachable through imports, each once, without the disabled ones.
  collectModules =
    call: modulesPath: modules:
    let
      items =
        file: key: list:
        lib.imap1 (i: loadModule call file "${key}:anon-${toString i}") list;
      closure =
        skip:
        builtins.genericClosure {
          startSet = filter (m: !(skip m.key)) (items "<unknown-file>" "" modules);
          operator = m: filter (n: !(skip n.key)) (items m.file m.key m.imports);
        };
      path =
        disabled:
        if isString disabled && !(lib.hasPrefix "/" disabled) then
          "${modulesPath}/${disabled}"
        else
          toString disabled.key or disabled;
      disabled = map path (concatMap (m: m.disabledModules) (closure (_: false)));
    in
    closure (key: elem key disabled);

  # Conditions and priorities of a set moved to each of its attributes.
  pushDown =
    loc: file: value:
    if isType "merge" value then
      concatMap (pushDown loc file) value.contents
    else if isType "if" value then
      map (mapAttrs (_: mkIf value.condition)) (pushDown loc file value.content)
    else if isType "override" value then
      map (mapAttrs (_: mkOverride value.priority)) (pushDown loc file value.content)
    else if isAttrs value then
      [ value ]
    else
      throw "The option `${showOption loc}' in `${file}' is a set of options, but it is given the value ${lib.toPretty value}";

  byName =
    sets:
    zipAttrsWith (_: found: found) (
      map (
        set:
        mapAttrs (_: value: {
          inherit (set) file;
          inherit value;
        }) set.value
      ) sets
    );

  pushAll =
    loc: defs:
    concatMap (
      def:
      map (value: {
        inherit (def) file;
        inherit value;
      }) (pushDown loc def.file def.value)
    ) defs;

  # Declarations and definitions of one level: { config, options, unmatched }.
  mergeLevel =
    loc: decls: defs:
    let
      declsByName = byName decls;
      defsByName = byName (pushAll loc defs);
      results = mapAttrs (
        name: found:
        let
          here = loc ++ [ name ];
          given = defsByName.${name} or [ ];
          leaves = filter (decl: lib.isOption decl.value) found;
        in
        if leaves == [ ] then
          mergeLevel here found given
        else if length leaves < length found then
          throw "The option `${showOption here}' is both an option and a set of options."
        else
          evalOption here leaves given
      ) declsByName;
      unknown = attrNames (removeAttrs defsByName (attrNames declsByName));
    in
    {
      config = mapAttrs (_: result: result.config) results;
      options = mapAttrs (_: result: result.options) results;
      unmatched =
        concatMap (name: map (def: def // { loc = loc ++ [ name ]; }) defsByName.${name}) unknown
        ++ concatMap (result: result.unmatched) (attrValues results);
    };

  # Several declarations of one option: their fields joined, their types too where these allow it.
  mergeDeclarations =
    loc: decls:
    foldl' (
      merged: decl:
      let
        option = decl.value;
        both = filter (field: merged ? ${field} && option ? ${field}) [
          "default"
          "example"
          "description"
          "apply"
        ];
        type =
          if !(merged ? type) then
            option.type or types.unspecified
          else if !(option ? type) then
            merged.type
          else
            lib.optionTypeMerge merged.type option.type;
      in
      if both != [ ] || type == null then
        throw "The option `${showOption loc}' in `${decl.file}' is already declared in ${
          lib.concatMapStringsSep " and in " (f: "`${f}'") merged.declarations
        }."
      else
        merged
        // option
        // {
          inherit type;
          declarations = merged.declarations ++ [ decl.file ];
        }
    ) { declarations = [ ]; } decls;

  evalOption =
    loc: decls: given:
    let
      option = mergeDeclarations loc decls;
      defaults = lib.optional (option ? default) {
        file = head option.declarations;
        value = mkOptionDefault option.default;
      };
      merged =
        if option.readOnly or false && length given > 1 then
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${lib.showDefs given}"
        else
          mergeDefinitions loc option.type (defaults ++ given);
      value = (option.apply or lib.id) merged.mergedValue;
    in
    {
      config = value;
      unmatched = [ ];
      options = option // {
        inherit loc value;
        inherit (merged) isDefined highestPrio;
        files = map (def: def.file) merged.definitions;
        definitions = map (def: def.value) merged.definitions;
        definitionsWithLocations = merged.definitions;
        __toString = _: showOption loc;
      };
    };

  # One definition with its conditions resolved: the values that remain, with priority and order.
  discharge =
    def:
    if isType "merge" def.value then
      concatMap (value: discharge (def // { inherit value; })) def.value.contents
    else if isType "if" def.value then
      lib.optionals def.value.condition (discharge (def // { value = def.value.content; }))
    else if isType "override" def.value then
      [
        (
          {
            order = lib.defaultOrderPriority;
          }
          // def
          // {
            inherit (def.value) priority;
            value = def.value.content;
          }
        )
      ]
    else if isType "order" def.value then
      map (found: found // { order = def.value.priority; }) (
        discharge (def // { value = def.value.content; })
      )
    else if isType "definition" def.value then
      discharge { inherit (def.value) file value; }
    else
      [
        (
          {
            priority = lib.defaultOverridePriority;
            order = lib.defaultOrderPriority;
          }
          // def
        )
      ];

  # The value that definitions [{ file, value }] give to a type.
  mergeDefinitions =
    loc: type: defs:
    let
      discharged = concatMap discharge defs;
      highestPrio = foldl' (least: def: lib.min least def.priority) 9999 discharged;
      # Only now what a priority stands around is looked at: a default that throws is none until it counts.
      strongest = concatMap discharge (filter (def: def.priority == highestPrio) discharged);
      definitions = map (def: { inherit (def) file value; }) (
        builtins.sort (a: b: a.order < b.order) strongest
      );
      wrong = filter (def: !(type.check def.value)) definitions;
    in
    {
      inherit definitions highestPrio;
      isDefined = definitions != [ ];
      mergedValue =
        if definitions == [ ] then
          type.emptyValue.value or (throw "The option `${showOption loc}' is used but not defined.")
        else if wrong != [ ] then
          throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${lib.showDefs wrong}"
        else
          type.merge loc definitions;
    };
in
rec {
  inherit mergeDefinitions pushDown;

  evalModules =
    {
      modules,
      specialArgs ? { },
      prefix ? [ ],
      check ? true,
      class ? null,
    }@given:
    let
      call =
        key: f:
        let
          base = {
            inherit
              lib
              specialArgs
              config
              options
              ;
          }
          // specialArgs;
          named = mapAttrs (
            name: _:
            builtins.addErrorContext "while evaluating the module argument `${name}' in \"${key}\":" (
              base.${name} or config._module.args.${name}
            )
          ) (lib.functionArgs (if isFunction f then f else f.__functor f));
        in
        f (named // base);
      # The last module's definitions come first, an imported module's before its importer's.
      collected = lib.reverseList (
        collectModules call (specialArgs.modulesPath or "") (
          [ (internalModule check extendModules) ] ++ modules
        )
      );
      merged =
        mergeLevel prefix
          (map (m: {
            inherit (m) file;
            value = m.options;
          }) collected)
          (
            concatMap (
              m:
              map (value: {
                inherit (m) file;
                inherit value;
              }) m.configs
            ) collected
          );
      freeform = merged.config._module.freeformType;
      depth = length prefix;
      extendModules =
        extra:
        evalModules (
          given
          // {
            modules = modules ++ extra.modules or [ ];
            specialArgs = specialArgs // extra.specialArgs or { };
          }
        );
      config =
        if freeform == null then
          merged.config
        else
          lib.recursiveUpdate (freeform.merge prefix (
            map (def: {
              inherit (def) file;
              value = lib.setAttrByPath (lib.drop depth def.loc) def.value;
            }) merged.unmatched
          )) merged.config;
      options = merged.options;
      unknown = head merged.unmatched;
      checked =
        value:
        if freeform == null && merged.config._module.check && merged.unmatched != [ ] then
          throw "The option `${showOption unknown.loc}' does not exist. Definition values:${lib.showDefs [ unknown ]}"
        else
          value;
    in
    {
      inherit class;
      _type = "configuration";
      options = checked options;
      config = checked (removeAttrs config [ "_module" ]);
      _module = checked config._module;
      inherit extendModules;
      type = types.submoduleWith { inherit modules specialArgs; };
    };

  setDefaultModuleLocation = file: module: {
    _file = file;
    imports = [ module ];
  };

  mkAliasOptionModule =
    from: to:
    aliasModule {
      inherit from to;
      warn = false;
    };
  mkRenamedOptionModule =
    from: to:
    aliasModule {
      inherit from to;
      warn = true;
    };
  aliasModule =
    {
      from,
      to,
      warn,
    }:
    { config, options, ... }:
    let
      old = lib.getAttrFromPath from options;
    in
    {
      options = lib.setAttrByPath from (mkOption {
        description = "Alias of `${showOption to}'.";
        visible = false;
        apply = _: lib.getAttrFromPath to config;
      });
      config = lib.mkMerge [
        (lib.optionalAttrs warn {
          warnings = lib.optional old.isDefined "The option `${showOption from}' has been renamed to `${showOption to}'.";
        })
        (lib.setAttrByPath to (
          lib.mkIf old.isDefined (lib.mkMerge (map (value: mkOverride old.highestPrio value) old.definitions))
        ))
      ];
    };
  mkRemovedOptionModule = from: why: { options, ... }: {
    options = lib.setAttrByPath from (mkOption {
      visible = false;
      apply = _: throw "The option `${showOption from}' can no longer be used. ${why}";
    });
    config.assertions = [
      {
        assertion = !(lib.getAttrFromPath from options).isDefined;
        message = "The option definition `${showOption from}' no longer has any effect; please remove it. ${why}";
      }
    ];
  };

  showDefs =
    defs:
    lib.concatMapStrings (
      def:
      let
        printed = builtins.tryEval (lib.toPretty def.value);
      in
      "\n- In `${def.file}': ${if printed.success then printed.value else "<error>"}"
    ) defs;

  optionTypeMerge =
    a: b:
    if a.name == "submodule" && b.name == "submodule" then
      types.submoduleWith (a.payload // { modules = a.payload.modules ++ b.payload.modules; })
    else if a.name == "enum" && b.name == "enum" then
      types.enum (lib.unique (a.payload ++ b.payload))
    else if a ? wraps && b ? wraps && a.name == b.name then
      let
        inner = optionTypeMerge a.wraps.elem b.wraps.elem;
      in
      if inner == null then null else a.wraps.make inner
    else if a.name == b.name && !(a ? wraps) && a.name != "submodule" then
      a
    else
      null;
}

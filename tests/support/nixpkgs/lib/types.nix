# Option types: { name, description, check, merge } and, where a type has one, the value without any
# definition (emptyValue).
{ lib }:
let
  inherit (builtins)
    all
    concatMap
    elem
    filter
    head
    isAttrs
    isBool
    isFloat
    isFunction
    isInt
    isList
    isPath
    isString
    length
    map
    match
    ;
  inherit (lib) mergeDefinitions showDefs showOption;

  mkType =
    {
      name,
      description ? name,
      check ? (_: true),
      merge ? mergeEqual,
      ...
    }@type:
    type
    // {
      _type = "option-type";
      inherit
        name
        description
        check
        merge
        ;
      typeMerge = _: null;
      functor = { inherit name; };
    };

  conflict =
    loc: defs:
    throw "The option `${showOption loc}' has conflicting definition values:${showDefs defs}\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";
  mergeEqual =
    loc: defs:
    let
      first = (head defs).value;
    in
    if all (def: def.value == first) defs then first else conflict loc defs;
  mergeOne =
    loc: defs:
    if length defs == 1 then
      (head defs).value
    else if
      all (def: lib.isDerivation def.value && def.value.outPath == (head defs).value.outPath) defs
    then
      (head defs).value
    else
      throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique.${showDefs defs}\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";

  between =
    name: description: low: high:
    mkType {
      inherit name description;
      check = v: isInt v && (low == null || v >= low) && (high == null || v <= high);
    };
  pathLike =
    v: isPath v || lib.isDerivation v || isString v && lib.hasPrefix "/" v || isAttrs v && v ? outPath;

  # The definitions of each attribute: { name = [{ file, value }]; }.
  attrDefs =
    loc: defs:
    builtins.zipAttrsWith (_: found: found) (
      concatMap (
        def:
        map (builtins.mapAttrs (
          _: value: {
            inherit (def) file;
            inherit value;
          }
        )) (lib.pushDown loc def.file def.value)
      ) defs
    );

  anything = mkType {
    name = "anything";
    merge =
      loc: defs:
      let
        values = map (def: def.value) defs;
      in
      if length defs == 1 && !(isAttrs (head values)) then
        head values
      else if all (v: isAttrs v && !(lib.isDerivation v)) values then
        types.lazyAttrsOf.merge' anything loc defs
      else if all isList values && length values > 1 then
        builtins.concatLists values
      else
        mergeEqual loc defs;
  };

  types = {
    inherit mkType anything;
    inherit (lib) isType;

    raw = mkType {
      name = "raw";
      merge = mergeOne;
    };
    unspecified = mkType {
      name = "unspecified";
      merge =
        loc: defs:
        let
          values = map (def: def.value) defs;
        in
        if length values == 1 then
          head values
        else if all isList values then
          builtins.concatLists values
        else if all isAttrs values then
          lib.foldl' (a: b: a // b) { } values
        else
          mergeEqual loc defs;
    };
    bool = mkType {
      name = "bool";
      description = "boolean";
      check = isBool;
    };
    int = mkType {
      name = "int";
      description = "signed integer";
      check = isInt;
    };
    float = mkType {
      name = "float";
      description = "floating point number";
      check = isFloat;
    };
    number = types.either types.int types.float;
    ints = {
      unsigned = between "unsignedInt" "unsigned integer, meaning >=0" 0 null;
      positive = between "positiveInt" "positive integer, meaning >0" 1 null;
      between =
        low: high:
        between "intBetween" "integer between ${toString low} and ${toString high} (both inclusive)" low
          high;
      u8 = between "unsignedInt8" "8 bit unsigned integer; between 0 and 255 (both inclusive)" 0 255;
      u16 =
        between "unsignedInt16" "16 bit unsigned integer; between 0 and 65535 (both inclusive)" 0
          65535;
      u32 = between "unsignedInt32" "32 bit unsigned integer" 0 4294967295;
    };
    port = types.ints.u16;

    str = mkType {
      name = "str";
      description = "string";
      check = isString;
    };
    nonEmptyStr = types.str // {
      name = "nonEmptyStr";
      description = "non-empty string";
      check = v: isString v && match "[ \t\n]*" v == null;
    };
    singleLineStr = mkType {
      name = "singleLineStr";
      description = "(optionally newline-terminated) single-line string";
      check = v: isString v && match "[^\n\r]*\n?" v != null;
      merge = loc: defs: lib.removeSuffix "\n" (mergeEqual loc defs);
    };
    strMatching =
      pattern:
      mkType {
        name = "strMatching ${builtins.toJSON pattern}";
        description = "string matching the pattern ${pattern}";
        check = v: isString v && match pattern v != null;
      };
    passwdEntry =
      inner:
      lib.types.addCheck inner (v: !(lib.hasInfix ":" v) && !(lib.hasInfix "\n" v))
      // {
        name = "passwdEntry ${inner.name}";
        description = "${inner.description}, not containing newlines or colons";
      };
    separatedString =
      separator:
      mkType {
        name = "separatedString";
        description = "strings concatenated with ${builtins.toJSON separator}";
        check = isString;
        merge = _: defs: builtins.concatStringsSep separator (map (def: def.value) defs);
      };
    lines = types.separatedString "\n" // {
      name = "lines";
    };
    commas = types.separatedString "," // {
      name = "commas";
    };
    envVar = types.separatedString ":" // {
      name = "envVar";
    };
    path = mkType {
      name = "path";
      description = "absolute path";
      check = pathLike;
    };
    pathInStore = mkType {
      name = "pathInStore";
      description = "path in the Nix store";
      check = v: lib.isStorePath v;
    };
    package = mkType {
      name = "package";
      check = v: lib.isDerivation v || lib.isStorePath v;
      merge = mergeOne;
    };
    shellPackage = types.package // {
      check = v: lib.isDerivation v && v ? shellPath;
      description = "package that is a shell";
    };
    pkgs = mkType {
      name = "pkgs";
      check = v: v._type or null == "pkgs";
      merge = mergeOne;
    };
    optionType = mkType {
      name = "optionType";
      check = v: v._type or null == "option-type";
      merge = mergeOne;
    };
    enum =
      values:
      mkType {
        name = "enum";
        description = "one of ${lib.concatMapStringsSep ", " builtins.toJSON values}";
        check = v: elem v values;
        payload = values;
      };

    nullOr =
      inner:
      mkType {
        name = "nullOr";
        description = "null or ${inner.description}";
        check = v: v == null || inner.check v;
        emptyValue.value = null;
        wraps = {
          elem = inner;
          make = types.nullOr;
        };
        merge =
          loc: defs:
          let
            nulls = filter (def: def.value == null) defs;
          in
          if nulls == [ ] then
            inner.merge loc defs
          else if length nulls == length defs then
            null
          else
            throw "The option `${showOption loc}' is defined both null and not null, in ${
              lib.concatMapStringsSep " and " (def: "`${def.file}'") defs
            }.";
      };
    listOf =
      inner:
      mkType {
        name = "listOf";
        description = "list of ${inner.description}";
        check = isList;
        emptyValue.value = [ ];
        wraps = {
          elem = inner;
          make = types.listOf;
        };
        merge =
          loc: defs:
          map (m: m.mergedValue) (
            filter (m: m.isDefined) (
              concatMap (
                def:
                lib.imap1 (
                  i: value:
                  mergeDefinitions (loc ++ [ "[definition 1-entry ${toString i}]" ]) inner [
                    {
                      inherit (def) file;
                      inherit value;
                    }
                  ]
                ) def.value
              ) defs
            )
          );
      };
    nonEmptyListOf =
      inner:
      types.addCheck (types.listOf inner) (v: v != [ ])
      // {
        description = "non-empty list of ${inner.description}";
      };
    attrsOf =
      inner:
      mkType {
        name = "attrsOf";
        description = "attribute set of ${inner.description}";
        check = isAttrs;
        emptyValue.value = { };
        wraps = {
          elem = inner;
          make = types.attrsOf;
        };
        merge =
          loc: defs:
          builtins.mapAttrs (_: m: m.mergedValue) (
            lib.filterAttrs (_: m: m.isDefined) (
              builtins.mapAttrs (name: mergeDefinitions (loc ++ [ name ]) inner) (attrDefs loc defs)
            )
          );
      };
    # Like attrsOf, but a value is looked at only when asked for: mkIf false leaves the name.
    lazyAttrsOf = {
      merge' =
        inner: loc: defs:
        builtins.mapAttrs (
          name: found:
          let
            m = mergeDefinitions (loc ++ [ name ]) inner found;
          in
          m.mergedValue
        ) (attrDefs loc defs);
      __functor =
        self: inner:
        mkType {
          name = "lazyAttrsOf";
          description = "lazy attribute set of ${inner.description}";
          check = isAttrs;
          emptyValue.value = { };
          wraps = {
            elem = inner;
            make = types.lazyAttrsOf;
          };
          merge = self.merge' inner;
        };
    };
    attrs = mkType {
      name = "attrs";
      description = "attribute set";
      check = isAttrs;
      emptyValue.value = { };
      merge = _: defs: lib.foldl' (all: def: all // def.value) { } defs;
    };
    functionTo =
      inner:
      mkType {
        name = "functionTo";
        check = isFunction;
        merge =
          loc: defs: arg:
          (mergeDefinitions loc inner (map (def: def // { value = def.value arg; }) defs)).mergedValue;
      };

    either =
      a: b:
      mkType {
        name = "either";
        description = "${a.description} or ${b.description}";
        check = v: a.check v || b.check v;
        merge =
          loc: defs:
          if all (def: a.check def.value) defs then
            a.merge loc defs
          else if all (def: b.check def.value) defs then
            b.merge loc defs
          else
            mergeOne loc defs;
      };
    oneOf = list: lib.foldl' types.either (head list) (builtins.tail list);
    coercedTo =
      from: convert: to:
      mkType {
        name = "coercedTo";
        description = "${to.description} or ${from.description} convertible to it";
        check = v: to.check v || from.check v && to.check (convert v);
        emptyValue = to.emptyValue or { };
        merge =
          loc: defs:
          to.merge loc (
            map (def: def // { value = if from.check def.value then convert def.value else def.value; }) defs
          );
      };
    addCheck = inner: test: inner // { check = v: inner.check v && test v; };
    uniq = inner: inner // { merge = mergeOne; };
    unique =
      { message }:
      inner:
      inner
      // {
        merge =
          loc: defs:
          if length defs == 1 then
            inner.merge loc defs
          else
            throw "The option `${showOption loc}' is defined multiple times. ${message}${showDefs defs}";
      };

    deferredModule = mkType {
      name = "deferredModule";
      check = v: isAttrs v || isFunction v || isPath v;
      emptyValue.value = { };
      merge = _: defs: { imports = map (def: lib.setDefaultModuleLocation def.file def.value) defs; };
    };
    submodule =
      modules:
      types.submoduleWith {
        modules = lib.toList modules;
        shorthandOnlyDefinesConfig = true;
      };
    submoduleWith =
      {
        modules,
        specialArgs ? { },
        shorthandOnlyDefinesConfig ? false,
        description ? "submodule",
        ...
      }@payload:
      mkType {
        name = "submodule";
        inherit description payload;
        check = v: isAttrs v || isFunction v || isPath v;
        emptyValue.value = { };
        merge =
          loc: defs:
          (lib.evalModules {
            inherit specialArgs;
            prefix = loc;
            modules =
              modules
              ++ [
                {
                  _file = "<submodule>";
                  config._module.args.name = lib.mkOptionDefault (lib.last loc);
                }
              ]
              ++ map (
                def:
                if isAttrs def.value && shorthandOnlyDefinesConfig then
                  {
                    _file = def.file;
                    config = def.value;
                  }
                else
                  {
                    _file = def.file;
                    imports = [ def.value ];
                  }
              ) defs;
          }).config;
      };
  };
in
types

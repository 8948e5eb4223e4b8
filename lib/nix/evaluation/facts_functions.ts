/**
 * The functions and names of `facts_expression.ts`: how a value of any NixOS from 21.11 on becomes
 * JSON. Nix code for a `let`, in which `nixos` is `{ config, options, pkgs }`.
 *
 * `guard` stands around every value: what throws when it is evaluated becomes `{ unreadable = true; }`.
 * Nix can catch `throw` and failed assertions only; what it cannot (a missing attribute, a wrong type)
 * fails the evaluation. Password hashes are classified here and leave Nix never.
 */
export const factsFunctions = String.raw`
  inherit (builtins) attrNames concatMap elem elemAt filter foldl' genList getAttr hasAttr isAttrs isBool
    isInt isList isPath isString length map match pathExists readFile split stringLength substring
    toString unsafeDiscardStringContext;
  inherit (nixos) config;
  options = nixos.options or { };
  pkgs = nixos.pkgs or (config._module.args.pkgs or { });

  guard = value:
    let result = builtins.tryEval (builtins.deepSeq value value);
    in if result.success then result.value else { unreadable = true; };

  # Each member of an attribute set, as a list; the name is known even if the rest is unreadable.
  each = set: read:
    map (name: { inherit name; } // builtins.mapAttrs (_: guard) (read name (getAttr name set)))
      (attrNames set);

  orElse = fallback: value: if value == null then fallback else value;
  text = value: if value == null then null else unsafeDiscardStringContext (toString value);
  # Some lists of names became sets of name = true; over time.
  names = value: if isAttrs value then filter (name: getAttr name value == true) (attrNames value) else map text value;
  lines = value: filter (line: isString line && line != "") (split "[\r\n]+" value);
  words = value:
    if value == null then [ ]
    else if isList value then concatMap words value
    else filter (word: isString word && word != "") (split "[ \t]+" (toString value));
  yes = value: if isString value then value == "yes" || value == "true" else value;

  # Whether a file is a module of NixOS. One evaluation names the same file by several paths (through a
  # channel's link, resolved, through an argument), so a path says nothing: what lies around it does.
  isNixosFile = file:
    let
      parts = match "(.*)/nixos/(modules|lib)/.*" file;
      tree = elemAt parts 0;
    in parts != null && pathExists (tree + "/nixos/modules/module-list.nix")
      && pathExists (tree + "/nixos/lib/eval-config.nix") && pathExists (tree + "/lib/modules.nix");

  # What modules outside NixOS define: its own add store paths, generated rules and what follows the
  # release. Null where that cannot be told.
  ownDefinitions = option:
    let
      files = option.files or [ ];
      count = length files;
      own = filter (index: ! isNixosFile (text (elemAt files index))) (genList (index: index) count);
    in
      if count == 0 || count != length (option.definitions or [ ]) then null
      else map (elemAt option.definitions) own;
  ownLines = option: value:
    let own = ownDefinitions option;
    in if own == null then text value else builtins.concatStringsSep "\n" (map text own);
  ownNames = option: value:
    let own = ownDefinitions option;
    in if own == null then names value else concatMap names own;
  ownMembers = option: value:
    let own = ownDefinitions option;
    in attrNames (if own == null then value else foldl' (a: b: a // b) { } (filter isAttrs own));

  # Data that can be written down again: no package, no function, no fraction.
  isData = value:
    value == null || isString value || isPath value || isInt value || isBool value
    || isList value && builtins.all isData value
    || isAttrs value && (value.type or "") != "derivation" && builtins.all (name: isData (getAttr name value)) (attrNames value);
  data = value:
    if isString value || isPath value then text value
    else if isList value then map data value
    else if isAttrs value then builtins.mapAttrs (_: data) (builtins.removeAttrs value [ "_module" ])
    else value;
  at = path: set: foldl' (inner: name: if isAttrs inner && hasAttr name inner then getAttr name inner else { }) set path;
  dots = dotted: filter isString (split "[.]" dotted);
  # What the owner set of an option: its own lines, entries or members, else the value.
  plainOption = dotted:
    let
      path = dots dotted;
      option = at path options;
      own = if (option._type or "") == "option" then ownDefinitions option else null;
      value =
        if builtins.all isList own then concatMap (list: list) own
        else if builtins.all isAttrs own then
          builtins.intersectAttrs (foldl' (a: b: a // b) { } own) option.value
        else if builtins.all isString own then builtins.concatStringsSep "\n" own
        else option.value;
    in if own == null || own == [ ] then [ ]
      else if isData value then [ {
        option = path;
        merges = isList value || elem (option.type.name or "") [ "lines" "separatedString" "strings" ];
        value = data value;
      } ]
      else [ ];
  # The members that are said of an entry elsewhere than in the hardware file, which stays.
  saidElsewhere = option: name:
    let
      files = option.files or [ ];
      definitions = option.definitions or [ ];
      indices = if length files == length definitions then genList (index: index) (length files) else [ ];
      isHardware = file: match ".*/hardware-configuration[.]nix" (text file) != null;
      other = filter (index: ! isHardware (elemAt files index)) indices;
      entry = index: let all = elemAt definitions index; in unwrapped (if isAttrs all then getOr name all { } else { });
      # mkForce, mkIf and their like.
      unwrapped = value: if isAttrs value && value ? _type then value.content or { } else value;
    in concatMap (index: if isAttrs (entry index) then attrNames (entry index) else [ ]) other;
  given = set: wanted: builtins.listToAttrs (concatMap (name:
    let value = getOr name set null; in
    if value == null || value == "" || value == [ ] || value == false || ! isData value then [ ]
    else [ { inherit name; value = data value; } ]) wanted);

  # A set of its own, where that is switched on.
  givenIfOn = set: name: if (getOr name set { }).enable or false then given set [ name ] else { };

  packageName = package: (builtins.parseDrvName (package.pname or (package.name or ""))).name;

  boot = config.boot;
  grub = boot.loader.grub or { };
  net = config.networking;
  ssh = config.services.openssh;
  settings = ssh.settings or { };

  # NetworkManager's profiles (nm-settings-keyfile(5)) of environment.etc and of ensureProfiles.
  profiles = manager:
    let
      folder = "NetworkManager/system-connections/";
      files = filter (name: match (folder + ".*") name != null) (attrNames (config.environment.etc or { }));
      ensured = if manager.enable or false then (manager.ensureProfiles or { }).profiles or { } else { };
      printed = profile: concatMap (section: map (key: key + "=" + shown (getAttr key (getAttr section profile)))
        (attrNames (getAttr section profile))) (attrNames profile);
      shown = value: if isList value then builtins.concatStringsSep ";" (map shown value)
        else if isBool value then builtins.toJSON value else text value;
    in map (file: profile (substring (stringLength folder) (-1) file) (orElse "" (etcText file))) files
      ++ map (name: profile name (builtins.concatStringsSep "
" (printed (getAttr name ensured)))) (attrNames ensured);
  profile = name: content:
    let
      named = match "(.*)[.]nmconnection" name;
      values = key: concatMap (line: let found = match ("[ 	]*" + key + "[ 	]*=[ 	]*(.*)") line; in
        if found == null then [ ] else [ (elemAt found 0) ]) (lines content);
      first = list: if list == [ ] then null else elemAt list 0;
      parts = concatMap (value: filter (part: isString part && part != "") (split "[,; 	]+" value))
        (values "address[0-9]+" ++ values "addresses");
      isAddress = part: match "[0-9a-fA-F:.]+/[0-9]+" part != null;
    in {
      name = if named == null then name else elemAt named 0;
      # An update of nixpkgs changes hashes in paths, and says nothing else.
      content = builtins.hashString "sha256" (builtins.concatStringsSep ""
        (filter isString (split "/nix/store/[0-9a-z]{32}-" (text content))));
      type = first (values "type");
      interface = first (values "interface-name");
      addresses = map (part: elemAt (match "(.*)/[0-9]+" part) 0) (filter isAddress parts);
      gateways = values "gateway" ++ filter (part: match "[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*" part != null) parts;
    };

  tunnels =
    let
      interfaces = set: if set.enable or true then set.interfaces or { } else { };
      tunnel = set: addresses: name: let interface = getAttr name set; in {
        inherit name;
        addresses = getOr addresses interface [ ];
        listenPort = interface.listenPort or null;
        keyFile = text (interface.privateKeyFile or null);
        peers = map (peer: { key = peer.publicKey; inherit (peer) allowedIPs; endpoint = peer.endpoint or null; })
          (interface.peers or [ ]);
      };
      quick = interfaces (net.wg-quick or { });
      # What a file of its own says is not known.
      said = filter (name: ((getAttr name quick).configFile or null) == null) (attrNames quick);
      wireguard = interfaces (net.wireguard or { });
    in map (tunnel wireguard "ips") (attrNames wireguard) ++ map (tunnel quick "address") said;

  # Of networkd's files those that the owner declared: NixOS makes others of networking.*.
  ownUnits = units:
    let
      network = options.systemd.network or { };
      member = name: set: if hasAttr name set then getAttr name set else { };
      declared = kind: suffix:
        map (name: name + suffix) (ownMembers (member kind network) (member kind config.systemd.network));
      own = declared "networks" ".network" ++ declared "netdevs" ".netdev" ++ declared "links" ".link"
        ++ ownMembers (network.units or { }) { };
    in builtins.removeAttrs units (filter (name: ! elem name own) (attrNames units));

  # The text of a file of /etc, null where there is none. Only what is there already is read.
  etcText = name:
    let
      entry = getOr name (config.environment.etc or { }) { enable = false; };
      source = entry.source or null;
    in
      if ! (entry.enable or true) then null
      else if (entry.text or null) != null then entry.text
      else if isAttrs source && source ? text then source.text
      else if source != null && pathExists source then readFile source
      # What has yet to be built is known by its path.
      else text source;
  pamText = service:
    let entry = getOr service (config.security.pam.services or { }) { }; in
    if hasAttr ("pam.d/" + service) (config.environment.etc or { }) then etcText ("pam.d/" + service)
    else entry.text or null;

  # Units of the initial ramdisk of which the owner says something.
  initrdUnits = (config.boot.initrd.systemd or { }).units or { };
  ownInitrdUnits =
    let
      systemd = options.boot.initrd.systemd or { };
      of = kind: suffix: map (name: name + suffix) (ownMembers (getOr kind systemd { }) { });
      own = of "services" ".service" ++ of "sockets" ".socket" ++ of "targets" ".target" ++ of "timers" ".timer"
        ++ of "paths" ".path" ++ of "slices" ".slice" ++ of "units" "";
    in if boot.initrd.systemd.enable or false then filter (name: hasAttr name initrdUnits) own else [ ];

  # Types of file systems that a program mounts.
  needsHelper = type: match "fuse.*|nfs4?|cifs|smb3|davfs2?|ntfs|ntfs-3g|.*fs-fuse|glusterfs|ceph|mergerfs|bindfs|sshfs|s3fs|rclone|encfs|gocryptfs|cryfs|curlftpfs|moosefs|lizardfs|afs|9pfuse" type != null;

  # What an option is set to, or null where nobody set it (1500 is the priority of defaults).
  definedOnly = option: value:
    if (option.highestPrio or 100) >= 1500 then null else value;

  shellPath = shell:
    if shell == null then null
    else if isAttrs shell && shell ? shellPath then "/run/current-system/sw" + shell.shellPath
    else text shell;

  hashKind = hash:
    if hash == null then "none"
    else if hash == "" then "empty-hash"
    else if elem (substring 0 1 hash) [ "!" "*" ] then "locked-hash"
    else "hash";
  # The order in which update-users-groups.pl lets one replace the other.
  passwordKind = user:
    if (user.hashedPasswordFile or (user.passwordFile or null)) != null then "file"
    else if (user.password or null) != null then "plain"
    else hashKind (user.hashedPassword or null);

  # Reading what a derivation has yet to build would build it: only files that are there are read.
  keyFiles = user: map (file: text file) (user.openssh.authorizedKeys.keyFiles or [ ]);
  keyLines = content: filter (line: match "[ \t]*#.*" line == null) (lines content);
  readKeys = file: keyLines (unsafeDiscardStringContext (readFile file));

  isDisabled = set: name: (builtins.tryEval ((getAttr name set).enable or true)) == { success = true; value = false; };
  enabled = set: builtins.removeAttrs set (filter (isDisabled set) (attrNames set));

  # Rules of sudo that let somebody run everything as root here. A tag holds for what follows it, too.
  sudoRules = sudo: concatMap sudoRule (sudo.extraRules or [ ]);
  sudoRule = rule:
    let
      command = entry: if isString entry then { command = entry; options = [ ]; } else entry;
      all = filter (entry: entry.command == "ALL") (map command (rule.commands or [ ]));
      asRoot = elem (rule.runAs or "ALL:ALL") [ "ALL" "ALL:ALL" "root" "root:root" "root:ALL" "ALL:root" ];
      isHere = elem (rule.host or "ALL") [ "ALL" net.hostName ];
      tagged = before: entry:
        if elem "NOPASSWD" (entry.options or [ ]) then true
        else if elem "PASSWD" (entry.options or [ ]) then false
        else before;
    in if all == [ ] || ! asRoot || ! isHere then [ ] else [ {
      users = map toString (rule.users or [ ]);
      groups = map toString (rule.groups or [ ]);
      noPassword = foldl' tagged false all;
    } ];
  sudos = filter (sudo: sudo.enable or false)
    [ (config.security.sudo or { }) (config.security.sudo-rs or { }) ];

  sshSetting = name: old: fallback:
    orElse (orElse fallback (getOr old ssh null)) (getOr name settings null);
  getOr = name: set: fallback: if hasAttr name set then getAttr name set else fallback;
  ownSshSettings = ownMembers (options.services.openssh.settings or { }) settings;
  sshKnown = [
    "PermitRootLogin" "PasswordAuthentication" "KbdInteractiveAuthentication"
    "ChallengeResponseAuthentication" "PubkeyAuthentication" "UsePAM" "AllowUsers" "DenyUsers"
    "AllowGroups" "DenyGroups"
  ];
  isScalar = value: isString value || isInt value || isBool value;
  isPlain = value: isScalar value || isList value && builtins.all isScalar value;
  plainSetting = value: if isList value then map toString value else value;

  ports = firewall: {
    tcp = firewall.allowedTCPPorts or [ ];
    udp = firewall.allowedUDPPorts or [ ];
    tcpRanges = map range (firewall.allowedTCPPortRanges or [ ]);
    udpRanges = map range (firewall.allowedUDPPortRanges or [ ]);
  };
  range = value: { inherit (value) from to; };

  gateway = value:
    if value == null then null
    else if isString value then { address = value; interface = null; metric = null; }
    else { inherit (value) address; interface = value.interface or null; metric = value.metric or null; };
  addresses = value: map (entry: { inherit (entry) address prefixLength; }) (value.addresses or [ ]);
  routes = value: map (entry: { inherit (entry) address prefixLength; via = entry.via or null; type = entry.type or null;
    options = let set = entry.options or { }; in if set == { } then null else builtins.mapAttrs (_: text) set; }) (value.routes or [ ]);

  starts = unit: (unit.enable or true)
    && (unit.wantedBy or [ ]) ++ (unit.requiredBy or [ ]) ++ (unit.upheldBy or [ ]) != [ ];
  startsSafely = set: name: hasAttr name set && (builtins.tryEval (starts (getAttr name set))).value;
`;

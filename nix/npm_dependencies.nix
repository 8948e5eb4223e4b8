# The npm packages that deno.lock pins, as the `npm` folder of a DENO_DIR. The only build with network;
# its result is fixed by the hash in npm_dependencies.json. After a change of deno.lock:
#   deno run -A nix/npm_dependencies.ts
# registry.json files (with the time of the download) and folders left empty are removed, so that the
# result is the same for every Deno from 2.6 on.
{
  lib,
  stdenvNoCC,
  deno,
  cacert,
}:
let
  lockHash = builtins.substring 0 12 (builtins.hashFile "sha256" ../deno.lock);
in
stdenvNoCC.mkDerivation {
  # The lock in the name: with another lock an old result under the same hash is not taken for it.
  name = "hyper-nixos-npm-${lockHash}";
  dontUnpack = true;
  nativeBuildInputs = [
    deno
    cacert
  ];
  outputHashMode = "recursive";
  outputHashAlgo = "sha256";
  outputHash = (lib.importJSON ./npm_dependencies.json).hash;
  impureEnvVars = [
    "http_proxy"
    "https_proxy"
    "all_proxy"
    "no_proxy"
    "HTTP_PROXY"
    "HTTPS_PROXY"
    "ALL_PROXY"
    "NO_PROXY"
    "NIX_SSL_CERT_FILE"
  ];
  # Certificates of a proxy are in the system's file, which Deno reads only when told.
  DENO_TLS_CA_STORE = "system,mozilla";
  buildPhase = ''
    runHook preBuild
    export HOME="$PWD" DENO_DIR="$PWD/deno-dir"
    cp ${../deno.json} deno.json
    cp ${../deno.lock} deno.lock
    deno install --frozen
    find "$DENO_DIR/npm" -name registry.json -delete
    find "$DENO_DIR/npm" -type d -empty -delete
    runHook postBuild
  '';
  installPhase = ''
    runHook preInstall
    mv "$DENO_DIR/npm" $out
    runHook postInstall
  '';
  dontFixup = true;
}

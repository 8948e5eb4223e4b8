import { deepEqual, equal } from "node:assert/strict";
import { nixPath, systemSearchPath } from "../../lib/nix/search_path.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

const NIXOS = "nix/store/n/nixos/default.nix";
const CHANNELS = "/nix/var/nix/profiles/per-user/root/channels";

/** What is found on a machine with these files and this caller's NIX_PATH. */
async function found(
  files: Readonly<Record<string, ScratchEntry>>,
  own?: string,
): Promise<string[] | undefined> {
  let entries: string[] | undefined;
  await withScratch({ [NIXOS]: "", ...files }, (root) => {
    // The caller's own is what their shell has, and this process's is nobody's.
    entries = systemSearchPath(testContext({ root, env: { NIX_PATH: own ?? "" } }));
  });
  return entries;
}

const sets = (value: string) => ({
  "etc/set-environment": `export A="b"\nexport NIX_PATH="${value}"\n`,
});

Deno.test("systemSearchPath() takes the system's own NIX_PATH before channels and the caller's", async () => {
  const own = "nixpkgs=/nix/store/n:nixos-config=/etc/nixos/configuration.nix";
  const channel = { "nix/var/nix/profiles/per-user/root/channels/nixos/nixos/default.nix": "" };
  deepEqual(await found({ ...sets(own), ...channel }, "nixpkgs=/else"), own.split(":"));
  deepEqual(await found(sets(":nixpkgs=/nix/store/n:")), ["nixpkgs=/nix/store/n"]);
  // One that leads to no NixOS is none.
  for (const value of ["", "nixpkgs=/nowhere", "other=/nix/store/n", "nixos-config=/etc/nixos"]) {
    deepEqual((await found({ ...sets(value), ...channel }))?.at(-1), CHANNELS, value);
  }
  deepEqual(await found({}, "nixpkgs=/nix/store/n"), ["nixpkgs=/nix/store/n"]);
  equal(await found({}, "nixpkgs=/nowhere"), undefined);
  equal(await found({}), undefined);
});

Deno.test("systemSearchPath() leaves to Nix what it fetches, and finds nixpkgs in a folder of channels", async () => {
  deepEqual(await found(sets("nixpkgs=flake:nixpkgs")), ["nixpkgs=flake:nixpkgs"]);
  deepEqual(
    await found(sets("nixpkgs=https://example.org/x.tar.gz:a=channel:nixos-24.05:/srv:flake:x")),
    ["nixpkgs=https://example.org/x.tar.gz", "a=channel:nixos-24.05", "/srv", "flake:x"],
  );
  equal(await found(sets("https://example.org/x.tar.gz")), undefined);
  deepEqual(
    await found({ ...sets("/srv/channels"), "srv/channels/nixpkgs/nixos/default.nix": "" }),
    ["/srv/channels"],
  );
});

Deno.test("systemSearchPath() names a channel as it is called, nixos first", async () => {
  const channel = (name: string) => ({ [`${CHANNELS.slice(1)}/${name}/nixos/default.nix`]: "" });
  const entries = (name: string) => [
    `nixpkgs=${CHANNELS}/${name}`,
    "nixos-config=/etc/nixos/configuration.nix",
    CHANNELS,
  ];
  deepEqual(await found({ ...channel("mine"), ...channel("nixos") }), entries("nixos"));
  deepEqual(await found({ ...channel("mine"), ...channel("nixpkgs") }), entries("nixpkgs"));
  deepEqual(await found(channel("mine")), entries("mine"));
  const without = { [`${CHANNELS.slice(1)}/home-manager/default.nix`]: "" };
  equal(await found(without), undefined);
  const newer = "/root/.local/state/nix/profiles/channels";
  deepEqual(
    (await found({ ...without, [`${newer.slice(1)}/nixos/nixos/default.nix`]: "" }))?.at(-1),
    newer,
  );
});

Deno.test("nixPath() resolves the paths of a mounted machine inside it, and nothing else", async () => {
  const files = {
    [NIXOS]: "",
    "channels": { link: "/nix/store" },
    "etc/nixos/configuration.nix": "{ }",
  };
  await withScratch(files, (root) => {
    const inside = Deno.realPathSync(root);
    const entries = [
      "nixpkgs=/channels/n",
      "nixos-config=/etc/nixos/configuration.nix",
      "/channels",
    ];
    equal(
      nixPath(testContext({ root }), [...entries, "https://x.org/y", "a=/nowhere", "b=flake:c"]),
      [
        `nixpkgs=${inside}/nix/store/n`,
        `nixos-config=${inside}/etc/nixos/configuration.nix`,
        `n=${inside}/nix/store/n`,
        `${inside}/nix/store`,
        "https://x.org/y",
        "a=/nowhere",
        "b=flake:c",
      ].join(":"),
    );
    equal(nixPath(testContext(), entries), entries.join(":"));
  });
});

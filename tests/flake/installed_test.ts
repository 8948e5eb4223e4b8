/** The link in /etc/nixos, which comes and goes with a generation and never costs the owner a file. */
import assert from "node:assert/strict";
import { hasCommand, hasNix, need } from "../support/needs.ts";
import { evaluateModule, scratchFolder } from "./support.ts";

const LINKED = "{ hypervisor.enable = true; hypervisor.installed.flakeLink = true; }";
const hasBash = need(hasCommand("bash"), "bash is not installed: activation scripts are not tried");

Deno.test({
  name:
    "module links /etc/nixos/flake.nix only where it is told to, and copies nothing to the store",
  ignore: !hasNix,
  fn: async () => {
    const read = `{
      etc = lib.mapAttrs (_: e: [ e.source e.mode (builtins.hasContext "\${e.source}") ])
        (lib.filterAttrs (name: _: name == "nixos/flake.nix") nixos.config.environment.etc);
      scripts = builtins.attrNames nixos.config.system.activationScripts;
    }`;
    assert.deepEqual(await evaluateModule(LINKED, read), {
      etc: { "nixos/flake.nix": ["/etc/hypervisor/src/flake.nix", "symlink", false] },
      scripts: ["etc", "hyper-nixos-flake"],
    });
    const off = "{ hypervisor.enable = true; }";
    assert.deepEqual(await evaluateModule(off, read), { etc: {}, scripts: [] });
    const disabled = "{ hypervisor.installed.flakeLink = true; }";
    assert.deepEqual(await evaluateModule(disabled, read), { etc: {}, scripts: [] });
  },
});

Deno.test({
  name: "an activation that links /etc/nixos/flake.nix keeps what the owner has put there",
  ignore: !hasNix || !hasBash,
  fn: async () => {
    const read = `nixos.config.system.activationScripts.hyper-nixos-flake.text`;
    const text = await evaluateModule(LINKED, read) as string;
    using folder = scratchFolder();
    const { path } = folder;
    const activate = async () => {
      const script = text.replaceAll(" /etc/nixos/", ` ${path}/`);
      const { code, stdout, stderr } = await new Deno.Command("bash", {
        args: ["-euo", "pipefail", "-c", script],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    const files = () => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    const flake = `${path}/flake.nix`;

    assert.equal(await activate(), "");
    for (const target of ["/etc/static/nixos/flake.nix", "/etc/hypervisor/src/flake.nix"]) {
      Deno.symlinkSync(target, flake);
      assert.equal(await activate(), "");
      assert.deepEqual(files(), ["flake.nix"]);
      Deno.removeSync(flake);
    }
    Deno.writeTextFileSync(flake, "mine");
    assert.match(await activate(), /flake\.nix\.kept/);
    assert.equal(Deno.readTextFileSync(`${flake}.kept`), "mine");
    Deno.removeSync(flake);
    // The owner's link, also one that leads nowhere; what was kept before stays.
    Deno.symlinkSync("/home/alice/nix/flake.nix", flake);
    await activate();
    assert.equal(Deno.readLinkSync(`${flake}.kept`), "/home/alice/nix/flake.nix");
    assert.equal(Deno.readTextFileSync(`${flake}.kept.~1~`), "mine");
  },
});

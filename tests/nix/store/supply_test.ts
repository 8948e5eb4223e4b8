import { deepEqual, equal, rejects } from "node:assert/strict";
import { derivationsOf, lookAtSupply, type SupplyRequest } from "../../../lib/nix/store/supply.ts";
import { testContext } from "../../support/context.ts";

const HASH = "0123456789abcdfghijklmnpqrsvwxyz";

/** A store in a folder, and a nix-store that says this with --dry-run. */
class Store implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "supply-" });

  /** A derivation with these inputs, one that fetches or one that makes configuration. */
  derivation(
    name: string,
    inputs: readonly string[],
    kind: "builds" | "fetches" | "local" = "builds",
  ): string {
    const path = `${this.folder}/${HASH}-${name}.drv`;
    const hash = kind === "fetches" ? '"sha256","abcd"' : '"",""';
    const env = kind === "local" ? '("preferLocalBuild","1")' : "";
    const needs = inputs.map((input) => `("${input}",["out"])`).join(",");
    Deno.writeTextFileSync(
      path,
      `Derive([("out","/nix/store/${HASH}-${name}",${hash})],[${needs}],[],"x86_64-linux","/bin/sh",[],[${env}])`,
    );
    return path;
  }

  /** A cache that has these paths, with their sizes. */
  cache(sizes: Readonly<Record<string, number | undefined>>) {
    const folder = `${this.folder}/cache`;
    Deno.mkdirSync(folder);
    for (const [hash, size] of Object.entries(sizes)) {
      const lines = ["StorePath: x", ...(size === undefined ? [] : [`NarSize: ${size}`])];
      Deno.writeTextFileSync(`${folder}/${hash}.narinfo`, `${lines.join("\n")}\n`);
    }
    return { folder, publicKey: "k:x" };
  }

  async look(derivation: string, says: string, request: Partial<SupplyRequest> = {}) {
    Deno.writeTextFileSync(`${this.folder}/says`, says);
    Deno.writeTextFileSync(
      `${this.folder}/nix-store`,
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${this.folder}/words\ncat ${this.folder}/says >&2\n`,
      { mode: 0o755 },
    );
    const ctx = testContext({ env: { PATH: `${this.folder}:/usr/bin:/bin` } });
    return await lookAtSupply(ctx, derivation, { cache: undefined, asks: true, ...request });
  }

  words(): string[] {
    return Deno.readTextFileSync(`${this.folder}/words`).slice(0, -1).split("\n");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("lookAtSupply() tells what is made, what a stick carries and what a network gives", async () => {
  using store = new Store();
  const units = store.derivation("unit-sshd.service", [], "local");
  const system = store.derivation("nixos-system-vm", [units], "local");
  const carried = "1111111111111111111111111111111a";
  const cache = store.cache({ [carried]: 3 * 1024 ** 2 });
  const supply = await store.look(
    system,
    `these 2 derivations will be built:
  ${units}
  ${system}
these 2 paths will be fetched (1.00 MiB download, 8.00 MiB unpacked):
  /nix/store/${carried}-glibc-2.40
  /nix/store/${HASH}-openssh-9.9p2
`,
    { cache },
  );
  deepEqual(supply, {
    derivation: system,
    made: 2,
    carried: { paths: 1, bytes: 3 * 1024 ** 2 },
    fetched: { names: ["openssh-9.9p2"], bytes: 5 * 1024 ** 2 },
    lacking: [],
    asked: true,
    silent: undefined,
  });
  equal(store.words().includes("substituters"), false);
});

Deno.test("lookAtSupply() names what nothing gives, nearest to the system first, by its package", async () => {
  using store = new Store();
  const source = store.derivation("openssh-9.9p2.tar.gz", [], "fetches");
  const openssh = store.derivation("openssh-9.9p2", [source]);
  const units = store.derivation("unit-sshd.service", [openssh], "local");
  const system = store.derivation("nixos-system-vm", [units], "local");
  const list = [source, openssh, units, system].map((path) => `  ${path}\n`).join("");
  const says = `these 4 derivations will be built:\n${list}` +
    `don't know how to build these paths (may be caused by read-only store access):\n` +
    `  /nix/store/${HASH}-firmware-2024\n`;
  const alone = await store.look(system, says, { asks: false });
  deepEqual(alone.lacking, ["openssh-9.9p2", "firmware-2024"]);
  equal(alone.asked, false);
  // No cache at all is asked: not those of nix.conf either.
  deepEqual(store.words().slice(-3), ["--option", "substituters", ""]);
  const cache = store.cache({});
  await store.look(system, says, { asks: false, cache });
  equal(store.words().at(-1), `file://${cache.folder}?priority=1`);
});

Deno.test("lookAtSupply() has nothing to say of a system that is there, and passes on a cache's silence", async () => {
  using store = new Store();
  const system = store.derivation("nixos-system-vm", []);
  const nothing = await store.look(system, "");
  deepEqual([nothing.made, nothing.fetched.names, nothing.lacking], [0, [], []]);
  const url = "'https://cache.nixos.org/nix-cache-info'";
  for (
    const says of [
      `warning: unable to download ${url}: Couldn't resolve host name (6); retrying in 267 ms`,
      `warning: error: unable to download ${url}: Couldn't resolve host name (6); retrying in 300 ms (attempt 1/5)`,
      `error: unable to download ${url}: Couldn't resolve host name (6)`,
    ]
  ) {
    const { silent } = await store.look(system, `${says}\n`);
    equal(silent, `unable to download ${url}: Couldn't resolve host name (6)`);
  }
});

Deno.test("lookAtSupply() counts a path of unknown size as carried, and fails where Nix does", async () => {
  using store = new Store();
  const system = store.derivation("nixos-system-vm", []);
  const cache = store.cache({ [HASH]: undefined });
  const says = `this path will be fetched (0.10 MiB download, 0.50 MiB unpacked):\n` +
    `  /nix/store/${HASH}-x\n`;
  const { carried, fetched } = await store.look(system, says, { cache });
  deepEqual([carried, fetched], [{ paths: 1, bytes: 0 }, { names: [], bytes: 0 }]);
  Deno.writeTextFileSync(`${store.folder}/nix-store`, "#!/bin/sh\nexit 1\n");
  const ctx = testContext({ env: { PATH: `${store.folder}:/usr/bin:/bin` } });
  await rejects(lookAtSupply(ctx, system, { cache: undefined, asks: true }), { name: "ToolError" });
});

Deno.test("derivationsOf() reads what it was given a list of, once, and nothing else", () => {
  using store = new Store();
  const listed = store.derivation("a", []);
  const other = store.derivation("b", []);
  const toMake = derivationsOf([listed]);
  equal(toMake(other), undefined);
  const first = toMake(listed);
  Deno.removeSync(listed);
  equal(toMake(listed), first);
});

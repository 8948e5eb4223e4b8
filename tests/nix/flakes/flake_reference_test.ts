import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { evaluateFlake } from "../../../lib/nix/evaluation/evaluate.ts";
import { resolveFlake } from "../../../lib/nix/flakes/flake_reference.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

const FLAKE = "{ outputs = { self }: { a = 1; }; }";

function refuses(code: number): (error: unknown) => boolean {
  return (error) => error instanceof ToolError && error.code === code;
}

Deno.test("resolveFlake() passes on what is elsewhere, and splits the attribute off", () => {
  const ctx = testContext();
  const elsewhere = [
    "github:NixOS/nixpkgs",
    "github:NixOS/nixpkgs/nixos-24.05?dir=x",
    "gitlab:a%2Fb/c",
    "git+https://example.org/x.git?ref=main",
    "git+ssh://git@example.org/x",
    "https://example.org/x.tar.gz",
    "tarball+https://example.org/x",
    "flake:hyper",
  ];
  for (const url of elsewhere) {
    deepStrictEqual(resolveFlake(ctx, url), { url });
    deepStrictEqual(resolveFlake(ctx, `${url}#alpha`), { url, attribute: "alpha" });
  }
  const quoted = resolveFlake(ctx, 'github:a/b#nixosConfigurations."my.host"');
  strictEqual(quoted.attribute, "my.host");
});

Deno.test("resolveFlake() refuses what is no flake reference", () => {
  const nonsense = [
    "",
    "  ",
    "github:",
    "github:owner",
    "path:",
    "git+https:example.org",
    "ftp://example.org/x",
    "a\nb",
    "/etc/nixos\0",
    "path:/a%zz",
  ];
  for (const text of nonsense) {
    throws(() => resolveFlake(testContext(), text), refuses(ExitCode.InvalidArguments), text);
  }
});

Deno.test("resolveFlake() takes the folder that a linked flake.nix leads to", () =>
  withScratch({
    "etc/hypervisor/src/flake.nix": FLAKE,
    "etc/nixos/flake.nix": { link: "/etc/hypervisor/src/flake.nix" },
    "srv/link": { link: "/etc/nixos" },
  }, (folder) => {
    const root = Deno.realPathSync(folder);
    const directory = `${root}/etc/hypervisor/src`;
    const ctx = testContext({ root });
    for (
      const text of [
        "/etc/nixos",
        "/etc/nixos/",
        "/etc/nixos/flake.nix",
        "/srv/link",
        "path:/etc/nixos",
        `${root}/etc/nixos`,
      ]
    ) deepStrictEqual(resolveFlake(ctx, text), { url: `path:${directory}`, directory }, text);
    deepStrictEqual(resolveFlake(ctx, "/etc/nixos#alpha").attribute, "alpha");
  }));

Deno.test("resolveFlake() keeps what stands after ?, in the machine's own checkout", () =>
  withScratch({
    "etc/nixos/.git/HEAD": "ref: refs/heads/main\n",
    "etc/nixos/flake.nix": FLAKE,
    "etc/nixos/a b/flake.nix": FLAKE,
    "srv/flake.nix": FLAKE,
  }, (folder) => {
    const root = Deno.realPathSync(folder);
    const ctx = testContext({ root });
    const checkout = `${root}/etc/nixos`;
    const git = `git+file://${checkout}`;
    for (const text of ["/etc/nixos?submodules=1", "git+file:///etc/nixos?submodules=1"]) {
      deepStrictEqual(
        resolveFlake(ctx, `${text}#alpha`),
        { url: `${git}?submodules=1`, directory: checkout, checkout, attribute: "alpha" },
        text,
      );
    }
    deepStrictEqual(resolveFlake(ctx, "/etc/nixos?submodules=1&dir=a%20b"), {
      url: `${git}?dir=a%20b&submodules=1`,
      directory: `${checkout}/a b`,
      checkout,
    });
    // A commit is evaluated as it is: what is not committed is not looked at.
    deepStrictEqual(resolveFlake(ctx, "git+file:///etc/nixos?ref=main"), {
      url: `${git}?ref=main`,
      directory: checkout,
    });
    for (const text of ["path:/srv?lastModified=1", "/srv?lastModified=1"]) {
      strictEqual(resolveFlake(ctx, text).url, `path:${root}/srv?lastModified=1`, text);
    }
  }));

Deno.test("resolveFlake() says where no flake.nix is", () =>
  withScratch({ "etc/nixos/configuration.nix": "{ }" }, (folder) => {
    const ctx = testContext({ root: folder });
    for (const text of ["/etc/nixos", "/nowhere", "nixpkgs", "path:/etc/nixos"]) {
      throws(() => resolveFlake(ctx, text), refuses(ExitCode.Configuration), text);
    }
  }));

Deno.test({
  name: "resolveFlake() gives Nix references that it takes, also in checkouts with odd names",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "plain/flake.nix": FLAKE,
      "my flake ü%x/flake.nix": FLAKE,
      "check out/sub folder/flake.nix": FLAKE,
      "check out/flake.nix": FLAKE,
    }, async (folder) => {
      const root = Deno.realPathSync(folder);
      const ctx = testContext();
      const git = (...args: string[]) => ctx.run("git", ["-C", `${root}/check out`, ...args]);
      await git("init", "-q");
      await git("add", ".");
      await git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "x");

      const plain = resolveFlake(ctx, `${root}/plain`);
      const odd = resolveFlake(ctx, `${root}/my flake ü%x`);
      const top = resolveFlake(ctx, `${root}/check out`);
      const sub = resolveFlake(ctx, `${root}/check out/sub folder`);
      const named = resolveFlake(ctx, `git+file://${root}/check%20out`);
      strictEqual(odd.url, `path:${root}/my%20flake%20%C3%BC%25x`);
      strictEqual(plain.url, `path:${root}/plain`);
      strictEqual(top.url, `git+file://${root}/check%20out`);
      strictEqual(sub.url, `git+file://${root}/check%20out?dir=sub%20folder`);
      strictEqual(sub.checkout, `${root}/check out`);
      strictEqual(sub.directory, `${root}/check out/sub folder`);
      deepStrictEqual(named, top);
      for (const { url } of [plain, top]) {
        strictEqual(await evaluateFlake(ctx, { url }, ["a"], "a: a", { what: url }), 1, url);
      }
    }),
});

Deno.test("resolveFlake() keeps path: of a folder in a checkout, which Nix takes with untracked files", () =>
  withScratch({ ".git/HEAD": "ref: refs/heads/main\n", "flake.nix": FLAKE }, (folder) => {
    const root = Deno.realPathSync(folder);
    deepStrictEqual(resolveFlake(testContext(), `path:${root}`), {
      url: `path:${root}`,
      directory: root,
    });
  }));

Deno.test("resolveFlake() takes relative folders as seen from here, whatever the root", () =>
  withScratch({ "machine/etc/": "", "work/flake.nix": FLAKE }, (folder) => {
    const root = Deno.realPathSync(folder);
    const before = Deno.cwd();
    try {
      Deno.chdir(`${root}/work`);
      const expected = { url: `path:${root}/work`, directory: `${root}/work` };
      deepStrictEqual(resolveFlake(testContext(), "."), expected);
      deepStrictEqual(resolveFlake(testContext(), "#alpha"), { ...expected, attribute: "alpha" });
      deepStrictEqual(resolveFlake(testContext({ root: `${root}/machine` }), "./"), expected);
    } finally {
      Deno.chdir(before);
    }
  }));

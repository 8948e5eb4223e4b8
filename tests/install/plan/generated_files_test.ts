import assert from "node:assert/strict";
import { generatedFiles, hostRecordStep } from "../../../lib/install/plan/generated_files.ts";
import { hostFactsStep, publishedHostFiles } from "../../../lib/install/published_host.ts";
import { merge, override } from "../../../lib/install/carry/setting.ts";
import { type HostRecord, readHostRecord } from "../../../lib/machine/host_record.ts";
import { evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

const HOST: HostRecord = {
  version: 2,
  hostName: "host",
  system: "x86_64-linux",
  base: null,
  tools: null,
};
const ON_BASE: HostRecord = {
  ...HOST,
  base: { kind: "flake", url: "git+file:///etc/nixos", host: "host", directory: "/etc/nixos" },
};
const NOTHING = { hardware: [], users: [], system: [] };

Deno.test("generatedFiles() are readable by all, and local.nix is made once", () => {
  const paths = (host: HostRecord, localExists: boolean) =>
    generatedFiles(host, NOTHING, localExists).map(({ kind, path, mode }) =>
      `${kind} ${path} ${mode.toString(8)}`
    );
  const folder = "/etc/hypervisor/configuration";
  const own = ["hardware-local.nix", "users-local.nix", "system-local.nix", "host.json"]
    .map((name) => `file ${folder}/${name} 644`);
  assert.deepEqual(paths(HOST, true), own);
  assert.deepEqual(paths(ON_BASE, false), [...own, `file ${folder}/local.nix 644`]);
  // A published tree's host sees its own folder alone; every tool looks for host.json in the same place.
  assert.deepEqual(
    paths({ ...HOST, layout: "published" }, false).map((one) => one.replace(/^file | 644$/g, "")),
    ["hardware-local.nix", "users-local.nix", "system-local.nix"].map((name) =>
      `/etc/hypervisor/host/${name}`
    )
      .concat(`${folder}/host.json`, "/etc/hypervisor/host/local.nix"),
  );
});

Deno.test("generatedFiles() say where own settings belong, and promise no account on a base", () => {
  const texts = (host: HostRecord) => {
    const files = generatedFiles(host, NOTHING, false);
    return new Map(files.map(({ id, content, why }) => [id, `${content}\n${why}`]));
  };
  assert.match(texts(ON_BASE).get("users-local.nix")!, /no account is declared/);
  assert.match(texts(HOST).get("users-local.nix")!, /everyone who can log in now still can/);
  assert.match(
    texts(ON_BASE).get("system-local.nix")!,
    /local\.nix or where you always had them\./,
  );
  assert.match(texts(HOST).get("system-local.nix")!, /belong into local\.nix\.\n/);
  assert.match(texts(HOST).get("local.nix")!, /No tool ever changes this file/);
  assert.doesNotMatch(texts(ON_BASE).get("hardware-local.nix")!, /boot/);
});

Deno.test("host.json is read again as it was written", async () => {
  for (const record of [HOST, ON_BASE, { ...HOST, layout: "published" as const }]) {
    const { path, content } = hostRecordStep(record);
    await withScratch({ [path.slice(1)]: content }, (root) => {
      assert.deepEqual(readHostRecord(testContext({ root })), record);
    });
  }
});

Deno.test({
  name: "what is generated is Nix, whatever stands in it",
  ignore: !hasNix,
  fn: async () => {
    const text = "a ''${x} \"quoted\" \\ ${y}\n\t# no comment";
    const settings = {
      ...NOTHING,
      system: [
        override(["networking", "extra", "a.b c"], text, "a test"),
        merge(["list"], ["x", text], "a test"),
        override(["or"], true, "a test"),
      ],
    };
    const file = generatedFiles(HOST, settings, true).find(({ id }) => id === "system-local.nix")!;
    const lib = "{ mkOverride = priority: value: { inherit priority value; }; }";
    assert.deepEqual(
      await evaluateJson(testContext(), `(${file.content}) { lib = ${lib}; }`, {
        what: "a module",
      }),
      {
        networking: { extra: { "a.b c": { priority: 60, value: text } } },
        list: ["x", text],
        or: { priority: 60, value: true },
      },
    );
    const facts = hostFactsStep({ ...HOST, tools: "/nix/store/x-tools" }, true);
    assert.deepEqual(await evaluateJson(testContext(), facts.content, { what: "host.nix" }), {
      hostName: "host",
      system: "x86_64-linux",
      tools: "/nix/store/x-tools",
      flakeLink: true,
    });
  },
});

Deno.test("publishedHostFiles() are files of one folder, each once, the hardware file byte for byte", () => {
  const hardware = "{ ... }: { } # ünïcode\n\n";
  const files = publishedHostFiles({
    host: { ...HOST, layout: "published" },
    flakeLink: false,
    hardware,
  });
  const names = files.map(({ path }) => path.replace("/etc/hypervisor/host/", ""));
  assert.ok(names.every((name) => !name.includes("/")), names.join());
  assert.equal(new Set(names).size, names.length);
  for (const name of ["flake.nix", "host.nix", "hardware-configuration.nix"]) {
    assert.ok(names.includes(name), name);
  }
  assert.equal(
    files.find(({ path }) => path.endsWith("hardware-configuration.nix"))?.content,
    hardware,
  );
  // Their ids are not those of the generated modules, whose names are the same in another folder.
  const others = generatedFiles(HOST, NOTHING, false).map(({ id }) => id);
  assert.deepEqual(files.map(({ id }) => id).filter((id) => others.includes(id)), []);
});

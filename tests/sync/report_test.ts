import { deepEqual, equal, match, ok } from "node:assert/strict";
import { renderStyles } from "../../lib/layout/style.ts";
import type { SyncSummary } from "../../lib/sync/options.ts";
import { changedPaths, rollbackNotes, syncReport } from "../../lib/sync/report.ts";

const none: SyncSummary = {
  repository: "owner/name",
  ref: "main",
  commit: "b".repeat(40),
  signer: undefined,
  previousCommit: "a".repeat(40),
  changed: true,
  written: true,
  counts: {
    ...{ checked: 7, hashed: 0, files: 7, added: 0, updated: 0 },
    ...{ modes: 0, deleted: 0, kept: 0, excluded: 0 },
  },
  ...{ added: [], updated: [], modes: [], deleted: [], kept: [], edited: [], submodules: [] },
  backup: undefined,
  ...{ bytes: 9_999, requests: 2, seconds: 1.2345 },
  transport: "git deltas",
  reason: "the server knows what is here",
};
const report = (change: Partial<SyncSummary>, columns = 100) =>
  renderStyles(syncReport({ ...none, ...change }, columns));
const paths = (count: number) => Array.from({ length: count }, (_, i) => `dir/file-${i}`);

Deno.test("syncReport() has every figure, says what only would be, and where from and to", () => {
  const done = report({});
  match(done, /commit +a{12} (→|->) b{12}/);
  match(done, /bytes +9999\n/);
  match(done, /files checked +7\n/);
  ok(!done.includes("permissions"));
  match(report({ bytes: 12_345_678 }), /bytes +12345678 \(11\.8 MiB\)/);
  for (const previousCommit of [undefined, none.commit]) {
    match(report({ previousCommit }), /commit +b{12}\n/);
  }
  const would = report({ written: false, counts: { ...none.counts, modes: 2, hashed: 3 } });
  match(would, /added \(would be\) +0/);
  match(would, /permissions \(would be\) +2/);
  match(would, /files checked +7 \(3 read\)/);
});

Deno.test("syncReport() lists ten paths of each kind, and of more how many they are", () => {
  const ten = report({ edited: paths(10), backup: "/var/lib/hyper-nixos/backups/sync-1" });
  match(
    ten,
    /Local edits were replaced; they are kept in\n\/var\/lib\/hyper-nixos\/backups\/sync-1:\n {2}dir\/file-0\n/,
  );
  match(ten, /\n {2}dir\/file-9$/);
  match(report({ edited: paths(11) }), /would be replaced.*:\n(?: {2}dir.*\n){10} {2}and 1 more$/);
  match(
    report({ kept: paths(1) }),
    /Gone upstream, but changed here, so left alone:\n {2}dir\/file-0$/,
  );
  match(report({ submodules: ["vendor"] }), /Submodules, of which nothing is synced:\n {2}vendor$/);
  match(report({ counts: { ...none.counts, excluded: 1 } }), /Under excluded paths: 1 file\.$/);
});

Deno.test("no path, ref or repository of a stranger steers the terminal, or begins a line of its own", () => {
  const evil = "a\u001b[2J\nb\u202e";
  const summary = {
    ...none,
    ref: evil,
    reason: evil,
    edited: [evil],
    kept: [evil],
    added: [evil],
    updated: [evil],
    modes: [evil],
    deleted: [evil],
  };
  const text = [
    report(summary),
    ...changedPaths(summary).map((line) => renderStyles(line)),
    ...rollbackNotes({ kept: [evil], backup: undefined }),
  ].join("\n");
  // deno-lint-ignore no-control-regex
  equal(/[\u001b\u202e]/.test(text), false, text);
  equal(/^b/m.test(text), false, text);
});

Deno.test("changedPaths() marks what is added, changed and removed", () => {
  deepEqual(
    changedPaths({ ...none, added: ["n"], updated: ["u"], modes: ["m"], deleted: ["d"] }).map((
      line,
    ) => renderStyles(line)),
    ["+ n", "~ u", "* m", "- d"],
  );
});

Deno.test("rollbackNotes() says where edits are, and lists what was left", () => {
  deepEqual(rollbackNotes({ kept: [], backup: undefined }), []);
  deepEqual(rollbackNotes({ kept: ["a"], backup: "/b" }), [
    "edits made since then are kept in /b",
    "changed since then, and left as it is: a",
  ]);
  match(rollbackNotes({ kept: paths(12), backup: undefined })[0]!, /dir\/file-9, 2 more$/);
});

import { deepEqual } from "node:assert/strict";
import { parseNixLogLine } from "../../lib/nix/nix_log.ts";

Deno.test("parseNixLogLine() reads what Nix 2.8 writes about a build", () => {
  deepEqual(
    [
      '@nix {"action":"start","fields":["/nix/store/x.drv","",1,1],"id":7,"level":3,"text":"building \'/nix/store/x.drv\'","type":105}',
      '@nix {"action":"result","fields":["hello \\u001b[31mline"],"id":7,"type":101}',
      '@nix {"action":"result","fields":[3,9,1,0],"id":5,"type":105}',
      '@nix {"action":"msg","level":0,"msg":"\\u001b[31;1merror:\\u001b[0m bad","raw_msg":"bad"}',
      '@nix {"action":"stop","id":7}',
      '@nix {"action":"start","id":1,"level":0,"text":"","type":102}',
      "@nix not JSON",
    ].map(parseNixLogLine),
    [
      { kind: "started", id: 7, activity: 105, text: "building '/nix/store/x.drv'" },
      { kind: "build-line", text: "hello line" },
      { kind: "progress", of: 5, done: 3, total: 9 },
      { kind: "message", text: "error: bad" },
      { kind: "stopped", id: 7 },
      { kind: "started", id: 1, activity: 102, text: "" },
      { kind: "nothing" },
    ],
  );
});

Deno.test("parseNixLogLine() passes on what nixos-rebuild itself writes", () => {
  deepEqual(parseNixLogLine("building the system configuration..."), {
    kind: "message",
    text: "building the system configuration...",
  });
});

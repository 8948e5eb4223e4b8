import { deepEqual, equal, throws } from "node:assert/strict";
import { isRoot } from "../needs.ts";
import { withScratch } from "../scratch_files.ts";
import { Outside } from "./outside.ts";
import { PLACES } from "./places.ts";
import { plantAt, remove } from "./plant_at.ts";
import { PLANTS } from "./plants.ts";

Deno.test("Outside.changes() sees whatever is done to a file or folder outside", () => {
  const deeds: readonly ((path: string) => void)[] = [
    (path) => Deno.writeTextFileSync(`${path}/file`, "precious?file\n"),
    (path) => Deno.utimeSync(`${path}/folder/file`, 1, 1),
    (path) => Deno.chmodSync(`${path}/file`, 0o600),
    (path) => Deno.chmodSync(`${path}/folder/empty`, 0o700),
    (path) => Deno.removeSync(`${path}/folder/empty`),
    (path) => Deno.writeTextFileSync(`${path}/new`, ""),
    (path) => {
      Deno.copyFileSync(`${path}/shared`, `${path}/copy`);
      Deno.renameSync(`${path}/copy`, `${path}/shared`);
    },
  ];
  for (const deed of deeds) {
    using outside = new Outside();
    deepEqual(outside.changes(), []);
    deed(outside.path);
    equal(outside.changes().length, 1, String(deed));
  }
});

Deno.test({
  name: "plantAt() puts every kind at a place, and refuses one that is somewhere else",
  ignore: !isRoot,
  fn: () =>
    withScratch({ "root/etc/passwd": "root\n", "root/elsewhere/x": "" }, (folder) => {
      using outside = new Outside();
      const place = PLACES.find(({ path }) => path === "/etc/passwd")!;
      const found = new Set<string>();
      const kinds = PLANTS.filter(({ only }) => only === undefined);
      for (const plant of kinds) {
        remove(`${folder}/root/etc/passwd`);
        Deno.writeTextFileSync(`${folder}/root/etc/passwd`, "root\n");
        const host = plantAt(`${folder}/root`, place, plant, outside);
        const { mode, uid, size, rdev, isSymlink, isDirectory } = Deno.lstatSync(host);
        const target = isSymlink ? Deno.readLinkSync(host) : "";
        const inside = isDirectory ? [...Deno.readDirSync(host)].map(({ name }) => name) : [];
        found.add([mode, uid, size, rdev, target, ...inside].join());
      }
      equal(found.size, kinds.length, [...found].join("\n"));
      Deno.symlinkSync("elsewhere", `${folder}/root/run`);
      const lock = PLACES.find(({ path }) => path === "/run/hyper-nixos.lock")!;
      throws(() => plantAt(`${folder}/root`, lock, PLANTS[0]!, outside), /leads elsewhere/);
      const home = PLANTS.find(({ only }) => only !== undefined)!;
      throws(() => plantAt(`${folder}/root`, place, home, outside), /can be at \/etc\/passwd/);
    }),
});

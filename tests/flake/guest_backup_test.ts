/** What the module's service keeps of guests' definitions. */
import { deepEqual, equal } from "node:assert/strict";
import { withScratch } from "../support/scratch_files.ts";

const SCRIPT = new URL("../../nix/module/guest_backup.sh", import.meta.url).pathname;

/** Runs the script as the service does. */
function backup(folder: string): void {
  const tools =
    'coreutils=$(dirname "$(command -v mv)"); findutils=$(dirname "$(command -v find)")';
  const args = ["-c", `${tools}; . ${SCRIPT}`, "service", `${folder}/libvirt`, `${folder}/kept`];
  equal(new Deno.Command("bash", { args, stderr: "inherit" }).outputSync().code, 0);
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("guest_backup.sh keeps definitions for root alone, when they have changed", async () => {
  await withScratch({
    "libvirt/qemu/db.xml": "<domain>1</domain>",
    "libvirt/qemu/networks/default.xml": "<network/>",
    "libvirt/qemu/nvram/db.fd": "not a definition",
    "libvirt/storage/default.xml": "<pool/>",
    "libvirt/images/db.xml": "a disk",
  }, (folder) => {
    const kept = `${folder}/kept`;
    backup(folder);
    const [first = "", ...more] = names(kept);
    deepEqual(more, []);
    equal(Deno.statSync(kept).mode! & 0o777, 0o700);
    equal(Deno.statSync(`${kept}/${first}`).mode! & 0o777, 0o700);
    equal(Deno.statSync(`${kept}/${first}/qemu/db.xml`).mode! & 0o077, 0);
    deepEqual(names(`${kept}/${first}`), ["qemu", "storage"]);
    deepEqual(names(`${kept}/${first}/qemu`), ["db.xml", "networks"]);

    backup(folder);
    deepEqual(names(kept), [first], "nothing has changed");
    // As if the first one was of an earlier day: names are times.
    Deno.renameSync(`${kept}/${first}`, `${kept}/20200101T000000Z`);
    Deno.writeTextFileSync(`${folder}/libvirt/qemu/db.xml`, "<domain>2</domain>");
    backup(folder);
    const [old, second] = names(kept);
    equal(Deno.readTextFileSync(`${kept}/${old}/qemu/db.xml`), "<domain>1</domain>");
    equal(Deno.readTextFileSync(`${kept}/${second}/qemu/db.xml`), "<domain>2</domain>");

    // All definitions gone is what a backup is for.
    Deno.removeSync(`${folder}/libvirt`, { recursive: true });
    backup(folder);
    Deno.mkdirSync(`${folder}/libvirt/qemu`, { recursive: true });
    backup(folder);
    deepEqual(names(kept), [old, second]);
  });
});

Deno.test("guest_backup.sh keeps the newest thirty", async () => {
  await withScratch({ "libvirt/qemu/db.xml": "new" }, (folder) => {
    const kept = `${folder}/kept`;
    for (let day = 10; day < 50; day++) {
      Deno.mkdirSync(`${kept}/202001${day}T000000Z`, { recursive: true });
    }
    backup(folder);
    const left = names(kept);
    equal(left.length, 30);
    equal(left[0], "20200121T000000Z");
  });
});

/**
 * Makes the pictures of the README from real output:
 *
 *     deno task pictures
 *
 * Needs root, Nix, tmux and ip(8). What differs from run to run are times on a clock; everything else
 * stands still, so that a changed picture means changed words.
 */
import { renderPicture } from "./picture.ts";
import { planScene, syncScene } from "./scenes.ts";

const FOLDER = new URL("../../docs/images/", import.meta.url);

await Deno.mkdir(FOLDER, { recursive: true });
for (const [name, scene] of [["plan", planScene], ["sync", syncScene]] as const) {
  await Deno.writeTextFile(new URL(`${name}.svg`, FOLDER), renderPicture(await scene()));
}

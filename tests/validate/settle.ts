/** What a real activation and a real boot would have done, and the stand-ins of a machine do not. */
import type { StandIns } from "../support/stand_ins.ts";

/** Makes a freshly installed machine a running, healthy one. */
export function settle(root: string, stand: StandIns): void {
  const file = (path: string, text: string, mode = 0o644) => {
    Deno.mkdirSync((root + path).replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    Deno.writeTextFileSync(root + path, text);
    Deno.chmodSync(root + path, mode);
  };
  for (const folder of ["/var/log/hypervisor", "/var/log/nixos"]) {
    Deno.mkdirSync(root + folder, { recursive: true });
    Deno.chmodSync(root + folder, 0o755);
  }
  for (const device of ["/dev/vhost-net", "/dev/net/tun"]) file(device, "", 0o666);
  stand.set("systemctl/running", "running\n");
}
